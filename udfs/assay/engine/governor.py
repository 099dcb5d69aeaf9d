"""The governor: whether and when requests start, and what a failed one means for its pack."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import replace
from http import HTTPStatus

from assay.core.errors import CallError
from assay.core.settings import Settings
from assay.core.tokens import estimate_tokens
from assay.core.values import Pack, Reply, Request
from assay.engine import retry
from assay.engine.blame import BLAMED, SUSPECT, Luck, Mishaps, most_in_a_row
from assay.engine.breaker import Breaker, RetryBudget
from assay.engine.budget import Gauge
from assay.engine.prices import cost_usd, price_in_batch, price_of
from assay.engine.rate_limit import Limiter
from assay.engine.waiting import named, reason
from assay.forms import form_of

TURNED_DOWN_TO_STOP = 3
"""So many single records turned down, and not one request served, and the set-up is at fault."""

LONGEST_LIMIT_SECONDS = 90.0
"""Longer than this no limit by the minute refuses what is left last, beside which all waits."""

SHORT_TEXT_TOKENS = 100
"""No endpoint has so little room that a text of fewer tokens is too long for it."""

_TURNED_DOWN = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)
"""What may be an accident; a server that says "never again" is not asked again."""


class Governor:
    """Limits and the health of the server in one place, over all runs that are open at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._limiter = Limiter(
            settings.max_in_flight, settings.requests_per_minute, settings.tokens_per_minute
        )
        self._breaker = Breaker()
        self._retries = RetryBudget()
        self._served: Counter[str] = Counter()
        self._largest: Counter[str] = Counter()
        self._answers = self._took = False
        self._begun_at: float | None = None
        self._worked_at: float | None = None
        self._mishaps = Mishaps()
        self._failing: dict[bytes, int] = {}
        self._turned_down: Counter[str] = Counter()
        self._forbidden: dict[bytes, int] = {}
        self._gauge = Gauge()
        self._luck = Luck()
        self._trouble = ""

    @property
    def took_nothing(self) -> bool:
        """Whether the endpoint has taken no request of this run, as far as can be told."""
        return not self._took

    def has_slot(self) -> bool:
        """Whether another request may be in flight; while the server is down, only one probe."""
        probing = self._breaker.is_open and self._limiter.in_flight > 0
        return self._limiter.has_slot() and not probing

    def wait_seconds(self) -> float:
        """Return how long until the next request may start."""
        now = time.monotonic()
        return max(self._limiter.wait_seconds(now), self._breaker.wait_seconds(now))

    def waits_for(self) -> str:
        """Return why nothing is sent just now, in a few words; blank where there is no reason."""
        outage, now = self._settings.outage_seconds, time.monotonic()
        return reason(self._limiter, self._breaker, self._trouble, outage, now)

    def worst_usd(self, request: Request, *, in_batch: bool = False) -> float | None:
        """Return the most that `request` can cost; None when its price is not known."""
        price = (price_in_batch if in_batch else price_of)(self._settings, request.model)
        return cost_usd(price, self._gauge.input_tokens(request), request.max_output_tokens)

    def start(self, request: Request) -> None:
        """`request` goes out."""
        now = time.monotonic()
        self._begun_at = now if self._begun_at is None else self._begun_at
        self._limiter.start(now, self._gauge.input_tokens(request))
        self._breaker.start(now)

    def finish(self) -> None:
        """A request is over, however it ended."""
        self._limiter.finish()

    def succeeded(self, request: Request, reply: Reply) -> None:
        """The server served `request`, and says what it took and how many it takes."""
        pack, model = request.pack, request.model
        self.tried(request, reply)
        self._worked_at = time.monotonic()
        self._luck.accepts(pack)
        self._failing.pop(pack.asks[0].key, None)
        if not pack.bisecting:
            self._mishaps.over(sum(fault in retry.AT_RANDOM for fault in pack.faults))
        self._retries.earn()
        now = time.monotonic()
        if self._breaker.succeeded(now):
            self._limiter.restart()
        self._limiter.accepted(now)
        if reply.requests_per_minute is not None:
            self._limiter.is_told(model, reply.requests_per_minute)

    def tried(self, request: Request, reply: Reply) -> None:
        """The server served a request that is no part of the work, which may be refused still."""
        self._answers = self._took = True
        self.learns(request, reply)

    def doubts(self, pack: Pack, error: CallError, *, alone: bool) -> bool:
        """Whether `pack` may be refused for its size alone, which a small request tells.

        Nothing of the work was served for longer than any limit by the minute, so that what this
        account may take in a minute is there. A record by itself is in doubt where it is larger
        than all that was served, or `alone`: nothing else is open, none waits or is in flight.
        """
        if error.status != HTTPStatus.TOO_MANY_REQUESTS or self._begun_at is None:
            return False
        since = max(self._begun_at, self._worked_at or 0.0)
        patience = min(LONGEST_LIMIT_SECONDS, self._settings.outage_seconds)
        if time.monotonic() - since <= patience:
            return False
        by_itself = len(pack.records) == 1 and not alone
        return not by_itself or not (self._fits(pack) or _is_short(pack))

    def too_big(self, pack: Pack, error: CallError, why: str) -> retry.Split | retry.Bury:
        """Return what becomes of a pack that a limit of the account has no room for."""
        self._luck.forgets(pack)
        if len(pack.records) > 1:
            return retry.Split(singly=True)
        reason = (
            f"{error} {why}, so a limit of the account is smaller than this text. Raise it and "
            "build again, or shorten the text."
        )
        return retry.Bury("over_limit", reason)

    def learns(self, request: Request, reply: Reply) -> None:
        """A model has answered, now or in a batch: what it takes, and how it counts."""
        model = request.model
        self._served[model] += 1
        self._largest[model] = max(self._largest[model], request.input_tokens)
        self._gauge.read(request, reply.usage)

    def failed(self, pack: Pack, error: CallError, latency_seconds: float) -> None:
        """A pack failed so long after it was sent; only faults of the server slow us down.

        A pack that is throttled again and again while others are served says nothing
        of how much the server takes, and a record that alone fails more often than any may says
        nothing of whether the server is up.
        """
        now, self._trouble = time.monotonic(), named(error)
        self._answers = self._answers or not error.silent
        self._took = self._took or error.maybe_paid
        if error.status == HTTPStatus.FORBIDDEN:
            self._breaker.failed(now, throttled=False)
            return
        if error.fault not in retry.SERVER_FAULTS:
            self._breaker.succeeded(now)
            return
        if len(pack.records) == 1:
            self._failing.setdefault(pack.asks[0].key, self._served.total())
        throttled = error.status == HTTPStatus.TOO_MANY_REQUESTS
        if throttled:
            self._luck.refuses(pack)
        tried = len(pack.records) == 1 and retry.counted(pack) > self._settings.max_attempts
        self._breaker.failed(now, throttled=throttled or tried)
        if throttled and self._luck.chance(pack) < SUSPECT:
            return
        if throttled or error.maybe_paid:
            self._limiter.dropped(now, throttled=throttled, latency_seconds=latency_seconds)
        self._limiter.pause(now, retry.obeyed(error.retry_after_seconds))

    def verdict(
        self,
        pack: Pack,
        error: CallError,
        *,
        others_wait: bool,
        took_seconds: float = 0.0,
        untried: bool = False,
    ) -> retry.Verdict:
        """Return what becomes of a pack whose sending failed after `took_seconds`.

        `others_wait` for their turn, some of them `untried`.

        While the server is down or refuses for its limits, attempts do not count: no row is
        given up for what is not its fault, nor for bad luck that anybody may have. The run stops
        when waiting has no end in sight, and when a server that has not served one request turns
        every single record down.
        """
        throttled = error.status == HTTPStatus.TOO_MANY_REQUESTS  # may be the limit of all
        verdict = retry.after_fault(
            error.fault,
            replace(pack, forgiven=0) if throttled else pack,
            serves=self._breaker.serves(time.monotonic()),
            max_attempts=self._settings.max_attempts,
            retry_after_seconds=error.retry_after_seconds,
            jitter=random.random(),  # noqa: S311 - spreads retries, keeps no secret
            took_seconds=0.0 if throttled else took_seconds,
            usual=0 if throttled else self._usual(pack.model),
        )
        if error.fault in retry.SERVER_FAULTS:
            last = isinstance(verdict, retry.Bury) and self._served and not others_wait
            if last and not throttled and self._has_waited_for(self._settings.outage_seconds):
                return verdict
            stop = self._never_reached(error) or self._out_of_patience(error)
            verdict = stop or self._spared(verdict, pack, error, untried=untried)
        elif error.status == HTTPStatus.FORBIDDEN:
            verdict = self._of_a_guard(pack, error) or verdict
        elif isinstance(verdict, retry.Bury) and error.fault == "too_big_or_bad":
            verdict = self._unfit(pack, error)
        if not isinstance(verdict, retry.Retry):
            return verdict
        if throttled:  # it is the limiter's pace that keeps retries in check
            return replace(verdict, counts=False)
        credit = self._retries.spend(time.monotonic())
        return replace(verdict, wait_seconds=max(verdict.wait_seconds, credit))

    def _usual(self, model: str) -> int:
        """Return so many attempts as any record may need of a model, once it has served one."""
        if not self._served[model]:
            return 0
        return max(self._settings.max_attempts, most_in_a_row(self._mishaps.share))

    def _spared(
        self,
        verdict: retry.Verdict,
        pack: Pack,
        error: CallError,
        *,
        untried: bool,
    ) -> retry.Verdict:
        throttled = error.status == HTTPStatus.TOO_MANY_REQUESTS
        if isinstance(verdict, retry.Retry):
            return replace(verdict, afresh=self._breaker.is_open)
        wait = retry.wait_seconds(1, error.retry_after_seconds, 0.0)
        if self._breaker.is_open or (untried and self._none_served_since(pack)):
            return retry.Retry(wait, afresh=True)
        if throttled and self._luck.chance(pack) >= BLAMED:
            return retry.Retry(wait)
        return self.too_big(pack, error, "Others were served") if throttled else verdict

    def _none_served_since(self, pack: Pack) -> bool:
        """Whether nobody was served since a record first failed alone."""
        return self._failing.get(pack.asks[0].key) == self._served.total()

    def _never_reached(self, error: CallError) -> retry.Stop | None:
        """Stop where no connection was ever made, once all attempts of a pack could be over.

        One that ends before a word is said may be the fault of one text, until ten in a row do.
        """
        if self._answers or (error.maybe_paid and not self._breaker.is_open):
            return None
        attempts = range(1, self._settings.max_attempts)
        seconds = sum(retry.wait_seconds(attempt, None, 0.0) for attempt in attempts)
        now = time.monotonic()
        if now - (now if self._begun_at is None else self._begun_at) < seconds:
            return None
        message = f"{error} Is the endpoint right and up? Check `ASSAY_BASE_URL`."
        return retry.Stop("config", message)

    def _has_waited_for(self, seconds: float) -> bool:
        """Whether nothing but failures has come for longer than that."""
        return self._breaker.down_for(time.monotonic()) > seconds

    def _out_of_patience(self, error: CallError) -> retry.Stop | None:
        if not self._has_waited_for(self._settings.outage_seconds):
            return None
        message = (
            f"{error} Nothing but failures for {self._settings.outage_seconds:g} seconds "
            "(`ASSAY_OUTAGE_SECONDS`); what was answered is kept. Run again to go on."
        )
        return retry.Stop("transport", message)

    def _of_a_guard(self, pack: Pack, error: CallError) -> retry.Verdict | None:
        """Return what a 403 means: no access for anybody, or None for one text that is offensive.

        A text is given up once the model has served others since, and no access is what it is
        where it has served none, now or for a while.
        """
        served = self._served[pack.model]
        if not served or self._breaker.is_open:
            remedy = self._settings.traits.check
            message = f"{error} Model {pack.model!r} is out of reach. {remedy}"
            return retry.Stop("config", message)
        since = served - self._forbidden.setdefault(pack.asks[0].key, served)
        if len(pack.records) > 1 or since or pack.attempt >= self._settings.max_attempts:
            return None
        return retry.Retry(retry.wait_seconds(pack.attempt, None, 0.0))

    def _unfit(self, pack: Pack, error: CallError) -> retry.Verdict:
        """Return what becomes of a record that is turned down: it is too long, or unlucky.

        Stop where the endpoint takes none of our requests: the rows are not to blame.
        """
        self._turned_down[pack.model] += 1
        if self._served[pack.model] or self._turned_down[pack.model] < TURNED_DOWN_TO_STOP:
            return self._turned_down_alone(pack, error)
        message = (
            f"{error} The endpoint has turned down every request so far for model "
            f"{pack.model!r}. {self._settings.traits.check}"
        )
        return retry.Stop("config", message)

    def _turned_down_alone(self, pack: Pack, error: CallError) -> retry.Retry | retry.Bury:
        """Return what becomes of one record that is turned down while others are served.

        It is too long when it is long, and longer than all that was served; otherwise it may have
        been an accident, such as a model that ran out of room, and is asked about once more.
        """
        if pack.room > 1:
            reason = f"{error} More room was asked for, as the reply had hit the output limit."
            return retry.Bury("invalid", reason)
        fits = self._fits(pack)
        if not fits and not _is_short(pack):
            return retry.Bury("too_long")
        once = retry.counted(pack) == 1 and self._settings.max_attempts > 1
        if self._served[pack.model] and once and error.status in _TURNED_DOWN:
            return retry.Retry(retry.BACKOFF_SECONDS)
        why = "Longer requests were served" if fits else "The text is short"
        reason = f"{error} {why}, so it is not its length. Build again to ask once more."
        return retry.Bury("invalid", reason)

    def _fits(self, pack: Pack) -> bool:
        """Whether a model has served a request that was no smaller."""
        return form_of(pack).compose(pack, 0).input_tokens <= self._largest[pack.model]


def _is_short(pack: Pack) -> bool:
    return estimate_tokens(pack.records[0].text) < SHORT_TEXT_TOKENS
