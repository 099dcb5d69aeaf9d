"""What a value of another form should be: the nearest text that has the form, or none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from assay.project.suggestions.detectors import COMMON, units_of
from assay.project.suggestions.profiles import ColumnProfile
from assay.project.suggestions.spelling import near_pairs

_NUMBER = re.compile(r"\s*([+-]?[0-9]+(?:\.[0-9]+)?)\s*(\D{0,30}?)\s*")
_DIGITS = 15
"""So many digits of a number are its own; those behind them a program has put there."""


def in_form(column: ColumnProfile, values: Mapping[str, int], pattern: str) -> dict[str, str]:
    """Return what those of `values` (text to rows) should be that have a form within reach."""
    units = _common_units(column)
    likely = {pair.rare: pair.common for pair in near_pairs(column.templates or {}) if pair.sure}
    forms: dict[str, str] = {}
    for value in values:
        for form in _forms(value, units, likely):
            if form != value and re.fullmatch(pattern, form):
                forms[value] = form
                break
    return forms


def is_in_doubt(column: ColumnProfile, value: str, form: str) -> bool:
    """Whether a number without its sign of percent may be another one: 5 % is 0.05 elsewhere."""
    spread, number = column.spread, _NUMBER.fullmatch(value)
    if spread is None or number is None or "%" not in number[2]:
        return False
    return not spread.least <= float(form) <= spread.most


def _forms(value: str, units: set[str], likely: Mapping[str, str]) -> Iterator[str]:
    yield " ".join(value.split())
    if (number := _NUMBER.fullmatch(value)) and number[2] in units:
        yield _plain(number[1])
    if (common := likely.get(re.sub("[0-9]+", "9", value))) is not None:
        digits = re.findall("[0-9]+", value)
        if common.count("9") == len(digits):
            yield re.sub("9", lambda _: digits.pop(0), common)
    yield from (value.lower(), value.upper(), value.title())


def _common_units(column: ColumnProfile) -> set[str]:
    """Return what stands behind the numbers of a column often enough to be a unit."""
    units = units_of(column)
    return {unit for unit, rows in units.items() if unit and rows >= COMMON * sum(units.values())}


def _plain(number: str) -> str:
    """Return a number as short as it can be written: 12.0 is 12, 0.07200000000000001 is 0.072."""
    short = Decimal(f"{Decimal(number):.{_DIGITS}g}").normalize()
    return f"{short:f}"
