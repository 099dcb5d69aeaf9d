"""`ai_extract`: typed values that the text holds; nothing is guessed, nothing breaks a cast."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from pydantic import ValidationError

from assay.core.task import Rejected

from .builders import extract

TEXT = "Anna  Müller paid 12.50 for two\npizzas on 28 February."


def accept_one(type_: str, raw: Any, text: str = TEXT) -> Any:
    """The value of one field of this type."""
    return extract({"name": "x", "type": type_}).accept({"x": raw}, text)["x"]  # type: ignore[index,call-overload]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("two", "two"),
        ("ANNA müller", "Anna  Müller"),
        ("two pizzas", "two\npizzas"),
        (" pizzas ", "pizzas"),
        ("Mu\u0308ller", "Müller"),
        ("piz\x00zas\U000e0041", "pizzas"),
        ("28 february", "28 February"),
        (None, None),
    ],
)
def test_a_text_value_is_spelled_as_in_the_source(raw: str | None, expected: str | None) -> None:
    """Case, white space, composition and hidden characters may differ, the words may not."""
    assert accept_one("text", raw) == expected


@pytest.mark.parametrize("raw", ["Anne Müller", "pizza s", "12,50", ".*", "two pizzas on 29"])
def test_a_text_value_that_is_not_in_the_source_is_refused(raw: str) -> None:
    """The message names the field and quotes neither the value nor the text."""
    with pytest.raises(Rejected, match=r"\Anot_grounded: field 'x' does not occur in the text\Z"):
        accept_one("text", raw)


def test_a_value_need_not_be_in_the_source_unless_grounded() -> None:
    """`grounded=false` takes the model's own words."""
    task = extract({"name": "x"}, grounded=False)
    assert task.accept({"x": "a diner"}, TEXT) == {"x": "a diner"}


@pytest.mark.parametrize("raw", ["\x00", "\u200b\U000e0041", 5, True, ["two"], {}])
def test_c21_a_text_value_needs_something_visible(raw: Any) -> None:
    """An answer of invisible characters is no answer, though the source 'holds' it."""
    with pytest.raises(Rejected, match="not of type text"):
        accept_one("text", raw)


@pytest.mark.parametrize(
    ("type_", "raw", "expected"),
    [
        ("integer", -7, -7),
        ("integer", 2**63 - 1, 2**63 - 1),
        ("number", 12.5, 12.5),
        ("number", 12, 12),
        ("boolean", False, False),
        ("date", "2026-02-28", "2026-02-28"),
        ("date", "20260228", "2026-02-28"),
        ("date", "2026-W09-6", "2026-02-28"),
        ("timestamp", "2026-02-28", "2026-02-28T00:00:00"),
        ("timestamp", "2026-02-28T10", "2026-02-28T10:00:00"),
        ("timestamp", "2026-02-28 10:00:00,5", "2026-02-28T10:00:00.500000"),
        ("timestamp", "2026-02-28T10:00:00+02:00", "2026-02-28T10:00:00"),
        ("integer", 12.0, 12),
        ("integer", "12", 12),
        ("integer", " -7 ", -7),
        ("integer", "12.0", 12),
        ("integer", "1e3", 1000),
        ("integer", str(2**63 - 1), 2**63 - 1),
        ("number", "12", 12),
        ("number", "0.125", 0.125),
        ("number", "-1.5e-3", -0.0015),
        ("boolean", "true", True),
        ("boolean", "False", False),
        ("date", "2026-03-04T00:00:00", "2026-03-04"),
        ("date", "2026-03-04 00:00:00.000Z", "2026-03-04"),
    ],
)
def test_c22_a_typed_value_comes_in_the_form_that_sql_can_cast(
    type_: str, raw: Any, expected: Any
) -> None:
    """One spelling that DuckDB cannot cast would fail the whole model."""
    assert accept_one(type_, raw) == expected


