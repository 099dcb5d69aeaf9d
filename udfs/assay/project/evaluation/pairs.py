"""How many labelled pairs are among the candidates of a table, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from assay.core.errors import ConfigError
from assay.functions.match import OUTCOMES
from assay.hosts.duckdb.quoting import quoted
from assay.hosts.duckdb.warehouse import open_warehouse
from assay.project.evaluation import metrics
from assay.project.evaluation.golden_rows import read_columns
from assay.project.evaluation.scorecard import Figures

KEYS = ("key_a", "key_b")
_YES = frozenset({"true", "t", "1", "yes", "matched"})

MATCHED = OUTCOMES[0]

Pair = tuple[str, str]
Outcomes = Mapping[Pair, str | None]
Labelled = Mapping[Pair, bool]


@dataclass(frozen=True, slots=True)
class PairsSource:
    """A table of pairs in the warehouse, and a file of pairs that people have labelled.

    Both have `key_a` and `key_b`, in the same order. `outcome` is a column of the table, or what
    an envelope of it holds, such as `verdict.value`; without it candidates are measured. `label`
    is a column of the file: whether a pair is a match; without it the file holds every match.
    """

    pairs: str
    data: Path
    outcome: str | None = None
    label: str | None = None


def evaluate_pairs(source: PairsSource, database: Path) -> Figures:
    """Return the figures of a table of pairs; nobody is asked.

    Raises `ConfigError` where the table, the file or a column of them is not there.
    """
    outcomes, labelled = _outcomes(source, database), _labelled(source)
    judged = {} if source.outcome is None else judged_figures(outcomes, labelled)
    named = {"pairs": source.pairs, "data": str(source.data)}
    return {**named, **found_figures(outcomes, labelled), **judged}


def found_figures(outcomes: Outcomes, labelled: Labelled) -> Figures:
    """Return how many labelled matches are among the pairs: the bound of all that follows."""
    matches = [pair for pair, is_match in labelled.items() if is_match]
    found = sum(pair in outcomes for pair in matches)
    return {
        "candidates": len(outcomes),
        "matches": len(matches),
        **_shared("found", found, len(matches)),
    }


def judged_figures(outcomes: Outcomes, labelled: Labelled) -> Figures:
    """Return what became of the labelled matches, and how often `matched` is right.

    A pair without a label is no match where every label says match, else it is not judged.
    """
    matches = [pair for pair, is_match in labelled.items() if is_match]
    became = Counter(outcomes[pair] or "unanswered" for pair in matches if pair in outcomes)
    is_whole = len(matches) == len(labelled)
    said = [pair for pair, outcome in outcomes.items() if outcome == MATCHED]
    judged = [pair for pair in said if is_whole or pair in labelled]
    right = sum(labelled.get(pair, False) for pair in judged)
    return {
        "became": dict(became),
        **_shared("precision", right, len(judged)),
        **_shared("recall", became[MATCHED], len(matches)),
    }


def _shared(name: str, part: int, whole: int) -> Figures:
    return {name: metrics.share(part, whole), f"{name}_interval": metrics.wilson(part, whole)}


def pairs_table(figures: Figures) -> str:
    """Return the figures as lines to read."""
    return "\n".join(_lines(figures))


def _lines(figures: Figures) -> Iterator[str]:
    yield f"Pairs      {figures['candidates']:,} in {figures['pairs']}"
    yield f"Matches    {figures['matches']:,} labelled"
    yield f"  found    {_share(figures, 'found')} among the pairs"
    if "became" in figures:
        became = sorted(figures["became"].items())
        yield f"  became   {', '.join(f'{count:,} {name}' for name, count in became) or 'nothing'}"
        yield f"Precision  {_share(figures, 'precision')} of what is matched"
        yield f"Recall     {_share(figures, 'recall')} of the labelled matches"


def _share(figures: Figures, name: str) -> str:
    if figures[name] is None:
        return "unknown"
    low, high = figures[f"{name}_interval"]
    return f"{figures[name]:.3f} ({low:.3f} to {high:.3f})"


def _outcomes(source: PairsSource, database: Path) -> Outcomes:
    outcome = "null" if source.outcome is None else _path(source.outcome)
    keys = "cast(key_a as varchar), cast(key_b as varchar)"
    sql = f"select {keys}, cast({outcome} as varchar) from {_path(source.pairs)}"  # noqa: S608
    try:
        with open_warehouse(database) as connection:
            rows = connection.execute(sql).fetchall()
    except duckdb.Error as error:
        message = (
            f"--pairs {source.pairs!r} cannot be read: {str(error).splitlines()[0]}. Name a table "
            "with key_a and key_b, such as silver.matches, and by --outcome a column of it."
        )
        raise ConfigError(message) from None
    return {(a, b): said for a, b, said in rows}


def _path(name: str) -> str:
    return ".".join(map(quoted, name.split(".")))


def _labelled(source: PairsSource) -> Labelled:
    names = [*KEYS, *([] if source.label is None else [source.label])]
    rows = read_columns(source.data, names)
    return {
        (a, b): not said or (said[0] or "").lower() in _YES
        for a, b, *said in rows
        if a is not None and b is not None
    }
