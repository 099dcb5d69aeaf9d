"""Summaries of texts that are too long for one request, against the fault server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

import assay
from assay.core.canonical import normalise
from assay.engine.estimate import Census, Estimate
from assay.faultd import FaultServer
from assay.faultd.ledger import Entry
from assay.project.chunked_texts import texts_in_place

PARAGRAPHS = [
    f"Paragraph {at} is about item {at * 7919 % 1000}. " + f"It says more of number {at}. " * 9
    for at in range(216)
]
LONG = "\n\n".join(PARAGRAPHS)
TASK = assay.Summarize(chunk_tokens=800)
WINDOW = 4 * 800
"""Characters of English."""


def gist(text: str, _schema: Any) -> str:
    """The stub's answer: forty words, one of which is another for every text."""
    return " ".join([f"gist{crc32(text.encode()):x}", *text.split()[:39]])


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """A server that keeps what it was sent."""
    with FaultServer(answer=gist, keep_texts=True) as running:
        yield running


def opened(server: FaultServer, folder: Path, **more: Any) -> assay.Session:
    """A session that asks the server."""
    given = {"provider": "openai", "model": "a", "api_key": "sk-x", "base_url": server.url()}
    return assay.open(store=folder / "store.sqlite", **given, **more)


def asked(
    server: FaultServer, folder: Path, *texts: str | None, task: assay.Task = TASK
) -> tuple[list[assay.Outcome], list[Entry]]:
    """What becomes of texts in a run of its own, and the requests that it takes."""
    server.reset()
    with opened(server, folder) as session, session.run() as run:
        found = run.ask(task, texts)
    return found, server.ledger.entries


def sent(requests: list[Entry]) -> list[str]:
    """The texts of requests."""
    return [text for request in requests for text in request.texts]


def test_no_text_is_longer_than_a_chunk_and_the_second_run_asks_nothing(
    server: FaultServer, tmp_path: Path
) -> None:
    """Sixty thousand characters: chunks, summaries, one summary."""
    (first,), requests = asked(server, tmp_path, LONG)
    (again,), none = asked(server, tmp_path, LONG)

    assert len(LONG) > 60_000
    assert first.status == "ok"
    assert max(map(len, sent(requests))) <= WINDOW
    assert len([text for text in sent(requests) if text in LONG]) > 20
    assert len([text for text in sent(requests) if text not in LONG]) >= 3
    assert (again, none) == (first, [])


def test_a_changed_paragraph_costs_its_chunk_and_the_way_up(
    server: FaultServer, tmp_path: Path
) -> None:
    """Not the other twenty."""
    asked(server, tmp_path, LONG)
    changed = LONG.replace("Paragraph 100 is about", "Paragraph 100 says much of")
    (found,), requests = asked(server, tmp_path, changed)

    assert found.status == "ok"
    assert len(requests) == 3
    assert len([text for text in sent(requests) if text in changed]) == 1
    assert "Paragraph 100 says much" in sent(requests)[0]


def test_a_short_text_is_asked_about_as_ever(server: FaultServer, tmp_path: Path) -> None:
    """Under the same key; a blank one costs nothing."""
    whole, _ = asked(server, tmp_path, PARAGRAPHS[0], task=assay.Summarize())
    found, requests = asked(server, tmp_path, PARAGRAPHS[0], None, " ")

    assert [one.status for one in found] == ["ok", "skipped", "skipped"]
    assert (found[:1], requests) == (whole, [])


def test_a_chunk_without_an_answer_leaves_the_text_without_one(
    server: FaultServer, tmp_path: Path
) -> None:
    """With its status; the other chunks are kept, so that another run asks about it alone."""

    def silent(text: str, schema: Any) -> str:
        return "" if "Paragraph 100 " in text else gist(text, schema)

    with FaultServer(answer=silent, keep_texts=True) as other:
        (lost,), requests = asked(other, tmp_path, LONG)
        _, again = asked(other, tmp_path, LONG)

    assert (lost.status, lost.value) == ("invalid", None)
    assert all(text in LONG for text in sent(requests))
    assert all("Paragraph 100 " in text for text in sent(again))


def test_redacted_chunks_have_marks_of_their_own(server: FaultServer, tmp_path: Path) -> None:
    """The first address of each chunk is `[EMAIL_1]`; each comes back as its own, none is sent."""
    text = "\n\n".join(f"at{at}@example.org wrote: {PARAGRAPHS[at]}" for at in range(16))
    task = assay.Summarize(chunk_tokens=800, redact=("email",))
    (found,), requests = asked(server, tmp_path, text, task=task)
    (again,), none = asked(server, tmp_path, text, task=task)

    assert [text for text in sent(requests) if "@" in text] == []
    assert sum("gist" in text for text in sent(requests)) == 1
    assert "at0@example.org" in str(found.answer)
    assert "[EMAIL" not in str(found.answer)
    assert (again, none) == (found, [])


def test_a_plan_counts_every_level(server: FaultServer, tmp_path: Path) -> None:
    """Before anything is asked, and what is left of it afterwards."""

    def plan(*texts: str) -> Estimate:
        with opened(server, tmp_path) as session, session.run() as run:
            census = Census(session.settings)
            run.resolver.censuses = [census]
            run.resolver.count(run.resolver.bind_any(TASK), texts)
            return census.plan()

    before = plan(LONG, LONG, PARAGRAPHS[0])
    _, requests = asked(server, tmp_path, LONG, PARAGRAPHS[0])
    after = plan(LONG, LONG, PARAGRAPHS[0])

    assert (before.rows, before.texts, before.at_least) == (3, 2, False)
    assert before.asks == pytest.approx(len(sent(requests)), abs=2)
    assert before.requests == pytest.approx(len(requests), abs=2)
    assert (after.rows, after.requests) == (3, 0)


def test_what_stands_in_place_of_a_long_text_can_be_forgotten(
    server: FaultServer, tmp_path: Path
) -> None:
    """Its chunks and the summaries that were asked about, in the models as they were built."""
    spec = f'{{"kind": "summarize", "max_words": 40, "chunk_tokens": {TASK.chunk_tokens}}}'
    sql = f"select assay_ask_value(assay_task('{spec}'), body) as gist from notes"
    _, requests = asked(server, tmp_path, LONG, PARAGRAPHS[0])
    with opened(server, tmp_path) as session, session.run() as run:
        run.built("model.a.b", sql)
    with opened(server, tmp_path) as session:
        found = texts_in_place(session.store, [LONG])

    assert found == {text for text in sent(requests) if text != normalise(PARAGRAPHS[0])}
