"""What the values that a rule does not accept should be: found by value, gathered for each row."""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from assay.project.repairs.forms import in_form, is_in_doubt
from assay.project.repairs.rows import FOUND, KeyedRows
from assay.project.repairs.spellings import nearest_of, one_spelling, sure_spellings
from assay.project.suggestions import sql
from assay.project.suggestions.profiles import MARKERS, MOST_VALUES, ColumnProfile, Profile
from assay.project.suggestions.rules import IN_SET, NOT_IN_SET, REGEX

Reason = Literal["missing", "format", "spelling"]
Mended = tuple[str | None, Reason, float]
"""What a value should be, NULL where it stands for none; why; and how sure that is."""

OF_A_MARKER = 0.95
"""How sure it is that a word for no value, which a rule forbids, is none."""

OF_DOUBT = 0.5
ONE_SPELLING = " has one spelling"


@dataclass(frozen=True, slots=True)
class ValueRule:
    """What is expected of the values of one column: an expectation, and where it comes from."""

    column: str
    expectation: str
    kwargs: Mapping[str, Any]
    said: str


def find_slips(rows: KeyedRows, profile: Profile, expected: Iterable[ValueRule]) -> None:
    """Gather what the values should be that some expectations do not accept."""
    for rule in expected:
        if rule.column == rows.key or profile.column(rule.column).family != "text":
            continue
        mended = dict(_mended(profile.column(rule.column), _values(rows, rule.column), rule))
        if mended:
            _gather(rows, rule, mended)


def _mended(
    column: ColumnProfile, values: Mapping[str, int], rule: ValueRule
) -> Iterator[tuple[str, Mended]]:
    match rule.expectation:
        case _ if rule.kwargs["column"] == f"{rule.column}{ONE_SPELLING}":
            yield from _spelled(one_spelling(values))
        case expectation if expectation == NOT_IN_SET:
            forbidden = {*map(str, rule.kwargs.get("value_set", ()))}
            for value in forbidden & values.keys():
                if value.strip().lower() in MARKERS:
                    yield value, (None, "missing", OF_A_MARKER)
            slips = sure_spellings(values)
            yield from _spelled({value: slips[value] for value in forbidden & slips.keys()})
        case expectation if expectation == IN_SET:
            yield from _spelled(nearest_of(values, map(str, rule.kwargs.get("value_set", ()))))
        case expectation if expectation == REGEX:
            yield from _formed(column, values, str(rule.kwargs.get("regex", "")))


def _spelled(slips: Mapping[str, tuple[str, float]]) -> Iterator[tuple[str, Mended]]:
    for value, (meant, confidence) in slips.items():
        yield value, (meant, "spelling", confidence)


def _formed(
    column: ColumnProfile, values: Mapping[str, int], pattern: str
) -> Iterator[tuple[str, Mended]]:
    """Yield the forms of values; as sure as it is rare that a value of the column has none."""
    formed = in_form(column, values, pattern)
    sure = 1 - 1 / (2 + sum(values[value] for value in formed))
    for value, form in formed.items():
        doubt = OF_DOUBT if is_in_doubt(column, value, form) else 1
        yield value, (form, "format", sure * doubt)


def _values(rows: KeyedRows, column: str) -> dict[str, int]:
    """Return the commonest values of a column with their rows."""
    value = f"{sql.name(column)}::varchar"
    found = rows.connection.execute(
        f"select {value}, count(*) from {rows.table.sql} where {value} is not null "
        f"group by 1 order by 2 desc, 1 limit {MOST_VALUES}"
    )
    return dict(found.fetchall())


def _gather(rows: KeyedRows, rule: ValueRule, mended: Mapping[str, Mended]) -> None:
    rows.connection.execute(
        "create or replace temp table assay_repairs_mended "
        "(value varchar, after varchar, reason varchar, confidence double)"
    )
    found = [[value, *what] for value, what in mended.items()]
    rows.connection.executemany("insert into assay_repairs_mended values (?, ?, ?, ?)", found)
    rows.connection.execute(
        f"insert into {FOUND} select {rows.row_key}, ?, value, after, reason, ?, confidence, null "
        f"from {rows.table.sql} inner join assay_repairs_mended "
        f"on {sql.name(rule.column)}::varchar = value",
        [rule.column, rule.said],
    )
