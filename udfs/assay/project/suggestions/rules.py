"""Rules: what may be expected of a table, in SQL to count and name the rows that do not meet it,
and in the words of Great Expectations for the suite. The two mean the same; a test holds them
against each other.
"""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from assay.functions.suggest import Kind
from assay.project.suggestions import sql
from assay.project.suggestions.profiles import as_number
from assay.project.suggestions.relations import Relation

NOT_NULL = "expect_column_values_to_not_be_null"
UNIQUE = "expect_column_values_to_be_unique"
BETWEEN = "expect_column_values_to_be_between"
REGEX = "expect_column_values_to_match_regex"
IN_SET = "expect_column_values_to_be_in_set"
NOT_IN_SET = "expect_column_values_to_not_be_in_set"
PAIR = "expect_column_pair_values_a_to_be_greater_than_b"

GROUP = 3
"""A group of fewer rows does not say what its common value is."""


@dataclass(frozen=True, slots=True)
class SuggestionRule:
    """One thing to expect; `columns` are those of the table, the first the one that is wrong.

    `wrong` is SQL over one row, windows allowed: true where the row does not meet it. `judged` is
    true where the rule says anything of the row. `derived` is the name and the SQL of a column
    that the suite adds; `claim` says in words what is expected, without a value of the data.
    `seen` says with values and their rows what it rests on: for people alone. A rule without an
    `expectation` is a remark: told, and expected of no table.
    """

    kind: Kind
    expectation: str | None
    columns: tuple[str, ...]
    kwargs: Mapping[str, Any]
    wrong: str
    judged: str
    claim: str
    derived: Mapping[str, str] = field(default_factory=dict)
    seen: Sequence[str] = ()

    @property
    def cell(self) -> str:
        """The column whose value is wrong where the rule is not met."""
        return self.columns[0]

    @property
    def about(self) -> tuple[str, ...]:
        """The columns that a person looks at: of a remark on several all of them."""
        return self.columns if self.expectation is None else self.columns[:1]


def not_null(column: str) -> SuggestionRule:
    """No value is missing."""
    missing = f"{sql.name(column)} is null"
    claim = "is never NULL"
    return SuggestionRule(
        "missing_values", NOT_NULL, (column,), {"column": column}, missing, "true", claim
    )


def no_markers(column: str, markers: Sequence[str]) -> SuggestionRule:
    """No text stands for a missing value."""
    claim = "holds NULL where there is no value, not a word or a blank that stands for it"
    return _not_in("missing_values", column, markers, claim)


def no_typos(column: str, typos: Sequence[str], seen: Sequence[str] = ()) -> SuggestionRule:
    """None of these rare spellings of a common value; `seen` names each with that value."""
    claim = "is spelled as its common values are"
    return replace(_not_in("format_inconsistencies", column, typos, claim), seen=seen)


def _not_in(kind: Kind, column: str, values: Sequence[str], claim: str) -> SuggestionRule:
    quoted = sql.name(column)
    kwargs = {"column": column, "value_set": list(values)}
    wrong = f"{as_text(column)} in {sql.texts(values)}"
    return SuggestionRule(
        kind, NOT_IN_SET, (column,), kwargs, wrong, f"{quoted} is not null", claim
    )


def matches(column: str, pattern: str, claim: str) -> SuggestionRule:
    """The whole text matches a pattern of the syntax that RE2 and Python share."""
    quoted = sql.name(column)
    return SuggestionRule(
        "format_inconsistencies",
        REGEX,
        (column,),
        {"column": column, "regex": rf"\A(?:{pattern})\Z"},
        f"not regexp_full_match({as_text(column)}, {sql.text(pattern)})",
        f"{quoted} is not null",
        claim,
    )


def between(
    column: str, family: str, least: float | None, most: float | None, claim: str
) -> SuggestionRule:
    """A number, or a time in days since 1970, between two bounds; one of them may be open."""
    number = as_number(column, family, plain=1) or sql.name(column)  # type: ignore[arg-type]
    derived = {} if family == "number" else {_derived(column, "as a number"): number}
    asked = next(iter(derived), column)
    bounds = {"min_value": least, "max_value": most}
    kwargs = {"column": asked} | {key: bound for key, bound in bounds.items() if bound is not None}
    outside = [f"{number} < {least!r}"] if least is not None else []
    outside += [f"{number} > {most!r}"] if most is not None else []
    judged = f"coalesce(not isnan({number}), false)"
    wrong = f"({judged} and ({' or '.join(outside)}))"
    return SuggestionRule("outliers", BETWEEN, (column,), kwargs, wrong, judged, claim, derived)


def unique(column: str) -> SuggestionRule:
    """No value is there twice."""
    quoted = sql.name(column)
    return SuggestionRule(
        "logical_errors",
        UNIQUE,
        (column,),
        {"column": column},
        f"count(*) over (partition by {quoted}) > 1",
        f"{quoted} is not null",
        "has each value once",
    )


