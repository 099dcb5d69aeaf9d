"""`ai_summarize`: a text within its number of words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from assay.core.task import Rejected
from assay.functions.summarize import Summarize


def test_a_summary_within_the_tolerance_is_taken() -> None:
    """Models count loosely: twelve words for ten will do."""
    assert Summarize(max_words=10).accept("w " * 12, "") == ("w " * 12).strip()


def test_a_summary_beyond_the_tolerance_is_refused() -> None:
    """Thirteen words for ten will not."""
    with pytest.raises(Rejected, match="longer than 10 words"):
        Summarize(max_words=10).accept("w " * 13, "")


def test_c21_a_summary_is_cleaned() -> None:
    """NUL and tag characters do not reach the store."""
    assert Summarize().accept(" a\x00 summary\U000e0041 ", "") == "a summary"


@pytest.mark.parametrize("raw", [None, "", " \n", "\x00\u200b", 5, ["a"], {"a": "b"}])
def test_c21_a_summary_needs_something_visible(raw: Any) -> None:
    """Nothing is not a summary."""
    with pytest.raises(Rejected, match="not a text"):
        Summarize().accept(raw, "")


@pytest.mark.parametrize("raw", ["123456", "100,", "...", "\U0001f44d", "12:30 - 5"])
def test_a_summary_of_a_text_with_letters_has_letters(raw: str) -> None:
    """What has none says nothing of it; a text of numbers may have a number."""
    with pytest.raises(Rejected, match="not a summary: it has no letter"):
        Summarize().accept(raw, "¿Tienen hornillos de camping?")
    assert Summarize().accept(raw, "2026: 123456, 100") == raw


@pytest.mark.parametrize("words", [0, 1001])
def test_the_number_of_words_has_bounds(words: int) -> None:
    """No words say nothing; a thousand are an essay."""
    with pytest.raises(ValidationError, match="max_words"):
        Summarize(max_words=words)


def test_a_summary_is_plain_text() -> None:
    """Its bare value needs no quotes, its schema is a string."""
    task = Summarize(max_words=7)
    assert (task.plain, task.answer_schema()) == (True, {"type": "string"})


def test_the_question_gives_the_limit() -> None:
    """And asks for the language of the text."""
    expected = "summary in the language of the text, at most 7 words"
    assert Summarize(max_words=7).question() == expected


@pytest.mark.parametrize(("size", "expected"), [(0, 20), (40, 40), (10_000, 84)])
def test_words_and_text_bound_the_output(size: int, expected: int) -> None:
    """A short text needs less than the limit."""
    assert Summarize(max_words=40).output_tokens("x" * size) == expected


def test_chunks_ask_the_question_of_whole_texts() -> None:
    """By the same prompt hash; only the task as a whole has another name."""
    whole, chunked = Summarize(max_words=7), Summarize(max_words=7, chunk_tokens=100)

    assert whole.by_chunks is None
    assert chunked.by_chunks == (whole, 100)
    assert chunked.prompt_hash == whole.prompt_hash
    assert chunked.handle != whole.handle


@pytest.mark.parametrize("tokens", [0, 69])
def test_a_chunk_is_some_times_longer_than_its_summary(tokens: int) -> None:
    """Else the levels above would be no shorter."""
    with pytest.raises(ValidationError, match="give at least 70, ten for each of `max_words`"):
        Summarize(max_words=7, chunk_tokens=tokens)
