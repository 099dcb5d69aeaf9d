"""The endpoint, by at most two tiny requests: does it answer, and what does it enforce?

They go out through the provider and into the ledger, as a run whose id begins with `doctor-`. No
answer of theirs is stored.
"""

from __future__ import annotations

import asyncio
import datetime
import email.utils
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from assay.core.clock import now_utc
from assay.core.errors import AssayError, CallError
from assay.core.settings import Settings
from assay.core.values import Attempt, Judged, Reply, Request
from assay.engine import attempts
from assay.engine.prices import price_of
from assay.engine.smallest import smallest_request
from assay.forms import form_of
from assay.project.doctor.finding import Finding
from assay.providers import Provider, open_provider
from assay.store import Store, landing_of

RUN = "doctor-"
"""What the invocation id of these requests begins with."""

MOST_SECONDS = 20.0
"""How long one of them may take, whatever `ASSAY_DEADLINE_SECONDS` says."""

MOST_SKEW_SECONDS = 60
_NO_SCHEMA = {"type": "no-such-type"}
"""A server that enforces schemas has to turn this down."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One request and what came of it: a reply that was judged, or an error."""

    attempt: Attempt
    reply: Reply | None = None
    judged: Judged | None = None
    error: Exception | None = None


def endpoint_findings(settings: Settings, store: Store) -> Iterator[Finding]:
    """Ask the endpoint of the settings twice at most, and yield what it shows of itself."""
    first, second = asyncio.run(_probes(settings, store))
    if first.reply is None or first.judged is None:
        said, _, check = str(first.error).partition(" Check ")  # its own remedy knows more
        ours = ", ".join(f"`{variable}`" for variable in settings.traits.set_up_by)
        check = check or f"{ours} and the network."
        yield Finding("endpoint", f"{settings.endpoint}: {said}", f"Check {check}")
        return
    seconds = f"{first.attempt.latency_seconds or 0:.2f} s"
    text = f"{settings.endpoint} answered in {seconds} as {first.reply.model!r}."
    yield Finding("endpoint", text)
    yield schema_finding(first.judged, second)
    yield _usage(first.reply)
    yield limits_finding(first.reply.headers)
    yield clock_finding(first.reply.headers, datetime.datetime.now(datetime.UTC))


def schema_finding(judged: Judged, second: Probe | None) -> Finding:
    """Return whether the schema of answers is enforced, as far as two requests can tell."""
    remedy = "Assay judges each answer itself; expect more that are asked again."
    if judged.rejected:
        reason = next(iter(judged.rejected.values()))
        text = f"The answer does not follow the schema ({reason})."
        return Finding("enforces", text, remedy, may_stay=True)
    if second is None:
        return Finding("enforces", "The answer follows the schema; no second request was allowed.")
    if isinstance(second.error, CallError) and second.error.fault == "too_big_or_bad":
        text = f"Schemas: an impossible one is turned down (HTTP {second.error.status})."
        return Finding("enforces", text)
    if second.error is None or second.judged is not None:
        text = "The answer follows the schema, but an impossible schema is accepted."
        return Finding("enforces", text, remedy, may_stay=True)
    text = f"The answer follows the schema; whether it has to is not clear ({second.error})."
    return Finding("enforces", text)


def limits_finding(headers: Mapping[str, str]) -> Finding:
    """Return the limits that rate headers state."""
    said = [
        f"{headers.get(f'x-ratelimit-remaining-{what}', '?')} of {limit} {what} left"
        for what in ("requests", "tokens")
        if (limit := headers.get(f"x-ratelimit-limit-{what}")) is not None
    ]
    if said:
        return Finding("limits", f"Rate headers: {', '.join(said)}.")
    text = "No rate headers; if it has limits, set `ASSAY_REQUESTS_PER_MINUTE`."
    return Finding("limits", text)


def clock_finding(headers: Mapping[str, str], now: datetime.datetime) -> Finding:
    """Return how far our clock is from the `Date` of a reply, which has whole seconds."""
    try:
        theirs = email.utils.parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, OverflowError):
        return Finding("clock", "The endpoint does not say what time it is.")
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=datetime.UTC)
    skew = round((now - theirs).total_seconds())
    if abs(skew) <= MOST_SKEW_SECONDS:
        return Finding("clock", f"{abs(skew)} seconds from the endpoint's.")
    side = "ahead of" if skew > 0 else "behind"
    text = f"It is {abs(skew):,} seconds {side} the endpoint's."
    remedy = "Set the clock, by NTP: next tries, leases and drift go by it."
    return Finding("clock", text, remedy, may_stay=True)


async def _probes(settings: Settings, store: Store) -> tuple[Probe, Probe | None]:
    """Send the plain request, and with it a second one whose schema is impossible."""
    provider = open_provider(settings)
    model = settings.model_for(None)
    run = RUN + uuid.uuid4().hex
    try:
        request = smallest_request(settings, model, settings.manner_of(model).modes[0])
        first = await _sent(settings, store, provider, run, request)
        if first.reply is None or settings.max_requests == 1:
            return first, None
        seal = uuid.uuid4().hex
        impossible = replace(request, schema=_NO_SCHEMA, idempotency_key=seal)
        return first, await _sent(settings, store, provider, run, impossible)
    finally:
        await provider.close()


async def _sent(
    settings: Settings, store: Store, provider: Provider, run: str, request: Request
) -> Probe:
    """Send once, with the ledger told before and after."""
    begun = attempts.begun(request, settings, owner=store.owner, run_id=run, reserved_usd=None)
    store.journal.note(begun)
    started, price = time.monotonic(), price_of(settings, request.model)
    try:
        async with asyncio.timeout(min(MOST_SECONDS, settings.deadline_seconds)):
            reply = await provider.send(request)
    except (AssayError, TimeoutError) as error:
        reason = error if str(error) else CallError("transport", "No reply in time.")
        ended = attempts.failed(begun, started, reason, price)
        probe = Probe(ended, error=reason)
    else:
        judged = form_of(request.pack).judge(request, reply, now_utc())
        probe = Probe(attempts.ended(begun, started, reply, judged, price), reply, judged)
    tasks = [question.task for question in request.pack.questions]
    store.land([landing_of(probe.attempt, tasks=tasks)])
    return probe


def _usage(reply: Reply) -> Finding:
    usage = reply.usage
    if usage.input_tokens is None or usage.output_tokens is None:
        remedy = "Costs stay unknown; keep spend in check with `ASSAY_MAX_REQUESTS`."
        return Finding("usage", "Replies do not say what they used.", remedy, may_stay=True)
    text = f"Replies say what they used: {usage.input_tokens} tokens in, "
    return Finding("usage", f"{text}{usage.output_tokens} out.")
