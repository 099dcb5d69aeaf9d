"""`ai_complete`: a prompt about a text, or over the columns of a record, answered in free text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Self

from pydantic import JsonValue, model_validator

from assay.core.free_text import WordLimit, check_words, longest, words_of
from assay.core.lengths import text_of
from assay.core.task import JsonSchema, Task, wrong_argument

_PLACE = re.compile(r"(?<!\{)\{[^{}]+\}(?!\})")
"""The name of a column in a prompt, `{product}`; the macro looks whether there is one."""


class Complete(Task):
    """Do what `prompt` says with each text, in at most `max_words` words.

    Of a record `{name}` in the prompt stands for its column of that name.
    """

    template_version: ClassVar[int] = 1
    free_text: ClassVar[bool] = True

    prompt: str
    max_words: WordLimit = 100

    @model_validator(mode="after")
    def _prompt_given(self) -> Self:
        if not self.prompt.strip():
            raise wrong_argument("prompt", self.prompt, "say as text what is to be written")
        return self

    @property
    def plain(self) -> bool:
        """What is written is text as it stands."""
        return True

    def answer_schema(self) -> JsonSchema:
        """A string."""
        return {"type": "string"}

    def tight_schema(self, texts: Sequence[str]) -> JsonSchema:
        """A string of as many letters as that many words may have, whatever the texts."""
        return text_of(longest(self.max_words))

    def question(self) -> str:
        """Pass the prompt on, with the limit, and what its braces mean where it has some."""
        places = "\na name in braces stands for that field of the record"
        more = places if _PLACE.search(self.prompt) else ""
        return f"plain text, at most {self.max_words} words: {self.prompt}{more}"

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Take a non-blank text within the limit and its tolerance."""
        written = words_of(raw)
        check_words(written, self.max_words)
        return written

    def output_tokens(self, text: str) -> int:
        """Two tokens a word; what is longer in another script has the room of a second try."""
        return 2 * self.max_words + 4

    def in_words(self) -> str:
        """The prompt."""
        return self.prompt
