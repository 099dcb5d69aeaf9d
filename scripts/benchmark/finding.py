"""Findings: what a case measured, and the bounds that its figures have to keep."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

_COMPARE = {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Bound:
    """What a figure has to be: a limit and on which side of it."""

    sign: str
    limit: float

    def holds(self, figure: float) -> bool:
        """Whether `figure` is on the right side."""
        return bool(_COMPARE[self.sign](figure, self.limit))

    def __str__(self) -> str:
        """The bound as it is read in a table."""
        return f"{self.sign} {self.limit:.10g}"


at_most = partial(Bound, "<=")
at_least = partial(Bound, ">=")
below = partial(Bound, "<")
NONE = Bound("=", 0)


@dataclass(frozen=True, slots=True)
class CaseFigures:
    """Everything that was measured, and the bounds of some of it."""

    measured: Mapping[str, Any]
    required: Mapping[str, Bound]

    def met(self) -> dict[str, bool]:
        """Whether each bound holds."""
        return {name: bound.holds(self.measured[name]) for name, bound in self.required.items()}


Case = Callable[[], CaseFigures]
