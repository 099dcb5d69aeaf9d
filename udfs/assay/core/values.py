"""The values that travel between stages: asks, packs, replies, outcomes, attempts. All frozen.

Those that there are by the hundred thousand are named tuples: a frozen dataclass takes three
times as long to make, and the garbage collector walks over each.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args

from assay.core.canonical import canonical_json
from assay.core.errors import Fault
from assay.core.redaction import NO_REDACTION, Redaction
from assay.core.task import JsonSchema, Task
from assay.core.usage import Usage

Status = Literal[
    "ok",
    "skipped",
    "refused",
    "invalid",
    "too_long",
    "over_limit",
    "transport",
    "quota",
    "config",
    "not_attempted",
    "pending",
    "unsupported",
    "unclear",
]
"""`unsupported` is the provider's own word: it cannot judge this text, and another one may.
`over_limit` is a text that is too big for a limit of the account, which may be raised.
`unclear` is nobody's failure either: it was looked for evidence, and there was none."""

Mode = Literal["keyed", "listed", "object", "prompt"]
"""How a reply is to be shaped: by a schema with a property for each record's id, by one with a
list of items, as any JSON object, or by words alone. Each is looser than the one before."""

MODES: tuple[Mode, ...] = get_args(Mode)

KEY_VERSION = "a1"
"""Names the way keys are made; changing it makes every stored answer miss."""


_DRAW = random.Random()  # noqa: S311 - ids must differ, not be secret; seeded by the system
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_DRAW.seed)


def new_id() -> str:
    """Return 32 hex digits that nobody else has drawn.

    `uuid4` asks the system each time, and to do so gives way to every thread that waits.
    """
    return f"{_DRAW.getrandbits(128):032x}"


@dataclass(frozen=True)
class Question:
    """A task bound to who answers it: the constant part of an ask's key. Hashed by identity.

    `seed` is the hash state after everything but the text, so that a key costs one update;
    `redaction` makes of a text what is asked about.
    """

    task: Task
    model: str
    host: str
    redaction: Redaction = NO_REDACTION

    __hash__ = object.__hash__

    @cached_property
    def seed(self) -> hashlib._Hash:
        """SHA-256 over key version, prompt hash, model and host."""
        return key_seed(self.task.prompt_hash, self.model, self.host)

    def key(self, text: str) -> bytes:
        """Return the 16-byte key of the ask for `text`, which is normalised and has its marks."""
        return key_of(self.seed, text)


def key_seed(prompt_hash: str, model: str, host: str) -> hashlib._Hash:
    """Return the hash state of a key before its text."""
    parts = [KEY_VERSION, prompt_hash, model, host]
    return hashlib.sha256(canonical_json(parts).encode() + b"\n")


def key_of(seed: hashlib._Hash, text: str) -> bytes:
    """Return the 16-byte key of the ask for a normalised `text` under a `key_seed`."""
    state = seed.copy()
    state.update(text.encode())
    return state.digest()[:16]


class Ask(NamedTuple):
    """One question about one normalised text."""

    key: bytes
    question: Question
    text: str


DISCARDED = "discarded: "
"""What the error of an ask begins with that a person has given up, in its envelope too."""


class Outcome(NamedTuple):
    """What is known of an ask: an answer (`ok`) or a failure; `value` is canonical JSON or None.

    `answered_at` is UTC in ISO form with microseconds; for failures it is when they failed. An
    answer that ages is to be checked again at `expires_at` (None: never), and is `stale` from
    then on, or once it was tried in vain, until a later one takes its place.
    """

    status: Status
    value: str | None = None
    error: str | None = None
    confidence: float | None = None
    model: str | None = None
    answered_at: str | None = None
    expires_at: str | None = None
    stale: bool = False

    def is_due(self, now: str) -> bool:
        """Whether it is an answer that is to be checked again at `now`."""
        return self.status == "ok" and self.expires_at is not None and self.expires_at <= now

    @property
    def answer(self) -> Any:
        """The value as Python has it: text, a number, a list; None where there is no answer."""
        return None if self.value is None else json.loads(self.value)


class Record(NamedTuple):
    """One text in a pack with its asks, in the order of the pack's questions."""

    text: str
    asks: tuple[Ask, ...]


