"""What travels between the modules: suites, their expectations, and what came of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_VALUE_BY_VALUE = (
    "expect_column_value",
    "expect_column_pair_values",
    "expect_compound_columns",
    "expect_multicolumn_sum",
    "expect_select_column_values",
)
"""Expectations that judge each value, and let none through unless `mostly` says so."""

BROKEN = "(suite)"
"""What stands for the expectations of a suite that could not be run at all."""

PROMISE = "(promise)"
"""What stands for an expectation where something is not checked that the lock promises."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """One expectation of a suite, in Great Expectations' words.

    `minimum` is how many values it must have looked at before its answer counts.
    """

    type: str
    kwargs: Mapping[str, Any]
    minimum: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads, in the order of its arguments."""
        named = [self.kwargs.get(name) for name in ("column", "column_A", "column_B")]
        return tuple(str(name) for name in (*named, *self.kwargs.get("column_list", ())) if name)

    @property
    def threshold(self) -> str:
        """What it allows, as far as numbers say it; the sets and patterns are in the suite."""
        shown = ("value", "min_value", "max_value", "strict_min", "strict_max", "mostly")
        every = {"mostly": 1} if self.type.startswith(_VALUE_BY_VALUE) else {}
        given = {**every, **self.kwargs}
        said = {name: given.get(name) for name in shown}
        return ", ".join(
            f"{name}={value}"
            for name, value in said.items()
            if value is not None and value is not False
        )


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite: what it expects of the model that it is called after, the row count first.

    `columns` maps names that are not columns of the relation to the SQL that yields them.
    """

    name: str
    expectations: tuple[Expectation, ...]
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one expectation; no value of the data is in it.

    `row_count` is the size of the table, `evaluated` how many values were looked at, `unexpected`
    how many of them are not as expected, `unexpected_share` the same between 0 and 1; None where
    Great Expectations does not count. `success` is its own word, `error` why it could not tell.
    """

    suite: str
    place: int
    expectation: str
    column_name: str
    threshold: str
    minimum_evaluated: int
    row_count: int | None = None
    evaluated: int | None = None
    unexpected: int | None = None
    unexpected_share: float | None = None
    success: bool = False
    error: str | None = None
