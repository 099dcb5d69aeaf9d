"""Messages to rows: JSON objects with the columns of the contract; all else is a dead letter.

A type is kept to: text is text, a whole number a whole number, as JSON has them. What a message
holds beyond the contract stays in `_raw`, so that events may grow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from assay.hosts.duckdb.quoting import literal, quoted
from assay.hosts.stream.contract import POSITION, StreamContract
from assay.hosts.stream.messages import Message
from assay.hosts.stream.routing import DeadLetter

NO_VALUE = "it has no value (a tombstone)"
NO_UTF8 = "its value is no UTF-8"
NO_JSON = "its value is no JSON"
NO_OBJECT = "its value is JSON, but no object"

_WHOLE = frozenset(
    f"{sign}{size}"
    for sign in ("", "U")
    for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
) | {"INT"}
_NUMBERS = ("DOUBLE", "FLOAT", "REAL", "DECIMAL", "NUMERIC")
_TEXTS = ("VARCHAR", "TEXT", "STRING", "CHAR")
_NESTED = ("STRUCT", "MAP", "UNION")

_RAW = pa.schema(
    [
        ("_topic", pa.string()),
        ("_partition", pa.int32()),
        ("_offset", pa.int64()),
        ("_at", pa.int64()),
        ("_key", pa.string()),
        ("_raw", pa.string()),
    ]
)


class Decoder:
    """Makes a table of a batch, with a connection of its own that reaches no file."""

    def __init__(self, contract: StreamContract) -> None:
        self._contract = contract
        self._connection = duckdb.connect(config={"threads": 2})
        self._connection.execute("set enable_external_access = false; set TimeZone = 'UTC'")
        self._sql = _statement(contract.columns, contract.options.required)

    def check(self) -> pa.Table:
        """Return the table of no message; raises an error of DuckDB for a type that is none."""
        return self._typed([])[0]

    def decode(self, batch: Sequence[Message]) -> tuple[pa.Table, list[DeadLetter]]:
        """Return the rows of a batch in its order, and what is none with its reason."""
        letters = [
            DeadLetter(message, reason) for message in batch if (reason := self._refused(message))
        ]
        refused = {letter.message.place for letter in letters}
        readable = [message for message in batch if message.place not in refused]
        table, wrong = self._typed(readable)
        places = {message.place: message for message in readable}
        letters += [DeadLetter(places[place], reason) for place, reason in wrong.items()]
        return table, letters

    def _refused(self, message: Message) -> str:
        """Return why the bytes of a message cannot be read; blank where they can."""
        if message.value is None:
            return NO_VALUE
        if (most := self._contract.options.max_bytes) < (size := len(message.value)):
            return f"its value has {size} bytes, more than the {most} of `max_bytes`"
        try:
            message.value.decode()
        except UnicodeDecodeError:
            return NO_UTF8
        return ""

    def _typed(self, batch: Sequence[Message]) -> tuple[pa.Table, dict[tuple[int, int], str]]:
        self._connection.register("arriving", pa.Table.from_pylist(list(_raw(batch)), _RAW))
        found = self._connection.execute(self._sql).to_arrow_table()
        reasons = found["reason"].to_pylist()
        wrong = {
            (row["_partition"], row["_offset"]): str(row["reason"])
            for row in found.select(["_partition", "_offset", "reason"]).to_pylist()
            if row["reason"]
        }
        keeps = pa.array([not reason for reason in reasons], pa.bool_())
        return found.drop_columns(["reason"]).filter(keeps), wrong


def _raw(batch: Sequence[Message]) -> Iterator[dict[str, Any]]:
    for message in batch:
        yield {
            "_topic": message.topic,
            "_partition": message.partition,
            "_offset": message.offset,
            "_at": max(message.at_ms, 0),
            "_key": None if message.key is None else message.key.decode(errors="replace"),
            "_raw": (message.value or b"").decode(),
        }


def _statement(columns: Mapping[str, str], required: Sequence[str]) -> str:
    """Return the SELECT that types raw messages and says in `reason` what is wrong with each."""
    values = ", ".join(f"{_value(name, kind)} as {quoted(name)}" for name, kind in columns.items())
    wrong = ", ".join(_wrong(name, kind) for name, kind in columns.items())
    missing = "".join(
        f", case when {quoted(name)} is null then {literal(f'it lacks `{name}`')} end"
        for name in required
    )
    names = ", ".join(map(quoted, columns))
    place = ", ".join(name for name in POSITION if name != "_at")
    return f"""
        with read as (
            select *, try_cast(_raw as json) as _any from arriving
        ),
        objects as (
            select *, case when json_type(_any) = 'OBJECT' then _any end as _json from read
        ),
        typed as (
            select
                * exclude (_at), make_timestamp(_at * 1000) as _at, {values}
            from objects
        )
        select {names}, {place}, _at, case
            when _any is null then {literal(NO_JSON)}
            when _json is null then {literal(NO_OBJECT)}
            else concat_ws('; ', {wrong}{missing}) end as reason
        from typed
        order by _partition, _offset
    """  # noqa: S608 - names and values are quoted, types are the project's own


def _path(name: str) -> str:
    return literal("/" + name.replace("~", "~0").replace("/", "~1"))


def _base(kind: str) -> str:
    return kind.upper().partition("(")[0].strip()


def _is_nested(kind: str) -> bool:
    return kind.strip().endswith("]") or _base(kind) in _NESTED


def _value(name: str, kind: str) -> str:
    if _base(kind) == "JSON":
        return f"json_extract(_json, {_path(name)})"
    if _is_nested(kind):
        return f"try_cast(json_extract(_json, {_path(name)}) as {kind})"
    return f"try_cast(json_extract_string(_json, {_path(name)}) as {kind})"


def _wrong(name: str, kind: str) -> str:
    """Return SQL for what is wrong with the column of a message; NULL where nothing is."""
    there = f"json_type(_json, {_path(name)})"
    reason = literal(f"`{name}` is no {kind}")
    taken = _taken(kind)
    other = f"{there} not in ({', '.join(map(literal, taken))}) or " if taken else ""
    is_there = f"coalesce({there}, 'NULL') <> 'NULL'"
    return f"case when {is_there} and ({other}{quoted(name)} is null) then {reason} end"


def _taken(kind: str) -> tuple[str, ...]:
    """Return the types of JSON that a column takes; none where its cast alone decides."""
    base = _base(kind)
    if base == "JSON":
        return ()
    if _is_nested(kind):
        return ("ARRAY",) if kind.strip().endswith("]") else ("OBJECT",)
    if base in _WHOLE:
        return ("BIGINT", "UBIGINT")
    if base in _NUMBERS:
        return ("BIGINT", "UBIGINT", "DOUBLE")
    return ("BOOLEAN",) if base in ("BOOLEAN", "BOOL") else ("VARCHAR",)