@dataclass(frozen=True)
class Pack:
    """What travels in one request: records that all carry the same questions.

    `attempt` starts at 1 and counts the sendings of these records together; so many of the earlier
    ones are `forgiven`, and `faults` are those that met the others. A pack is `bisecting` when it
    is a part of one that failed and the server did not say why. Its reply gets `room` times the
    usual output limit; `complaint` is why the last answers to a record alone were refused, in our
    words and no row's. Packs with the same `seal` and records make the same request, ids
    included; each new pack has a seal of its own. `expiries` batches ended without asking it.
    """

    records: tuple[Record, ...]
    attempt: int = 1
    faults: tuple[Fault, ...] = ()
    bisecting: bool = False
    forgiven: int = 0
    room: int = 1
    complaint: str = ""
    expiries: int = 0
    seal: str = field(default_factory=new_id, compare=False)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The questions that every record of the pack carries."""
        return tuple([ask.question for ask in self.records[0].asks])

    @cached_property
    def asks(self) -> Sequence[Ask]:
        """All asks of all records."""
        return [ask for record in self.records for ask in record.asks]

    @property
    def model(self) -> str:
        """The one model that the whole pack asks."""
        return self.records[0].asks[0].question.model


@dataclass(frozen=True)
class Request:
    """A pack as it is sent once: ids made for this sending, messages and schema.

    `ids` stand in the order of the pack's records, `letters` are the short names of its questions;
    `input_tokens` is an estimate of what messages and schema take.
    """

    pack: Pack
    ids: tuple[str, ...]
    letters: tuple[str, ...]
    system: str
    user: str
    schema: JsonSchema
    max_output_tokens: int
    idempotency_key: str
    input_tokens: int
    mode: Mode = "keyed"

    @property
    def model(self) -> str:
        """The model that is asked."""
        return self.pack.model


@dataclass(frozen=True, slots=True)
class Reply:
    """What a provider brought back: the text of the answer, not yet judged.

    `confidence` maps a record id and a letter to a probability, where the provider has one;
    `declined` says why it has no answer to give, by the same names: what it cannot judge;
    `mode` is how the content is shaped where that is not what the request says;
    `headers` are those that tell of the server: `date` and `x-ratelimit-...`, in lower case;
    `requests_per_minute` is how many it says to take, None where it does not;
    `vectors` is what it lists where vectors were asked for: objects with `index` and `embedding`.
    """

    content: str
    model: str
    usage: Usage = field(default_factory=Usage)
    confidence: Mapping[tuple[str, str], float] = field(default_factory=dict)
    declined: Mapping[tuple[str, str], str] = field(default_factory=dict)
    mode: Mode | None = None
    http_status: int | None = None
    request_id: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    requests_per_minute: int | None = None
    vectors: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """A reply after validation: answers by key, and why the rest has none.

    `declined` are asks that the provider cannot judge, and why: they are not asked again;
    `unclear` those for which there is no evidence.
    `lost` are those of the rest to which the reply held no answer at all, valid or not;
    `unreadable` says that nothing in it could be read.
    """

    answers: Mapping[bytes, Outcome]
    rejected: Mapping[bytes, str]
    lost: frozenset[bytes] = frozenset()
    declined: Mapping[bytes, str] = field(default_factory=dict)
    unclear: Mapping[bytes, str] = field(default_factory=dict)
    unreadable: bool = False
    note: str | None = None


class Attempt(NamedTuple):
    """One row of the ledger: one sending of one pack and how it ended.

    Times are UTC in ISO form; `owner` is the process; `outcome` is `in_flight`, `ok`, `partial`, a
    fault, `stopped` or `interrupted` (its process died); `cost_usd` is None when the price or the
    usage is unknown, never zero for unknown, and `stated_usd` what the server itself says of it.
    `asked_with` is a JSON object of the mode and of what the settings wish for beside the answer,
    None where no server is asked. A field is only ever appended, with a default, and none is moved
    or removed: journals of other versions are read by place.
    """

    attempt_id: str
    owner: str
    invocation_id: str
    started_at: str
    provider: str
    host: str
    model: str
    prompt_hashes: str
    attempt: int
    records: int
    asks: int
    reserved_usd: float | None = None
    ended_at: str | None = None
    outcome: str = "in_flight"
    http_status: int | None = None
    error: str | None = None
    answers: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    latency_seconds: float | None = None
    maybe_paid: bool = False
    request_id: str | None = None
    cached_tokens: int | None = None
    stated_usd: float | None = None
    service_tier: str | None = None
    asked_with: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """An ask without an answer, as the store keeps it: its runs so far, and the next try.

    `kept` is the answer that it has all the same, where one could not be checked again: such a
    failure is no row of the store, and its `outcome` is that answer.
    """

    key: bytes
    kind: str
    model: str
    host: str
    prompt_hash: str
    status: Status
    error: str
    failed_runs: int
    failed_at: str
    next_try_at: str | None
    text: str | None = None
    kept: Outcome | None = None

    @property
    def outcome(self) -> Outcome:
        """What its ask is told."""
        if self.kept is not None:
            return self.kept
        due = self.next_try_at if self.status == "unclear" else None
        return Outcome(self.status, None, self.error, None, self.model, self.failed_at, due)


SKIPPED = Outcome(status="skipped")

__all__ = [
    "KEY_VERSION",
    "SKIPPED",
    "Ask",
    "Attempt",
    "Failure",
    "Judged",
    "Outcome",
    "Pack",
    "Question",
    "Record",
    "Reply",
    "Request",
    "Status",
    "Usage",
    "key_of",
    "key_seed",
    "new_id",
]


Use = tuple[str, str, str]
"""Kind, prompt hash and model of a question."""


REPEATED = "repeated"
"""The fate of rows with the text of another one; they are `ok` as well."""


GIVEN_UP = "discarded"
"""The fate of rows whose dead letter a person has discarded, whatever its status."""


@dataclass(frozen=True, slots=True)
class Fate:
    """Rows that fared alike: `rows` were served so, `kept` were so before and stay in their table.

    `reason` is what most of them say, blank for answers.
    """

    rows: int = 0
    kept: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """What became of the rows with a text of one question in a run.

    `rows` were served with an outcome, `stored` of them with an answer from before the run.
    `fates` is by status; `REPEATED` is among them.
    """

    rows: int = 0
    stored: int = 0
    fates: Mapping[str, Fate] = field(default_factory=dict)
