"""What becomes of proposals: accepted, rejected, undone, by a person or by a stated rule."""

# ruff: noqa: S608 - names and values come in through `sql`, quoted
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import duckdb

from assay.core.clock import now_utc
from assay.core.errors import ConfigError
from assay.core.plural import counted
from assay.project.suggestions import sql
from assay.project.suggestions.relations import Relation
from assay.store import Decision, Repair, Store, queries

RULE = "rule: "
"""Begins the name of who decided where a condition did."""

_COLUMNS = {field.name: "varchar" for field in fields(Repair)} | {"confidence": "double"}


@dataclass(frozen=True, slots=True)
class RepairDesk:
    """The repairs of one relation, `schema.table`; a decision is on record when it returns."""

    store: Store
    relation: str

    @property
    def repairs(self) -> list[Repair]:
        """All of them with their last decision, the surest first."""
        return self.store.read(queries.RepairsOf(self.relation))

    def propose(self, found: Sequence[Repair]) -> None:
        """Put proposals in the place of those that nobody has decided about.

        Raises `ConfigError` where what was accepted names its rows by another column.
        """
        keys = {each.key_column for each in self.repairs if each.status == "accepted"}
        if found and keys - {found[0].key_column}:
            message = (
                f"Repairs of {self.relation} that were accepted name rows by {keys.pop()!r}, not "
                f"{found[0].key_column!r}; give that key, or undo them first."
            )
            raise ConfigError(message)
        self.store.propose(self.relation, found)

    def named(self, prefixes: Sequence[str]) -> list[Repair]:
        """Return the repairs whose ids begin so; `ConfigError` where it is none, or several."""
        found = self.repairs
        return [_only(found, self.relation, prefix) for prefix in prefixes]

    def accept(self, chosen: Sequence[Repair], by: str) -> int:
        """Accept repairs; return how many were not accepted before.

        Raises `ConfigError` where another repair of the same cell is accepted.
        """
        taken = {_cell(each): each for each in self.repairs if each.status == "accepted"}
        for each in chosen:
            other = taken.setdefault(_cell(each), each)
            if other.id != each.id:
                message = (
                    f"{each.id} and {other.id} mend the same cell; undo the one that is accepted, "
                    "or accept only one."
                )
                raise ConfigError(message)
        return self._decide([each for each in chosen if each.status != "accepted"], "accepted", by)

    def reject(self, chosen: Sequence[Repair], by: str) -> int:
        """Reject repairs, which are not proposed again; return how many were not rejected yet.

        Raises `ConfigError` for one that is accepted: it is undone, not rejected.
        """
        for each in chosen:
            if each.status == "accepted":
                message = f"{each.id} is accepted; take it back with --undo {each.id}."
                raise ConfigError(message)
        return self._decide([each for each in chosen if each.status != "rejected"], "rejected", by)

    def undo(self, chosen: Sequence[Repair], by: str) -> int:
        """Take decisions back; raises `ConfigError` where there is none to take back."""
        for each in chosen:
            if each.status not in ("accepted", "rejected"):
                message = f"{each.id} is {each.status}: there is nothing to undo."
                raise ConfigError(message)
        return self._decide(chosen, "undone", by)

    def accept_where(self, connection: duckdb.DuckDBPyConnection, condition: str) -> int:
        """Accept what nobody has decided about and a condition in SQL holds of; return how many.

        Raises `ConfigError` for a condition that cannot be read.
        """
        waiting = [each for each in self.repairs if each.status == "proposed"]
        held = _held(connection, waiting, condition)
        return self.accept([each for each in waiting if each.id in held], f"{RULE}{condition}")

    def _decide(self, chosen: Sequence[Repair], decision: Decision, by: str) -> int:
        self.store.decide([each.id for each in chosen], decision, now_utc(), by)
        return len(chosen)


def stale(
    connection: duckdb.DuckDBPyConnection, table: Relation, found: Sequence[Repair]
) -> set[str]:
    """Return the accepted repairs whose row is gone, or has another value than `before` now."""
    accepted = [each for each in found if each.status == "accepted"]
    here = {name for name, *_ in connection.execute(f"describe {table.sql}").fetchall()}
    held: set[str] = set()
    for key, column in sorted({(each.key_column, each.column_name) for each in accepted}):
        if {key, column} <= here:
            _put(connection, [each for each in accepted if each.column_name == column])
            rows = connection.execute(
                "select asked.id from assay_repairs_asked as asked "
                f"inner join {table.sql} as held on held.{sql.name(key)}::varchar = asked.row_key "
                f"where held.{sql.name(column)}::varchar is not distinct from asked.before"
            ).fetchall()
            held |= {name for (name,) in rows}
    return {each.id for each in accepted} - held


def summary(found: Sequence[Repair], aged: set[str]) -> str:
    """Return how many repairs there are of each kind, in words."""
    kinds = ("proposed", "accepted", "rejected", "undone")
    counts = [(kind, sum(each.status == kind for each in found)) for kind in kinds]
    said = ", ".join(f"{count:,} {kind}" for kind, count in counts if count or kind == "proposed")
    late = (
        f"; of {counted(len(aged), 'accepted repair')} the row has changed since" if aged else ""
    )
    return f"{said}{late}"


def _only(found: Sequence[Repair], relation: str, prefix: str) -> Repair:
    mine = [each for each in found if each.id.startswith(prefix.strip().lower())]
    if len(mine) == 1:
        return mine[0]
    what = (
        f"{len(mine)} repairs of {relation} begin" if mine else f"No repair of {relation} begins"
    )
    message = f"{what} with {prefix!r}; take an id from the list that `assay repair` prints."
    raise ConfigError(message)


def _cell(each: Repair) -> tuple[str, str, str | None]:
    return (each.row_key, each.column_name, each.before)


def _held(
    connection: duckdb.DuckDBPyConnection, found: Sequence[Repair], condition: str
) -> set[str]:
    """Return the ids of the repairs that a condition holds of."""
    _put(connection, found)
    try:
        query = f"select id from assay_repairs_asked where ({condition}\n)"
        return {name for (name,) in connection.execute(query).fetchall()}
    except duckdb.Error as error:
        message = (
            f"The condition {condition!r} cannot be read: {str(error).splitlines()[0]} Write SQL "
            f"over {', '.join(_COLUMNS)}: reason = 'dependency' and confidence >= 0.95."
        )
        raise ConfigError(message) from None


def _put(connection: duckdb.DuckDBPyConnection, found: Sequence[Repair]) -> None:
    """Let SQL see repairs as the temporary table `assay_repairs_asked`."""
    import pyarrow as pa

    columns = {name: [getattr(each, name) for each in found] for name in _COLUMNS}
    kinds = {
        name: pa.float64() if kind == "double" else pa.string() for name, kind in _COLUMNS.items()
    }
    connection.register("assay_repairs_given", pa.table(columns, schema=pa.schema(kinds)))
    connection.execute(
        "create or replace temp table assay_repairs_asked as select * from assay_repairs_given"
    )
    connection.unregister("assay_repairs_given")
