"""What to do, first on the page: the very sentences of the terminal, each with its place. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assay.project.counting import failed_in
from assay.project.report.facts import ColumnFacts, Concern, Facts
from assay.project.report.summary import failed_lines

_HEAD = 8
"""Characters that the first word of a line has on the terminal, blanks included."""

_GRAVE = re.compile(r"Red|Stopped|Not (green|published|ready)")
_LEADING = {"Failed": "letters", "Stopped": "cost", "Warn": "tests", "Pending": "glance"}
"""By the first word of a line, the section that it is about."""


@dataclass(frozen=True, slots=True)
class ToDo:
    """One sentence; `word` is what it begins with on the terminal, `place` an id of the page."""

    word: str
    said: str
    place: str
    is_grave: bool


def to_do(facts: Facts) -> list[ToDo]:
    """Return what to do, what is red before what is odd."""
    found = [_item(line, facts) for line in _lines(facts)]
    odd = [
        ToDo("Odd", one.line, _place_of(one, facts.warehouse.columns), is_grave=False)
        for one in facts.concerns
    ]
    return [*sorted(found, key=lambda item: not item.is_grave), *odd]


def odd_of(column: ColumnFacts, concerns: Sequence[Concern]) -> list[Concern]:
    """Return what is odd about a column."""
    whole = f"{column.table}.{column.name}"
    return [one for one in concerns if f"{one.column}.".startswith(f"{whole}.")]


def anchor(kind: str, *names: str) -> str:
    """Return the id of a place on the page: `suite-gate_silver-orders`."""
    return "-".join([kind, *(re.sub(r"[^A-Za-z0-9_]+", "-", name)[:80] for name in names)])


def _lines(facts: Facts) -> Iterator[str]:
    """Yield what the build printed; where that was not kept, what the ledger says of its run."""
    if facts.built is not None and facts.built.said:
        yield from facts.built.said
        return
    if facts.verdict.colour != "unknown":
        yield from (f"{'Red':<{_HEAD}}{reason}" for reason in facts.verdict.reasons)
    yield from failed_lines(failed_in(facts.ledger.uses))


def _item(line: str, facts: Facts) -> ToDo:
    is_headed = line[_HEAD - 1 : _HEAD] == " "
    word, said = (line[:_HEAD].strip(), line[_HEAD:]) if is_headed else ("", line)
    place = _red_place(said, facts) or _LEADING.get(word, "")
    return ToDo(word, said, place, is_grave=bool(_GRAVE.match(line)))


def _red_place(said: str, facts: Facts) -> str:
    """Return where a page says more of what is red; blank where it does not."""
    for suite in facts.ledger.suites:
        if said.startswith(f"{suite.gate}: suite {suite.suite},"):
            return anchor("suite", suite.gate, suite.suite)
    name = said.partition(": ")[0]
    if name.startswith("ai_accuracy on ") and facts.ledger.evaluations:
        return "golden"
    outcomes = facts.built.outcomes if facts.built else {}
    return anchor("test", name) if outcomes.get(name) in ("fail", "error", "warn") else ""


def _place_of(concern: Concern, columns: Sequence[ColumnFacts]) -> str:
    for column in columns:
        if odd_of(column, [concern]):
            return anchor("column", column.table, column.name)
    return "golden" if concern.name == "golden" else "glance"
