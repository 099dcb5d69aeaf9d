"""What a report says, as plain records: counts, names and reasons, never a text of a row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assay.project.counting import CascadeUse
from assay.store import Evaluation, Use

NONE = "(none)"
"""The label of an answer that chose none, as `ops_label_shares` spells it."""

FOREIGN = "(not a label of this prompt)"
"""Stands for every value that is no label of the task on record: it might be a text."""

_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+")
"""Control characters, and those that change the direction of what stands around them."""


def plain(text: object, most: int = 200) -> str:
    """Return `text` on one line, without invisible characters, clipped to `most` characters."""
    clean = _INVISIBLE.sub(" ", str(text)).strip()
    return clean if len(clean) <= most else clean[: most - 1] + "…"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """One run as the ledger has it: what was served, sent, got and paid.

    `rows` are rows with a text over all questions: `stored` of them were answered before,
    `repeated` have the text of another row, `bought` an answer of their own. `failed` have none,
    those that stay so in their table included; `pending` wait for a batch. `asks` are questions
    about texts and `records` texts that were sent, in `requests`; servers had `cached_tokens` of
    the input in their caches; `red` counts red expectations. Times are UTC in ISO form.
    """

    invocation_id: str
    started_at: str
    provider: str
    host: str
    model: str | None
    stopped_by: str | None = None
    message: str | None = None
    rows: int = 0
    stored: int = 0
    repeated: int = 0
    bought: int = 0
    failed: int = 0
    pending: int = 0
    requests: int = 0
    replies: int = 0
    failed_requests: int = 0
    records: int = 0
    asks: int = 0
    answers: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    unknown_cost: int = 0
    maybe_paid: int = 0
    expectations: int = 0
    red: int = 0


@dataclass(frozen=True, slots=True)
class Built:
    """What dbt said of a build: nodes by kind and status, and those that are not good.

    `models` were built of `all_models`, `tests` run of `all_tests`. `exit_code` is None where the
    build did not end through `assay build`; `told` is what that printed of what is red, `said` its
    lines on what to do. `began` is UTC in ISO form, `where` says project, profile and commit,
    `selection` what limited it, `durations` seconds by model, `outcomes` a status by test, and
    `names` the columns that each prompt fills.
    """

    exit_code: int | None = None
    seconds: float | None = None
    models: int = 0
    all_models: int = 0
    tests: int = 0
    all_tests: int = 0
    statuses: Mapping[str, int] = field(default_factory=dict)
    bad: Sequence[str] = ()
    told: Sequence[str] = ()
    said: Sequence[str] = field(default_factory=list)
    began: str = ""
    where: Mapping[str, str] = field(default_factory=dict)
    selection: Sequence[str] = ()
    durations: Mapping[str, float] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`green`, `red`, `grey` where nothing was checked, or `unknown` where dbt's word on the run
    is gone; the same `said` in words, and reasons."""

    colour: str
    reasons: Sequence[str]
    said: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """How one question did: seconds of its requests, its share of their tokens and cost."""

    prompt_hash: str
    kind: str
    spec: str
    models: str
    requests: int
    failed: int
    records: int
    p50_seconds: float | None
    p95_seconds: float | None
    input_tokens: float
    output_tokens: float
    cost_usd: float | None


@dataclass(frozen=True, slots=True)
class SuiteFacts:
    """One suite of one run; `reasons` has a line for each red expectation."""

    gate: str
    suite: str
    expectations: int
    evaluated: int
    unexpected: int
    reasons: Sequence[str]


@dataclass(frozen=True, slots=True)
class SuiteState:
    """One suite in one of the runs of the history."""

    invocation_id: str
    gate: str
    suite: str
    expectations: int
    red: int


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """Failures of one kind, status, state and reason; `keys` are the first few."""

    kind: str
    status: str
    state: str
    error: str
    count: int
    oldest: str
    keys: Sequence[str]


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """How many rows of a model violate one rule of its row gate."""

    model_name: str
    rule_id: str
    what: str
    checked: int
    quarantined: int
    violating: int


