"""`ai_assess`: a record's quality, about columns and values that the record has."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assay.core.task import Rejected
from assay.functions.assess import Assess

TASK = Assess.model_validate(
    {"rules": [{"column": "email", "text": "is required"}, {"text": "must be plausible"}]}
)
RECORD = json.dumps({"name": "anna ", "price": 1.50, "city": None, "tags": ["a"]})
RECORD = RECORD.replace("1.5", "1.50")


def answer(**changes: Any) -> dict[str, Any]:
    """A good answer, changed."""
    good = {
        "quality_score": 80,
        "missing_fields": ["city"],
        "normalizations": [{"field": "name", "from": "anna ", "to": "Anna"}],
        "category": "incomplete",
    }
    return good | changes


def change(field: str, from_: str, to: str = "x") -> dict[str, Any]:
    """A good answer with one normal form."""
    return answer(normalizations=[{"field": field, "from": from_, "to": to}])


def test_a_good_answer_is_taken_as_it_is() -> None:
    """Score, missing fields, normal forms and category."""
    assert TASK.accept(answer(), RECORD) == answer()


@pytest.mark.parametrize("score", [0, 100])
def test_the_ends_of_the_scale_are_scores(score: int) -> None:
    """Nothing right, and nothing wrong."""
    assert TASK.accept(answer(quality_score=score), RECORD) == answer(quality_score=score)


def test_c11_a_category_may_differ_in_case_and_blanks() -> None:
    """It becomes the category as we spell it."""
    assert TASK.accept(answer(category=" Empty"), RECORD) == answer(category="empty")


def test_c11_an_invented_category_is_refused() -> None:
    """There are four."""
    with pytest.raises(Rejected, match="bad_label"):
        TASK.accept(answer(category="fine"), RECORD)


def test_c21_texts_of_an_answer_are_cleaned() -> None:
    """NUL and tag characters do not reach the store."""
    assert TASK.accept(change("na\x00me", "anna", "Anna\U000e0041"), RECORD) == change(
        "name", "anna", "Anna"
    )


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"quality_score": 101}, "quality_score"),
        ({"quality_score": -1}, "quality_score"),
        ({"quality_score": "80"}, "quality_score"),
        ({"quality_score": 80.0}, "quality_score"),
        ({"quality_score": True}, "quality_score"),
        ({"missing_fields": None}, "missing_fields"),
        ({"missing_fields": [5]}, "missing_fields.0"),
        ({"normalizations": [{"field": "name", "from": "anna "}]}, "normalizations.0.to"),
        ({"category": None}, "category"),
    ],
)
def test_c12_a_wrong_type_is_refused_and_its_place_is_named(
    changes: dict[str, Any], place: str
) -> None:
    """Nothing is coerced."""
    with pytest.raises(Rejected, match=rf"not an assessment: {place}\Z"):
        TASK.accept(answer(**changes), RECORD)


@pytest.mark.parametrize("raw", [None, [], "fine", 80])
def test_an_answer_that_is_no_object_is_refused(raw: Any) -> None:
    """The message says so."""
    with pytest.raises(Rejected, match="not an assessment: not an object"):
        TASK.accept(raw, RECORD)


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (answer(**{"anna@example.com": 1}), "unknown key"),
        (
            answer(normalizations=[{"field": "name", "from": "a", "to": "b", "anna@x": 1}]),
            "normalizations.0.unknown key",
        ),
    ],
)
def test_a_key_that_the_model_made_up_is_not_quoted(raw: dict[str, Any], place: str) -> None:
    """It may hold row text, and messages end up in logs."""
    with pytest.raises(Rejected, match=rf"\Anot an assessment: {place}\Z"):
        TASK.accept(raw, RECORD)


@pytest.mark.parametrize("raw", [answer(missing_fields=["phone"]), change("email", "x")])
def test_columns_that_the_record_does_not_have_are_refused(raw: dict[str, Any]) -> None:
    """An invented column could not be found in the table."""
    with pytest.raises(Rejected, match="a column that the record does not have"):
        TASK.accept(raw, RECORD)


def test_all_columns_may_change_at_once() -> None:
    """A record of one column is a record."""
    good = change("name", "anna", "Anna") | {"missing_fields": []}
    assert TASK.accept(good, '{"name": "anna"}') == good


def test_a_column_that_a_rule_asks_for_may_be_missing() -> None:
    """The rule named it, so the answer may."""
    assert TASK.accept(answer(missing_fields=["email"]), RECORD) == answer(
        missing_fields=["email"]
    )


@pytest.mark.parametrize(("field", "from_"), [("price", "1.50"), ("tags", '["a"]')])
def test_values_are_compared_as_the_record_spells_them(field: str, from_: str) -> None:
    """The model sees 1.50, not 1.5."""
    assert TASK.accept(change(field, from_), RECORD) == change(field, from_)


@pytest.mark.parametrize(
    ("field", "from_"), [("name", "bob"), ("name", ""), ("city", ""), ("city", "None")]
)
def test_a_normal_form_needs_a_value_that_the_record_holds(field: str, from_: str) -> None:
    """Filling in a blank is not normalising."""
    with pytest.raises(Rejected, match="not_grounded"):
        TASK.accept(change(field, from_), RECORD)


@pytest.mark.parametrize("text", ["anna", "[1]", "null", ""])
def test_a_text_that_is_no_record_has_no_assessment(text: str) -> None:
    """An example may be written so; it must not end in a traceback."""
    with pytest.raises(Rejected, match="not a record"):
        TASK.accept(answer(), text)


def test_the_question_lists_the_rules() -> None:
    """Those of a column by its name, others as the record's."""
    lines = TASK.question().splitlines()
    assert lines[-2:] == ["- email: is required", "- record: must be plausible"]


def test_the_schema_is_closed_at_both_levels() -> None:
    """Strict mode wants every object closed and every key required."""
    schema = TASK.answer_schema()
    inner = schema["properties"]["normalizations"]["items"]
    assert (schema["additionalProperties"], inner["additionalProperties"]) == (False, False)
    assert (schema["required"], inner["required"]) == (list(answer()), ["field", "from", "to"])


def test_the_record_bounds_the_output() -> None:
    """At worst every value comes back in a new form."""
    assert TASK.output_tokens("x" * 100) == 110


def test_a12_a_record_that_is_too_deep_says_so_whatever_the_answer() -> None:
    """The embedded provider has none for it, an endpoint may have a fine one."""
    for said in (None, answer()):
        with pytest.raises(Rejected, match="nested deeper than 64 levels"):
            TASK.accept(said, '{"a":' + "[" * 1_200 + "]" * 1_200 + "}")


def test_c21_a_value_with_control_characters_can_be_normalised() -> None:
    """They are taken out of the record as they are of the answer."""
    record = json.dumps({"name": "an\x01na", "city": None})
    assert TASK.accept(change("name", "an\x01na", "Anna"), record) == (
        change("name", "anna", "Anna")
    )


@pytest.mark.parametrize("field", ["missing_fields", "normalizations"])
def test_c21_a_list_of_more_than_a_thousand_is_refused_unread(field: str) -> None:
    """No record is described so."""
    with pytest.raises(Rejected, match="too_long: a list of more than 1,000"):
        TASK.accept(answer(**{field: ["city"] * 1_001}), RECORD)


def test_a_wrong_answer_is_told_of_briefly() -> None:
    """The first five places and how many more there are."""
    with pytest.raises(Rejected, match=r"normalizations\.1\.from, .* and 5 more\Z"):
        TASK.accept(answer(normalizations=[{"field": "city"}] * 5), RECORD)