def follows(column: str, determinants: Sequence[str]) -> SuggestionRule:
    """The value that its group, the rows with the same determinants, mostly has.

    Said of groups of three rows and more with one clear value; a NULL among them is wrong, too.
    """
    y, by = sql.name(column), sql.names(determinants)
    known = " and ".join(f"{sql.name(each)} is not null" for each in determinants)
    group = f"over (partition by {by})"
    clear = f"2 * count(distinct {y}) {group} <= count({y}) {group} + 2"
    judged = f"({known} and count({y}) {group} >= {GROUP} and {clear})"
    alike = f"3 * count(*) over (partition by {by}, {y}) > count(*) {group}"
    fits = f"({y} is not distinct from mode({y}) {group} or {alike})"
    return _true(
        "logical_errors",
        (column, *determinants),
        judged,
        fits,
        f"follows from {_listed(determinants)}: rows that agree there agree here",
        f"follows from {_listed(determinants)}",
    )


def ordered(low: str, high: str) -> SuggestionRule:
    """One column is never above another; said where both have a value."""
    a, b = sql.name(low), sql.name(high)
    return SuggestionRule(
        "logical_errors",
        PAIR,
        (low, high),
        {
            "column_A": high,
            "column_B": low,
            "or_equal": True,
            "ignore_row_if": "either_value_is_missing",
        },
        f"{a} > {b}",
        f"({a} is not null and {b} is not null)",
        f"is never above {high!r}",
    )


def refers(column: str, target: Relation, key: str) -> SuggestionRule:
    """Each value is a key of another table, that of the warehouse when the gate runs."""
    quoted = sql.name(column)
    there = f"{quoted} in (select {sql.name(key)} from {target.sql})"
    return _true(
        "referential_integrity",
        (column,),
        f"{quoted} is not null",
        there,
        f"is a {key!r} of {target.schema}.{target.name}",
        f"is in {target.schema}.{target.name}",
    )


def spelled_alike(column: str) -> SuggestionRule:
    """Values that differ in case, blanks and full stops alone are spelled as most of them are."""
    y = sql.name(column)
    folded = f"trim(regexp_replace(lower({as_text(column)}), '[\\s.]+', ' ', 'g'))"
    fits = f"{y} = mode({y}) over (partition by {folded})"
    return _true(
        "format_inconsistencies",
        (column,),
        f"{y} is not null",
        fits,
        "has one spelling for values that differ in case, blanks or full stops alone",
        "has one spelling",
    )


def _true(
    kind: Kind, columns: tuple[str, ...], judged: str, fits: str, claim: str, said: str
) -> SuggestionRule:
    """A rule as a column of the suite that is false where it is not met; NULL where it is mute."""
    derived = _derived(columns[0], said)
    kwargs = {"column": derived, "value_set": [True]}
    made = {derived: f"case when {judged} then {fits} end"}
    wrong = f"({judged} and not {fits})"
    return SuggestionRule(kind, IN_SET, columns, kwargs, wrong, judged, claim, made)


def _derived(column: str, said: str) -> str:
    return f"{column} {said}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(repr(name) for name in names)


# Remarks


def near_values(column: str, values: Sequence[str], seen: Sequence[str]) -> SuggestionRule:
    """Rare values near common ones that may be right."""
    claim = "holds rare values near common ones, which may be misspelt or right"
    return _remark(_not_in("format_inconsistencies", column, values, claim), seen)


def answers_of_none(column: str, values: Sequence[str], seen: Sequence[str]) -> SuggestionRule:
    """Words for no value that are among the few values of a column, as an answer is."""
    claim = "holds a word for no value as often as an answer"
    return _remark(_not_in("missing_values", column, values, claim), seen)


def empty(columns: Sequence[str]) -> SuggestionRule:
    """Columns without a value."""
    claim = "is empty" if len(columns) == 1 else f"{len(columns)} columns are empty"
    return SuggestionRule("missing_values", None, tuple(columns), {}, "true", "true", claim)


def repeated(columns: Sequence[str], repeats: int, rows: int) -> SuggestionRule:
    """Rows that are there before, alike in each column."""
    again = f"row_number() over (partition by {sql.names(columns)}) > 1"
    claim = f"{repeats:,} of {rows:,} rows repeat another"
    return SuggestionRule("logical_errors", None, tuple(columns), {}, again, "true", claim)


def _remark(rule: SuggestionRule, seen: Sequence[str]) -> SuggestionRule:
    return replace(rule, expectation=None, kwargs={}, seen=seen)


def as_text(column: str) -> str:
    """Return the SQL of a column as text, which a value of an ENUM or a UUID is not."""
    return f"{sql.name(column)}::varchar"


def of_kind(rule: SuggestionRule, kind: Kind) -> SuggestionRule:
    """Return the rule as one about another kind of issue."""
    return replace(rule, kind=kind)
