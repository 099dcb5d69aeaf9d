"""`ai_score`: a number on a stated scale, for a stated criterion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Self

from pydantic import BeforeValidator, JsonValue, ValidationInfo, model_validator

from assay.core.task import JsonSchema, Rejected, Task, wrong_argument

MOST_STEPS = 100
"""Between the ends of a scale; nobody, and no model, tells more grades apart."""

FARTHEST = 1_000
"""An end of a scale is no farther from 0."""


def _whole(given: object, field: ValidationInfo) -> int:
    if isinstance(given, int) and not isinstance(given, bool) and abs(given) <= FARTHEST:
        return given
    remedy = f"give a whole number from -{FARTHEST} to {FARTHEST}"
    raise wrong_argument(str(field.field_name), given, remedy)


class Score(Task):
    """Score each text by `criterion` from `low` to `high`, in whole numbers.

    Null means that the text does not tell, never the middle of the scale.
    """

    template_version: ClassVar[int] = 1

    criterion: str
    low: Annotated[int, BeforeValidator(_whole)] = 0
    high: Annotated[int, BeforeValidator(_whole)] = 10

    @model_validator(mode="after")
    def _scale_given(self) -> Self:
        if not self.criterion.strip():
            raise wrong_argument("criterion", self.criterion, "say as text what is scored")
        if not 1 <= self.high - self.low <= MOST_STEPS:
            remedy = f"give a whole number above `low`, {self.low}, by at most {MOST_STEPS}"
            raise wrong_argument("high", self.high, remedy)
        return self

    def answer_schema(self) -> JsonSchema:
        """A nullable whole number."""
        return {"type": ["integer", "null"], "minimum": self.low, "maximum": self.high}

    def tight_schema(self, texts: Sequence[str]) -> JsonSchema:
        """The numbers one by one: every strict mode knows an enum, and few know bounds."""
        return {"type": ["integer", "null"], "enum": [*range(self.low, self.high + 1), None]}

    def question(self) -> str:
        """Pass the criterion on, with the ends of the scale."""
        scale = f"score from {self.low} (least) to {self.high} (most) as a whole number"
        return f"{scale}, null if the text does not tell: {self.criterion}"

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Take whole numbers of the scale and null."""
        if raw is None:
            return None
        number = isinstance(raw, int | float) and not isinstance(raw, bool)
        scale = range(self.low, self.high + 1)
        if number and (place := [one for one in scale if one == raw]):
            return place[0]
        message = f"not a whole number from {self.low} to {self.high}"
        raise Rejected(message)

    def output_tokens(self, text: str) -> int:
        """One number."""
        return 4

    def in_words(self) -> str:
        """The criterion and the scale."""
        return f"{self.criterion} ({self.low} to {self.high})"

    def expected_characters(self, text: str) -> float:
        """`null` at most, mostly."""
        return 4.0
