"""What now: keep, retry, split, bury or stop. Pure; `docs/architecture.md` has it as a table."""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from dataclasses import dataclass, field, replace

from assay.core.errors import Fault
from assay.core.values import Ask, Judged, Pack, Request, Status, new_id
from assay.engine.blame import Mishaps, most_in_a_row
from assay.engine.claims import Claim, Claims

BACKOFF_SECONDS = 0.5
BACKOFF_CAP_SECONDS = 30.0
LONGEST_WAIT_SECONDS = 120.0
"""The longest a server's Retry-After is obeyed; what asks for more waits this long at a time."""

_NEXT_TRY = (
    datetime.timedelta(0),
    datetime.timedelta(minutes=1),
    datetime.timedelta(minutes=10),
)
"""How long after its n-th failed run an ask may be tried again; after the last one it is dead."""

_WITHOUT_EVIDENCE = tuple(datetime.timedelta(days=days) for days in (7, 14, 28, 56, 56))
"""How long after its n-th search without evidence an ask is tried again; then it has aged out."""

_AT_THE_SERVERS: frozenset[Status] = frozenset({"over_limit", "transport", "quota", "config"})
"""What says nothing of the text that was asked about."""

MOST_RUNS = 10
"""In how many runs an ask may fail before a replay leaves it alone."""

SERVER_FAULTS: frozenset[Fault] = frozenset(
    {"transport", "retryable", "bad_body", "provider_error"}
)
"""Faults that say something about the server, not about what it was asked."""

AT_RANDOM: frozenset[Fault] = SERVER_FAULTS | {"empty"}
"""Faults that a server may have for anybody, now and then."""

_SAID_WHY: frozenset[Fault] = frozenset({"too_big_or_bad", "refused", "truncated"})
"""Faults that say something about what was asked: sending the same again is of no use."""

MOST_REJECTIONS = 2
"""So many answers that are not valid, the last of them to the record alone, and it is given up."""

MORE_ROOM = 4
"""So many times the usual output limit has the reply to a record alone, once it was cut."""

_FINAL: frozenset[Status] = frozenset({"refused", "too_long", "unsupported"})
"""Asking the same text the same question again would get the same non-answer."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Send the same pack again after `wait_seconds`.

    This was one of its attempts where it `counts`; `afresh`, none so far has been one.
    """

    wait_seconds: float
    counts: bool = True
    afresh: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """Send parts instead: one record may be the cause. `singly`: each record by itself."""

    singly: bool = False


@dataclass(frozen=True, slots=True)
class Bury:
    """Give the rows of the pack up with this status; they become dead letters.

    `reason` may say more than the fault.
    """

    status: Status
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """End the run: asking anything else would fail the same way. `reason` may say more."""

    status: Status
    reason: str | None = None


Verdict = Retry | Split | Bury | Stop


def after_fault(
    fault: Fault,
    pack: Pack,
    *,
    serves: bool,
    max_attempts: int,
    retry_after_seconds: float | None,
    jitter: float,
    took_seconds: float = 0.0,
    usual: int = 0,
) -> Verdict:
    """Return what becomes of a `pack` whose sending met `fault`.

    `serves` says that the server has served others lately. Then a wait is not doubled, for it is
    not overload that it suffers from, and the time that the sending took is a part of it; and a
    record alone gets all its attempts, whatever the fault; it gets as many as may be `usual` for
    anybody on this server, where that is more.
    `jitter` is a random number in [0, 1); waits are only ever made longer by it.
    """
    if fault in ("quota", "config"):
        return Stop("quota" if fault == "quota" else "config")
    if _may_retry(fault, pack, serves=serves, max_attempts=max_attempts, usual=usual):
        doubled = counted(pack) if not serves and counted(pack) < max_attempts else 1
        took = took_seconds if serves else 0.0
        return Retry(wait_seconds(doubled, retry_after_seconds, jitter, took))
    return Split() if len(pack.records) > 1 else Bury(_buried_as(fault))


def counted(pack: Pack) -> int:
    """Return how many sendings of a pack count as its attempts, this one included."""
    return pack.attempt - pack.forgiven


