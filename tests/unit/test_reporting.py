"""What a report says and how it is drawn: the pure parts, and sums over a real store."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from assay.core.canonical import canonical_json
from assay.core.settings import Settings
from assay.core.task import Labelled, Task
from assay.core.values import REPEATED, Fate, Served
from assay.project.report.drift import psi, reading
from assay.project.report.facts import (
    FOREIGN,
    NONE,
    Built,
    LedgerFacts,
    RunFacts,
    Shares,
    State,
    plain,
)
from assay.project.report.ledger import MOST_RUNS, read_ledger
from assay.project.report.notes import built_from, keep, known, verdict
from assay.project.report.page import policy
from assay.project.report.specs import labelled, scale, short
from assay.project.report.svg import safe_svg
from assay.store import GateRow, Landing, Store, open_store

from .builders import attempt, classify, extract, task

RUN = RunFacts("run-1", "2026-03-01 12:00:00", "openai", "api.example", "stub")


# Words


def test_a_text_is_one_line_without_what_turns_it_around() -> None:
    """Control and direction characters go; a long one is clipped."""
    assert plain("a\n\u202eb\x00c") == "a b c"
    assert plain("x" * 10, 4) == "xxx…"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (classify("good", "bad"), "2 labels: good, bad"),
        (extract({"name": "size"}), "1 fields: size"),
        (task("filter", asked="Is it red?"), "Is it red?"),
        (task("sentiment"), "a score from -1 to 1"),
        (task("sentiment", aspects=["price"]), "aspects: price"),
        (task("summarize", max_words=7), "at most 7 words"),
        (task("complete", prompt="Write a reply."), "Write a reply."),
        (task("translate", to="English"), "into English"),
        (task("translate", to="English", source="German"), "from German into English"),
        (task("score", criterion="How urgent?", high=5), "How urgent? (0 to 5)"),
    ],
)
def test_a_prompt_in_a_few_words(asked: Task, said: str) -> None:
    """As the store has its task."""
    assert short(asked.kind, spec_of(asked)) == said


@pytest.mark.parametrize(
    ("asked", "ends"),
    [
        (task("sentiment"), (-1, 1)),
        (task("score", criterion="How urgent?", low=1, high=5), (1, 5)),
        (task("sentiment", aspects=["price"]), None),
        (task("filter"), None),
    ],
)
def test_the_ends_of_a_scale(asked: Task, ends: tuple[float, float] | None) -> None:
    """Of answers that are numbers; a task that cannot be read has none."""
    assert scale(asked.kind, spec_of(asked)) == ends
    assert scale(asked.kind, "{") is None


def test_examples_are_counted_and_not_shown() -> None:
    """They may be texts of rows."""
    asked = classify("good", "bad", examples=[{"text": "secret", "answer": "good"}])
    assert short("classify", spec_of(asked)) == "2 labels: good, bad (examples: 1)"


def test_which_values_have_labels() -> None:
    """Of extraction only fields with a list of labels; free text has none."""
    fields = extract({"name": "order"}, {"name": "wish", "labels": ["refund", "repair"]})
    assert list(labelled("extract", spec_of(fields))) == [
        Labelled(("wish",), frozenset({"refund", "repair"}))
    ]
    assert list(labelled("summarize", "{}")) == []
    assert list(labelled("classify", "no json")) == []
    assert list(labelled("translate", "{}")) == []


# Drift


def test_psi_is_the_formula_of_the_gate() -> None:
    """By hand: shares 0.5 and 0.5 to 0.25 and 0.75."""
    expected = -0.25 * math.log(0.5) + 0.25 * math.log(1.5)
    assert psi({"a": 50, "b": 50}, {"a": 25, "b": 75}) == pytest.approx(expected)
    assert psi({"a": 1}, {}) is None
    assert psi({"a": 10}, {"a": 9, "b": 1}) == pytest.approx(
        -0.1 * math.log(0.9) + 0.05 * math.log(2)
    )
    assert [reading(index) for index in (None, 0.09, 0.2, 0.3)] == [
        "nothing to compare with",
        "stable",
        "moved",
        "shifted",
    ]


# Drawings


def test_a_drawing_keeps_shapes_and_loses_all_else() -> None:
    """Scripts, styles, links, handlers, names and addresses go; text is escaped."""
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" width="9" onload="x()">'
        "<script>x()</script><style>*{}</style><image href='http://leak.example'/>"
        '<g id="a" style="fill:red" clip-path="url(#a)"><path d="M0,0h1.23456" '
        'fill="url(http://leak.example)" onclick="x()"/>'
        '<text fill="var(--ink)">a &lt;b&gt;</text></g></svg>'
    )
    assert safe_svg(drawn, 'say "x"') == (
        '<svg viewBox="0 0 9 9" width="9" role="img" aria-label="say &#34;x&#34;">'
        '<g><path d="M0,0h1.23"></path><text fill="var(--ink)">a &lt;b&gt;</text></g></svg>'
    )


def test_g19_a_drawing_with_entities_is_refused() -> None:
    """Entities need a declaration, and a drawing has none."""
    bomb = '<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg><text>&b;</text></svg>'
    with pytest.raises(ValueError, match="declares a document type"):
        safe_svg(bomb, "")


def test_charts_of_labels_that_look_alike() -> None:
    """Clipped to the same beginning they stay two bars; markup in them is text."""
    from assay.project.report import charts

    counts = {"x" * 30 + "1": 6, "x" * 30 + "2": 3, "<script>": 1, NONE: 2, FOREIGN: 1}
    now = State("", "", "p", counts)
    found = Shares("topic.value", now, [State("2026-03-01", "r", "p", {NONE: 1})], 0.1, 0.1)
    drawn = safe_svg(*charts.shares(found))
    assert drawn.count("xxxxx…") == 2
    assert "<script" not in drawn
    assert "&lt;script&gt;" in drawn


def test_the_policy_lets_only_this_style_in() -> None:
    """Nothing by default, a hash for the style."""
    assert policy("a").startswith("default-src 'none'; style-src 'sha256-")
    assert policy("a") != policy("b")
    assert "unsafe" not in policy("a")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pictures_in_the_docs_are_small(scheme: str) -> None:
    """A clone stays light; the pages that show them are checked with all links."""
    size = (Path(__file__).parents[2] / f"docs/images/report-{scheme}.png").stat().st_size
    assert 10_000 < size < 300_000


# The ledger


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store of its own."""
    return open_store(tmp_path / "store.sqlite")


