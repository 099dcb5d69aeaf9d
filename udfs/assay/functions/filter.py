"""`ai_filter`: yes, no or cannot tell, for a question about the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from pydantic import JsonValue, model_validator

from assay.core.task import JsonSchema, Labelled, Rejected, Task, wrong_argument


class Filter(Task):
    """Answer `question` about each text; null when the text does not tell, never a guess."""

    template_version: ClassVar[int] = 1

    asked: str

    @model_validator(mode="after")
    def _question_given(self) -> Self:
        if not self.asked.strip():
            raise wrong_argument("question", self.asked, "give a question as text")
        return self

    def answer_schema(self) -> JsonSchema:
        """A nullable boolean."""
        return {"type": ["boolean", "null"]}

    def question(self) -> str:
        """Pass the question on."""
        return f"true, false, or null if the text does not tell: {self.asked}"

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Take true, false and null only; no words for them."""
        if raw is None or isinstance(raw, bool):
            return raw
        message = "not true, false or null"
        raise Rejected(message)

    def output_tokens(self, text: str) -> int:
        """One word."""
        return 3

    def in_words(self) -> str:
        """The question."""
        return self.asked

    def labelled(self) -> Iterator[Labelled]:
        """The answer itself."""
        yield Labelled((), frozenset({"true", "false"}))

    def expected_characters(self, text: str) -> float:
        """`true`, `false`."""
        return 5.0
