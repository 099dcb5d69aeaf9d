"""How good the suggestions are, by cell: `scripts/measure-suggestions`, as Markdown.

For each folder with a `dirty.csv` and a `clean.csv` the dirty table alone is profiled and given to
the embedded provider; then the cells that its expectations do not accept are held against those
where the two files differ; `told` counts the remarks, too, which expect nothing. The suite,
accepted as it is, runs in Great Expectations as well, and must count the same.
"""

# ruff: noqa: S608 - names come in through `sql`, quoted
from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import typer

from assay.core.settings import Settings
from assay.project.evaluation.metrics import share, wilson
from assay.project.gates.checks import known_expectations, run_suite
from assay.project.gates.frames import frame_of
from assay.project.gates.suites import load_suite
from assay.project.suggestions.profiles import MOST_VALUES
from assay.project.suggestions.relations import Relation
from assay.project.suggestions.spelling import near_pairs
from assay.project.suggestions.suggest import Suggestions, suggest
from assay.project.suggestions.suites import Suggestion, expected, suite
from measure.spoil import Row, spoiled

Cells = set[tuple[int, str]]

SEED = 7


@dataclass(frozen=True, slots=True)
class Case:
    """A table with errors and the same without: header and rows of both."""

    name: str
    header: Sequence[str]
    dirty: Sequence[Row]
    clean: Sequence[Row]

    @property
    def wrong(self) -> Cells:
        """The cells in which they differ; a blank one and a missing one are the same."""
        return {
            (place, column)
            for place, (one, other) in enumerate(zip(self.dirty, self.clean, strict=True))
            for column, is_, was in zip(self.header, one, other, strict=True)
            if (is_ or "") != (was or "")
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of one case; `disagreed` lists expectations that GX counts otherwise."""

    case: Case
    wrong: Cells
    flagged: Cells
    told: Cells
    disagreed: Sequence[str]

    @property
    def right(self) -> int:
        """Flagged cells that are wrong."""
        return len(self.wrong & self.flagged)


def measure(case: Case, folder: Path) -> Measured:
    """Return what the suggestions for a dirty table catch; `folder` takes files of this run."""
    table = Relation("main", "measured")
    with duckdb.connect(config={"threads": 1}) as connection:
        load(connection, table, case)
        settings = Settings(store=folder / f"{case.name}.sqlite")
        made = suggest(connection, table, settings)
        flagged = set(_flagged(connection, made, expected(made.found)))
        told = set(_flagged(connection, made, made.found))
        disagreed = list(_disagreed(connection, made, folder))
    return Measured(case, case.wrong, flagged, told, disagreed)


def load(connection: duckdb.DuckDBPyConnection, table: Relation, case: Case) -> None:
    """Make the dirty table of a case; a blank cell is NULL."""
    columns = zip(*([value or None for value in row] for row in case.dirty), strict=True)
    arrays = [pa.array(column, pa.string()) for column in columns]
    connection.register("given", pa.Table.from_arrays(arrays, names=list(case.header)))
    connection.execute(f"create table {table.sql} as select * from given")


def _flagged(
    connection: duckdb.DuckDBPyConnection, made: Suggestions, found: Sequence[Suggestion]
) -> Iterator[tuple[int, str]]:
    for each in found:
        rule = each.candidate.rule
        rows = connection.execute(
            f"select place from (select rowid as place, {rule.judged} and {rule.wrong} as wrong "
            f"from {made.profile.table.sql}) where wrong"
        ).fetchall()
        yield from ((place, rule.cell) for (place,) in rows)


def _disagreed(
    connection: duckdb.DuckDBPyConnection, made: Suggestions, folder: Path
) -> Iterator[str]:
    """Yield the expectations of which Great Expectations counts another number of wrong rows."""
    document = suite(made.profile, made.found)
    del document["meta"]["suggested"]
    path = folder / f"{made.profile.table.name}.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    accepted = load_suite(path, known_expectations())
    results = run_suite(accepted, frame_of(connection.table(made.profile.table.name), accepted))
    found = expected(made.found)
    for each, result in zip(found, results[len(results) - len(found) :], strict=True):
        if result.unexpected != each.candidate.wrong:
            yield f"{result.expectation} on {result.column_name}: {result.unexpected}"


# The command


def cases(data: Path) -> Iterator[Case]:
    """Yield the pairs of a folder and of the folders in it, by name."""
    for clean in sorted(data.rglob("clean.csv")):
        dirty = clean.with_name("dirty.csv")
        if dirty.exists():
            (header, *rows), (_, *were) = _read(dirty), _read(clean)
            yield Case(clean.parent.name, [name or "" for name in header], rows, were)


def spoiled_case(path: Path, error_share: float) -> Case:
    """Return a table of which we know the errors, as we put them in; a row number leads it."""
    header, *rows = _read(path)
    clean: list[Row] = [[str(place), *row] for place, row in enumerate(rows, start=1)]
    name = f"{path.parent.name}, errors put in"
    dirty = spoiled(clean, error_share, SEED)
    return Case(name, ["row_number", *(each or "" for each in header)], dirty, clean)


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [[*row] for row in csv.reader(file)]


def line(measured: Measured) -> str:
    """Return a row of the table."""
    wrong, flagged, right = len(measured.wrong), len(measured.flagged), measured.right
    cells = len(measured.case.dirty) * len(measured.case.header)
    found = [
        measured.case.name,
        f"{len(measured.case.dirty):,} × {len(measured.case.header)}",
        f"{wrong:,} ({share(wrong, cells):.1%})",
        f"{flagged:,}",
        f"**{share(right, wrong):.3f}** ({_interval(right, wrong)})",
        f"**{share(right, flagged):.3f}** ({_interval(right, flagged)})",
        f"{share(len(measured.wrong & measured.told), wrong):.3f}",
        "agree" if not measured.disagreed else "; ".join(measured.disagreed),
    ]
    return f"| {' | '.join(found)} |"


def valid_line(path: Path) -> str:
    """Return how many of the right values of a file, one a line, are near or even forbidden.

    They are put into a column three times: in a random order, the first in 2,000 rows, the second
    in half as many, the third in a third.
    """
    right = sorted(set(filter(None, path.read_text(encoding="utf-8").splitlines())))
    values = told = forbidden = 0
    for seed in range(3):
        order = random.Random(seed).sample(right, min(len(right), MOST_VALUES))  # noqa: S311
        pairs = near_pairs({each: max(1, 2_000 // rank) for rank, each in enumerate(order, 1)})
        values, told = values + len(order), told + len(pairs)
        forbidden += sum(pair.sure for pair in pairs)
    return f"{path.stem}: of {values:,} right values {told:,} are told, {forbidden:,} forbidden"


def _interval(part: int, whole: int) -> str:
    if (interval := wilson(part, whole)) is None:
        return "of none"
    return f"{interval[0]:.3f} to {interval[1]:.3f}"


def main() -> None:
    """Measure each case and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a folder with folders of dirty.csv, clean.csv")
    parser.add_argument("--spoil", type=Path, action="append", default=[], help="a clean CSV")
    parser.add_argument("--share", type=float, default=0.02, help="share of cells to spoil")
    parser.add_argument(
        "--valid", type=Path, action="append", default=[], help="a text file of right values"
    )
    given = parser.parse_args()
    for path in given.valid:
        typer.echo(valid_line(path))
    found = [*cases(given.data), *(spoiled_case(path, given.share) for path in given.spoil)]
    if not found:
        typer.echo(
            f"Skipped: {given.data} has no dirty.csv beside a clean.csv; name another folder."
        )
        return
    typer.echo("| table | size | wrong cells | flagged | recall | precision | told | GX |")
    typer.echo("|---|---|---:|---:|---|---|---:|---|")
    with tempfile.TemporaryDirectory(prefix="assay-measure-") as folder:
        for case in found:
            typer.echo(line(measure(case, Path(folder))))


if __name__ == "__main__":
    main()
