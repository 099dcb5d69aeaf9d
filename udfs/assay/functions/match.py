"""`ai_match`: whether two records are the same thing, as a question about both says it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

from pydantic import JsonValue, model_validator

from assay.core.task import JsonSchema, Labelled, Task, wrong_argument
from assay.functions.classify import same_label

OUTCOMES = ("matched", "no_match", "ambiguous")


class Match(Task):
    """Answer `asked` about each pair of records `a` and `b`; ambiguous where they do not tell.

    The order of a pair says nothing: a question has the same answer for (a, b) and (b, a).
    """

    template_version: ClassVar[int] = 1

    asked: str

    @model_validator(mode="after")
    def _question_given(self) -> Self:
        if not self.asked.strip():
            raise wrong_argument("question", self.asked, "give a question as text")
        return self

    @property
    def plain(self) -> bool:
        """An outcome is text as it stands."""
        return True

    def answer_schema(self) -> JsonSchema:
        """One of the three outcomes."""
        return {"type": "string", "enum": list(OUTCOMES)}

    def question(self) -> str:
        """Pass the question on, and say what each outcome means."""
        return (
            "of the records a and b: matched if yes, no_match if no, ambiguous if they do not "
            f"tell: {self.asked}"
        )

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Take the three outcomes only, in any case."""
        return same_label(raw, OUTCOMES)

    def output_tokens(self, text: str) -> int:
        """One outcome."""
        return 5

    def in_words(self) -> str:
        """The question."""
        return self.asked

    def labelled(self) -> Iterator[Labelled]:
        """The answer itself."""
        yield Labelled((), frozenset(OUTCOMES))

    def expected_characters(self, text: str) -> float:
        """`matched` or `no_match`, in quotes."""
        return 10.0
