"""A gate of the DAG: what the Python models `gate_<layer>` do with the tables of their layer.

Results are in the store before a red gate raises: dbt rolls the failing model's table back.
"""

from __future__ import annotations

import contextlib
import datetime
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from assay.core.clock import now_utc
from assay.core.errors import GateError
from assay.core.plural import counted
from assay.core.project import Project
from assay.hosts.dbt.layers import GATE_PREFIX
from assay.hosts.dbt.project_folder import target_of
from assay.project.gates.checks import broken, broken_promise
from assay.project.gates.data_docs import page, write_page
from assay.project.gates.frames import explained, frame_of
from assay.project.gates.inventory import SUITES
from assay.project.gates.lock import Breach, kept_from, promised_gates
from assay.project.gates.records import BROKEN, Result
from assay.project.gates.sentences import sentence
from assay.project.gates.suites import SuiteError, load_suite
from assay.project.gates.unchanged import Unchanged
from assay.project.gates.verdict import reasons, red_lines
from assay.store import GateRow, Ledger, Store, queries

if TYPE_CHECKING:
    import pyarrow as pa

DATA_DOCS = "data_docs"
"""The folder of the page, in the one that dbt writes to."""

_Relations = Mapping[str, duckdb.DuckDBPyRelation]
_COLUMNS = {
    "invocation_id": "string",
    "gate": "string",
    "suite": "string",
    "expectation": "string",
    "column_name": "string",
    "threshold": "string",
    "place": "int64",
    "row_count": "int64",
    "evaluated": "int64",
    "minimum_evaluated": "int64",
    "unexpected": "int64",
    "unexpected_share": "float64",
    "checked_at": "timestamp[us]",
}
"""What a gate's table holds, by the types of Arrow."""


@dataclass(frozen=True, slots=True)
class Gatekeeper:
    """Runs gates for one dbt invocation: in its `project`; `store` keeps the results."""

    store: Store
    invocation_id: str
    project: Project

    def check(self, gate: str, relations: _Relations) -> pa.Table:
        """Run the suites of a gate over its relations and return a row for each expectation.

        Results are recorded and the page is written whatever they are; then `GateError` is raised
        with a line for each red one.
        """
        folder, unchanged = suites_of(gate), Unchanged(self.project.target)
        found = tuple(self._results(gate, relations, unchanged))
        broken_suites = {result.suite for result in found if result.expectation == BROKEN}
        results = (*found, *self._unkept(gate, broken_suites))
        checked_at = now_utc()
        rows = [_row(self.invocation_id, gate, result, checked_at) for result in results]
        self._record(rows, unchanged.known)
        unchanged.save()
        if lines := red_lines(gate, results, str(folder)):
            raise GateError("\n".join([f"{gate} is red; what it guards is skipped.", *lines]))
        import pyarrow as pa  # a build that only sums up has no need of it

        schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in _COLUMNS.items()])
        return pa.Table.from_pylist([_shown(row) for row in rows], schema=schema)

    def _results(self, gate: str, relations: _Relations, unchanged: Unchanged) -> Iterator[Result]:
        folder = self.project.root / suites_of(gate)
        for name in sorted({*relations, *(path.stem for path in folder.glob("*.json"))}):
            if name in relations:
                yield from _checked(gate, folder / f"{name}.json", relations[name], unchanged)
            else:
                error = "the gate does not read this model; add it to the gate's `dbt.ref`s"
                yield broken(name, error)

    def _unkept(self, gate: str, broken_suites: Collection[str]) -> Iterator[Result]:
        """Yield what the lock promises for the layer of a gate and is not checked any more.

        Of a broken suite enough was said.

        Where the manifest of this very run is on disk, tests and models are looked at, too.
        """
        breaches = kept_from(self.project.root, self._manifest(), {})
        gates = promised_gates(self.project.root)
        spoken_for = [
            breach
            for breach in breaches
            if _speaks_for(gate, breach, gates) and Path(breach.suite).name not in broken_suites
        ]
        for place, breach in enumerate(spoken_for):
            yield broken_promise(Path(breach.suite).name or "(lock)", place, breach.line)

    def _manifest(self) -> dict[str, Any] | None:
        try:
            file = self.project.target / "manifest.json"
            manifest: dict[str, Any] = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        written_by = manifest.get("metadata", {}).get("invocation_id")
        return manifest if written_by == self.invocation_id else None

    def _record(self, rows: Sequence[GateRow], known: Collection[str]) -> None:
        """Put `rows` into the store and write the page of this run so far."""
        self.store.record_gate(rows)
        gates = _by_gate(self.store.read(queries.GateRows(self.invocation_id)))
        said = dict(_sentences(self.project.root, gates, known))
        html = page(gates, self.invocation_id, now_utc(), said)
        write_page(self.project.target / DATA_DOCS, html)