@dataclass(frozen=True, slots=True)
class State:
    """Label counts as a run left them accepted, or as they are now (the first two blank)."""

    accepted_at: str
    invocation_id: str
    prompt_hash: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.counts.values())

    def share(self, label: str) -> float:
        """The share of a label; 0 where there are no rows."""
        return self.counts.get(label, 0) / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Shares:
    """Labels of one value: the present ones and those that all gates accepted, oldest first.

    `psi` compares the present with what a run before this one left accepted, `psi_first` with the
    first of them, both of the same prompt; None where there is none to compare with.
    """

    path: str
    now: State
    accepted: Sequence[State]
    psi: float | None
    psi_first: float | None


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts in ten equal bins from `low` to `high`; mean and median of what was counted."""

    low: float
    high: float
    counts: Sequence[int]
    mean: float | None
    median: float | None

    @property
    def total(self) -> int:
        """How many rows it counts: those with an answer and a figure."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """One AI column of a table of the warehouse, as it stands.

    `nulls` counts the answers (status `ok`) whose value is NULL.
    """

    table: str
    name: str
    kind: str
    spec: str
    model: str
    prompt_hash: str
    other_prompts: int
    statuses: Mapping[str, int]
    confidence: Histogram | None
    scores: Histogram | None
    shares: Sequence[Shares]
    nulls: int = 0

    @property
    def asked(self) -> int:
        """Rows with a text."""
        return sum(count for status, count in self.statuses.items() if status != "skipped")

    @property
    def answered_share(self) -> float | None:
        """The share of those that have an answer; None where nothing was asked."""
        return self.statuses.get("ok", 0) / self.asked if self.asked else None


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing that is odd: which `column` (`schema.table.column`, blank where it is about the
    run), what is so, and what to do about it. `name` is a word for its kind."""

    name: str
    column: str
    said: str
    remedy: str

    @property
    def line(self) -> str:
        """The sentence that people read."""
        subject = f"{self.column.partition('.')[2] or self.column}: " if self.column else ""
        return f"{subject}{self.said}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """What the store says: the run, the runs up to it (oldest first), and what hangs on them.

    `prompts_of` says whose requests `prompts` are: `run`, or `all` where this run sent nothing.
    `red_lines` says of each red expectation what was expected and what to do. `evaluations` is
    None where the store has no such table. `cascades` are what each cascade did in the last run up
    to this one that it served. `later` counts the runs since.
    """

    run: RunFacts
    later: int
    history: Sequence[RunFacts]
    uses: Sequence[Use]
    prompts: Sequence[Prompt]
    prompts_of: str
    outcomes: Mapping[str, int]
    suites: Sequence[SuiteFacts]
    red_lines: Sequence[str]
    suite_history: Sequence[SuiteState]
    letters: Sequence[LetterGroup]
    evaluations: Sequence[Evaluation] | None
    specs: Mapping[str, tuple[str, str]]
    cascades: Sequence[CascadeUse] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure of one run, a row of `ops_kpis`: its value beside its target, and on how much it
    was `counted`. `is_met` is None where that is too little to tell."""

    invocation_id: str
    kpi: str
    unit: str
    value: float
    target: float
    counted: int
    is_met: bool | None


@dataclass(frozen=True, slots=True)
class Warehouse:
    """What the warehouse says; `trouble` says why it could not be read, if so.

    `rules` is None where the project has no `ops_row_gates`; `left_out` counts AI columns beyond
    those that are shown; `measured` are the five figures of runs, oldest first.
    """

    columns: Sequence[ColumnFacts] = ()
    left_out: int = 0
    rules: Sequence[RuleFacts] | None = None
    trouble: str | None = None
    measured: Sequence[Measured] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a report says.

    `builds` are those up to this one, the oldest first; `least` is the accuracy that is asked of
    an evaluation, by model, column and golden rows.
    """

    ledger: LedgerFacts
    warehouse: Warehouse
    built: Built | None
    verdict: Verdict
    made_at: str
    concerns: Sequence[Concern] = ()
    builds: Sequence[Built] = ()
    least: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
