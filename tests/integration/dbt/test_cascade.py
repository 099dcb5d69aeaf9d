"""A cascade in dbt: embedded models first, an endpoint where they are not sure; nothing twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from assay.faultd import FaultServer, Latency, answer

from ..gates.assay_line import assay
from .project import REPOSITORY, Project, asking, kill_group

NewProject = Callable[..., Project]

LABELS = ["delivery", "refund"]
CASCADE = "{'to': 'dear', 'alpha': 0.1, 'sample': 150}"
MODEL = """\
{%- set topic = ai_classify('body', LABELS, cascade=CASCADE, detail=true) -%}
{{ config(unique_key='id') }}

select id, body, {{ topic }} as topic

from raw.notes
where {{ ai_due('id', {'topic': topic}) }}
"""
SURE = {"delivery": "Where is my parcel {}?", "refund": "I want a refund of order {}."}
UNSURE = "Number {} and the blue kettle"
LOCAL, PACK = "assay-local-2", 16


def model(labels: list[str] = LABELS) -> str:
    """The model with these labels."""
    return MODEL.replace("LABELS", str(labels)).replace("CASCADE", CASCADE)


def same(text: str, label: str) -> bool:
    """Whether the stub says of a text what it is about."""
    return bool(answer(text, {"type": "string", "enum": LABELS}) == label)


def texts(first: int) -> list[str]:
    """Texts on which both agree, and as many on which the stub guesses."""
    numbers = range(first, first + 400)
    sure = [(form.format(at), label) for label, form in SURE.items() for at in numbers]
    agreed = [text for text, label in sure if same(text, label)]
    return [*agreed, *(UNSURE.format(at) for at in numbers)]


FIRST, LATER = texts(0), texts(1000)


def load(project: Project, bodies: list[str]) -> None:
    """Put texts into the source; one row has none."""
    project.load("raw.notes", id=range(len(bodies) + 1), body=[*bodies, None])


@dataclass(frozen=True)
class Step:
    """What one run sent, what its table holds, and what is on record of cascades."""

    sent: Counter[str]
    rows: list[tuple[Any, ...]]
    cascades: list[tuple[Any, ...]]

    @property
    def models(self) -> Counter[str]:
        """Who answered the rows."""
        return Counter(row[2] for row in self.rows)


def step(project: Project, server: FaultServer, *arguments: str) -> Step:
    """Run dbt with the fault server as the dear model."""
    server.reset()
    done = project.dbt("run", *arguments)
    assert done.code == 0, done.output
    sent = Counter(text for entry in server.ledger.entries for text in entry.texts)
    return Step(
        sent,
        project.rows(
            "select id, body, topic.model, topic.value, topic.confidence, topic.status "
            "from silver.topics order by id"
        ),
        project.store_rows(
            "select threshold, kept, errors, bound, drawn, texts from cascades "
            "order by calibrated_at"
        ),
    )


@dataclass(frozen=True)
class Life:
    """A model with a cascade, run by run, and what was planned before."""

    planned: Any
    steps: dict[str, Step]
    ops: list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def life(new_project: NewProject, server: FaultServer) -> Life:
    """Planned, built, with more rows, with other labels."""
    given = asking(server, ASSAY_MODEL="dear")
    prices = {"ASSAY_PRICE_INPUT_USD": "1", "ASSAY_PRICE_OUTPUT_USD": "10"}
    project = new_project({"silver/topics.sql": model()}, **given, **prices)
    for file in ("ops_cascades.sql", "ops_cascades.yml", "_ops__sources.yml"):
        shipped = REPOSITORY / "models" / "ops" / file
        project.write(f"ops/{file}", shipped.read_text(encoding="utf-8"))
    load(project, FIRST)
    planned = assay(project, "plan", "--select", "topics", "--json").json
    steps = {"first": step(project, server, "--select", "topics")}
    load(project, [*FIRST, *LATER])
    steps["grown"] = step(project, server, "--select", "topics")
    project.write("silver/topics.sql", model(labels=["parcel", "refund"]))
    steps["relabelled"] = step(project, server)
    ops = project.rows(
        "select kept_row_count, asked_row_count, saved_usd, bound <= alpha, cheap_model, "
        "dear_model, name from ops.ops_cascades order by started_at, calibrated_at"
    )
    return Life(planned, steps, ops)


def test_the_sure_answers_are_kept_and_the_rest_is_asked_once(life: Life) -> None:
    """The envelope says who answered, and how sure the embedded model was."""
    first = life.steps["first"]
    ((threshold, kept, errors, bound, drawn, among),) = first.cascades
    assert (drawn, among) == (150, len(FIRST))
    assert (kept >= 29, errors <= kept * 0.1, bound <= 0.1) == (True, True, True)
    cheap = [row for row in first.rows if row[2] == LOCAL]
    assert len(cheap) > 100
    assert min(row[4] for row in cheap) >= threshold
    assert {row[1] for row in cheap} == {text for text in FIRST if text not in first.sent}
    assert set(first.sent.values()) == {1}
    assert {row[5] for row in first.rows} == {"ok", "skipped"}


def test_the_promise_holds_on_the_rows(life: Life) -> None:
    """At most a tenth of what was kept differs from what the dear model says."""
    cheap = [row for row in life.steps["first"].rows if row[2] == LOCAL]
    differing = [row for row in cheap if not same(row[1], row[3])]
    assert len(differing) <= 0.1 * len(cheap)


def test_new_rows_are_answered_by_the_threshold_on_record(life: Life) -> None:
    """No row of before is asked about, and none is drawn."""
    first, grown = life.steps["first"], life.steps["grown"]
    assert grown.cascades == first.cascades
    assert grown.rows[: len(FIRST)] == first.rows[: len(FIRST)]
    new = [row for row in grown.rows if row[1] in LATER and row[2] != LOCAL]
    assert grown.sent == Counter(row[1] for row in new)


def test_other_labels_are_calibrated_anew(life: Life) -> None:
    """The question is another one; what was learnt of the first stays on record."""
    before, after = life.steps["grown"].cascades, life.steps["relabelled"].cascades
    assert (after[0], len(after)) == (before[0], 2)
    assert after[1][5] == len(FIRST) + len(LATER)


def test_the_plan_counts_what_is_drawn(life: Life) -> None:
    """And says that it is at least that: nobody knows yet what is kept."""
    planned = life.planned["topics"]
    assert (planned["asks"], planned["requests"]) == (150, 10)
    assert (planned["rows"], planned["at_least"]) == (len(FIRST) + 1, True)


def test_ops_show_what_was_kept_and_saved(life: Life) -> None:
    """Of each cascade in each run that it served."""
    assert {row[4:] for row in life.ops} == {(LOCAL, "dear", "topics: body")}
    assert len(life.ops) == 3
    kept = life.steps["first"].models
    assert life.ops[0][:2] == (kept[LOCAL], kept["dear"])
    assert all(row[2] > 0 and row[3] for row in life.ops)


# What stops it


@pytest.mark.whole
@pytest.mark.parametrize("at", [40, 300])
def test_a_kill_buys_nothing_twice(new_project: NewProject, at: int) -> None:
    """While the drawn texts are asked about, and while the rest is: only what flew, again."""
    enough, seen = threading.Event(), Counter[str]()

    def counted(text: str, schema: Any) -> Any:
        seen[text] += 1
        if len(seen) >= at:
            enough.set()
        return answer(text, schema)

    with FaultServer(answer=counted, latency=Latency(median=0.05)) as server:
        given = asking(server, ASSAY_MODEL="dear", ASSAY_MAX_IN_FLIGHT="1")
        project = new_project({"silver/topics.sql": model()}, **given)
        load(project, FIRST)
        running = project.start("run")
        arrived = enough.wait(60)
        kill_group(running)
        assert arrived
        assert project.dbt("run").code == 0
    assert sum(count - 1 for count in seen.values()) <= PACK
    assert project.store_rows("select drawn from cascades") == [(150,)]
    assert project.rows("select count(*) from silver.topics where topic.status = 'ok'") == [
        (len(FIRST),)
    ]
