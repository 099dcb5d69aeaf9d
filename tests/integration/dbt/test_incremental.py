"""Incremental models that choose their rows with `ai_due` lose none and pay for none twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from assay.faultd import Entry, FaultServer, Latency, answer
from assay.store import open_store

from .project import Project, Run, asking, kill_group, table

NewAskingProject = Callable[..., Project]
Row = tuple[int, str, str]

TOPICS = """\
{%- set topic = ai_classify('body', 'mood', detail=true) -%}
{{ config(unique_key='id') }}

select
    id,
    body,
    updated_at,
    {{ topic }} as topic

from {{ ref('notes') }}
where {{ ai_due('id', {'topic': topic}, also=['updated_at']) }}
"""
TOPICS_AND_SCORE = """\
{%- set topic = ai_classify('body', 'mood', detail=true) -%}
{%- set score = ai_sentiment('body', detail=true) -%}
{{ config(unique_key='id') }}

select
    id,
    body,
    updated_at,
    {{ topic }} as topic,
    {{ score }} as score

from {{ ref('notes') }}
where {{ ai_due('id', {'topic': topic, 'score': score}, also=['updated_at']) }}
"""
BASE: tuple[Row, ...] = (
    (1, "the tent leaks", "2026-01-01"),
    (2, "the rope is fine", "2026-01-02"),
    (3, "a parcel came", "2026-01-03"),
)
ODD = (4, "BAD luck with the stove", "2026-01-04")


@dataclass(frozen=True)
class Step:
    """What one run sent, and what the table held after it."""

    run: Run
    sent: tuple[Entry, ...]
    rows: list[tuple[Any, ...]]

    @property
    def texts(self) -> list[str]:
        """The texts that were sent, in order."""
        return sorted(text for entry in self.sent for text in entry.texts)

    @property
    def ids(self) -> list[int]:
        """The keys of the table."""
        return [row[0] for row in self.rows]


class Story:
    """A project of one source and one silver model, told run by run."""

    def __init__(self, project: Project, server: FaultServer) -> None:
        self.project = project
        self.server = server
        self.model("topics", TOPICS)
        self.moods({"glad": "praise", "cross": "complaints", "plain": "neither"})

    def model(self, name: str, sql: str) -> None:
        """Write a silver model."""
        self.project.write(f"silver/{name}.sql", sql)

    def moods(self, labels: dict[str, str]) -> None:
        """Set the label set of the model."""
        self.project.set_sets(labels={"mood": labels})

    def source(self, *rows: Row) -> None:
        """Replace the rows of the source."""
        self.project.write("bronze/notes.sql", table("id, body, updated_at", *rows))

    def run(self, *arguments: str, scenario: str | None = None, **env: str) -> Step:
        """Run dbt against the server under a scenario; the server starts with a clean ledger."""
        self.server.reset()
        done = self.project.dbt("run", *arguments, **asking(self.server, scenario), **env)
        assert done.code == 0, done.output
        columns = "id, body, topic.value, topic.status, topic.prompt_hash"
        rows = self.project.rows(f"select {columns} from silver.topics order by id")
        return Step(done, tuple(self.server.ledger.entries), rows)


@pytest.fixture(scope="module")
def new_story(asking_project: NewAskingProject, server: FaultServer) -> Callable[[], Story]:
    """Begin a story in a project of its own."""
    return lambda: Story(asking_project(), server)


# --- rows that come and change ------------------------------------------------------------------


@pytest.fixture(scope="module")
def grown(new_story: Callable[[], Story]) -> tuple[Step, Step]:
    """Two runs: between them a row comes with an old time, one with the last, one changes."""
    story = new_story()
    story.source(*BASE)
    first = story.run()
    story.source(
        (1, "the tent no longer leaks", "2026-01-01"),
        *BASE[1:],
        (4, "came in the same second", "2026-01-03"),
        (5, "came late", "2025-06-30"),
    )
    return first, story.run()


def test_a_first_run_asks_about_every_text(grown: tuple[Step, Step]) -> None:
    """All rows of the source are there and answered."""
    first, _ = grown
    assert first.ids == [1, 2, 3]
    assert first.texts == sorted(text for _, text, _ in BASE)
    assert {row[3] for row in first.rows} == {"ok"}


def test_e12_equal_timestamps_lose_no_row(grown: tuple[Step, Step]) -> None:
    """A row with the time of the last row of the run before is there and answered."""
    _, second = grown
    assert second.rows[3][1:4:2] == ("came in the same second", "ok")


def test_e13_late_rows_are_not_lost(grown: tuple[Step, Step]) -> None:
    """A row older than all that was there is there and answered."""
    _, second = grown
    assert second.ids == [1, 2, 3, 4, 5]
    assert second.rows[4][1:4:2] == ("came late", "ok")


def test_a_changed_text_replaces_its_row(grown: tuple[Step, Step]) -> None:
    """The table holds the new text with its answer, although its time did not move."""
    _, second = grown
    assert second.rows[0][1:4:2] == ("the tent no longer leaks", "ok")


def test_only_what_is_new_or_changed_is_asked(grown: tuple[Step, Step]) -> None:
    """Rows that stayed as they were cost nothing and stay as they are."""
    first, second = grown
    assert second.texts == ["came in the same second", "came late", "the tent no longer leaks"]
    assert second.rows[1:3] == first.rows[1:3]


# --- failures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "status"), [("s500", "transport"), ("badlabel", "invalid")])
def test_e14_a_row_that_failed_lands_in_the_next_run(
    new_story: Callable[[], Story], kind: str, status: str
) -> None:
    """One bad record costs only itself, is on record, and is asked again, it alone."""
    story = new_story()
    story.source(*BASE, ODD)
    poisoned = f"poison,kind={kind},marker=BAD"
    failed = story.run(scenario=poisoned, ASSAY_MAX_ATTEMPTS="1", ASSAY_MAX_FAILED_SHARE="1")
    assert [row[3] for row in failed.rows] == ["ok", "ok", "ok", status]
    assert failed.rows[3][2] is None

    mended = story.run()
    assert [row[3] for row in mended.rows] == ["ok"] * 4
    assert mended.texts == [ODD[1]]
    assert mended.rows[:3] == failed.rows[:3]


def test_c01_a_refused_text_is_not_asked_again(new_story: Callable[[], Story]) -> None:
    """A refusal is final: the row keeps its status and later runs send nothing."""
    story = new_story()
    story.source(*BASE, ODD)
    refused = story.run(scenario="refusetext,marker=BAD", ASSAY_MAX_FAILED_SHARE="1")
    again = story.run(ASSAY_MAX_FAILED_SHARE="1")
    assert [row[3] for row in refused.rows] == ["ok", "ok", "ok", "refused"]
    assert (again.rows, again.texts) == (refused.rows, [])
    assert story.project.store_rows("select status, next_try_at from failures") == [
        ("refused", None)
    ]


# --- questions that change ----------------------------------------------------------------------


@dataclass(frozen=True)
class Evolved:
    """A model through its life: built, its labels described anew, a column added, rebuilt."""

    built: Step
    described: Step
    widened: Step
    scores: list[tuple[Any, ...]]
    rebuilt: Step


@pytest.fixture(scope="module")
def evolved(new_story: Callable[[], Story]) -> Evolved:
    """Four runs of one model over the same rows."""
    story = new_story()
    story.source(*BASE)
    built = story.run()
    story.moods({"glad": "praise", "cross": "anger", "plain": "neither"})
    described = story.run()
    story.model("topics", TOPICS_AND_SCORE)
    widened = story.run()
    scores = story.project.rows("select score.status from silver.topics")
    return Evolved(built, described, widened, scores, story.run("--full-refresh"))


def test_e15_a_changed_label_description_asks_about_every_row_again(evolved: Evolved) -> None:
    """The table holds answers to the present question only."""
    assert evolved.described.texts == evolved.built.texts
    before, after = ({row[4] for row in step.rows} for step in (evolved.built, evolved.described))
    assert (len(before), len(after)) == (1, 1)
    assert before != after


def test_e16_a_new_column_asks_only_its_own_question(evolved: Evolved) -> None:
    """Old rows get the new answer, and the old question is not asked again."""
    assert evolved.scores == [("ok",)] * 3
    assert evolved.widened.texts == evolved.built.texts
    asked = {question for entry in evolved.widened.sent for question in entry.questions}
    known = {question for entry in evolved.described.sent for question in entry.questions}
    assert (len(asked), asked & known) == (1, set())
    assert evolved.widened.rows == evolved.described.rows


def test_e18_a_full_refresh_sends_nothing(evolved: Evolved) -> None:
    """Everything that was ever answered comes from the store."""
    assert evolved.rebuilt.sent == ()
    assert evolved.rebuilt.rows == evolved.widened.rows


# --- types that change --------------------------------------------------------------------------

OFFERS = """\
{%- set details = ai_extract('body', FIELDS, grounded=false, detail=true) -%}
{%- set topic = ai_classify('body', 'mood', detail=true) -%}
{{ config(unique_key='id') }}