def _may_retry(fault: Fault, pack: Pack, *, serves: bool, max_attempts: int, usual: int) -> bool:
    """Whether sending the same again may help: every record has `max_attempts` - 1 retries.

    Parts of a pack that was split without a reason given are sent once each, until the record
    that is left alone has what remains of them: 2 log2(n) further requests and the retries. A
    record alone whose reply was cut is asked once more, with more room.
    """
    alone, attempts = len(pack.records) == 1, counted(pack)
    if alone and fault == "truncated":
        return pack.room == 1 and max_attempts > 1
    if alone and fault in AT_RANDOM and attempts < usual:
        return True
    if attempts >= max_attempts or (pack.bisecting and not alone):
        return False
    if alone and serves and fault in SERVER_FAULTS:
        return True
    return pack.faults.count(fault) + 1 < _most_repeats(fault, max_attempts)


def next_sending(pack: Pack, fault: Fault, retry: Retry = Retry(0.0)) -> Pack:
    """Return `pack` for its next attempt, with those that count.

    After a reply that was lost it is the very same request, so that a server which remembers
    idempotency keys can give the same reply; after any reply that arrived it is a new one, and
    after one that was cut it has more room.
    """
    forgiven = pack.attempt if retry.afresh else pack.forgiven + (not retry.counts)
    faults = (*pack.faults, fault) if retry.counts else pack.faults
    return replace(
        pack,
        attempt=pack.attempt + 1,
        forgiven=forgiven,
        faults=() if retry.afresh else faults,
        room=MORE_ROOM if fault == "truncated" else pack.room,
        seal=pack.seal if fault == "transport" else new_id(),
    )


def parts_of(pack: Pack, fault: Fault, *, singly: bool = False) -> list[Pack]:
    """Return the parts of a pack of at least two records that met `fault`.

    They are halves; of a pack that was refused, quarters: one record of n is found by 4 log4(n)
    requests as by 2 log2(n), in half the rounds. What is split because the server said why is
    sent afresh; what is split because sending it again failed keeps count of its attempts.
    """
    if singly:
        return [Pack((record,)) for record in pack.records]
    size = math.ceil(len(pack.records) / (4 if fault == "refused" else 2))
    parts = [pack.records[at : at + size] for at in range(0, len(pack.records), size)]
    if fault in _SAID_WHY:
        return [Pack(part) for part in parts]
    faults = (*pack.faults, fault)
    return [
        Pack(part, pack.attempt, faults, bisecting=True, forgiven=pack.forgiven) for part in parts
    ]


def wait_seconds(
    attempt: int, retry_after_seconds: float | None, jitter: float, took_seconds: float = 0.0
) -> float:
    """Return how long to wait after the `attempt`-th sending: doubled each time.

    `took_seconds` of it are over already. The server's Retry-After is a lower bound, obeyed up to
    `LONGEST_WAIT_SECONDS`. Jitter adds up to half of the whole wait, and never more than half of
    the longest backoff: what hung together does not come again together.
    """
    backoff = min(BACKOFF_CAP_SECONDS, BACKOFF_SECONDS * 2.0 ** (attempt - 1))
    asked = obeyed(retry_after_seconds)
    spread = min(max(backoff, asked), BACKOFF_CAP_SECONDS) * jitter / 2
    return max(backoff - took_seconds, asked, 0.0) + spread


def obeyed(retry_after_seconds: float | None) -> float:
    """Return how much of a server's Retry-After is waited at a time."""
    return min(retry_after_seconds or 0.0, LONGEST_WAIT_SECONDS)


def after_rejection(
    *, rejections: int, losses: int, records: int, max_attempts: int, usual: int = 0
) -> Retry | Split | Bury:
    """Return what becomes of a record that still has no answer after a reply.

    `rejections` counts answers to it that were not valid, `losses` replies without one. Once more
    with the next pack, then alone. A model that gives no valid answer to a record by
    itself will not learn it; one that loses answers is asked as often as any server that fails,
    and as often as may be `usual` for anybody.
    """
    hopeless = rejections > MOST_REJECTIONS or (rejections == MOST_REJECTIONS and records == 1)
    if hopeless or losses > max(max_attempts, usual):
        return Bury("invalid")
    if rejections + losses == 1 or records == 1:
        return Retry(0.0)
    return Split()


