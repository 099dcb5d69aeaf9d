"""What runs did, counted in one place: requests, answers, money, rows saved and without an answer.

Whoever names such a number takes it from here: the summary of a build, the report, `spend`,
`doctor`, and the tables of ops.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.core.values import GIVEN_UP, REPEATED, Fate
from assay.store import Store

CALL_SUMS = """
    count(*) as requests, count(http_status) as replies,
    coalesce(sum(outcome not in ('ok', 'partial')), 0) as failed_requests,
    coalesce(sum(records), 0) as records, coalesce(sum(asks), 0) as asks,
    coalesce(sum(answers), 0) as answers, coalesce(sum(input_tokens), 0) as input_tokens,
    coalesce(sum(output_tokens), 0) as output_tokens, coalesce(sum(cost_usd), 0.0) as cost_usd,
    count(*) - count(cost_usd) as unknown_cost, coalesce(sum(maybe_paid), 0) as maybe_paid
"""
"""What a sum over rows of `calls` is made of, wherever requests are counted."""

UNTRIED = "not_attempted"
"""The status of rows that a budget kept from being asked, which has an exit code of its own."""

_NO_FAILURE = frozenset({"ok", REPEATED, UNTRIED, GIVEN_UP})

_PRICED = """
    select prompt_hashes, model, sum(cost_usd), sum(answers) from calls
    where cost_usd is not null group by 1, 2
"""
_SERVED = """
    select invocation_id, kind, prompt_hash, model, row_count, stored, started_at from (
        select served.*, runs.started_at from served join runs using (invocation_id)
    )
    where {where} order by started_at, row_count desc, prompt_hash, model
