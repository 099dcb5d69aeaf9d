"""Vectors of an endpoint: asked for once, kept, counted, and held to their form."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from assay.core.errors import ConfigError, QuotaError
from assay.core.settings import Settings
from assay.core.values import Outcome
from assay.core.vectors import floats_of
from assay.engine.session import open_session
from assay.faultd import FaultServer
from assay.faultd.vectors import vector_of
from assay.functions.embed import Embed

TEXTS = [f"text number {number}" for number in range(40)]
TASK = Embed(dimensions=8)


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """A server of vectors."""
    with FaultServer() as server:
        yield server


@pytest.fixture(autouse=True)
def fresh(server: FaultServer) -> None:
    """Each test has a bill of its own."""
    server.reset()


def settings(server: FaultServer, folder: Path, scenario: str = "good", **more: Any) -> Settings:
    """Settings that ask the server for vectors of eight numbers."""
    given = {
        "provider": "openai",
        "base_url": server.url(scenario),
        "api_key": SecretStr("a-key"),
        "model": "stub",
        "embedding_model": "stub-vectors",
        "embedding_dimensions": 8,
        "store": folder / "store.sqlite",
    }
    return Settings.model_validate(given | more)


def asked(chosen: Settings, texts: list[str | None] | list[str] = TEXTS) -> list[Outcome]:
    """What a run of its own makes of texts."""
    with open_session(chosen) as session, session.run() as run:
        return run.ask(TASK, texts)


def numbers(outcome: Outcome) -> list[float]:
    """The numbers of a vector."""
    assert outcome.value is not None, outcome
    return list(array("f", floats_of(outcome.value[1:-1])))


def wanted(texts: list[str] = TEXTS) -> list[list[float]]:
    """The vectors that the server has for texts."""
    return [vector_of(text, 8) for text in texts]


def test_all_texts_leave_in_one_request_and_are_never_asked_again(
    server: FaultServer, tmp_path: Path
) -> None:
    """2,048 fit; the next run has them from the store, and blank texts cost nothing."""
    chosen = settings(server, tmp_path)
    first = asked(chosen, [*TEXTS, None, "  ", TEXTS[0]])
    again = asked(chosen)
    assert list(map(numbers, again)) == wanted()
    assert [one.status for one in first[40:]] == ["skipped", "skipped", "ok"]
    assert (server.summary()["requests"], server.summary()["records"]) == (1, 40)


def test_the_ledger_knows_what_vectors_cost(server: FaultServer, tmp_path: Path) -> None:
    """A price for input alone; nothing is written by a model of vectors."""
    priced: dict[str, Any] = {"price_embedding_usd": 1.0, "max_cost_usd": 1.0, "model": "gpt-4.1"}
    chosen = settings(server, tmp_path, **priced)
    asked(chosen)
    with open_session(chosen) as session:
        columns, rows = session.store.rows("calls")
    (call,) = (dict(zip(columns, row, strict=True)) for row in rows)
    tokens = server.summary()["input_tokens"]
    assert (call["input_tokens"], call["output_tokens"], call["answers"]) == (tokens, 0, 40)
    assert call["cost_usd"] == pytest.approx(tokens / 1_000_000)


def test_a_cap_on_money_wants_a_price(server: FaultServer, tmp_path: Path) -> None:
    """The price of the model that writes says nothing of one of vectors."""
    given: dict[str, Any] = {"price_input_usd": 1, "price_output_usd": 1, "max_cost_usd": 1}
    with pytest.raises(ConfigError, match="ASSAY_PRICE_EMBEDDING_USD"):
        asked(settings(server, tmp_path, **given))


@pytest.mark.parametrize("scenario", ["vshuffled", "vnumbers", "vmore"])
def test_what_can_be_told_apart_is_taken(
    server: FaultServer, tmp_path: Path, scenario: str
) -> None:
    """Another order, plain numbers, one vector too many."""
    found = asked(settings(server, tmp_path, scenario))
    assert list(map(numbers, found)) == wanted()


@pytest.mark.parametrize(
    "scenario", ["vlength", "vnan", "vzero", "vtext", "vfewer", "vtwice", "vplaces"]
)
def test_what_is_no_vector_is_asked_for_again(
    server: FaultServer, tmp_path: Path, scenario: str
) -> None:
    """Played to the first request alone: what was sound is kept, the rest comes with the next."""
    found = asked(settings(server, tmp_path, f"{scenario},first=1"))
    assert list(map(numbers, found)) == wanted()
    assert server.summary()["requests"] >= 2


def test_what_never_is_a_vector_costs_its_own_row(server: FaultServer, tmp_path: Path) -> None:
    """A text whose vectors are always too short has a status and no value."""
    texts = ["one", "two"]
    found = asked(settings(server, tmp_path, "vlength,n=0"), texts)
    assert [(one.status, one.value) for one in found] == [("invalid", None)] * 2
    assert found[0].error is not None
    assert "7 numbers where the model has 8" in found[0].error


def test_transport_faults_are_those_of_every_request(server: FaultServer, tmp_path: Path) -> None:
    """One that comes back 500 is sent once more; credit that is gone stops the run."""
    found = asked(settings(server, tmp_path, "s500,first=1"))
    assert list(map(numbers, found)) == wanted()
    with pytest.raises(QuotaError):
        asked(settings(server, tmp_path, "s402", store=tmp_path / "other.sqlite"))


def test_a_request_holds_as_many_texts_as_the_settings_say(
    server: FaultServer, tmp_path: Path
) -> None:
    """For servers that take fewer than OpenAI."""
    asked(settings(server, tmp_path, embedding_records=16))
    assert sorted(len(entry.records) for entry in server.ledger.entries) == [8, 16, 16]


def test_a_vector_that_was_damaged_is_bought_again(server: FaultServer, tmp_path: Path) -> None:
    """A flipped bit in the numbers is noticed, and costs the one text."""
    chosen = settings(server, tmp_path)
    asked(chosen)
    with sqlite3.connect(tmp_path / "store.sqlite") as file:
        file.execute(
            "update vectors set floats = zeroblob(32) where key = (select min(key) from vectors)"
        )
    file.close()
    assert list(map(numbers, asked(chosen))) == wanted()
    assert [len(entry.records) for entry in server.ledger.entries] == [40, 1]


def test_forgetting_a_text_takes_its_vector(server: FaultServer, tmp_path: Path) -> None:
    """The row of the answer and the numbers go together; those of other texts stay."""
    chosen = settings(server, tmp_path)
    asked(chosen)
    with open_session(chosen) as session:
        assert session.store.forget([TEXTS[0]])["answers"] == 1
    with sqlite3.connect(tmp_path / "store.sqlite") as file:
        counts = file.execute("select (select count(*) from answers), count(*) from vectors")
        assert counts.fetchone() == (39, 39)
    file.close()
