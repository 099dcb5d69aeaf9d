"""Answers in words of the model's own: how long they may be, and what is none. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, JsonValue

from assay.core.canonical import clean
from assay.core.task import Rejected, wrong_argument
from assay.core.words import LONGEST, word_count

TOLERANCE = 1.2
"""Models count words loosely: an answer this much over its limit is still taken."""

MOST_WORDS = 1_000


def _word_limit(given: object) -> int:
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= MOST_WORDS:
        return given
    raise wrong_argument("max_words", given, f"give a whole number from 1 to {MOST_WORDS}")


WordLimit = Annotated[int, BeforeValidator(_word_limit)]
"""How many words an answer may have."""


def longest(max_words: int) -> int:
    """Return how many characters an answer of so many words may have, with the tolerance."""
    return int(max_words * TOLERANCE) * (LONGEST + 1)


def words_of(raw: JsonValue) -> str:
    """Return a text that is not blank, cleaned; anything else raises `Rejected`."""
    if not isinstance(raw, str) or not (text := clean(raw).strip()):
        message = "not a text"
        raise Rejected(message)
    return text


def check_words(text: str, max_words: int) -> None:
    """Raise `Rejected` for a text beyond the limit and its tolerance."""
    if word_count(text) > max_words * TOLERANCE:
        message = f"longer than {max_words} words"
        raise Rejected(message)


def has_letters(text: str) -> bool:
    """Whether any character is a letter of any script."""
    return any(map(str.isalpha, text))


def size_of(text: str) -> int:
    """Return a length that grows with tokens: letters of more bytes take more of them."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
