"""`ai_translate`: a text in another language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import JsonValue, model_validator

from assay.core.free_text import has_letters, size_of, words_of
from assay.core.lengths import text_of
from assay.core.task import JsonSchema, Rejected, Task, wrong_argument

_TIMES = 4
_LEAST_ROOM = 64
"""A translation has at most so many characters for each byte of the text, and so many more."""


class Translate(Task):
    """Translate each text into the language `to`, from `source` or whatever it is in."""

    template_version: ClassVar[int] = 1
    free_text: ClassVar[bool] = True

    to: str
    source: str | None = None

    @model_validator(mode="after")
    def _languages_given(self) -> Self:
        for name, language in (("to", self.to), ("source", self.source)):
            if language is not None and not language.strip():
                raise wrong_argument(name, language, "name a language, such as 'English'")
        return self

    @property
    def plain(self) -> bool:
        """A translation is text as it stands."""
        return True

    def answer_schema(self) -> JsonSchema:
        """A string."""
        return {"type": "string"}

    def tight_schema(self, texts: Sequence[str]) -> JsonSchema:
        """A string that is not much longer than a translation of the longest text can be."""
        return text_of(max(map(_room, texts), default=_LEAST_ROOM))

    def question(self) -> str:
        """Name the languages, and what stays as it is."""
        source = f" from {self.source}" if self.source else ""
        return (
            f"translation{source} into {self.to}: all of the text and nothing else; names, "
            f"numbers, links and what is in {self.to} already stay as they are"
        )

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Take a non-blank text, in letters where `text` is, that is no many times longer."""
        translation = words_of(raw)
        if not has_letters(translation) and has_letters(text):
            message = "not a translation: it has no letter"
            raise Rejected(message)
        if len(translation) > _room(text):
            message = "not a translation: it is many times as long as the text"
            raise Rejected(message)
        return translation

    def output_tokens(self, text: str) -> int:
        """A token for two bytes of the text is ample between most languages."""
        return size_of(text) // 2 + 16

    def expected_characters(self, text: str) -> float:
        """About as long as the text."""
        return 1.2 * len(text) + 2

    def in_words(self) -> str:
        """The languages."""
        return f"from {self.source} into {self.to}" if self.source else f"into {self.to}"


def _room(text: str) -> int:
    """Return how many characters a translation of `text` may have."""
    return _TIMES * size_of(text) + _LEAST_ROOM
