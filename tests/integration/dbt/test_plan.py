"""B09: `assay plan` says what a build would ask, before a cent is spent, and is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from assay.faultd import FaultServer

from ..figures import Figure, figure
from ..gates.assay_line import Said, assay
from .project import REPOSITORY, Project, asking

__all__ = ["figure"]

NewProject = Callable[..., Project]
TEXTS, ROWS = 900, 1000
PACK = 16
NAMES = ("first", "second", "third")
WORDS = (
    "the tent leaks at the seam after one night of rain and nobody answers the phone",
    "a very light rope, dry and warm, I would buy it again for my children",
    "where is my parcel, the tracking has not moved since Monday and I leave on Friday",
)
LABELS = "['delivery', 'quality', 'service', 'praise', 'other']"
TOPIC = f"{{{{ ai_classify('body', {LABELS}) }}}} as topic"
TOPIC_DETAIL = f"{{{{ ai_classify('body', {LABELS}, detail=true) }}}} as topic"
SCORE = "{{ ai_sentiment('body') }} as score"


PRICES = {"ASSAY_PRICE_INPUT_USD": "1", "ASSAY_PRICE_OUTPUT_USD": "10"}


def _cases() -> str:
    return " ".join(f"when {at} then '{words}'" for at, words in enumerate(WORDS))


MODELS = {
    "bronze/notes.sql": f"select i as id, case when i % 50 = 0 then null else "
    f"(case i % {len(WORDS)} {_cases()} end) || ' ' || (i % {TEXTS}) end as body "
    f"from range({ROWS}) as r(i)",
    "silver/first.sql": f"select id, {TOPIC} from {{{{ ref('notes') }}}}",
    "silver/second.sql": f"select id, {TOPIC_DETAIL}, {SCORE} from {{{{ ref('notes') }}}}",
    "silver/third.sql": f"select id, {SCORE} from {{{{ ref('notes') }}}} where id < 100",
}


def figures_of(printed: str) -> dict[str, list[str]]:
    """The rows of the table of a plan, by model."""
    lines = [line.split() for line in printed.splitlines() if line.strip()]
    tables = [cells for cells in lines if cells[0] in (*NAMES, "total")]
    return {name: cells for name, *cells in tables}


def number(cell: str) -> int:
    """A number with its thousands marked."""
    return int(cell.replace(",", ""))


@dataclass(frozen=True)
class Planned:
    """A project that was planned, and then built; each with what the server saw of it."""

    project: Project
    plan: Mapping[str, list[str]]
    requests_of_plan: int
    bill: Mapping[str, Any]
    classified: Mapping[str, Any]
    after: Mapping[str, list[str]]
    refused: Said


@pytest.fixture(scope="module")
def planned(new_project: NewProject) -> Planned:
    """Plan, build the classification, build the rest, plan again."""
    with FaultServer() as server:
        project = new_project(
            MODELS, **asking(server), ASSAY_PACK_RECORDS=str(PACK), ASSAY_THREADS="1"
        )
        assert project.dbt("run", "--select", "notes").code == 0
        plan = assay(project, "plan")
        assert plan.code == 0, plan.err
        seen = server.summary()["requests"]
        assert project.dbt("run", "--select", "first").code == 0
        classified = server.summary()
        server.reset()
        assert project.dbt("run", "--select", "second", "third").code == 0
        bill = server.summary()
        after = assay(project, "plan")
    few = ("--select", "first", "--max-requests", "10")
    refused = assay(project, "plan", *few, **PRICES, ASSAY_STORE="empty.sqlite")
    plans = [figures_of(one.out) for one in (plan, after)]
    return Planned(project, plans[0], seen, bill, classified, plans[1], refused)


def test_b09_counting_sends_nothing(planned: Planned) -> None:
    """Rows, blanks and doubles are counted in DuckDB."""
    assert planned.requests_of_plan == 0
    rows, texts, asks, stored = map(number, planned.plan["first"][:4])
    different = planned.project.rows("select count(distinct body) from bronze.notes")[0][0]
    assert (rows, texts, asks, stored) == (ROWS, different, different, 0)
    assert list(map(number, planned.plan["second"][:3])) == [ROWS, different, 2 * different]


def test_b09_shared_asks_count_once(planned: Planned) -> None:
    """The total of three models is what two questions about each text take."""
    different = number(planned.plan["first"][2])
    assert number(planned.plan["second"][2]) == 2 * different
    assert number(planned.plan["total"][2]) == 2 * different
    assert number(planned.plan["total"][4]) == -(-different // PACK)


def test_b09_the_plan_of_a_classification_is_what_the_server_sees(
    planned: Planned, figure: Figure
) -> None:
    """Requests to the one, tokens within a fifth."""
    requests, tokens_in, tokens_out = map(number, planned.plan["first"][4:7])
    seen = planned.classified
    assert requests == seen["requests"]
    assert tokens_in == pytest.approx(seen["input_tokens"], rel=0.2)
    assert tokens_out == pytest.approx(seen["output_tokens"], rel=0.2)
    figure(
        requests=requests,
        requests_seen=seen["requests"],
        tokens_in=round(tokens_in / seen["input_tokens"], 3),
        tokens_out=round(tokens_out / seen["output_tokens"], 3),
    )


def test_b09_what_is_stored_is_not_planned_again(planned: Planned) -> None:
    """After the build nothing is left, and the build itself asked for the second question only."""
    different = number(planned.plan["first"][2])
    assert planned.bill["paid_answers"] == different
    assert planned.after["total"][2:7] == [f"{2 * different:,}"] * 2 + ["0", "0", "0"]


def test_b09_an_unknown_price_is_said_to_be_unknown(planned: Planned) -> None:
    """`stub` is in no table; a price that is given is used."""
    assert planned.plan["total"][7] == "unknown"
    tokens_in, tokens_out, dollars = figures_of(planned.refused.out)["total"][5:8]
    expected = (number(tokens_in) + 10 * number(tokens_out)) / 1_000_000
    assert float(dollars) == pytest.approx(expected, abs=1e-4)


def test_b09_every_key_of_the_json_is_documented(planned: Planned) -> None:
    """An object for each model and `total`, of the same keys; nothing else is printed."""
    found = assay(planned.project, "plan", "--select", "third", "--json").json
    page = (REPOSITORY / "docs" / "commands.md").read_text()
    said = page.split("## `plan`")[1].split("\n## ")[0]
    assert set(found) == {"third", "total"}
    assert {key for one in found.values() for key in one if f"`{key}`" not in said} == set()


def test_b09_a_plan_leaves_the_last_build_as_it_is(planned: Planned) -> None:
    """What was built can still be published and reported; a wrong selection is one line."""
    results = planned.project.root / "target" / "run_results.json"
    before = results.read_bytes()
    wrong = assay(planned.project, "plan", "--select", "nosuch")
    assert assay(planned.project, "plan", "--select", "third").code == 0
    assert results.read_bytes() == before
    assert (wrong.code, wrong.out, wrong.err.count("\n")) == (2, "", 1)
    assert "dbt compile failed" not in wrong.err
    assert "'nosuch' does not match" in wrong.err


def test_b09_more_requests_than_allowed_is_exit_code_3(planned: Planned) -> None:
    """The table of the selected models is printed all the same."""
    refused = planned.refused
    assert refused.code == 3
    assert "More than 10 requests" in refused.err
    assert set(figures_of(refused.out)) == {"first", "total"}


def test_b09_a_table_that_is_not_built_is_one_line(new_project: NewProject) -> None:
    """Without a warehouse, and with one that lacks the source."""
    project = new_project(MODELS)
    without = assay(project, "plan")
    project.load("elsewhere.unrelated", id=[1])
    lacking = assay(project, "plan")
    for failed, said in ((without, "There is no warehouse"), (lacking, "first cannot be counted")):
        assert failed.code == 2
        (line,) = failed.err.strip().splitlines()
        assert line.startswith("assay: ")
        assert said in line
        assert "scripts/build --select +bronze" in line


def test_b09_a_view_that_asks_is_counted_where_it_is_read(new_project: NewProject) -> None:
    """New rows behind it are asked about by nobody, and the ledger hears nothing of a plan."""
    models = {
        "silver/first.sql": f"{{{{ config(materialized='view') }}}} "
        f"select id, body, {TOPIC} from bronze.notes",
        "silver/second.sql": f"select id, topic, {SCORE} from {{{{ ref('first') }}}}",
    }
    with FaultServer() as server:
        project = new_project(models, **asking(server), ASSAY_PACK_RECORDS=str(PACK))
        project.load("bronze.notes", id=range(30), body=[f"tent {at}" for at in range(30)])
        assert project.dbt("run").code == 0
        project.load("bronze.notes", id=range(60), body=[f"tent {at}" for at in range(60)])
        before = project.calls(), server.summary()["requests"]
        plan = assay(project, "plan", "--json")
        assert plan.code == 0, plan.err
        assert (project.calls(), server.summary()["requests"]) == before
        assert project.dbt("run").code == 0
        asked = server.summary()["requests"] - before[1]
    found = {name: (one["asks"], one["stored"]) for name, one in plan.json.items()}
    assert found == {"first": (60, 30), "second": (120, 60), "total": (120, 60)}
    assert plan.json["total"]["requests"] <= asked


LIKED = "{{ ai_filter('body', 'Is it glad?') }}"
HANGING = {
    "where": f"select id, {TOPIC_DETAIL} from {{{{ ref('notes') }}}} where {LIKED} is not null",
    "case": f"select id, case when {LIKED} is not null then {TOPIC_DETAIL[:-9]} end as topic "
    "from {{ ref('notes') }}",
    "nested": f"with short as (select id, {{{{ ai_summarize('body') }}}} as body "
    f"from {{{{ ref('notes') }}}}) select id, body, {TOPIC_DETAIL} from short",
}


@pytest.mark.parametrize("how", HANGING)
def test_b09_what_hangs_on_answers_to_come_makes_a_plan_at_least(
    new_project: NewProject, how: str
) -> None:
    """The model and the total say so; the wall holds, and with the answers nothing is due."""
    models = {path: MODELS[path] for path in ("bronze/notes.sql", "silver/second.sql")}
    with FaultServer() as server:
        project = new_project(
            models | {"silver/first.sql": HANGING[how]},
            **asking(server),
            ASSAY_PACK_RECORDS=str(PACK),
        )
        assert project.dbt("run", "--select", "notes").code == 0
        found = assay(project, "plan", "--json").json
        assert {name: one["at_least"] for name, one in found.items()} == {
            "first": True,
            "second": False,
            "total": True,
        }
        said = assay(project, "plan", "--select", "first")
        planned = number(figures_of(said.out)["first"][4].removesuffix("+"))
        assert figures_of(said.out)["total"][4] == f"{planned}+"
        assert "+ is at least: " in said.out
        cap = {"ASSAY_MAX_REQUESTS": str(planned + 1)}
        stopped = assay(project, "build", "--", "--select", "first", **cap)
        assert stopped.code == 3, stopped.out
        assert server.summary()["requests"] == planned + 1
        status = "topic.status = 'not_attempted'"
        assert project.rows(f"select count(*) > 0 from silver.first where {status}") == [(True,)]
        short = project.dbt("build", "--select", "first", ASSAY_MAX_REQUESTS="2")
        assert (short.code, server.summary()["requests"]) == (0, planned + 3)
        assert project.dbt("run", "--select", "first").code == 0
        after = assay(project, "plan", "--select", "first", "--json").json
    assert after["first"]["at_least"] is False
    assert after["first"]["requests"] == 0


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("no_such", 'Referenced column "no_such"'),
        ("cast(body as integer) || ''", "Conversion Error;"),
    ],
    ids=["binder", "conversion"],
)
def test_b09_what_cannot_be_counted_is_named_in_one_line(
    new_project: NewProject, body: str, why: str
) -> None:
    """The model, why, and what to do; what is in a row is quoted nowhere."""
    asked = f"select id, {{{{ ai_sentiment({body!r}) }}}} as score from {{{{ ref('notes') }}}}"
    project = new_project(MODELS | {"silver/other.sql": asked})
    assert project.dbt("run", "--select", "notes").code == 0
    failed = assay(project, "plan")
    (line,) = failed.err.strip().splitlines()
    assert (failed.code, failed.out) == (2, "")
    assert line.startswith("assay: other cannot be counted on the present warehouse: ")
    assert why in line
    assert "scripts/build --select +bronze" in line
    assert WORDS[0] not in line


def test_a_plan_begins_with_what_the_build_parsed(new_project: NewProject) -> None:
    """It is dbt's slow part, and the plan is written beside, where dbt remembers nothing."""
    asked = f"select 1 as id, {TOPIC} from (select 'a tent' as body)"
    project = new_project({"silver/asked.sql": asked})
    assert project.dbt("run").code == 0
    log = project.root / "logs" / "dbt.log"
    log.unlink()
    assert assay(project, "plan").code == 0
    assert "no changes found, skipping parsing" in log.read_text(encoding="utf-8")
