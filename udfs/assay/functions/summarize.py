"""`ai_summarize`: the gist of a text within a number of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import JsonValue, model_validator

from assay.core.free_text import WordLimit, check_words, has_letters, longest, size_of, words_of
from assay.core.lengths import text_of
from assay.core.task import JsonSchema, Rejected, Task, wrong_argument

_LEAST_ROOM = 128
"""Characters that a summary of the shortest text may have."""

_SHRINKS = 10
"""Tokens of a chunk for each word of its summary: so each level is a few times shorter."""


class Summarize(Task):
    """Summarise each text in its own language, in at most `max_words` words.

    With `chunk_tokens` a longer text is summarised chunk by chunk, and then its summaries are.
    """

    template_version: ClassVar[int] = 1
    free_text: ClassVar[bool] = True
    beside: ClassVar[frozenset[str]] = Task.beside | {"chunk_tokens"}

    max_words: WordLimit = 40
    chunk_tokens: int | None = None

    @model_validator(mode="after")
    def _chunks_shrink(self) -> Self:
        least = _SHRINKS * self.max_words
        if self.chunk_tokens is not None and self.chunk_tokens < least:
            remedy = f"give at least {least:,}, ten for each of `max_words`, or none"
            raise wrong_argument("chunk_tokens", self.chunk_tokens, remedy)
        return self

    @property
    def by_chunks(self) -> tuple[Task, int] | None:
        """The same question about each chunk, under the same key as about a text of its own."""
        if self.chunk_tokens is None:
            return None
        return Summarize.model_validate(
            self.model_dump() | {"chunk_tokens": None}
        ), self.chunk_tokens

    @property
    def apart(self) -> tuple[JsonValue, ...]:
        """The size of chunks, too."""
        return super().apart if self.chunk_tokens is None else (*super().apart, self.chunk_tokens)

    @property
    def plain(self) -> bool:
        """A summary is text as it stands."""
        return True

    def answer_schema(self) -> JsonSchema:
        """A string."""
        return {"type": "string"}

    def tight_schema(self, texts: Sequence[str]) -> JsonSchema:
        """A string of as many letters as that many words may have, or a few times the text's."""
        room = 2 * max(map(len, texts), default=0) + _LEAST_ROOM
        return text_of(min(longest(self.max_words), room))

    def question(self) -> str:
        """Give the limit."""
        return f"summary in the language of the text, at most {self.max_words} words"

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Take a non-blank text within the limit and its tolerance, in letters where `text` is."""
        summary = words_of(raw)
        if not has_letters(summary) and has_letters(text):
            message = "not a summary: it has no letter"
            raise Rejected(message)
        check_words(summary, self.max_words)
        return summary

    def output_tokens(self, text: str) -> int:
        """Two tokens a word are ample in English; never much more than the text.

        Letters of more bytes take more tokens, and so does a word of them.
        """
        size = size_of(text)
        word = 2 * size / len(text) if text else 2
        return min(int(self.max_words * word), size // 2 + 16) + 4

    def in_words(self) -> str:
        """The limit."""
        return f"at most {self.max_words} words"