@pytest.mark.parametrize(
    ("type_", "raw"),
    [
        ("integer", "five"),
        ("integer", 12.5),
        ("integer", "12.5"),
        ("integer", "007"),
        ("integer", "1,000"),
        ("integer", "1.000"),
        ("integer", "+5"),
        ("integer", "٣"),
        ("integer", 2.0**53 + 2),
        ("integer", f"{2**53 + 1}.0"),
        ("integer", str(2**63)),
        ("integer", "true"),
        ("integer", True),
        ("integer", 2**63),
        ("number", "12.500"),
        ("number", "1e400"),
        ("number", "1e9999"),
        ("number", "NaN"),
        ("number", "0x10"),
        ("number", "12 EUR"),
        ("number", "1,5"),
        ("number", True),
        ("number", float("nan")),
        ("number", float("inf")),
        ("number", 10**400),
        ("boolean", "yes"),
        ("boolean", "1"),
        ("boolean", 0),
        ("boolean", 1.0),
        ("date", "2026-02-30"),
        ("date", "28.02.2026"),
        ("date", 20260228),
        ("date", "2026-W09"),
        ("date", "2026W09"),
        ("timestamp", "2026-W09"),
        ("timestamp", "2026-W09T10:00"),
        ("date", "2026-03-04T15:30:00"),
        ("date", "2026-02-30T00:00:00"),
        ("timestamp", "2026-02-28T25:00:00"),
        ("timestamp", "yesterday"),
        ("timestamp", 0),
    ],
)
def test_c12_c22_a_value_of_another_type_is_refused(type_: str, raw: Any) -> None:
    """Nothing is guessed or lost: no words, no locale decimals, no days that do not exist."""
    with pytest.raises(Rejected, match=f"not of type {type_}"):
        accept_one(type_, raw)


def test_a_field_may_be_one_of_a_list_of_labels() -> None:
    """The labels of a field follow the rule of ai_classify and need not be in the text."""
    task = extract({"name": "size", "labels": ["small", "large"]})
    assert task.accept({"size": " LARGE"}, TEXT) == {"size": "large"}


def test_one_name_asks_for_all_values() -> None:
    """The answer is a list in the order of the reply, each value once."""
    task = extract({"name": "x"}, single=True)
    assert task.accept(["pizzas", "two", "PIZZAS"], TEXT) == ["pizzas", "two"]


def test_a_field_may_hold_a_list() -> None:
    """No value at all is an empty list."""
    task = extract({"name": "n", "type": "integer", "many": True}, {"name": "x", "many": True})
    assert task.accept({"n": [1, 2, 1], "x": []}, TEXT) == {"n": [1, 2], "x": []}


@pytest.mark.parametrize("raw", [None, "two", {"x": ["two"]}])
def test_a_list_is_asked_for_and_nothing_else_will_do(raw: Any) -> None:
    """A bare value is not made a list."""
    with pytest.raises(Rejected, match="field 'x' is not a list"):
        extract({"name": "x"}, single=True).accept(raw, TEXT)


@pytest.mark.parametrize("raw", [None, "", "  ", "\n\u00a0"])
def test_nothing_is_a_way_to_say_that_there_is_none(raw: str | None) -> None:
    """Null where one value was asked for, whatever its type; left out of a list."""
    names = ("text", "integer", "date", "boolean")
    fields: list[dict[str, Any]] = [{"name": name, "type": name} for name in names]
    task = extract(*fields, {"name": "size", "labels": ["small", "large"]})
    asked = [*names, "size"]
    assert task.accept(dict.fromkeys(asked, raw), TEXT) == dict.fromkeys(asked)
    assert extract({"name": "x"}, single=True).accept([raw, "two", raw], TEXT) == ["two"]
    assert extract({"name": "x", "many": True}).accept({"x": [raw]}, TEXT) == {"x": []}


def test_null_is_a_list_of_none_where_the_question_says_so() -> None:
    """ "null if absent", it says of fields; of one name it says "[] if none"."""
    assert extract({"name": "x", "many": True}).accept({"x": None}, TEXT) == {"x": []}


def test_a_value_of_a_record_is_spelled_as_in_its_column() -> None:
    """Not as JSON writes it, and not across two columns."""
    text = json.dumps({"title": 'The "big" one', "body": "two\nlines", "notes": {"size": 12.50}})
    task = extract({"name": "x"})
    assert task.accept({"x": "the “big” ONE"}, text) == {"x": 'The "big" one'}
    assert task.accept({"x": "two lines"}, text) == {"x": "two\nlines"}
    assert task.accept({"x": "12.5"}, text) == {"x": "12.5"}
    with pytest.raises(Rejected, match="not_grounded"):
        task.accept({"x": "one two"}, text)


