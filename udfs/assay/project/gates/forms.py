"""Forms: how the values of a column and what a suite says of them meet, type by type.

pandas and Python hold no date at infinity or before the year 1 and no number of 38 digits, and
compare a time with a zone to none without one. So DuckDB gives each column in a form that is plain
and brings bounds and sets into the same one: times as microseconds where they are compared, and as
text, as everything that is neither number nor text, where it only matters which are the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any, Literal

import duckdb

from assay.project.gates.records import Expectation

Form = Literal["", "number", "text"]
"""As it is, as a double, as text."""

_PLAIN = re.compile(r"^(BOOLEAN|U?(TINYINT|SMALLINT|INTEGER)|BIGINT|FLOAT|DOUBLE|VARCHAR|JSON)$")
_WIDE = re.compile(r"^(DECIMAL\(.*\)|U?HUGEINT|UBIGINT|BIGNUM|BIGINT)$")
_WHOLE = re.compile(r"^(U?HUGEINT|UBIGINT|BIGNUM|BIGINT|DECIMAL\(\d+,0\))$")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_TIME = re.compile(
    r"^(DATE|TIMESTAMP(_S|_MS|_NS)?|TIME(_NS)?|TIME(STAMP)? WITH TIME ZONE|INTERVAL)$"
)

_BOUNDED = tuple(
    f"expect_column_{what}_to_be_between" for what in ("values", "max", "min", "median", "mean")
)
_GREATER = "expect_column_pair_values_a_to_be_greater_than_b"
_ORDERED_ALONE = (
    *_BOUNDED,
    "expect_column_values_to_be_increasing",
    "expect_column_values_to_be_decreasing",
)
_ORDERED = (*_ORDERED_ALONE, _GREATER)
"""Expectations about which value is more, of one column and of two."""

_COMPARED = (
    "expect_column_pair_values_to_be_equal",
    "expect_select_column_values_to_be_unique_within_record",
)
"""Expectations about which values of several columns are the same."""

_SAME = re.compile(
    r"unique|distinct|most_common|values_to_(not_)?be_in_set$|pair_values_to_be_equal"
)
"""Expectations about which values are the same; a double would take two long numbers for one."""

_NUMERIC = re.compile("_sum_to|stdev|quantile|z_scores|kl_divergence")
_REGEX = "expect_column_values_to_match_regex"
_WRITTEN = re.compile("regex|value_lengths|strftime|dateutil|json")
"""Expectations about how a value is written."""

_TEXTS = ("VARCHAR", "JSON")
_COUNTED = re.compile("unique_value_count|proportion_of_unique|value_lengths")
_BOUNDS = ("min_value", "max_value")
_HOW = {
    "DATE": "2026-03-01",
    "TIMESTAMP": "2026-03-01T10:00:00",
    "TIMESTAMP WITH TIME ZONE": "2026-03-01T10:00:00Z",
    "TIME": "10:00:00",
    "TIME WITH TIME ZONE": "10:00:00+00",
    "INTERVAL": "2 days",
}


class FormError(ValueError):
    """What a suite says cannot be said of this type; the message says what to write."""


def form_of(item: Expectation, name: str, kinds: Mapping[str, str]) -> Form:
    """Return the form in which `item` looks at its column `name`; `kinds` are the SQL types.

    Raises `FormError` where bounds, an order or a sum are asked of a type that has none, and for
    patterns of LIKE, which pandas does not know.
    """
    if "like_pattern" in item.type:
        message = f"patterns of LIKE are not judged; use {_REGEX} on {name!r}"
        raise FormError(message)
    kind = kinds[name]
    apart = item.type in _COMPARED and len({kinds[each] for each in item.columns}) > 1
    if _TIME.match(kind) and (apart or item.type in _ORDERED):
        return "number"
    if item.type in _ORDERED_ALONE or _NUMERIC.search(item.type):
        _check_number(name, kind)
    if item.type == _GREATER and len({_family(kinds[each]) for each in item.columns}) > 1:
        message = f"{' and '.join(map(repr, item.columns))} are of types that have no one order"
        raise FormError(f"{message}; cast them to one under `meta.columns`")
    if _WRITTEN.search(item.type):
        return "" if kind in _TEXTS else "text"
    if _WIDE.match(kind):
        exact = _SAME.search(item.type) and "_pair_values_to_be_in" not in item.type and not apart
        return "text" if exact else ("" if kind == "BIGINT" else "number")
    return "" if _PLAIN.match(kind) else "text"


def _check_number(name: str, kind: str) -> None:
    if kind in _TEXTS or not (_PLAIN.match(kind) or _WIDE.match(kind)):
        message = (
            f"column {name!r} is {_short(kind)}, which is no number and no time that has bounds; "
            "write SQL that makes one of it under `meta.columns`, such as `try_cast(... as date)`"
        )
        raise FormError(message)


def _family(kind: str) -> str:
    """Return which types have one order."""
    if _TIME.match(kind):
        return "moment" if kind.startswith(("DATE", "TIMESTAMP")) else kind.partition(" ")[0]
    return "number" if _WIDE.match(kind) or (kind not in _TEXTS and _PLAIN.match(kind)) else "text"


def column_of(name: str, form: Form) -> str:
    """Return what the frame calls a column in a form."""
    return f"{name} as {form}" if form else name


def sql_of(value: str, kind: str, form: Form) -> str:
    """Return SQL that gives `value`, an expression of the SQL type `kind`, in a form."""
    if form == "number" and _TIME.match(kind):
        return _microseconds(value, kind)
    if form == "number":
        return f"{value}::double"
    if form == "text" and kind == "TIMESTAMP WITH TIME ZONE":
        return f"({value} at time zone 'UTC')::varchar"  # not that of whoever runs the gate
    return f"{value}::varchar" if form == "text" else value


def asked(item: Expectation, kinds: Mapping[str, str]) -> Expectation:
    """Return `item` in the words of the frame: its columns, bounds and sets in their forms.

    `kinds` are the SQL types of its columns. Raises `FormError` for what cannot be read as one.
    """
    forms = {name: form_of(item, name, kinds) for name in item.columns}
    kwargs = dict(item.kwargs)
    for key in ("column", "column_A", "column_B"):
        if kwargs.get(key) in forms:
            kwargs[key] = column_of(kwargs[key], forms[kwargs[key]])
    if "column_list" in kwargs:
        kwargs["column_list"] = [column_of(name, forms[name]) for name in kwargs["column_list"]]
    name = str(item.kwargs.get("column"))
    if name in forms and not _COUNTED.search(item.type):
        kwargs |= _values(item, name, kinds[name], forms[name])
    return replace(item, kwargs=kwargs)


def _values(item: Expectation, name: str, kind: str, form: Form) -> dict[str, Any]:
    """Return the arguments of `item` that are values of a column, in its form."""
    if item.type in _BOUNDED:
        bounds = {key: item.kwargs[key] for key in _BOUNDS if item.kwargs.get(key) is not None}
        given = zip(bounds, _converted(bounds.values(), kind, form), strict=True)
        return {key: _checked(key, bounds[key], value, name, kind) for key, value in given}
    if form != "text" or not isinstance(members := item.kwargs.get("value_set"), list):
        return {}
    values = zip(members, _converted(members, kind, form), strict=True)
    return {"value_set": [_checked("value_set", one, value, name, kind) for one, value in values]}


def _converted(values: Iterable[Any], kind: str, form: Form) -> list[Any]:
    """Return values of a suite as values of the SQL type `kind` in a form; None for what is none.

    A time without a zone is UTC; of a column without zones the zone is left out.
    """
    if form != "text" and not _TIME.match(kind):
        return [_as_number(value) for value in values]
    texts = [_spelled(value, kind) for value in values]
    if kind.startswith("ENUM"):  # which values it has today is no matter of what is expected
        return texts
    read = "timestamp" if kind == "DATE" else kind  # a date would be cut out of a moment
    made = sql_of(f"try_cast(v as {read})", read.upper(), form)
    if kind == "DATE" and form == "text":
        made = "case when try_cast(v as timestamp) = try_cast(v as date) then v::date::varchar end"
    with closing(duckdb.connect()) as connection:
        connection.execute("set timezone = 'UTC'")
        rows = connection.execute(f"select {made} from (select unnest(?) as v)", [texts])  # noqa: S608
        return [value for (value,) in rows.fetchall()]


def _spelled(value: Any, kind: str) -> str | None:
    """Return a value of a suite as text for a cast, which must not round; None for none."""
    text = value if isinstance(value, str) else None
    if isinstance(value, int | float) and not isinstance(value, bool) and not _TIME.match(kind):
        text = str(int(value)) if float(value).is_integer() else repr(value)
    return None if text and _WHOLE.match(kind) and not _INTEGER.fullmatch(text) else text


def _as_number(value: Any) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        return None
    return None if math.isnan(number) else number


def _checked(argument: str, given: Any, value: Any, name: str, kind: str) -> Any:
    if value is not None or given is None:
        return value
    number = "a whole number" if _WHOLE.match(kind) else "a number"
    numbers = _WIDE.match(kind) or _PLAIN.match(kind)
    how = _HOW.get(kind.partition("_")[0], number if numbers else "text, as DuckDB casts it")
    message = (
        f"column {name!r} is {_short(kind)}, and `{argument}` {given!r} is no value of it; "
        f"write {how}"
    )
    raise FormError(message)


def _microseconds(value: str, kind: str) -> str:
    """Return SQL for microseconds since 1970, midnight or nothing; the infinities are infinite."""
    if kind == "TIME WITH TIME ZONE":
        return f"(epoch_us({value}::time) - 1000000 * date_part('timezone', {value}))::double"
    if kind in {"TIME", "TIME_NS", "INTERVAL"}:
        return f"epoch_us({value})::double"
    finite = f"epoch_us({value})::double"
    if kind == "DATE":  # some are beyond all timestamps
        finite = f"({value} - date '1970-01-01') * 86400000000.0::double"
    infinite = f"case when {value} > '2000-01-01' then 'inf' else '-inf' end::double"
    return f"case when isinf({value}) then {infinite} else {finite} end"


def _short(kind: str) -> str:
    """Return a type without what it is made of: `STRUCT`, `ENUM`."""
    return kind.partition("(")[0]
