"""Vectors: as text and back, what is none, and the embedded models that make them."""

from __future__ import annotations

import base64
import struct
from array import array
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment

from assay.cli.search import search_sql
from assay.core.errors import ConfigError
from assay.core.settings import Settings
from assay.core.task import Rejected
from assay.core.values import Outcome
from assay.core.vectors import numbers_of, packed, unpacked
from assay.engine.answers import Answers
from assay.engine.session import open_session
from assay.functions.embed import Embed
from assay.providers.vectors import dimensions_of, embedding_model

VECTOR = [0.5, -2.0, 1e-3]


def test_a_vector_goes_into_text_and_comes_back() -> None:
    """As float32, least byte first, whatever the machine."""
    assert packed(VECTOR) == base64.b64encode(struct.pack("<3f", *VECTOR)).decode()
    assert numbers_of(packed(VECTOR)) == array("f", VECTOR)


@pytest.mark.parametrize("raw", [VECTOR, packed(VECTOR)])
def test_a_server_gives_numbers_or_base64(raw: Any) -> None:
    """The answer is the same."""
    assert Embed(dimensions=3).accept(raw, "a text") == packed(VECTOR)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (None, "no list of numbers"),
        ({"a": 1}, "no list of numbers"),
        ([True, False, True], "no list of numbers"),
        (["1", "2", "3"], "no number"),
        ([1.0, None, 2.0], "no number"),
        ([1.0, 2.0], "2 numbers where the model has 3"),
        ([], "0 numbers where the model has 3"),
        ([1.0, float("nan"), 2.0], "not finite"),
        ([1.0, 1e300, 2.0], "not finite"),
        ([0, 0, 0], "zeros alone"),
        ("no vector", "no vector in base64"),
        ("AAAA", "no vector in base64"),
        ("\u00e4", "no vector in base64"),
    ],
)
def test_what_is_no_vector_is_refused_and_says_why(raw: Any, why: str) -> None:
    """No value of it is in the message."""
    with pytest.raises(Rejected, match=why):
        unpacked(raw, 3)


def test_a_model_of_vectors_is_told_nothing() -> None:
    """Neither instructions nor examples would reach it."""
    with pytest.raises(ValueError, match="is told nothing"):
        Embed(dimensions=3, instructions="Be brief.")


def test_who_makes_vectors_is_embedded_unless_named(tmp_path: Path) -> None:
    """And how long they are is known, or said what to set."""
    local = Settings(store=tmp_path / "s")
    assert (embedding_model(local), dimensions_of(local, "minilm")) == ("wordllama", 384)
    with pytest.raises(ConfigError, match="has no embedding model 'ada'; it has wordllama, min"):
        embedding_model(local, "ada")
    with pytest.raises(ConfigError, match="ASSAY_EMBEDDING_DIMENSIONS"):
        dimensions_of(local, "mine")


def test_python_gets_numbers(tmp_path: Path) -> None:
    """Nothing is kept of vectors that are at hand, and a text is like itself."""
    with open_session(Settings(store=tmp_path / "s.sqlite")) as session, session.run() as run:
        one, nothing, again = run.embed(["Where is my parcel?", " ", "where is my parcel?"])
        assert session.store.rows("answers")[1] == []
    assert (nothing, one) == (None, again)
    assert one is not None
    assert sum(number * number for number in one) == pytest.approx(1, abs=1e-4)


def test_what_is_searched_for_is_data() -> None:
    """Quotes, braces and letters of any script reach the macro as they were typed."""
    query = 'it\'s "50%" {{ odd }} {% x %} \\n caf\u00e9 \U0001f600'
    told: list[Any] = []
    macros = SimpleNamespace(ai_search=lambda *given, **named: told.append((given, named)))
    where = "body <> '}}'"
    sql = search_sql(query, "mails", 'the "column"', k=3, where=where, words=None)
    Environment(autoescape=False).from_string(sql).render(assay=macros, ref=str)  # noqa: S701
    named = {"column": 'the "column"', "k": 3, "where": where}
    assert told == [(("mails", query), named)]


def test_long_answers_count_as_several_in_memory() -> None:
    """A million vectors would be gigabytes: a hundred of them fill what ten thousand words do."""
    memory = Answers(most=200)
    for number in range(300):
        memory.learn(bytes([number // 256, number % 256]), Outcome("ok", "x" * 10_000))
    assert len(memory) < 25