def next_try_at(
    status: Status, failed_runs: int, failed_at: datetime.datetime
) -> datetime.datetime | None:
    """Return when an ask that failed in `failed_runs` runs may be asked again; None for never."""
    waits = _WITHOUT_EVIDENCE if status == "unclear" else _NEXT_TRY
    if status in _FINAL or failed_runs > len(waits):
        return None
    return failed_at + waits[failed_runs - 1]


def rechecks_at(status: Status, failed_at: datetime.datetime) -> list[datetime.datetime]:
    """Return when an answer is tried again that could not be checked: after the first miss, ...

    After the last one always so long later. With one time alone it is no miss: the next run tries.
    """
    if status in _AT_THE_SERVERS:
        return [failed_at]
    return [failed_at + wait for wait in _WITHOUT_EVIDENCE]


def _most_repeats(fault: Fault, max_attempts: int) -> int:
    """How often a fault may meet a pack before it is split: what repeats itself gets fewer."""
    if fault in _SAID_WHY:
        return 1
    return 2 if fault in ("bad_body", "provider_error", "empty") else max_attempts


def _buried_as(fault: Fault) -> Status:
    named: dict[Fault, Status] = {
        "too_big_or_bad": "too_long",
        "truncated": "invalid",
        "refused": "refused",
        "empty": "invalid",
    }
    return named.get(fault, "transport")


@dataclass(frozen=True, slots=True)
class SortedRejections:
    """The asks of a reply that have no answer, by what becomes of them."""

    buried: list[Ask] = field(default_factory=list)
    again: list[Ask] = field(default_factory=list)
    alone: list[Ask] = field(default_factory=list)


class Rejections:
    """Counts for each open claim what replies made of it, and for each model what is usual.

    A reply without an answer to a record counts against the record only so far as it is worse
    luck than others had, who were answered in the end.
    """

    def __init__(self, claims: Claims, max_attempts: int) -> None:
        self._claims = claims
        self._max_attempts = max_attempts
        self._losses: defaultdict[str, Mishaps] = defaultdict(Mishaps)
        self._losses_alone: defaultdict[str, Mishaps] = defaultdict(Mishaps)

    def sort(self, request: Request, judged: Judged) -> SortedRejections:
        """Return what becomes of what a reply left without an answer; its claims count that."""
        self._learn(request, judged)
        sorted_ = SortedRejections()
        rejected = (ask for ask in request.pack.asks if ask.key in judged.rejected)
        for ask in rejected if judged.rejected else ():
            if (claim := self._claims.get(ask.key)) is None:
                continue
            match self._after(claim, request, judged):
                case Bury():
                    sorted_.buried.append(ask)
                case Split():
                    sorted_.alone.append(ask)
                case Retry():
                    sorted_.again.append(ask)
        return sorted_

    def _learn(self, request: Request, judged: Judged) -> None:
        """Take note of how many replies those had lost who are answered now."""
        claims = [claim for key in judged.answers if (claim := self._claims.get(key)) is not None]
        if not claims:
            return
        self._losses[request.model].over(sum(claim.losses for claim in claims), len(claims))
        if len(request.pack.records) == 1:
            alone = sum(claim.losses_alone for claim in claims)
            self._losses_alone[request.model].over(alone, len(claims))

    def _after(self, claim: Claim, request: Request, judged: Judged) -> Retry | Split | Bury:
        records, model = len(request.pack.records), request.model
        if self._is_lost(claim.ask, model, judged):
            claim.losses += 1
            claim.losses_alone += records == 1
        else:
            claim.rejections += 1
        return after_rejection(
            rejections=claim.rejections,
            losses=claim.losses,
            records=records,
            max_attempts=self._max_attempts,
            usual=self._usual(model),
        )

    def _is_lost(self, ask: Ask, model: str, judged: Judged) -> bool:
        """Whether a reply held no answer to `ask` at all, which says little of its record.

        One that cannot be read is the model's way to answer, until it has answered somebody.
        """
        if judged.unreadable:
            return self._losses[model].served > 0
        return ask.key in judged.lost

    def _usual(self, model: str) -> int:
        """Return so many losses as anybody may meet; alone there may be more of them."""
        return most_in_a_row(max(self._losses[model].share, self._losses_alone[model].share))