def summary(store: Ledger, invocation_id: str) -> tuple[list[str], list[str]]:
    """Return a line on what the gates of a run checked, none where none ran, and the red ones."""
    rows = store.read(queries.GateRows(invocation_id))
    if not rows:
        return [], []
    gates, red = _by_gate(rows), red_gates(rows)
    page_file = target_of(Path()) / DATA_DOCS / "index.html"
    verdict = f"{len(red):,} red" if red else "all green"
    looked = f"{counted(len(rows), 'expectation')} in {', '.join(gates)}"
    head = f"Gates   {looked}: {verdict}; see {page_file}"
    return [head], [f"Red     {line}" for line in red]


def red_gates(rows: Sequence[GateRow]) -> list[str]:
    """Return a line for each red result of a run: what was expected, and what to do."""
    return [
        line
        for gate, results in _by_gate(rows).items()
        for line in red_lines(gate, results, str(suites_of(gate)))
    ]


def suites_of(gate: str) -> Path:
    """Return the folder of a gate's suites, within the project."""
    return SUITES / gate.removeprefix(GATE_PREFIX)


def _speaks_for(gate: str, breach: Breach, gates: Sequence[str]) -> bool:
    """Whether it is this gate that says so: that of the layer, else the second of the project.

    The second guards what was answered; the only one where there is no other.
    """
    own = f"{GATE_PREFIX}{breach.layer}"
    return gate == own or (own not in gates and gate in (gates[1:2] or gates or [gate]))


def _by_gate(rows: Iterable[GateRow]) -> dict[str, list[Result]]:
    """Return the results of each gate, in the order in which the store gives them."""
    found = groupby(rows, lambda row: row.gate)
    return {gate: [result_of(row) for row in its_rows] for gate, its_rows in found}


def _sentences(
    root: Path, gates: Mapping[str, Sequence[Result]], known: Collection[str]
) -> Iterator[tuple[tuple[str, str, int], str]]:
    """Yield what each expectation says, as its suite has it; nothing of a suite that is broken."""
    for gate, results in gates.items():
        for name in dict.fromkeys(result.suite for result in results):
            with contextlib.suppress(SuiteError):
                suite = load_suite(root / suites_of(gate) / f"{name}.json", known)
                for place, item in enumerate(suite.expectations):
                    yield (gate, name, place), sentence(item)


def _checked(
    gate: str, path: Path, relation: duckdb.DuckDBPyRelation, unchanged: Unchanged
) -> tuple[Result, ...]:
    try:
        suite = load_suite(path, unchanged.known)
        return unchanged.run(gate, suite, frame_of(relation, suite))
    except SuiteError as error:
        return (broken(path.stem, str(error)),)
    except duckdb.Error as error:
        return (broken(path.stem, f"its frame cannot be read: {explained(error)}"),)


def _row(invocation_id: str, gate: str, result: Result, checked_at: str) -> GateRow:
    return GateRow(
        invocation_id=invocation_id,
        gate=gate,
        reasons=", ".join(reasons(result)),
        checked_at=checked_at,
        **asdict(result),
    )


def result_of(row: GateRow) -> Result:
    """Return a row of the store as what came of its expectation."""
    return Result(**{field.name: getattr(row, field.name) for field in fields(Result)})


def _shown(row: GateRow) -> dict[str, object]:
    shown = {name: getattr(row, name) for name in _COLUMNS}
    return shown | {"checked_at": datetime.datetime.fromisoformat(row.checked_at)}
