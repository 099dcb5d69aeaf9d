"""The endpoint: does it answer, on which rung, and what does it enforce and tell?

The requests of probes.py show it. No answer of theirs is stored.
"""

from __future__ import annotations

import datetime
import email.utils
from collections.abc import Iterator, Mapping, Sequence

from assay.core.errors import CallError
from assay.core.settings import Settings
from assay.core.values import Judged, Reply
from assay.engine import rungs
from assay.engine.ladder import TOLD
from assay.project.doctor.finding import Finding
from assay.project.doctor.probes import Probe, Seen, look_at
from assay.store import Rung, Store

MOST_SKEW_SECONDS = 60
MOST_MODELS = 12
"""So many names of models are shown."""


def endpoint_findings(settings: Settings, store: Store) -> Iterator[Finding]:
    """Ask the endpoint of the settings a few tiny questions; yield what it shows of itself."""
    seen = look_at(settings, store)
    first = seen.first
    if first.reply is None or first.judged is None:
        yield _unserved(settings, seen)
        return
    seconds = f"{first.attempt.latency_seconds or 0:.2f} s"
    text = f"{settings.endpoint} answered in {seconds} as {first.reply.model!r}."
    yield Finding("endpoint", text)
    yield _rung(settings, store, seen)
    yield schema_finding(first.judged, seen.impossible)
    if seen.cut is not None:
        yield cut_finding(seen.cut)
    yield _usage(first.reply)
    yield logprobs_finding(seen.wishing)
    yield limits_finding(first.reply.headers)
    yield clock_finding(first.reply.headers, datetime.datetime.now(datetime.UTC))


def _unserved(settings: Settings, seen: Seen) -> Finding:
    """Return what an endpoint said that serves nothing, and which models it knows."""
    said, _, check = str(seen.first.error).partition(" Check ")  # its own remedy knows more
    ours = ", ".join(f"`{variable}`" for variable in settings.traits.set_up_by)
    remedy = f"Check {check or f'{ours} and the network.'}"
    if seen.models and settings.model not in seen.models:
        remedy += f" The endpoint knows: {named(seen.models)}."
    return Finding("endpoint", f"{settings.endpoint}: {said}", remedy)


def named(models: Sequence[str]) -> str:
    """Return the names of models in one line, of many the first."""
    more = len(models) - MOST_MODELS
    return ", ".join(models[:MOST_MODELS]) + (f" and {more} more" if more > 0 else "")


def _rung(settings: Settings, store: Store, seen: Seen) -> Finding:
    """Return the rung as it was found now, which runs go by from here on."""
    model = settings.model_for(None)
    known = rungs.remembered(settings, store).get(model)
    if known or seen.refused:
        store.note_rung(rungs.found(settings, model, seen.mode))
    return rung_finding(seen, known)


def rung_finding(seen: Seen, known: Rung | None) -> Finding:
    """Return in which mode the endpoint answers, which ones it refuses, and what was `known`."""
    text = f"Asked by {TOLD[seen.mode]} ({seen.mode})"
    before = ""
    if known is not None and known.mode != seen.mode:
        before = f" From {known.found_at[:10]} until now it was asked by {TOLD[known.mode]}."
    if not seen.refused:
        return Finding("rung", f"{text}.{before}")
    refused = " and ".join(f"{TOLD[mode]} ({mode})" for mode in seen.refused)
    remedy = (
        f"Runs go by that for {rungs.KEPT_DAYS} days, and then find it out anew; "
        "`ASSAY_RESPONSE_FORMAT` states it for good."
    )
    return Finding("rung", f"{text}; it refuses {refused}.{before}", remedy, may_stay=True)


def logprobs_finding(wishing: Probe | None) -> Finding:
    """Return what comes of the wish for log probabilities; None where it was not to be sent."""
    if wishing is None:
        text = "Log probabilities were not asked for: by its profile it gives none."
    elif wishing.turned_down:
        status = getattr(wishing.error, "status", None)
        text = f"Log probabilities are refused (HTTP {status}); leave `ASSAY_LOGPROBS` off."
    elif wishing.reply is None:
        text = f"Whether it gives log probabilities is not clear ({wishing.error})."
    elif not wishing.reply.confidence:
        text = "The wish for log probabilities is taken, and none come; confidence stays NULL."
    else:
        sure = min(wishing.reply.confidence.values())
        text = (
            f"It gives log probabilities (sure of its answer by {sure:.2f}); "
            "`ASSAY_LOGPROBS=true` makes them the confidence of answers."
        )
    return Finding("logprobs", text)


def cut_finding(cut: Probe) -> Finding:
    """Return whether a reply with room for one token was cut."""
    if isinstance(cut.error, CallError) and cut.error.fault in ("truncated", "empty"):
        return Finding("output", "The limit of output tokens is kept.")
    if cut.reply is None:
        text = f"Whether the limit of output tokens is kept is not clear ({cut.error})."
        return Finding("output", text)
    used = cut.reply.usage.output_tokens
    text = f"The limit of output tokens is ignored: {used or 'more'} came where 1 was allowed."
    remedy = "State its name in `ASSAY_OUTPUT_LIMIT_NAME`, or money is reserved in vain."
    return Finding("output", text, remedy, may_stay=True)


def schema_finding(judged: Judged, second: Probe | None) -> Finding:
    """Return whether the schema of answers is enforced, as far as a second request can tell."""
    remedy = "Assay judges each answer itself; expect more that are asked again."
    if judged.rejected:
        reason = next(iter(judged.rejected.values()))
        text = f"The answer does not follow the schema ({reason})."
        return Finding("enforces", text, remedy, may_stay=True)
    if second is None:
        return Finding(
            "enforces", "The answer follows the shape; no schema was tried to enforce it."
        )
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


def _usage(reply: Reply) -> Finding:
    usage = reply.usage
    if usage.input_tokens is None or usage.output_tokens is None:
        remedy = "Costs stay unknown; keep spend in check with `ASSAY_MAX_REQUESTS`."
        return Finding("usage", "Replies do not say what they used.", remedy, may_stay=True)
    text = f"Replies say what they used: {usage.input_tokens} tokens in, "
    return Finding("usage", f"{text}{usage.output_tokens} out.")
