"""Dead letters: which are meant, and which can be asked again as the same question."""

from __future__ import annotations

import datetime
import sqlite3
from dataclasses import replace
from typing import Any

import pytest

from assay.cli.console import span
from assay.core.clock import iso
from assay.core.errors import ConfigError
from assay.core.settings import Settings
from assay.core.task import Task
from assay.functions import FUNCTIONS
from assay.project.dead_letters import Choice, chosen, prepare
from assay.providers.local.traits import LOCAL_MODEL
from assay.store import Letter
from assay.store.queries import AllLetters
from assay.store.records import task_row
from assay.store.sqlite.dead_letters import letters
from assay.store.sqlite.migrations import migrate

from .builders import question, task

MOMENT = datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)
OLD = iso(MOMENT - datetime.timedelta(days=8))
LOCAL = Settings()
TASKS = {
    "classify": task(
        "classify",
        labels=[{"name": "a", "description": "first"}, {"name": "b"}],
        multi=True,
        instructions="Be kind.",
        examples=[{"text": "x", "answer": ["a"]}],
    ),
    "extract": task("extract", fields=[{"name": "n", "type": "integer"}], isolate=True),
    "sentiment": task("sentiment", aspects=["price"], model="a-model-of-its-own"),
    "summarize": task("summarize", max_words=7),
    "filter": task(),
    "match": task("match", asked="Are a and b the same?"),
    "assess": task("assess", rules=[{"text": "Be whole."}]),
    "complete": task("complete", prompt="Reply.", max_words=9),
    "embed": task("embed", dimensions=8),
    "translate": task("translate", to="English", source="German"),
    "score": task("score", criterion="How urgent?", high=5),
    "suggest": task("suggest", instructions="Be brief."),
    "verify": task("verify", asked="Is it open?", fields=[{"name": "phone"}]),
}


def letter(asked: Task = TASKS["filter"], **changed: Any) -> Letter:
    """A dead letter of the embedded model; what is changed does not change its key."""
    bound = question(asked, LOCAL_MODEL, "embedded")
    plain = Letter(
        key=bound.key("fine"),
        kind=asked.kind,
        model=LOCAL_MODEL,
        host="embedded",
        prompt_hash=asked.prompt_hash,
        status="invalid",
        error="bad_label: not one of the labels",
        attempts=4,
        failed_at=OLD,
        next_try_at=None,
        text="fine",
        discarded_at=None,
    )
    return replace(plain, **changed)


def specs(*tasks: Task) -> dict[str, tuple[str, str]]:
    """What the store says of these tasks."""
    rows = [task_row(one, OLD) for one in tasks]
    return {str(name): (str(kind), str(spec)) for name, kind, spec, _ in rows}


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, "dead"),
        ({"next_try_at": OLD}, "waiting"),
        ({"discarded_at": OLD}, "discarded"),
    ],
)
def test_a_letter_is_dead_waiting_or_discarded(changed: dict[str, Any], state: str) -> None:
    """Only a dead one needs a person."""
    assert letter(**changed).state == state
    assert chosen([letter(**changed)], Choice(), MOMENT) == [letter(**changed)] * (state == "dead")


def test_who_names_a_key_means_it_whatever_its_state() -> None:
    """Unless a state is named, too."""
    given_up = letter(discarded_at=OLD)
    key = given_up.key.hex()[:6].upper()
    assert chosen([given_up], Choice(key=key), MOMENT) == [given_up]
    assert chosen([given_up], Choice(key=key, state="dead"), MOMENT) == []


@pytest.mark.parametrize(
    "choice",
    [
        Choice(model="other"),
        Choice(kind="extract"),
        Choice(status="refused"),
        Choice(key="ffffffff"),
        Choice(older_than=datetime.timedelta(days=9)),
    ],
)
def test_every_field_must_fit(choice: Choice) -> None:
    """One that does not is enough to leave a letter out."""
    assert chosen([letter()], choice, MOMENT) == []


@pytest.mark.parametrize(("text", "hours"), [("90m", 1.5), ("12h", 12), ("7d", 168), ("0s", 0)])
def test_a_time_span_is_a_number_and_a_unit(text: str, hours: float) -> None:
    """As people type it."""
    assert span("--older-than", text) == datetime.timedelta(hours=hours)


@pytest.mark.parametrize(
    "text", ["", "d", "7", "7 d", "-7d", "1.5h", "7y", "\u0667d", "9999999d", "99999w"]
)
def test_anything_else_is_no_time_span(text: str) -> None:
    """The message shows how to write one."""
    with pytest.raises(ConfigError, match="7d"):
        span("--older-than", text)


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_a_task_on_record_is_the_same_question(kind: str) -> None:
    """Its ask has the key of the letter, and it is asked alone."""
    asked = TASKS[kind]
    dead = letter(asked)
    asks, left = prepare([dead], specs(asked), LOCAL)
    assert left == []
    assert asks[dead.key].question.task.prompt_hash == asked.prompt_hash
    assert asks[dead.key].question.task.isolate


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"attempts": 10}, "failed in 10 runs"),
        ({"text": None}, "its text is not in the store"),
        ({"prompt_hash": "unknown"}, "its task is not in the store"),
        ({"host": "elsewhere"}, "asked of 'elsewhere'"),
        ({"model": "assay-local-0"}, "which is not there any more"),
        ({"text": "another"}, "another form"),
    ],
)
def test_what_cannot_be_the_same_question_is_left(changed: dict[str, Any], reason: str) -> None:
    """With a reason that names the remedy and holds no text."""
    asks, (left,) = prepare([letter(**changed)], specs(TASKS["filter"]), LOCAL)
    assert asks == {}
    assert reason in left.reason


def test_a_task_of_a_function_that_is_gone_is_left() -> None:
    """A store of another version may hold what nobody can ask any more."""
    known = {TASKS["filter"].prompt_hash: ("oracle", "{}")}
    asks, (left,) = prepare([letter()], known, LOCAL)
    assert asks == {}
    assert "another form" in left.reason


def test_a_reply_that_was_cut_is_due_again_in_a_store_of_an_older_version() -> None:
    """It was called too long for ever; a text that was turned down as too long still is."""
    connection = sqlite3.connect(":memory:")
    migrate(connection)
    connection.execute("delete from migrations where name = 'cut_replies_are_due_again'")
    for key, error in ((b"cut", "The reply hit the output limit."), (b"long", "HTTP 413 from x.")):
        row = [key, "filter", "m", "h", "p", "too_long", error, 1, OLD, None, None]
        connection.execute(f"insert into failures values ({', '.join('?' * len(row))})", row)
    migrate(connection)
    found = {one.key: (one.status, one.state) for one in letters(connection, AllLetters())}
    connection.close()
    assert found == {b"cut": ("invalid", "waiting"), b"long": ("too_long", "dead")}