def begin(store: Store, name: str) -> None:
    """Put a run on record."""
    settings = Settings(provider="local")
    store.begin_run(name, settings)


def read(store: Store, wanted: str | None = None) -> LedgerFacts:
    """What the store says."""
    found = read_ledger(store, wanted)
    assert found is not None
    return found


def test_no_run_is_nothing(store: Store) -> None:
    """The caller says what to do."""
    assert read_ledger(store, None) is None


def test_the_last_run_that_did_something(store: Store) -> None:
    """A compilation opens a run too, and replays are not reported unless asked for."""
    for name in ("run-1", "replay-1", "run-2"):
        begin(store, name)
    store.land([Landing(attempt(1, "run-1"))])
    store.land([Landing(attempt(2, "replay-1"))])
    assert read(store).run.invocation_id == "run-1"
    assert read(store).later == 1
    assert read(store, "replay").run.requests == 1


def test_runs_with_nothing_to_do_leave_the_history_to_others(store: Store) -> None:
    """Of those the one that is reported is named; the runs that asked stay."""
    begin(store, "run-1")
    store.land([Landing(attempt(1, "run-1"))])
    for place in range(MOST_RUNS + 1):
        begin(store, f"idle-{place:02}")
        store.record_gate([checked(f"idle-{place:02}")])
    assert [run.invocation_id for run in read(store).history] == ["run-1", "idle-12"]


def test_where_no_run_asks_the_history_has_those_that_checked(store: Store) -> None:
    """A project may have gates and no AI column."""
    for name in ("run-1", "run-2"):
        begin(store, name)
        store.record_gate([checked(name)])
    assert [run.invocation_id for run in read(store).history] == ["run-1", "run-2"]


def checked(invocation_id: str) -> GateRow:
    """An expectation that a run has found true."""
    return GateRow(
        invocation_id=invocation_id,
        gate="gate_silver",
        suite="orders",
        place=0,
        expectation="expect_column_to_exist",
        column_name="id",
        threshold="",
        minimum_evaluated=1,
        row_count=1,
        evaluated=1,
        unexpected=0,
        unexpected_share=0.0,
        success=True,
        error=None,
        reasons="",
        checked_at="2026-03-01 12:00:00",
    )


