"""What runs sent, served and saved, as records, and the sums that no back end does for itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from assay.core.values import GIVEN_UP, REPEATED, Fate

UNTRIED = "not_attempted"
"""The status of rows that a budget kept from being asked, which has an exit code of its own."""

PENDING = "pending"
"""The status of rows that wait for a batch."""

UNSUPPORTED = "unsupported"
"""The status of rows that the provider says it cannot judge: no fault of the run or the text."""

UNCLEAR = "unclear"
"""The status of rows for which there is no evidence, which is a finding of its own."""

_NO_FAILURE = frozenset({"ok", REPEATED, UNTRIED, GIVEN_UP, PENDING, UNSUPPORTED, UNCLEAR})


@dataclass(frozen=True, slots=True)
class Selection:
    """A part of the ledger: what fits every field that is given.

    `run` is what the id of a run begins with, `invocation_id` the whole of it; `model` a language
    model, `since` a time (UTC in ISO form) from which on it began.
    """

    run: str | None = None
    invocation_id: str | None = None
    model: str | None = None
    since: str | None = None


@dataclass(frozen=True, slots=True)
class Spend:
    """What was sent: requests, answers, tokens and money.

    `replies` are requests to which something came back over HTTP. `unknown_cost` counts requests
    whose price or usage is not known; `maybe_paid` those that may have been billed although
    nothing usable arrived. `records` are texts that were sent, those sent again as well.
    `cached_tokens` are those of the input that servers had in their caches.
    """

    requests: int = 0
    answers: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unknown_cost: int = 0
    maybe_paid: int = 0
    replies: int = 0
    records: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Use:
    """What became of the rows with a text of one question in one run.

    `rows` were served with an outcome, `stored` of them with an answer from before the run, and
    `repeated` with one that another of them has brought; `failed` have no answer, by status.
    `untried` were kept back by a budget, or given up by a person, `pending` wait for a batch;
    `unsupported` the provider cannot judge, those that stay so in their table included. `kept`
    were answered before and stay in their table as they are. `answer_usd` is what an answer to
    the same question by the same model has cost on average; None where nothing is known of that.
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
    unsupported: Fate = field(default_factory=Fate)
    failed: Mapping[str, Fate] = field(default_factory=dict)
    answer_usd: float | None = None
    pending: int = 0

    @property
    def bought(self) -> int:
        """Rows for whose answers somebody was asked in this run."""
        failed = sum(fate.rows for fate in self.failed.values())
        without = self.untried + self.unsupported.rows + self.pending + failed
        return self.rows - self.stored - self.repeated - without

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
        """All rows that could be answered, and of which it is known whether they are."""
        asked = self.rows - self.untried - self.unsupported.rows - self.pending
        return asked + self.kept + sum(fate.kept for fate in self.failed.values())

    @property
    def pending_share(self) -> float:
        """Which share of all rows waits for a batch; 0 where there are none."""
        return self.pending / (self.judged + self.pending) if self.pending else 0.0


def use_of(
    served: tuple[str, str, str, str, int, int, str],
    fates: Mapping[str, Fate],
    answer_usd: float | None,
) -> Use:
    """Return a row of `served` with the time its run began, the fates of its rows, its price."""
    invocation_id, kind, prompt_hash, model, rows, stored, started_at = served
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
        fates.get(UNSUPPORTED, nothing),
        {name: fate for name, fate in fates.items() if name not in _NO_FAILURE},
        answer_usd,
        fates.get(PENDING, nothing).rows + fates.get(PENDING, nothing).kept,
    )


def costs_of_answers(
    priced: Iterable[tuple[str, str, float, int]],
) -> dict[tuple[str, str], float]:
    """Return what an answer cost on average, by prompt hash and model, where that is known.

    `priced` are prompt hashes, model, US dollars and answers of requests. A request that carries
    several prompts is shared among them in equal parts.
    """
    cost: defaultdict[tuple[str, str], float] = defaultdict(float)
    answers: defaultdict[tuple[str, str], float] = defaultdict(float)
    for prompts, model, usd, count in priced:
        for prompt, share in shares(prompts):
            cost[prompt, model] += usd * share
            answers[prompt, model] += count * share
    return {name: cost[name] / count for name, count in answers.items() if count}


def shares(prompt_hashes: str) -> Iterator[tuple[str, float]]:
    """Yield the prompts of a request, each with its share of all that the request was."""
    prompts = prompt_hashes.split(",")
    for prompt in prompts:
        yield prompt, 1 / len(prompts)
