"""The one thing every embedded model returns: a value and how sure the model is of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

# None, bool, int, float, str, or lists and dicts of these.
Json: TypeAlias = Any


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a model says about one text.

    `value` holds JSON types only; None means that the text does not tell.
    `confidence` is the estimated probability, 0 to 1, that `value` is right.
    `declined` says why the model cannot judge the text at all; then there is no value.
    """

    value: Json
    confidence: float
    declined: str | None = None


NOT_READ = Judgement(None, 0.0, "the embedded models do not read the language of this text")
NO_WORDS = Judgement(None, 0.0, "the embedded models know no word of this text")
NOT_SURE = Judgement(None, 0.0, "the embedded models are not sure enough of one label")
NOT_JUDGED = Judgement(None, 0.0, "the embedded models cannot judge this question")


Judge: TypeAlias = Callable[[Sequence[str]], list[Judgement]]
"""Answers a list of texts, in order."""


def declining(reason: str) -> Judge:
    """Return the judge of a function that these models have no way to answer."""
    declined = Judgement(None, 0.0, reason)
    return lambda texts: [declined] * len(texts)
