"""What the warehouse says: every AI column as it stands, accepted label shares, row gates.

AI columns are found by their type, the envelope. Counts leave the warehouse, and labels of the
task on record; no other value does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from assay.core.errors import ConfigError
from assay.core.program import program
from assay.core.task import Labelled
from assay.hosts.duckdb.quoting import literal, quoted
from assay.hosts.duckdb.warehouse import open_warehouse
from assay.project.report.drift import psi
from assay.project.report.facts import (
    FOREIGN,
    NONE,
    ColumnFacts,
    Histogram,
    Measured,
    RuleFacts,
    Shares,
    State,
    Warehouse,
    plain,
)
from assay.project.report.specs import labelled, scale, short

MOST_COLUMNS = 24
"""How many AI columns a report shows; the rest is counted."""

BINS = 10

_COPIES = ("_checked", "_passed", "_quarantined")
"""Tables that a row gate makes of another one."""

_ENVELOPES = """
    select schema_name, table_name, column_name, data_type
    from duckdb_columns()
    where
        data_type like 'STRUCT("value" %'
        and data_type like '%, status VARCHAR, %confidence DOUBLE, %prompt_hash VARCHAR, %'
        and (schema_name, table_name) in (select (schema_name, table_name) from duckdb_tables())
    order by schema_name, table_name, column_index
