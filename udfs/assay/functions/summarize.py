"""`ai_summarize`: the gist of a text within a number of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, JsonValue

from assay.core.canonical import clean
from assay.core.lengths import text_of
from assay.core.task import JsonSchema, Rejected, Task, wrong_argument
from assay.core.words import LONGEST, word_count

TOLERANCE = 1.2
"""Models count words loosely: a summary this much over `max_words` is still taken."""


MOST_WORDS = 1_000

_LEAST_ROOM = 128
"""Characters that a summary of the shortest text may have."""


def _word_limit(given: object) -> int:
    if isinstance(given, int) and not isinstance(given, bool) and 1 <= given <= MOST_WORDS:
        return given
    raise wrong_argument("max_words", given, f"give a whole number from 1 to {MOST_WORDS}")


class Summarize(Task):
    """Summarise each text in its own language, in at most `max_words` words."""

    template_version: ClassVar[int] = 1

    max_words: Annotated[int, BeforeValidator(_word_limit)] = 40

    @property
    def plain(self) -> bool:
        """A summary is text as it stands."""
        return True

    def answer_schema(self) -> JsonSchema:
        """A string."""
        return {"type": "string"}

    def tight_schema(self, texts: Sequence[str]) -> JsonSchema:
        """A string of as many letters as that many words may have, or a few times the text's."""
        words = int(self.max_words * TOLERANCE) * (LONGEST + 1)
        return text_of(min(words, 2 * max(map(len, texts), default=0) + _LEAST_ROOM))

    def question(self) -> str:
        """Give the limit."""
        return f"summary in the language of the text, at most {self.max_words} words"

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Take a non-blank text within the limit and its tolerance, in letters where `text` is."""
        if not isinstance(raw, str) or not (summary := clean(raw).strip()):
            message = "not a text"
            raise Rejected(message)
        if not _has_letters(summary) and _has_letters(text):
            message = "not a summary: it has no letter"
            raise Rejected(message)
        if word_count(summary) > self.max_words * TOLERANCE:
            message = f"longer than {self.max_words} words"
            raise Rejected(message)
        return summary

    def output_tokens(self, text: str) -> int:
        """Two tokens a word are ample in English; never much more than the text.

        Letters of more bytes take more tokens, and so does a word of them.
        """
        size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        word = 2 * size / len(text) if text else 2
        return min(int(self.max_words * word), size // 2 + 16) + 4

    def in_words(self) -> str:
        """The limit."""
        return f"at most {self.max_words} words"


def _has_letters(text: str) -> bool:
    """Whether any character is a letter of any script."""
    return any(map(str.isalpha, text))