def test_a_request_for_two_prompts_counts_in_equal_parts(store: Store) -> None:
    """Seconds for each, tokens and cost by half; savings at that price."""
    begin(store, "run-1")
    both = attempt(1, prompt_hashes="p,q", records=10, asks=20, answers=20, cost_usd=0.2)
    use = ("classify", "p", both.model)
    served = {use: Served(25, 5, {"ok": Fate(22), REPEATED: Fate(10), "invalid": Fate(3)})}
    store.land([Landing(both)])
    store.note_served("run-1", served)
    found = read(store)
    assert [(one.prompt_hash, one.cost_usd, one.input_tokens) for one in found.prompts] == [
        ("p", pytest.approx(0.1), 50),
        ("q", pytest.approx(0.1), 50),
    ]
    (use_of_p,) = found.uses
    assert (use_of_p.stored, use_of_p.repeated, use_of_p.failures) == (5, 10, 3)
    assert use_of_p.saved_usd == pytest.approx(0.01 * 15)
    assert (found.run.bought, found.run.failed) == (7, 3)


def test_percentiles_are_those_of_the_requests(store: Store) -> None:
    """Of 1 to 21 seconds the median is 11 and the 95th percentile 20; None costs nothing."""
    begin(store, "run-1")
    seconds = map(float, range(1, 22))
    store.land(
        [
            Landing(attempt(place, latency_seconds=one, cost_usd=None))
            for place, one in enumerate(seconds, 1)
        ]
    )
    (prompt,) = read(store).prompts
    assert (prompt.p50_seconds, prompt.p95_seconds) == (11, 20)
    assert prompt.cost_usd is None


# The verdict


def test_green_needs_the_word_of_dbt() -> None:
    """Without it nothing is known; with it, all must be well."""
    assert verdict(RUN, None).colour == "unknown"
    assert verdict(RUN, Built(exit_code=0, tests=1)).colour == "green"
    assert verdict(RUN, Built(exit_code=1)).colour == "red"


def test_what_checked_nothing_is_grey() -> None:
    """And says that it was a part; a part that checked something is green, a red one red."""
    part = Built(exit_code=0, selection=["`--select one`"])
    assert (verdict(RUN, part).colour, verdict(RUN, part).said) == (
        "grey",
        "partial, nothing checked",
    )
    assert verdict(RUN, Built(exit_code=0)).said == "nothing checked"
    assert verdict(RUN, replace(part, tests=2)).said == "green, partial"
    assert verdict(RUN, replace(part, exit_code=1)).said == "red, partial"


def test_what_dbt_said_is_kept_without_its_messages(tmp_path: Path) -> None:
    """A message may quote a row."""
    results = {
        "metadata": {"invocation_id": "a/../b"},
        "elapsed_time": 1.5,
        "results": [
            {"unique_id": "model.assay.one", "status": "error", "message": "secret"},
            {"unique_id": "model.assay.two", "status": "skipped", "message": None},
            {"unique_id": "test.assay.three.x", "status": "fail", "failures": 4},
        ],
    }
    built = built_from(results, 1)
    assert (built.models, built.all_models) == (0, 2)
    assert (built.tests, built.all_tests, built.statuses) == (1, 1, {"fail": 1})
    assert list(built.bad) == ["error: one", "fail: three, 4 rows"]
    told = built_from(results, 1, ["three: 4 rows found. Correct one."])
    assert verdict(RUN, told).reasons == ["three: 4 rows found. Correct one.", "error: one"]
    keep(tmp_path, "a/../b", built)
    assert [path.parent for path in tmp_path.rglob("*.json")] == [tmp_path]
    assert known(tmp_path, "a/../b", None) == built
    assert known(tmp_path, "other", results) is None
    assert verdict(RUN, built).reasons == built.bad


def spec_of(asked: Task) -> str:
    """A task as the store keeps it."""
    return canonical_json(asked.spec)


def test_a_spec_is_json() -> None:
    """Or the tests above would test nothing."""
    assert json.loads(spec_of(classify()))["labels"]