@pytest.mark.parametrize("raw", [None, [], "two", {}, {"x": "two", "y": None}, {"X": "two"}])
def test_exactly_the_fields_asked_for_are_taken(raw: Any) -> None:
    """A missing or an extra field makes the answer doubtful."""
    with pytest.raises(Rejected, match="exactly the fields"):
        extract({"name": "x"}).accept(raw, TEXT)


@pytest.mark.parametrize("names", [(), ("x", "X"), ("x", " ")])
def test_field_names_must_differ(names: tuple[str, ...]) -> None:
    """SQL does not tell names apart by case, and a STRUCT needs a name for each field."""
    with pytest.raises(ValidationError, match=r"wrong `fields` .*; give at least one field"):
        extract(*({"name": name} for name in names))


def test_an_unknown_type_is_an_error() -> None:
    """The message lists the types there are."""
    with pytest.raises(ValidationError, match="'text', 'integer', 'number', 'boolean'"):
        extract({"name": "x", "type": "money"})


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ({"name": "x"}, {"type": ["string", "null"]}),
        ({"name": "x", "type": "number"}, {"type": ["number", "null"]}),
        (
            {"name": "x", "type": "date"},
            {"type": ["string", "null"], "description": "YYYY-MM-DD"},
        ),
        ({"name": "x", "labels": ["a"]}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"name": "x", "many": True}, {"type": "array", "items": {"type": "string"}}),
    ],
)
def test_the_schema_of_a_field_is_nullable_or_a_list(
    field: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Strict mode knows no optional fields: what may be absent may be null."""
    assert extract(field).answer_schema() == {
        "type": "object",
        "properties": {"x": expected},
        "required": ["x"],
        "additionalProperties": False,
    }


def test_the_schema_of_one_name_is_a_list() -> None:
    """All values found, and no object around them."""
    expected = {"type": "array", "items": {"type": "integer"}}
    assert extract({"name": "x", "type": "integer"}, single=True).answer_schema() == expected


@pytest.mark.parametrize(
    ("field", "options", "expected"),
    [
        (
            {"name": "x"},
            {"single": True},
            "all values of x in the text, copied word for word; [] if none",
        ),
        (
            {"name": "x", "description": "why"},
            {"single": True, "grounded": False},
            "all values of x (why) in the text, as the text implies them; [] if none",
        ),
        (
            {"name": "x", "description": "why"},
            {},
            "the fields found in the text, copied word for word; null if absent\nx: why",
        ),
    ],
)
def test_the_question_says_what_is_looked_for(
    field: dict[str, Any], options: dict[str, Any], expected: str
) -> None:
    """Descriptions are passed on, and whether values must be copied."""
    assert extract(field, **options).question() == expected


def test_values_and_names_bound_the_output() -> None:
    """A long text may hold long values, up to a point."""
    task = extract({"name": "full_name"})
    assert [task.output_tokens("x" * size) for size in (0, 40, 10**6)] == [33, 43, 433]


@pytest.mark.parametrize("type_", ["integer", "text"])
def test_c21_a_list_of_more_than_a_thousand_values_is_refused_unread(type_: str) -> None:
    """80,000 integers held the loop for 19 s, in which no Ctrl-C was heard."""
    field = extract({"name": "x", "type": type_, "many": True}, single=True)
    started = time.process_time()
    with pytest.raises(Rejected, match=r"\Atoo_long: field 'x' has more than 1,000 values\Z"):
        field.accept([*range(80_000)], TEXT)
    assert time.process_time() - started < 1


def test_a_thousand_values_are_taken_each_once() -> None:
    """In the order in which they came."""
    field = extract({"name": "x", "type": "number", "many": True}, single=True)
    assert field.accept([3, 1, 3.0, *range(997)], TEXT) == [3, 1, 0, 2, *range(4, 997)]
