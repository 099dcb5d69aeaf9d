"""How good the proposed repairs are, by cell: `scripts/measure-repairs`, as Markdown.

For each folder with a `dirty.csv` and a `clean.csv` repairs are proposed for the dirty one alone;
then what they would put into its cells is held against the clean one. The rows are named by the
first column of the file that is unique. Nothing is asked of an endpoint.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import typer

from assay.project.evaluation.metrics import share
from assay.project.repairs.proposing import propose
from assay.project.repairs.stated import Stated
from assay.project.suggestions.relations import Relation
from assay.store import Repair
from measure.measure import Case, cases, load

LEAST_MENDED = 0.6
LEAST_RIGHT = 0.9


@dataclass(frozen=True, slots=True)
class Mended:
    """What came of one case: its proposals, which of them are right, and how long they took."""

    case: Case
    found: Sequence[Repair]
    right: Sequence[Repair]
    seconds: float

    @property
    def mended(self) -> float:
        """The share of the wrong cells that the proposals put right."""
        return share(len(self.right), len(self.case.wrong)) or 0.0

    @property
    def correct(self) -> float:
        """The share of the proposals that are right."""
        return share(len(self.right), len(self.found)) or 0.0


def measure(case: Case) -> Mended:
    """Return what the proposals for a dirty table mend."""
    table = Relation("main", "measured")
    with duckdb.connect(config={"threads": 1}) as connection:
        load(connection, table, case)
        begun = time.perf_counter()
        found = propose(connection, table, case.header[_key(case)], Stated())
        seconds = time.perf_counter() - begun
    return Mended(case, found, list(_right(case, found)), seconds)


def _key(case: Case) -> int:
    """Return the place of the first column whose values are all different."""
    columns = list(zip(*case.dirty, strict=True))
    return next(place for place, each in enumerate(columns) if len({*each}) == len(each))


def _right(case: Case, found: Sequence[Repair]) -> Iterator[Repair]:
    """Yield the proposals that say what the clean table has."""
    key = _key(case)
    places = {row[key]: place for place, row in enumerate(case.dirty)}
    for each in found:
        clean = case.clean[places[each.row_key]][case.header.index(each.column_name)]
        if (each.after or "") == (clean or ""):
            yield each


def line(found: Mended) -> str:
    """Return a row of the table."""
    case = found.case
    cells = [
        case.name,
        f"{len(case.dirty):,} × {len(case.header)}",
        f"{len(case.wrong):,}",
        f"{len(found.found):,}",
        f"**{found.mended:.3f}**",
        f"**{found.correct:.3f}**",
        ", ".join(_by_reason(found)),
        f"{found.seconds:.1f}",
    ]
    return f"| {' | '.join(cells)} |"


def _by_reason(found: Mended) -> Iterator[str]:
    right = Counter(each.reason for each in found.right)
    for reason, count in sorted(Counter(each.reason for each in found.found).items()):
        yield f"{reason} {right[reason]:,} of {count:,}"


def main() -> None:
    """Measure each case and print a table; exit code 1 below the bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a folder with folders of dirty.csv, clean.csv")
    data = parser.parse_args().data
    found = [measure(case) for case in cases(data)]
    if not found:
        typer.echo(f"Skipped: {data} has no dirty.csv beside a clean.csv; name another folder.")
        return
    typer.echo("| table | size | wrong cells | proposed | mended | right | by reason | seconds |")
    typer.echo("|---|---|---:|---:|---|---|---|---:|")
    for each in found:
        typer.echo(line(each))
    if any(each.mended < LEAST_MENDED or each.correct < LEAST_RIGHT for each in found):
        sys.exit(1)


if __name__ == "__main__":
    main()
