"""Evidence of `ai_extract`: quotes that stand in the text, pages that nobody is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assay.core.pages import paged
from assay.core.task import Rejected
from assay.functions.extract import Extract
from assay.providers.local.judges.extract import judge
from assay.providers.local.models.wordllama import WordLlama

from .builders import extract

PAGES = ["Invoice 0417\nTo: Hill Bakery", "Total: 1.234,50 EUR", "Due on 14 March 2026"]
TEXT = "\n".join(PAGES)
FIELDS: tuple[dict[str, Any], ...] = (
    {"name": "number"},
    {"name": "total", "type": "number"},
    {"name": "due", "type": "date"},
    {"name": "names", "many": True},
)
GIVEN: dict[str, Any] = {
    "number": {"value": "0417", "quote": "invoice  0417"},
    "total": {"value": 1234.5, "quote": "Total: 1.234,50 EUR"},
    "due": {"value": "2026-03-14", "quote": "14 March 2026"},
    "names": [
        {"value": "hill bakery", "quote": "To: Hill Bakery"},
        {"value": "Hill Bakery", "quote": "Hill Bakery"},
        {"value": None, "quote": None},
    ],
}


def task() -> Extract:
    """Four fields with evidence."""
    return extract(*FIELDS, evidence=True)


def accepted(**changes: Any) -> Any:
    """What is stored of the usual answer with other fields."""
    return task().accept(GIVEN | changes, TEXT)


def test_each_value_comes_with_the_passage_as_the_text_spells_it() -> None:
    """A value that comes twice has its first quote."""
    assert accepted() == GIVEN | {
        "number": {"value": "0417", "quote": "Invoice 0417"},
        "names": [{"value": "Hill Bakery", "quote": "To: Hill Bakery"}],
    }


@pytest.mark.parametrize("quote", [None, "anything", "", 5])
def test_nothing_needs_no_quote(quote: Any) -> None:
    """The text has no such value, whatever is said beside it."""
    assert accepted(due={"value": None, "quote": quote})["due"] == {"value": None, "quote": None}


@pytest.mark.parametrize(
    ("field", "answer", "why"),
    [
        ("due", {"value": "2026-03-14", "quote": "15 March"}, "the quote of field 'due' does not"),
        ("due", {"value": "2026-03-14", "quote": None}, "field 'due' has no quote"),
        ("due", {"value": "2026-03-14", "quote": " "}, "field 'due' has no quote"),
        ("due", {"value": "2026-03-14", "quote": "\u200b"}, "field 'due' has no quote"),
        ("due", {"value": "2026-03-14"}, "not an object of value and quote"),
        ("due", "2026-03-14", "not an object of value and quote"),
        ("due", {"value": "2026-03-14", "quote": "x" * 501}, "longer than 20 words"),
        ("number", {"value": "0417", "quote": "Total:"}, "does not hold its value"),
        ("number", {"value": "0418", "quote": "Invoice 0417"}, "'number' does not occur"),
        ("total", {"value": "much", "quote": "Total:"}, "not of type number"),
        ("names", [{"value": "Hill", "quote": "nowhere"}], "the quote of field 'names' does not"),
    ],
)
def test_a_quote_must_stand_in_the_text_and_hold_what_is_copied(
    field: str, answer: Any, why: str
) -> None:
    """Else the answer is none."""
    with pytest.raises(Rejected, match=why):
        accepted(**{field: answer})


def test_the_page_is_where_the_quote_stands() -> None:
    """By the form feeds of the row's own text; values are as without evidence."""
    values, evidence = task().with_evidence(accepted(), paged(PAGES))

    assert values == {
        "number": "0417",
        "total": 1234.5,
        "due": "2026-03-14",
        "names": ["Hill Bakery"],
    }
    assert evidence == {
        "number": {"page": 1, "quote": "Invoice 0417"},
        "total": {"page": 2, "quote": "Total: 1.234,50 EUR"},
        "due": {"page": 3, "quote": "14 March 2026"},
        "names": [{"page": 1, "quote": "To: Hill Bakery"}],
    }


def test_a_quote_over_two_pages_is_on_the_first() -> None:
    """And a text without pages has none; no value, no evidence."""
    stored = accepted(
        total={"value": 1234.5, "quote": "Bakery\nTotal: 1.234,50"},
        due={"value": None, "quote": None},
    )
    of_pages = task().with_evidence(stored, paged(PAGES))[1]
    of_text = task().with_evidence(stored, TEXT)[1]

    assert of_pages["total"]["page"] == 1  # type: ignore[index,call-overload]
    assert of_text["total"]["page"] is None  # type: ignore[index,call-overload]
    assert of_text["due"] is None  # type: ignore[index,call-overload]


def test_a_single_field_has_a_list_of_values_and_one_of_evidence() -> None:
    """In the same order."""
    one = extract({"name": "name", "many": True}, single=True, evidence=True)
    stored = one.accept([{"value": "Hill Bakery", "quote": "To: Hill Bakery"}], TEXT)

    assert one.with_evidence(stored, paged(PAGES)) == (
        ["Hill Bakery"],
        [{"page": 1, "quote": "To: Hill Bakery"}],
    )


def test_evidence_is_another_question_and_without_it_nothing_changes() -> None:
    """The key of a plain call is what it was."""
    plain = extract(*FIELDS)
    assert plain.prompt_hash == extract(*FIELDS, evidence=False).prompt_hash
    assert plain.prompt_hash != task().prompt_hash
    assert "evidence" not in plain.model_dump()
    assert "quote" not in json.dumps([plain.question(), plain.answer_schema()])


def test_the_embedded_provider_quotes_the_line() -> None:
    """What it says is accepted as any model's answer is."""
    example = {"text": "To: Mill", "answer": [{"value": "Mill", "quote": "To: Mill"}]}
    fields: list[dict[str, Any]] = [{"name": "due", "type": "date"}, {"name": "e-mail"}]
    asked = extract(*fields, evidence=True)
    (found,) = judge(asked, WordLlama())([TEXT])

    assert asked.accept(found.value, TEXT) == found.value
    assert found.value == {
        "due": {"value": "2026-03-14", "quote": "Due on 14 March 2026"},
        "e-mail": {"value": None, "quote": None},
    }
    assert extract({"name": "to", "many": True}, single=True, evidence=True, examples=[example])
