"""Which rows are looked at: read out of the column's table, chosen by what is wanted.

A row is chosen before its text is read: of a large table only the texts that are shown are.
"""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import duckdb

from assay.core.errors import ConfigError
from assay.hosts.duckdb.quoting import quoted
from assay.project.review.column import SEPARATOR, Column

SEED = 1
FEW = 20
_CERTAIN = 2.0
"""Above every confidence: what has none comes last."""


@dataclass(frozen=True)
class Other:
    """What the store holds of the same text by another prompt or model."""

    by: str
    value: str | None
    confidence: float | None = None


@dataclass(frozen=True)
class Row:
    """One answer: whose row it is, what it says, how sure, and what is known beside it.

    `value` is in the form of gold; `gold` the right answer where a person gave one, with
    `is_gold` because that may be "nothing"; `why` says what about the row is odd.
    """

    key: str
    value: str | None
    status: str = "ok"
    error: str | None = None
    confidence: float | None = None
    model: str | None = None
    prompt_hash: str | None = None
    answered_at: str | None = None
    gold: str | None = None
    is_gold: bool = False
    text: str = ""
    others: Sequence[Other] = ()
    why: Sequence[str] = ()

    @property
    def has_failed(self) -> bool:
        """Whether no answer came, so that NULL says nothing; of a bare value nobody knows."""
        return self.status not in ("ok", "unknown")

    @property
    def is_wrong(self) -> bool:
        """Whether a person answered otherwise."""
        return self.is_gold and self.gold != self.value


@dataclass(frozen=True)
class Wish:
    """Which rows a person wants to see; `limit` is the most, drawn with `seed`."""

    limit: int = FEW
    low_confidence: bool = False
    disagree: bool = False
    label: str | None = None
    keys: Collection[str] = field(default_factory=tuple)
    seed: int = SEED


def read_rows(
    connection: duckdb.DuckDBPyConnection, column: Column, key: str, gold: Mapping[str, str]
) -> list[Row]:
    """Return all rows of a column's table, without texts; `gold` are right answers by key.

    A bare value has the status `ok`, and `unknown` where it is NULL: why is in the store alone.
    """
    name = quoted(column.call.column)
    (described,) = connection.execute(
        f"select any_value(typeof({name})) from {column.relation}"  # noqa: S608
    ).fetchall()
    is_envelope = all(part in str(described[0]) for part in ("status", "prompt_hash"))
    wanted = _ENVELOPE if is_envelope else _BARE
    parts = ", ".join(part.format(name) for part in wanted)
    found = connection.execute(
        f"select cast({key} as varchar), {parts} from {column.relation} "  # noqa: S608
        f"where {key} is not null"
    )
    return [_row(column, gold, *row) for row in found.fetchall()]


_ENVELOPE = (
    "cast(to_json({}.value) as varchar)",
    "{}.status",
    "{}.error",
    "cast(to_json({}) ->> '$.confidence' as double)",
    "{}.model",
    "{}.prompt_hash",
    "cast({}.answered_at as varchar)",
)
_BARE = (
    "cast(to_json({0}) as varchar)",
    "case when {0} is null then 'unknown' else 'ok' end",
    *("null",) * 5,
)


def _row(column: Column, gold: Mapping[str, str], key: str, value: str | None, *rest: Any) -> Row:
    status = str(rest[0])
    answer = None if value is None else column.of(json.loads(value))
    said = None if status != "ok" else column.shown(answer)
    right = column.written(gold.get(key) or "") or None
    return replace(Row(key, said, *rest), gold=right, is_gold=key in gold)


def choose(rows: Sequence[Row], wish: Wish) -> list[Row]:
    """Return the rows that are wanted, in the order in which they are looked at.

    With `keys` these alone, in their order. What a person has judged is left out, unless it is
    where answers disagree; so are rows without a text.
    """
    if wish.keys:
        named = {row.key: row for row in rows}
        return [named[key] for key in wish.keys if key in named]
    fitting = [row for row in rows if row.status != "skipped" and _fits(row, wish)]
    if wish.low_confidence:
        fitting.sort(key=lambda row: _CERTAIN if row.confidence is None else row.confidence)
        return fitting[: wish.limit]
    count = min(wish.limit, len(fitting))
    return random.Random(wish.seed).sample(fitting, count)  # noqa: S311 - draws, keeps no secret


def _fits(row: Row, wish: Wish) -> bool:
    labels = (row.value, *(row.value or "").split(SEPARATOR))
    if wish.label is not None and wish.label not in labels:
        return False
    return is_odd(row) if wish.disagree else not row.is_gold


def is_odd(row: Row) -> bool:
    """Whether anybody has answered otherwise: a person, another prompt, another model."""
    return row.is_wrong or any(other.value != row.value for other in row.others)


def with_reasons(row: Row) -> Row:
    """Return a row with what is odd about it, in words."""
    why = []
    if row.error or row.has_failed:
        why.append(f"{row.status}: {row.error}" if row.error else row.status)
    if row.is_wrong:
        why.append(f"gold says {row.gold or 'nothing'}")
    different = [other for other in row.others if other.value != row.value]
    why += [f"{other.by} said {other.value or 'nothing'}" for other in different]
    return replace(row, why=tuple(why))


def check_label(column: Column, label: str | None) -> None:
    """Raise `ConfigError` for a label that no answer of the column can be."""
    choices = column.choices
    if label is None or (choices is not None and label in choices):
        return
    there = f"it is one of {', '.join(choices)}" if choices else "its answers have no labels"
    message = f"--label: {label!r} is no answer of {column.name}; {there}."
    raise ConfigError(message)
