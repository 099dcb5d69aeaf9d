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

    `value` holds JSON types only; None means that the model cannot tell.
    `confidence` is the estimated probability, 0 to 1, that `value` is right.
    """

    value: Json
    confidence: float


Judge: TypeAlias = Callable[[Sequence[str]], list[Judgement]]
"""Answers a list of texts, in order."""
