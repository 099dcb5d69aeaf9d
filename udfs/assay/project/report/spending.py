"""Spend by day, model, column, prompt or run, and what was served without asking.

A request that carries several prompts is shared among them in equal parts: all its records carry
all its questions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from assay.project.counting import failed_in, saved_in
from assay.store import Ledger, Selection, Use, queries, shares
from assay.store.queries import Row

DIMENSIONS = ("day", "model", "column", "prompt", "run")
GONE = "(not in the project)"
"""Stands for the column of a prompt that no model asks any more."""

_HASH_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """What was sent, got and paid under one name, and what was not sent because it was known.

    `requests` counts each request that carried the name; everything else is shared.
    `cached_tokens` are the part of the input that servers had in their caches. `stored` are
    rows answered from the store, `duplicates` rows with the text of another row; `saved_usd`, an
    estimate, puts them at the mean cost of an answer; `unpriced` of them are not in it, as nothing
    is known of what theirs costs, and it is None where that is true of all. `failed` are rows
    without an answer, which saved nothing.
    `unknown_cost` counts requests whose price or usage is not known, `maybe_paid` those that may
    have been billed without an answer.
    """

    name: str
    requests: int = 0
    answers: float = 0
    input_tokens: float = 0
    cached_tokens: float = 0
    output_tokens: float = 0
    cost_usd: float = 0.0
    unknown_cost: int = 0
    maybe_paid: int = 0
    stored: int = 0
    duplicates: int = 0
    failed: int = 0
    saved_usd: float | None = 0.0
    unpriced: int = 0


@dataclass(frozen=True, slots=True)
class SpendingRows:
    """What was sent, grouped, what became of rows, and the kinds of prompts."""

    calls: Sequence[Row]
    uses: Sequence[Use]
    kinds: Mapping[str, str]


def read_spending(store: Ledger, part: Selection) -> SpendingRows:
    """Return what a part of the ledger says, as of one moment."""
    with store.snapshot():
        specs = store.read(queries.TaskSpecs())
        return SpendingRows(
            calls=store.read(queries.AttemptSums(part)),
            uses=store.read(queries.Uses(part)),
            kinds={prompt: kind for prompt, (kind, _) in specs.items()},
        )


def lines(ledger: SpendingRows, by: str, columns: Mapping[str, Sequence[str]]) -> list[Line]:
    """Return a line for each day, model, column, prompt or run; days and runs in their order."""
    names = _Names(by, columns, ledger.kinds)
    found: dict[str, Line] = {}
    for row in ledger.calls:
        parts = [(names(row, prompt), share) for prompt, share in shares(row["prompt_hashes"])]
        for name in dict.fromkeys(name for name, _ in parts):
            share = sum(part for other, part in parts if other == name)
            found[name] = _with_calls(found.get(name, Line(name)), row, share)
    uses: dict[str, list[Use]] = {}
    for use in ledger.uses:
        row = {"day": use.started_at[:10], "run": use.invocation_id, "model": use.model}
        uses.setdefault(names(row, use.prompt_hash), []).append(use)
    for name, its in uses.items():
        found[name] = _with_saved(found.get(name, Line(name)), its)
    if by in ("day", "run"):
        return list(found.values()) if by == "run" else [found[day] for day in sorted(found)]
    return sorted(found.values(), key=lambda line: (-line.cost_usd, -line.requests, line.name))


def total(ledger: SpendingRows) -> Line:
    """Return all of it in one line."""
    line = Line("total")
    for row in ledger.calls:
        line = _with_calls(line, row, 1.0)
    return _with_saved(line, ledger.uses)


class _Names:
    """The name of the line to which a row of the ledger belongs, for one of its prompts."""

    def __init__(
        self, by: str, columns: Mapping[str, Sequence[str]], kinds: Mapping[str, str]
    ) -> None:
        self._by, self._columns, self._kinds = by, columns, kinds

    def __call__(self, row: Row, prompt: str) -> str:
        if self._by in ("day", "model", "run"):
            return str(row[self._by])
        column = " + ".join(self._columns.get(prompt, ())) or GONE
        kind = self._kinds.get(prompt, "unknown")
        if self._by == "column":
            return column if column != GONE else f"{kind} {GONE}"
        return f"{prompt[:_HASH_DIGITS]} {kind} {column}"


def _with_calls(line: Line, row: Row, share: float) -> Line:
    return replace(
        line,
        requests=line.requests + row["requests"],
        answers=_sum(line.answers, row["answers"] * share),
        input_tokens=_sum(line.input_tokens, row["input_tokens"] * share),
        cached_tokens=_sum(line.cached_tokens, row["cached_tokens"] * share),
        output_tokens=_sum(line.output_tokens, row["output_tokens"] * share),
        cost_usd=line.cost_usd + row["cost_usd"] * share,
        unknown_cost=line.unknown_cost + row["unknown_cost"],
        maybe_paid=line.maybe_paid + row["maybe_paid"],
    )


def _with_saved(line: Line, uses: Sequence[Use]) -> Line:
    saved = saved_in(uses)
    return replace(
        line,
        stored=saved.stored,
        duplicates=saved.repeated,
        failed=sum(failed_in(uses).values()),
        saved_usd=saved.usd,
        unpriced=saved.unpriced,
    )


def _sum(one: float, other: float) -> float:
    """Return a sum of shares without the dust of binary fractions."""
    return round(one + other, 6)
