"""One text about many rows: its parts and levels, and what a row more costs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import md5
from typing import Any

import pytest

from assay.faultd import FaultServer

from .project import Project, Run

NOTES = """
select topic, 'note ' || n || ' about ' || topic || repeat(' and more of it', n % 7) as body
from range({rows}) as notes(n), (values ('ropes'), ('tents')) as topics(topic)
union all
select 'blanks' as topic, '  ' as body
"""
ONE_MORE = " union all select 'ropes' as topic, 'a note that is new' as body"
AGG = """
{{{{ ai_agg('body', 'What do people say?', ref('notes'), by='topic', part_tokens={tokens}) }}}}
"""
ROWS, TOKENS, WORDS = 400, 300, 30
REFUSED = "note 7 about tents"


def told(text: str, _schema: Any) -> Any:
    """A summary of thirty words that no other text has; none of a part with the refused note."""
    if REFUSED in text:
        return ""
    name = md5(text.encode(), usedforsecurity=False).hexdigest()[:6]
    return " ".join([name, *["word"] * (WORDS - 1)])


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """A server that sums up."""
    with FaultServer(answer=told, keep_texts=True) as running:
        yield running


@dataclass(frozen=True)
class Built:
    """What a run made of each topic (status, rows, covered, levels), and what it sent."""

    run: Run
    said: dict[str, tuple[Any, ...]]
    requests: int
    texts: tuple[str, ...]


def build(project: Project, server: FaultServer, notes: str, **env: str) -> Built:
    """Build the texts about these notes."""
    server.reset()
    project.write("bronze/notes.sql", notes)
    run = project.dbt("run", **env)
    rows = []
    if run.code == 0:
        rows = project.rows(
            'select topic, answer.status, "rows", covered, levels from silver.said'
        )
    texts = tuple(text for entry in server.ledger.entries for text in entry.texts)
    said = {topic: tuple(rest) for topic, *rest in rows}
    return Built(run, said, server.summary()["requests"], texts)


@pytest.fixture(scope="module")
def story(asking_project: Callable[..., Project], server: FaultServer) -> list[Built]:
    """Three runs: the first, the same again, and one with a row more."""
    notes = NOTES.format(rows=ROWS)
    project = asking_project({"silver/said.sql": AGG.format(tokens=TOKENS)})
    return [build(project, server, text) for text in (notes, notes, notes + ONE_MORE)]


def test_every_row_is_covered(story: list[Built]) -> None:
    """By a text of a few levels; a group without text is skipped, and no part is too big."""
    first = story[0]
    assert first.run.code == 0, first.run.output
    assert first.said["blanks"] == ("skipped", 1, 0, 0)
    assert first.said["ropes"] == ("ok", ROWS, ROWS, 4)
    assert max(map(len, first.texts)) <= 4 * TOKENS + 2 * ROWS


def test_a_part_that_failed_for_good_is_not_covered(story: list[Built]) -> None:
    """The text is about the others, and says how many rows it stands on."""
    status, rows, covered, _ = story[0].said["tents"]
    assert (status, rows) == ("ok", ROWS)
    assert ROWS / 2 < covered < ROWS


def test_a_further_run_asks_for_what_has_failed_alone(story: list[Built]) -> None:
    """Parts are what they were; one that is not valid is tried again, as any text is."""
    first, again, _ = story
    assert again.said == first.said
    assert again.texts
    assert all(REFUSED in text for text in again.texts)


def test_a_row_more_costs_its_way_up(story: list[Built]) -> None:
    """A text for each level, of the part that it falls into; two where it splits a part."""
    more = story[2]
    new = [text for text in more.texts if REFUSED not in text]
    assert more.said["ropes"] == ("ok", ROWS + 1, ROWS + 1, 4)
    assert 4 <= len(new) <= 2 * 4
    assert not any("tents" in text for text in new)


@pytest.mark.whole
def test_ten_thousand_rows_and_one_more(
    asking_project: Callable[..., Project], server: FaultServer
) -> None:
    """At most 1 + log n requests."""
    project = asking_project({"silver/said.sql": AGG.format(tokens=1500)})
    notes = NOTES.format(rows=10_000).replace("tents", "sails")
    first = build(project, server, notes)
    more = build(project, server, notes + ONE_MORE)
    assert more.run.code == 0, more.run.output
    assert more.said["ropes"][:3] == ("ok", 10_001, 10_001)
    assert more.requests <= 1 + math.log(10_001) < first.requests
