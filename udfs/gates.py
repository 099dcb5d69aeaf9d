"""A gate of the DAG: what the Python models `gate_<layer>` do with the tables of their layer.

Results are in the store before a red gate raises: dbt rolls the failing model's table back.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from functools import partial
from itertools import groupby
from pathlib import Path

import duckdb
import pyarrow as pa

from quality.checks import broken, known_expectations, run_suite
from quality.data_docs import page, write_page
from quality.frames import explained, frame_of
from quality.records import Result
from quality.suites import SuiteError, load_suite
from quality.verdict import reasons, red_lines
from udfs.clock import now_utc
from udfs.errors import GateError
from udfs.store import Store
from udfs.store.gates import GateRow, gate_rows, put_gate_rows

SUITES = Path("quality/suites")
DATA_DOCS = Path("target/data_docs")
PREFIX = "gate_"

_Relations = Mapping[str, duckdb.DuckDBPyRelation]
_SCHEMA = pa.schema(
    [
        ("invocation_id", pa.string()),
        ("gate", pa.string()),
        ("suite", pa.string()),
        ("relation", pa.string()),
        ("expectation", pa.string()),
        ("column_name", pa.string()),
        ("threshold", pa.string()),
        ("place", pa.int64()),
        ("row_count", pa.int64()),
        ("evaluated", pa.int64()),
        ("minimum_evaluated", pa.int64()),
        ("unexpected", pa.int64()),
        ("unexpected_share", pa.float64()),
        ("checked_at", pa.timestamp("us")),
    ]
)


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """Runs gates for one dbt invocation: `project` is dbt's folder, `store` keeps the results."""

    store: Store
    invocation_id: str
    project: Path

    def check(self, gate: str, relations: _Relations) -> pa.Table:
        """Run the suites of a gate over its relations and return a row for each expectation.

        Results are recorded and the page is written whatever they are; then `GateError` is raised
        with a line for each red one.
        """
        folder = SUITES / gate.removeprefix(PREFIX)
        results = tuple(self._results(self.project / folder, relations))
        rows = [_row(self.invocation_id, gate, result, now_utc()) for result in results]
        self._record(rows)
        if lines := red_lines(gate, results, str(folder)):
            raise GateError("\n".join([f"{gate} is red; what it guards is skipped.", *lines]))
        return pa.Table.from_pylist([_shown(row) for row in rows], schema=_SCHEMA)

    def _results(self, folder: Path, relations: _Relations) -> Iterator[Result]:
        known = known_expectations()
        for name in sorted({*relations, *(path.stem for path in folder.glob("*.json"))}):
            if name in relations:
                yield from _checked(folder / f"{name}.json", relations[name], known)
            else:
                error = "the gate does not read this model; add it to the gate's `dbt.ref`s"
                yield broken(name, name, error)

    def _record(self, rows: Iterable[GateRow]) -> None:
        """Put `rows` into the store and write the page of this run so far."""
        self.store.transact([partial(put_gate_rows, rows=rows)])
        (known,) = self.store.transact([partial(gate_rows, invocation_id=self.invocation_id)])
        gates = {gate: [_result(row) for row in found] for gate, found in by_gate(known)}
        write_page(self.project / DATA_DOCS, page(gates, self.invocation_id, now_utc()))


def by_gate(rows: Iterable[GateRow]) -> Iterator[tuple[str, list[GateRow]]]:
    """Yield each gate of a run with its rows; they come as the store gives them."""
    for gate, found in groupby(rows, lambda row: row.gate):
        yield gate, list(found)


def _checked(
    path: Path, relation: duckdb.DuckDBPyRelation, known: frozenset[str]
) -> tuple[Result, ...]:
    try:
        suite = load_suite(path, known)
        return run_suite(suite, frame_of(relation, suite))
    except SuiteError as error:
        return (broken(path.stem, path.stem, str(error)),)
    except duckdb.Error as error:
        return (broken(path.stem, path.stem, f"its frame cannot be read: {explained(error)}"),)


def _row(invocation_id: str, gate: str, result: Result, checked_at: str) -> GateRow:
    return GateRow(
        invocation_id=invocation_id,
        gate=gate,
        reasons=", ".join(reasons(result)),
        checked_at=checked_at,
        **asdict(result),
    )


def _result(row: GateRow) -> Result:
    return Result(**{field.name: getattr(row, field.name) for field in fields(Result)})


def _shown(row: GateRow) -> dict[str, object]:
    shown = {name: getattr(row, name) for name in _SCHEMA.names}
    return shown | {"checked_at": datetime.datetime.fromisoformat(row.checked_at)}
