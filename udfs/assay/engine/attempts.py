"""The ledger's rows: an attempt as it begins, ends or fails. Pure but for clock and ids."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict

from assay.core.clock import now_utc
from assay.core.errors import CallError, RunError
from assay.core.settings import Settings
from assay.core.values import Attempt, Judged, Reply, Request, new_id
from assay.engine.prices import Price, usage_cost_usd


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
    )


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