"""

Specs = Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Place:
    """An envelope column: where it is and of which type."""

    schema: str
    table: str
    column: str
    type: str

    @property
    def relation(self) -> str:
        """The table, as SQL names it, under the name `t`."""
        return f"{quoted(self.schema)}.{quoted(self.table)} as t"

    def get(self, *fields: str) -> str:
        """The SQL of a field of the envelope."""
        found = f"t.{quoted(self.column)}"
        for name in fields:
            found = f"struct_extract({found}, {literal(name)})"
        return found


@dataclass(frozen=True, slots=True)
class Accepted:
    """The rows of `ops_label_shares` by model and value; `invocation_id` is the run reported."""

    rows: Mapping[tuple[str, str], Sequence[tuple[Any, ...]]]
    specs: Specs
    invocation_id: str

    def states(self, table: str, path: str, fields: Sequence[str]) -> list[State]:
        """Return what was accepted of a value, the oldest first."""
        counted: dict[tuple[str, str, str], list[tuple[str | None, int]]] = defaultdict(list)
        for accepted_at, invocation_id, prompt_hash, label, count in self.rows.get(
            (table, path), ()
        ):
            counted[str(accepted_at), invocation_id, prompt_hash].append((label, count))
        return [
            State(*name, _guarded(counts, self._labels(name[2], fields)))
            for name, counts in sorted(counted.items())
        ]

    def _labels(self, prompt_hash: str, fields: Sequence[str]) -> frozenset[str]:
        tasks = labelled(*self.specs.get(prompt_hash, ("", "")))
        found = [one.labels for one in tasks if one.fields == tuple(fields)]
        return frozenset().union(*found)


def read_warehouse(path: Path, specs: Specs, invocation_id: str) -> Warehouse:
    """Return what the warehouse at `path` says, or in one line why it cannot be read."""
    if not path.exists():
        return Warehouse(trouble=f"There is no warehouse at {path}; run {program('build')}.")
    try:
        with open_warehouse(path) as connection:
            return _read(connection, specs, invocation_id)
    except (ConfigError, duckdb.Error) as error:
        first = str(error).strip().splitlines()[0]
        return Warehouse(trouble=f"The warehouse could not be read: {plain(first, 300)}")


def _read(connection: duckdb.DuckDBPyConnection, specs: Specs, invocation_id: str) -> Warehouse:
    places = list(_places(connection))
    accepted = _accepted(connection, specs, invocation_id)
    return Warehouse(
        columns=[_column(connection, place, specs, accepted) for place in places[:MOST_COLUMNS]],
        left_out=max(0, len(places) - MOST_COLUMNS),
        rules=_rules(connection),
        measured=_measured(connection),
    )


def _places(connection: duckdb.DuckDBPyConnection) -> Iterator[_Place]:
    """Yield the envelope columns of tables, without the copies that row gates make of them."""
    rows = connection.execute(_ENVELOPES).fetchall()
    tables = {(schema, table) for schema, table, _, _ in rows}
    for row in rows:
        schema, table = row[0], row[1]
        origins = {(schema, table.removesuffix(copy)) for copy in _COPIES} - {(schema, table)}
        if not origins & tables:
            yield _Place(*row)


# A column


def _column(
    connection: duckdb.DuckDBPyConnection,
    place: _Place,
    specs: Specs,
    accepted: Accepted,
) -> ColumnFacts:
    prompts = _prompts(connection, place)
    prompt_hash, model = prompts[0] if prompts else ("", "")
    kind, spec = specs.get(prompt_hash, ("", ""))
    return ColumnFacts(
        table=plain(f"{place.schema}.{place.table}", 120),
        name=plain(place.column, 120),
        kind=kind or "not on record",
        spec=short(kind, spec) if kind else "",
        model=plain(model, 120),
        prompt_hash=plain(prompt_hash, 32),
        other_prompts=max(0, len({one for one, _ in prompts}) - 1),
        statuses=_statuses(connection, place),
        nulls=_nulls(connection, place),
        confidence=_histogram(connection, place, place.get("confidence"), (0.0, 1.0)),
        scores=_scores(connection, place, kind, spec),
        shares=[
            _shares(one, prompt_hash, counts, place, accepted)
            for one in labelled(kind, spec)
            if (counts := _present(connection, place, one, prompt_hash)) is not None
        ],
    )


def _prompts(connection: duckdb.DuckDBPyConnection, place: _Place) -> list[tuple[str, str]]:
    """Return prompt hash and model of the answers, the latest first; without any, of failures."""
    query = (
        f"select coalesce({place.get('prompt_hash')}, ''), coalesce({place.get('model')}, '') "  # noqa: S608
        f"from {place.relation} where {place.get('prompt_hash')} is not null "
        f"and {place.get('status')} <> 'skipped' group by all "
        f"order by bool_or({place.get('status')} = 'ok') desc, max({place.get('answered_at')}) "
        "desc nulls last, 1, 2"
    )
    return connection.execute(query).fetchall()


def _statuses(connection: duckdb.DuckDBPyConnection, place: _Place) -> dict[str, int]:
    query = (
        f"select coalesce({place.get('status')}, '(none)'), count(*) "  # noqa: S608
        f"from {place.relation} group by 1 order by 2 desc, 1 limit 20"
    )
    rows = connection.execute(query).fetchall()
    return {plain(status, 40): count for status, count in rows}


def _nulls(connection: duckdb.DuckDBPyConnection, place: _Place) -> int:
    query = (
        f"select count(*) from {place.relation} "  # noqa: S608
        f"where {place.get('status')} = 'ok' and {place.get('value')} is null"
    )
    return int(connection.execute(query).fetchall()[0][0])


def _scores(
    connection: duckdb.DuckDBPyConnection, place: _Place, kind: str, spec: str
) -> Histogram | None:
    """Return how scores, or the quality of records, are spread."""
    ends = scale(kind, spec)
    if ends is not None and place.type.startswith('STRUCT("value" DOUBLE'):
        return _histogram(connection, place, place.get("value"), ends)
    if kind == "assess" and "quality_score INTEGER" in place.type:
        value = place.get("value", "quality_score")
        return _histogram(connection, place, value, (0.0, 100.0))
    return None


def _histogram(
    connection: duckdb.DuckDBPyConnection, place: _Place, value: str, ends: tuple[float, float]
) -> Histogram | None:
    low, high = ends
    query = (
        f"select least({BINS - 1}, greatest(0, floor(({value} - {low}) / {high - low} * {BINS}))) "  # noqa: S608
        f"::integer, count(*), sum({value}) from {place.relation} "
        f"where {place.get('status')} = 'ok' and isfinite({value}::double) group by 1"
    )
    rows = connection.execute(query).fetchall()
    if not rows:
        return None
    counts = {place: count for place, count, _ in rows}
    middle = f"select median({value}) from {place.relation} where {place.get('status')} = 'ok'"  # noqa: S608
    (median,) = connection.execute(middle).fetchall()[0]
    total = sum(counts.values())
    mean = sum(summed for _, _, summed in rows) / total
    return Histogram(low, high, [counts.get(bin_, 0) for bin_ in range(BINS)], mean, median)


# Its labels


def _shares(
    one: Labelled,
    prompt_hash: str,
    counts: Mapping[str, int],
    place: _Place,
    accepted: Accepted,
) -> Shares:
    path = ".".join([place.column, "value", *one.fields])
    states = accepted.states(place.table, path, one.fields)
    before = [
        state.counts
        for state in states
        if state.prompt_hash == prompt_hash and state.invocation_id != accepted.invocation_id
    ]
    return Shares(
        path=plain(path, 160),
        now=State("", "", prompt_hash, counts),
        accepted=states,
        psi=psi(before[-1], counts) if before else None,
        psi_first=psi(before[0], counts) if before else None,
    )


def _present(
    connection: duckdb.DuckDBPyConnection, place: _Place, one: Labelled, prompt_hash: str
) -> dict[str, int] | None:
    """Return the counts of its labels; None where the column is of another shape by now."""
    value = place.get("value", *one.fields)
    label = f"unnest({value})" if one.many else value
    known = ", ".join(map(literal, sorted(one.labels)))
    query = (
        f"select case when label is null or list_contains([{known}]::varchar[], label) then label "  # noqa: S608
        f"else {literal(FOREIGN)} end, count(*) "
        f"from (select ({label})::varchar as label from {place.relation} where "
        f"{place.get('status')} = 'ok' and {place.get('prompt_hash')} = {literal(prompt_hash)}) "
        "group by 1"
    )
    try:
        rows = connection.execute(query).fetchall()
    except (duckdb.BinderException, duckdb.ConversionException):
        return None
    return _guarded(rows, one.labels)


def _guarded(rows: Iterable[tuple[str | None, int]], labels: frozenset[str]) -> dict[str, int]:
    """Sum counts by label; whatever is no label of the task is one entry without its value."""
    counts: dict[str, int] = defaultdict(int)
    for label, count in rows:
        known = NONE if label in (None, NONE) else label
        counts[known if known in labels or known == NONE else FOREIGN] += count
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _accepted(connection: duckdb.DuckDBPyConnection, specs: Specs, invocation_id: str) -> Accepted:
    names = ("model_name", "column_name", "accepted_at", "invocation_id", "prompt_hash")
    found: dict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for row in _ops_rows(connection, "ops_label_shares", (*names, "label", "row_count")):
        found[row[0], row[1]].append(row[2:])
    return Accepted(found, specs, invocation_id)


# The row gates


def _rules(connection: duckdb.DuckDBPyConnection) -> list[RuleFacts] | None:
    names = ("model_name", "rule_id", "what", "checked_count", "quarantined_count")
    rows = _ops_rows(connection, "ops_row_gates", (*names, "violating_count"))
    if not rows:
        return None
    return [RuleFacts(plain(row[0]), plain(row[1]), plain(row[2]), *row[3:]) for row in rows]


def _measured(connection: duckdb.DuckDBPyConnection) -> list[Measured]:
    names = ("invocation_id", "kpi", "unit", "value", "target", "counted", "is_met")
    rows = _ops_rows(connection, "ops_kpis", ("measured_at", *names))
    return [Measured(*row[1:]) for row in rows]


def _ops_rows(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Return these columns of the one table of that name; nothing where it has them not."""
    query = (
        "select schema_name, list(column_name) from duckdb_columns() "  # noqa: S608 - quoted
        f"where table_name = {literal(table)} group by 1 order by schema_name"
    )
    for schema, there in connection.execute(query).fetchall():
        if set(columns) <= set(there):
            chosen = ", ".join(map(quoted, columns))
            return connection.execute(
                f"select {chosen} from {quoted(schema)}.{quoted(table)} order by all"  # noqa: S608
            ).fetchall()
    return []