select id, body, {{ details }} as details, {{ topic }} as topic

from {{ ref('notes') }}
where {{ ai_due('id', {'details': details, 'topic': topic}) }}
"""
CAST = """\
{%- set price = ai_extract('body', {'price': 'number'}, detail=true) -%}
{%- set narrow = 'struct("value" struct(price decimal(9, 1)), status varchar, error varchar, '
    ~ 'confidence double, model varchar, prompt_hash varchar, answered_at timestamp)' -%}
{{ config(unique_key='id') }}

select id, cast({{ price }} as {{ narrow }}) as price
from {{ ref('notes') }}
where {{ ai_due('id', {'price': price}) }}
"""


def offers(fields: str) -> str:
    """The model with these fields."""
    return OFFERS.replace("FIELDS", fields)


@pytest.fixture(scope="module")
def priced(asking_project: NewAskingProject, server: FaultServer) -> Project:
    """A model of whole prices, built twice; the second time nothing was due."""
    models = {"silver/offers.sql": offers("{'price': 'integer'}"), "silver/narrow.sql": CAST}
    project = asking_project(models)
    project.set_sets(labels={"mood": ["glad", "cross"]})
    project.write("bronze/notes.sql", table("id, body, updated_at", *BASE))
    assert project.dbt("run").code == 0
    server.reset()
    again = project.dbt("run")
    assert (again.code, server.summary()["requests"]) == (0, 0), again.output
    return project


WIDE = ", ".join(f"'a field with a long name {at}': 'text'" for at in range(20))


@pytest.mark.parametrize(
    ("fields", "given"),
    [
        ("{'price': 'number'}", "STRUCT(price DOUBLE)"),
        ("{'price': 'date'}", "STRUCT(price DATE)"),
        ("{'price': ['integer']}", "STRUCT(price BIGINT[])"),
        ("{'price': 'integer', 'name': 'text'}", 'STRUCT(price BIGINT, \\"name\\" VARCHAR)'),
        ("'price'", "VARCHAR[]"),
        (f"{{'price': 'integer', {WIDE}}}", 'STRUCT(price BIGINT, \\"a field with'),
    ],
)
def test_another_type_than_that_of_the_table_is_refused(
    priced: Project, server: FaultServer, fields: str, given: str
) -> None:
    """dbt would cast the new values to the old type; nothing is asked instead."""
    server.reset()
    priced.write("silver/offers.sql", offers(fields))
    run = priced.dbt("run", "--select", "offers")
    message = run.message("offers")
    assert run.code == 1
    assert f'ai_due: wrong `details` "{given}' in message
    assert (
        "the table holds another type, STRUCT(price BIGINT) in model offers; run once" in message
    )
    assert "a long name 19" not in message
    assert server.summary()["requests"] == 0


def test_a_full_refresh_takes_the_new_type_over(priced: Project, server: FaultServer) -> None:
    """The question that changed is asked, the other is not, and then no row is due."""
    priced.write("silver/offers.sql", offers("{'price': 'number'}"))
    server.reset()
    priced.dbt("run", "--select", "offers", "--full-refresh")
    asked = {question for entry in server.ledger.entries for question in entry.questions}
    assert len(asked) == 1
    assert "STRUCT(price DOUBLE)" in priced.types("silver.offers")["details"]
    server.reset()
    assert priced.dbt("run", "--select", "offers").code == 0
    assert priced.dbt("run", "--select", "offers", "--full-refresh").code == 0
    assert server.summary()["requests"] == 0


# --- runs that are killed -----------------------------------------------------------------------

TEXTS = [f"note number {number}" for number in range(40)]
IN_FLIGHT = 2


@dataclass(frozen=True)
class Killed:
    """A run that was killed, and the plain run after it."""

    stored: int
    sent_before: list[str]
    after: Step
    server: FaultServer


@pytest.fixture(scope="module")
def killed(new_project: Callable[..., Project]) -> Iterator[Killed]:
    """Kill dbt with all its children when a dozen requests have arrived, then run it again."""
    enough = threading.Event()
    seen: list[str] = []

    def counted(text: str, schema: Any) -> Any:
        seen.append(text)
        if len(seen) == 12:
            enough.set()
        return answer(text, schema)

    slow = Latency(median=0.05)
    with FaultServer(answer=counted, latency=slow, keep_texts=True) as server:
        story = Story(new_project(), server)
        story.source(*((at, text, "2026-01-01") for at, text in enumerate(TEXTS)))
        limits = {"ASSAY_MAX_IN_FLIGHT": str(IN_FLIGHT), "ASSAY_PACK_RECORDS": "1"}
        running = story.project.start("run", **asking(server), **limits)
        arrived = enough.wait(60)
        kill_group(running)
        assert arrived
        before = [text for entry in server.ledger.entries for text in entry.texts]
        open_store(
            story.project.store
        ).close()  # whoever opens it takes the journal of the dead over
        stored = story.project.store_rows("select count(*) from answers")[0][0]
        yield Killed(stored, before, story.run(**limits), server)


def test_p06_the_run_after_a_kill_finishes_the_job(killed: Killed) -> None:
    """No repair: every text is answered."""
    assert sorted(row[1] for row in killed.after.rows) == sorted(TEXTS)
    assert {row[3] for row in killed.after.rows} == {"ok"}


def test_d01_a_kill_costs_at_most_what_was_in_flight(killed: Killed) -> None:
    """What was answered before the kill is not sent again."""
    assert 0 < killed.stored < len(TEXTS)
    assert len(killed.after.sent) == len(TEXTS) - killed.stored
    twice = set(killed.sent_before) & set(killed.after.texts)
    assert len(twice) <= IN_FLIGHT
