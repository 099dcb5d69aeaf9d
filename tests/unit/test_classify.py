"""`ai_classify`: labels of the list, and nothing that only looks like one."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from assay.core.task import Rejected
from assay.functions.classify import Classify, same_label

from .builders import classify

TOPICS = classify("Café", "ice cream", "straße")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Café", "Café"),
        (" café\n", "Café"),
        ("CAFE\u0301", "Café"),
        ("ICE CREAM", "ice cream"),
        ("STRASSE", "straße"),
    ],
)
def test_c11_a_label_may_differ_in_case_blanks_and_composition(raw: str, expected: str) -> None:
    """The answer is the label as the task spells it."""
    assert TOPICS.accept(raw, "") == expected


@pytest.mark.parametrize(
    "raw",
    ["Cafe", "ice-cream", "ice  cream", "glace", "ice creams", "", None, 0, True, ["Café"], {}],
)
def test_c11_no_fuzzy_match_makes_a_label(raw: Any) -> None:
    """A translated, guessed or nearly right label is refused."""
    with pytest.raises(Rejected, match="bad_label"):
        TOPICS.accept(raw, "")


def test_several_labels_come_in_the_order_of_the_task_and_once() -> None:
    """The order in which a model names labels means nothing."""
    task = classify("a", "b", "c", multi=True)
    assert task.accept(["C", "a", "c"], "") == ["a", "c"]


def test_no_label_at_all_is_an_answer_of_multi() -> None:
    """None of the labels may fit."""
    assert classify("a", "b", multi=True).accept([], "") == []


@pytest.mark.parametrize("raw", ["a", None, {"a": True}, ["a", "z"], [["a"]], [None]])
def test_multi_takes_only_lists_of_known_labels(raw: Any) -> None:
    """One unknown label makes the whole answer doubtful."""
    with pytest.raises(Rejected):
        classify("a", "b", multi=True).accept(raw, "")


@pytest.mark.parametrize(
    "names", [("a",), ("a", "A "), ("é", "e\u0301"), ("a", ""), ("a", "b", " ")]
)
def test_labels_must_be_two_different_ones_at_least(names: tuple[str, ...]) -> None:
    """The message shows what was given."""
    with pytest.raises(ValidationError, match=r"wrong `labels` .*; give at least two labels"):
        classify(*names)


def test_the_schema_lists_the_labels() -> None:
    """One label is an enumerated string."""
    assert classify("a", "b").answer_schema() == {"type": "string", "enum": ["a", "b"]}


def test_the_schema_of_multi_is_an_array_of_labels() -> None:
    """Several labels are an array of enumerated strings."""
    one = {"type": "string", "enum": ["a", "b"]}
    assert classify("a", "b", multi=True).answer_schema() == {"type": "array", "items": one}


def test_the_question_says_what_labels_mean() -> None:
    """Meanings are listed as soon as one label has one."""
    labels = [{"name": "a", "description": "first"}, {"name": "b", "description": "last"}]
    task = Classify.model_validate({"labels": labels})
    assert task.question() == "the label that fits best. a: first\nb: last"


def test_the_question_does_not_repeat_bare_labels() -> None:
    """The schema has them already, and tokens cost money."""
    assert classify("a", "b", multi=True).question() == "all labels that fit, none if none does"


@pytest.mark.parametrize(("multi", "expected"), [(False, 4), (True, 12)])
def test_the_longest_label_bounds_the_output(multi: bool, expected: int) -> None:
    """Several labels may take several times as much."""
    assert classify("a", "b", "seven l", multi=multi).output_tokens("") == expected


@pytest.mark.parametrize("multi", [False, True])
def test_one_label_is_plain_text_and_several_are_json(multi: bool) -> None:
    """The bare value of one label needs no quotes in SQL."""
    assert classify("a", "b", multi=multi).plain is not multi


def test_the_same_label_is_found_among_any_labels() -> None:
    """Extract, sentiment and assess share the rule."""
    assert same_label(" B", ("a", "b")) == "b"
