"""`ai_sentiment`: how a text feels, as a number or by aspect."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import ClassVar, Self

from pydantic import JsonValue, model_validator

from assay.core.task import JsonSchema, Labelled, Rejected, Task, wrong_argument
from assay.functions.classify import same_label

TENTHS = 10
"""The closed scale has so many steps on each side."""

LABELS = ("positive", "negative", "neutral", "mixed", "unknown")


class Sentiment(Task):
    """Score each text from -1 to 1, or label each of `aspects`.

    A score of null means that the sentiment cannot be judged; the label for it is `unknown`.
    """

    template_version: ClassVar[int] = 1

    aspects: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _aspects_differ(self) -> Self:
        if self.aspects is None:
            return self
        names = [aspect.casefold() for aspect in self.aspects]
        if not names or len(set(names)) < len(names) or not all(name.strip() for name in names):
            remedy = "give at least one aspect, different ones and none of them blank"
            raise wrong_argument("aspects", self.aspects, remedy)
        return self

    def answer_schema(self) -> JsonSchema:
        """A nullable number, or an object with one of the five labels for each aspect."""
        if self.aspects is None:
            return {"type": ["number", "null"], "minimum": -1, "maximum": 1}
        label: JsonSchema = {"type": "string", "enum": list(LABELS)}
        return {
            "type": "object",
            "properties": dict.fromkeys(self.aspects, label),
            "required": list(self.aspects),
            "additionalProperties": False,
        }

    def question(self) -> str:
        """Say what the ends of the scale are, or what unknown stands for."""
        if self.aspects is None:
            return "sentiment from -1 (negative) to 1 (positive), null if it cannot be judged"
        return "sentiment towards each aspect, unknown if the text says nothing about it"

    def tight_schema(self, texts: Sequence[str]) -> JsonSchema:
        """The score on a closed scale: every strict mode knows an enum, and few know bounds."""
        if self.aspects is not None:
            return self.answer_schema()
        return {"type": ["integer", "null"], "enum": [*range(-TENTHS, TENTHS + 1), None]}

    def tight_question(self) -> str:
        """The ends of the closed scale."""
        if self.aspects is not None:
            return self.question()
        return "sentiment from -10 (negative) to 10 (positive), null if it cannot be judged"

    def tightened(self, answer: JsonValue) -> JsonValue:
        """A score in tenths."""
        if self.aspects is not None or not isinstance(answer, int | float):
            return answer
        return round(answer * TENTHS)

    def loosened(self, raw: JsonValue) -> JsonValue:
        """A whole number of tenths as the score that it is."""
        if self.aspects is not None or raw is None:
            return raw
        if isinstance(raw, bool) or not isinstance(raw, int) or abs(raw) > TENTHS:
            message = "not a whole number from -10 to 10"
            raise Rejected(message)
        return raw / TENTHS

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Take numbers within the scale, or known labels for exactly the aspects."""
        if self.aspects is None:
            return None if raw is None else _score(raw)
        if not isinstance(raw, dict) or set(raw) != set(self.aspects):
            message = "not an object with exactly the aspects asked for"
            raise Rejected(message)
        return {aspect: same_label(raw[aspect], LABELS) for aspect in self.aspects}

    def output_tokens(self, text: str) -> int:
        """A short number, or a name and a label for each aspect."""
        return 4 if self.aspects is None else sum(len(name) // 3 + 6 for name in self.aspects)

    def in_words(self) -> str:
        """The aspects, or the scale."""
        return f"aspects: {', '.join(self.aspects)}" if self.aspects else "a score from -1 to 1"

    def labelled(self) -> Iterator[Labelled]:
        """Each aspect; a score has no labels."""
        yield from (Labelled((aspect,), frozenset(LABELS)) for aspect in self.aspects or ())

    def expected_characters(self, text: str) -> float:
        """A number such as -0.5; or a name and a label, of eight letters, for each aspect."""
        return 4.0 if self.aspects is None else sum(len(name) + 14 for name in self.aspects)


def _score(raw: JsonValue) -> float:
    number = isinstance(raw, int | float) and not isinstance(raw, bool)
    if number and math.isfinite(score := float(str(raw))) and -1 <= score <= 1:
        return score
    message = "not a number from -1 to 1"
    raise Rejected(message)