"""
_FATES = "select invocation_id, kind, prompt_hash, model, fate, row_count, kept, reason from fates"


@dataclass(frozen=True, slots=True)
class Spend:
    """What was sent: requests, answers, tokens and money.

    `replies` are requests to which something came back over HTTP. `unknown_cost` counts requests
    whose price or usage is not known; `maybe_paid` those that may have been billed although
    nothing usable arrived.
    """

    requests: int = 0
    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unknown_cost: int = 0
    maybe_paid: int = 0
    replies: int = 0


@dataclass(frozen=True, slots=True)
class Use:
    """What became of the rows with a text of one question in one run.

    `rows` were served with an outcome, `stored` of them with an answer from before the run, and
    `repeated` with one that another of them has brought; `failed` have no answer, by status.
    `untried` were kept back by a budget, or given up by a person. `kept` were answered before and
    stay in their table as they are. `answer_usd` is what an answer to the same question by the
    same model has cost on average; None where nothing is known of that.
    """

    invocation_id: str
    started_at: str
    kind: str
    prompt_hash: str
    model: str
    rows: int
    stored: int = 0
    repeated: int = 0
    kept: int = 0
    untried: int = 0
    failed: Mapping[str, Fate] = field(default_factory=dict)
    answer_usd: float | None = None

    @property
    def bought(self) -> int:
        """Rows for whose answers somebody was asked in this run."""
        failed = sum(fate.rows for fate in self.failed.values())
        return self.rows - self.stored - self.repeated - self.untried - failed

    @property
    def saved(self) -> int:
        """Rows that got an answer and needed none of their own."""
        return self.stored + self.repeated

    @property
    def saved_usd(self) -> float | None:
        """What their answers would have cost, an estimate; None where no price is known."""
        if not self.saved:
            return 0.0
        return None if self.answer_usd is None else self.saved * self.answer_usd

    @property
    def failures(self) -> int:
        """Rows without an answer, those included that stay so in their table."""
        return sum(fate.rows + fate.kept for fate in self.failed.values())

    @property
    def judged(self) -> int:
        """All rows of which it is known whether they have an answer."""
        return self.rows - self.untried + self.kept + sum(f.kept for f in self.failed.values())


@dataclass(frozen=True, slots=True)
class Saved:
    """Rows of some uses that needed no answer of their own.

    `unpriced` of them are not in `usd`, which is None where that is true of all.
    """

    rows: int = 0
    stored: int = 0
    repeated: int = 0
    usd: float | None = 0.0
    unpriced: int = 0

    @property
    def values(self) -> int:
        """All that was saved."""
        return self.stored + self.repeated


def spend_of(store: Store, invocation_id: str | None = None) -> Spend:
    """Return what `invocation_id` sent, from the ledger; without one, all that is in it."""
    names = ", ".join(Spend.__dataclass_fields__)
    where = "?1 is null or invocation_id = ?1"
    query = f"select {names} from (select {CALL_SUMS} from calls where {where})"  # noqa: S608
    (row,) = store.transact([lambda c: c.execute(query, [invocation_id]).fetchone()])
    return Spend(*row)


def uses_of(
    connection: sqlite3.Connection, where: str = "true", given: Mapping[str, Any] | None = None
) -> list[Use]:
    """Return the uses that fit a condition on `invocation_id`, `model` and `started_at`."""
    fates: dict[tuple[str, ...], dict[str, Fate]] = {}
    for *use, name, rows, kept, reason in connection.execute(_FATES):
        fates.setdefault(tuple(use), {})[name] = Fate(rows, kept, reason)
    prices = answer_costs(connection)
    found = connection.execute(_SERVED.format(where=where), given or {})
    return [
        _use(row, fates.get(row[:4], {}), prices.get((row[2], row[3]))) for row in found.fetchall()
    ]


def uses_in(connection: sqlite3.Connection, invocation_id: str) -> list[Use]:
    """Return the uses of one run."""
    return uses_of(connection, "invocation_id = :run", {"run": invocation_id})


def saved_in(uses: Iterable[Use]) -> Saved:
    """Add up what was saved."""
    found = list(uses)
    priced = [one.saved_usd for one in found if one.saved_usd is not None]
    unpriced = sum(one.saved for one in found if one.saved_usd is None)
    stored, repeated = sum(one.stored for one in found), sum(one.repeated for one in found)
    nothing_known = unpriced == stored + repeated > 0
    usd = None if nothing_known else sum(priced)
    return Saved(sum(one.rows for one in found), stored, repeated, usd, unpriced)


def failed_in(uses: Iterable[Use]) -> Mapping[str, int]:
    """Return how many rows have no answer, by status, the commonest first."""
    counts: Counter[str] = Counter()
    for use in uses:
        counts.update({status: fate.rows + fate.kept for status, fate in use.failed.items()})
    return dict(counts.most_common())


def answer_costs(connection: sqlite3.Connection) -> dict[tuple[str, str], float]:
    """Return what an answer cost on average, by prompt hash and model, where that is known.

    A request that carries several prompts is shared among them in equal parts.
    """
    cost: defaultdict[tuple[str, str], float] = defaultdict(float)
    answers: defaultdict[tuple[str, str], float] = defaultdict(float)
    for prompts, model, usd, count in connection.execute(_PRICED):
        for prompt, share in shares(prompts):
            cost[prompt, model] += usd * share
            answers[prompt, model] += count * share
    return {name: cost[name] / count for name, count in answers.items() if count}


def shares(prompt_hashes: str) -> Iterator[tuple[str, float]]:
    """Yield the prompts of a request, each with its share of all that the request was."""
    prompts = prompt_hashes.split(",")
    for prompt in prompts:
        yield prompt, 1 / len(prompts)


def _use(row: Sequence[Any], fates: Mapping[str, Fate], price: float | None) -> Use:
    invocation_id, kind, prompt_hash, model, rows, stored, started_at = row
    nothing = Fate()
    return Use(
        invocation_id,
        started_at,
        kind,
        prompt_hash,
        model,
        rows,
        min(stored, rows),  # older runs counted texts, also those that served no row
        fates.get(REPEATED, nothing).rows,
        fates.get("ok", nothing).kept,
        fates.get(UNTRIED, nothing).rows + fates.get(GIVEN_UP, nothing).rows,
        {name: fate for name, fate in fates.items() if name not in _NO_FAILURE},
        price,
    )
