"""The model's own SQL on a micro-batch, with the functions of a build, in a DuckDB in memory.

The batch stands where the relation that the model reads stands in the warehouse, under the same
name; nothing else is there, and no file can be reached.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from assay.core.errors import ConfigError, RunError, our_words
from assay.engine.run import Run
from assay.hosts.dbt.ai_calls import ASKS
from assay.hosts.duckdb import fence
from assay.hosts.duckdb.quoting import literal, quoted
from assay.hosts.duckdb.udfs import Udfs
from assay.hosts.stream.contract import PAGE, ROUTE, StreamContract
from assay.hosts.stream.routing import StreamedRow

_GATHERED = re.compile(r"\bassay_ask_(value|envelope)\(assay_task\(")
_LOTS = re.compile(
    r"\b(random|uuid|gen_random_uuid|uuidv4|uuidv7|nextval)\s*\(|\busing\s+sample\b|\btablesample\b",
    re.IGNORECASE,
)
"""As in `assay_gather`: a statement that draws lots is not run twice."""

_ENVELOPE = frozenset({"value", "status", "error", "prompt_hash", "answered_at"})
"""Fields by which the column of an envelope is known."""

_PLACE = ("_partition", "_offset")


class ModelFails(Exception):
    """The model's SQL fails on a batch; `reason` is the kind of error, without a text of a row."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class _Shape:
    """What the statement gives: columns to send, and those that are envelopes."""

    sent: Sequence[str]
    envelopes: Sequence[str]


class StreamStatement:
    """Runs the SQL of a contract; `bind` it to a run first."""

    def __init__(self, contract: StreamContract, empty: Any) -> None:
        self._contract = contract
        self._kept: list[Udfs] = []  # DuckDB crashes when it calls one whose object is gone
        self._run: Run | None = None
        self._shape = _Shape((), ())
        database, schema, name = map(quoted, contract.relation)
        self._relation = f"{database}.{schema}.{name}"
        self._connection = duckdb.connect(config={"threads": 2})
        self._connection.execute(f"attach if not exists ':memory:' as {database}")
        self._connection.execute(f"create schema if not exists {database}.{schema}")
        self._connection.execute("set TimeZone = 'UTC'")
        fence.lock(self._connection)
        self._put(empty)

    def bind(self, run: Run) -> None:
        """Let the functions ask in `run` from now on."""
        functions = Udfs(run)
        functions.register(self._connection)
        self._kept.append(functions)
        self._run = run

    def check(self) -> None:
        """Raise `ConfigError` where the statement cannot run, or lacks what a stream needs."""
        try:
            found = self._connection.sql(self._contract.sql)
        except duckdb.Error as error:
            said = our_words(str(error)) or str(error).split("\n")[0].rstrip(" .!")
            message = (
                f"{self._contract.model} cannot run on what is streamed: {said}. It sees what it "
                f"reads, as landed, and nothing else of the warehouse ({PAGE})."
            )
            raise ConfigError(message) from None
        columns = dict(zip(found.columns, found.types, strict=True))
        missing = [name for name in (ROUTE, *_PLACE) if name not in columns]
        if missing:
            message = (
                f"{self._contract.model} gives no {' and no '.join(missing)}; select them: a "
                f"stream sends each row by its route and keeps count of its place ({PAGE})."
            )
            raise ConfigError(message)
        key = self._contract.options.key
        if key is not None and key not in columns:
            message = f"`key` of {self._contract.model} names {key!r}, which is no column of it."
            raise ConfigError(message)
        sent = [name for name in columns if name != ROUTE and not name.startswith("_")]
        self._shape = _Shape(sent, [name for name, kind in columns.items() if _is_envelope(kind)])

    def rows(self, table: Any) -> list[StreamedRow]:
        """Return the rows of the model for the rows of a batch.

        Raises the `RunError` that has stopped the run, and `ModelFails` where the SQL fails.
        """
        run = self._bound()
        try:
            self._put(table)
            self._gather(run)
            self._connection.execute(
                f"create or replace temp table streamed as {self._contract.sql}"
            )
            return list(self._read())
        except duckdb.Error as error:
            if run.stopped is not None:
                raise run.stopped from None
            raise ModelFails(_kind(error)) from None

    def _bound(self) -> Run:
        if self._run is None:
            message = "The statement is bound to no run."
            raise RunError(message)
        return self._run

    def _put(self, table: Any) -> None:
        self._connection.register("arriving", table)
        self._connection.execute(
            f"create or replace table {self._relation} as select * from arriving"  # noqa: S608
        )
        self._connection.unregister("arriving")

    def _gather(self, run: Run) -> None:
        """Queue the texts of the whole batch, as a build does of the whole relation."""
        sql = self._contract.sql
        if ASKS not in sql or _LOTS.search(sql):
            return
        name = literal(self._contract.model)
        gathering = _GATHERED.sub(rf"assay_gather_\1(assay_task_of({name}, ", sql)
        gathering = gathering.replace("assay_peek_", "assay_glance_")
        run.begin_gather(self._contract.model)
        try:
            self._connection.execute(
                f"select max(hash(gathered)) from (\n{gathering}\n) as gathered"  # noqa: S608
            ).fetchall()
        finally:
            run.end_gather()

    def _read(self) -> Iterator[StreamedRow]:
        key = self._contract.options.key
        pairs = ", ".join(f"{literal(name)}: {quoted(name)}" for name in self._shape.sent)
        value = f"cast(to_json({{{pairs}}}) as varchar)" if pairs else "'{}'"
        said = f"cast({quoted(key)} as varchar)" if key else "null"
        found = self._connection.execute(
            f"select _partition, _offset, cast({ROUTE} as varchar), {self._unanswered()}, "  # noqa: S608
            f"{said}, {value} from streamed order by _partition, _offset"
        )
        while rows := found.fetchmany(_AT_ONCE):
            yield from (StreamedRow(*row) for row in rows)

    def _unanswered(self) -> str:
        said = [
            f"case when coalesce({quoted(name)}.status, 'ok') not in ('ok', 'skipped') "
            f"then {literal(name + '=')} || {quoted(name)}.status end"
            for name in self._shape.envelopes
        ]
        return f"concat_ws(', ', {', '.join(said)})" if said else "''"


_AT_ONCE = 2048


def _is_envelope(kind: Any) -> bool:
    return kind.id == "struct" and {name for name, _ in kind.children} >= _ENVELOPE


def _kind(error: duckdb.Error) -> str:
    """Return the kind of an error: what follows may quote a row."""
    return f"the model fails on it: {str(error).partition(':')[0].strip()[:80]}"
