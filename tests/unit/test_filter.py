"""`ai_filter`: true, false or cannot tell."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from assay.core.task import Rejected
from assay.functions.filter import Filter

TASK = Filter(asked="Is it good?")


@pytest.mark.parametrize("raw", [True, False, None])
def test_yes_no_and_unknown_are_answers(raw: bool | None) -> None:
    """Unknown is null and never becomes true."""
    assert TASK.accept(raw, "") is raw


@pytest.mark.parametrize("raw", ["true", "yes", 1, 0, 1.0, [], {}])
def test_c12_no_word_or_number_is_a_yes(raw: Any) -> None:
    """An answer that cannot be read is refused, not taken for one."""
    with pytest.raises(Rejected, match="not true, false or null"):
        TASK.accept(raw, "")


def test_a_filter_needs_a_question() -> None:
    """The message shows what was given."""
    with pytest.raises(ValidationError, match='wrong `question` " "; give a question as text'):
        Filter(asked=" ")


def test_the_question_is_passed_on() -> None:
    """With the way out for texts that do not tell."""
    assert TASK.question() == "true, false, or null if the text does not tell: Is it good?"


def test_the_schema_is_a_nullable_boolean() -> None:
    """And the answer one word."""
    assert TASK.answer_schema() == {"type": ["boolean", "null"]}
    assert TASK.output_tokens("x" * 10_000) == 3


def test_a_yes_is_json_and_not_plain_text() -> None:
    """SQL casts it to BOOLEAN."""
    assert TASK.plain is False
