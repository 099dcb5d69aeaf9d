"""The ledger's rows: an attempt as it begins, ends or fails. Pure but for clock and ids."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from typing import Any

from assay.core.canonical import canonical_json
from assay.core.clock import now_utc
from assay.core.errors import CallError, RunError
from assay.core.price import Price
from assay.core.settings import Settings
from assay.core.traits import Wish
from assay.core.values import Attempt, Judged, Reply, Request, new_id
from assay.engine.prices import usage_cost_usd

HIDDEN = "\N{HORIZONTAL ELLIPSIS}"
"""What stands for a text that is not kept."""

_SHAPING: tuple[Wish, ...] = ("temperature", "reasoning_effort", "service_tier")


def begun(
    request: Request,
    settings: Settings,
    *,
    owner: str,
    run_id: str,
    reserved_usd: float | None,
) -> Attempt:
    """Return the row that is written before `request` goes out."""
    pack = request.pack
    return Attempt(
        attempt_id=new_id(),
        owner=owner,
        invocation_id=run_id,
        started_at=now_utc(),
        provider=settings.provider,
        host=settings.host,
        model=pack.model,
        prompt_hashes=",".join(question.task.prompt_hash for question in pack.questions),
        attempt=pack.attempt,
        records=len(pack.records),
        asks=len(pack.asks),
        reserved_usd=reserved_usd,
        asked_with=asked_with(request, settings),
    )


def asked_with(request: Request, settings: Settings) -> str | None:
    """Return as a JSON object what shapes the answers to `request` and is in no key.

    The mode, and what the settings wish of a server and it may be sent: of further fields their
    names, numbers and yes or no, since a text may be a secret. None where no server is asked.
    """
    if not settings.traits.remote:
        return None
    takes = settings.manner_of(request.model).takes
    wished = {name: getattr(settings, name) for name in _SHAPING if name in takes}
    further = {"extra_body": _without_texts(settings.extra_body)} if settings.extra_body else {}
    said = {name: value for name, value in wished.items() if value is not None}
    mode = {"mode": request.mode} if request.schema else {}
    return canonical_json({**mode, **said, **further})


def _without_texts(value: Any) -> Any:
    """Return a value of JSON with a sign in place of each text."""
    if isinstance(value, dict):
        return {name: _without_texts(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_texts(part) for part in value]
    return HIDDEN if isinstance(value, str) else value


def ended(
    attempt: Attempt, started: float, reply: Reply, judged: Judged, price: Price | None
) -> Attempt:
    """Return the row of an attempt that brought a reply; `started` is monotonic seconds."""
    return attempt._replace(
        ended_at=now_utc(),
        outcome="partial" if judged.rejected else "ok",
        http_status=reply.http_status,
        error=judged.note or next(iter(judged.rejected.values()), None),
        answers=len(judged.answers),
        cost_usd=usage_cost_usd(price, reply.usage),
        latency_seconds=time.monotonic() - started,
        request_id=reply.request_id,
        **asdict(reply.usage),
    )


def failed(
    attempt: Attempt,
    started: float,
    error: BaseException,
    price: Price | None,
    *,
    maybe_paid: bool = True,
) -> Attempt:
    """Return the row of an attempt that brought nothing; `error` carries no text and no key.

    One whose reply stopped the run was turned down, which costs nothing. One that was cancelled in
    flight may have been paid for, and so may one that ended in an error that nobody foresaw, of
    which only its name is told; unless it is known that nothing was `maybe_paid`.
    """
    row = attempt._replace(ended_at=now_utc(), latency_seconds=time.monotonic() - started)
    if isinstance(error, CallError):
        return row._replace(
            outcome=error.fault,
            http_status=error.status,
            error=str(error),
            cost_usd=usage_cost_usd(price, error.usage) if error.maybe_paid else 0.0,
            maybe_paid=error.maybe_paid,
            **asdict(error.usage),
        )
    if isinstance(error, RunError):
        said = str(error)
        return row._replace(outcome="stopped", http_status=error.status, error=said, cost_usd=0.0)
    cancelled = isinstance(error, asyncio.CancelledError)
    reason = "cancelled in flight" if cancelled else type(error).__name__
    cost = None if maybe_paid else 0.0
    return row._replace(outcome="stopped", error=reason, cost_usd=cost, maybe_paid=maybe_paid)
