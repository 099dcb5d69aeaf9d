"""Tiny requests that show what an endpoint is; each goes through the provider and the ledger."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from assay.core.clock import now_utc
from assay.core.errors import AssayError, CallError, ConfigError
from assay.core.settings import Settings
from assay.core.values import Attempt, Judged, Mode, Reply, Request
from assay.engine import attempts
from assay.engine.ladder import SCHEMAS
from assay.engine.prices import price_of
from assay.engine.smallest import smallest_request
from assay.forms import form_of
from assay.providers import ListsModels, Provider, open_provider
from assay.store import Store, landing_of

RUN = "doctor-"
"""What the invocation id of these requests begins with."""

MOST_SECONDS = 20.0
"""How long one of them may take, whatever `ASSAY_DEADLINE_SECONDS` says."""

_NO_SCHEMA = {"type": "no-such-type"}
"""A server that enforces schemas has to turn this down."""

_ONE_TOKEN = 1
"""No answer fits into this."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One request and what came of it: a reply that was judged, or an error."""

    attempt: Attempt
    reply: Reply | None = None
    judged: Judged | None = None
    error: Exception | None = None

    @property
    def turned_down(self) -> bool:
        """Whether the server does not take such a request."""
        return isinstance(self.error, CallError) and self.error.fault == "too_big_or_bad"


@dataclass(frozen=True, slots=True)
class Seen:
    """What an endpoint showed of itself.

    `first` is the plain question in `mode`, the highest that was served, after those that were
    `refused`; `impossible` has a schema that is none, `cut` room for one token, `wishing` asks
    for log probabilities; `models` are those that the endpoint knows, where it turned a model
    down.
    """

    first: Probe
    mode: Mode
    refused: Sequence[Mode] = ()
    impossible: Probe | None = None
    cut: Probe | None = None
    wishing: Probe | None = None
    models: Sequence[str] = field(default_factory=list)


def look_at(settings: Settings, store: Store) -> Seen:
    """Ask the endpoint of the settings a few tiny questions; raise what no request survives."""
    return asyncio.run(_seen(_Prober(settings, store)))


class _Prober:
    """Sends each request once, with the ledger told before and after, as long as it may."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.model = settings.model_for(None)
        self.provider: Provider = open_provider(settings)
        self._store = store
        self._run = RUN + uuid.uuid4().hex
        self._sent = 0

    @property
    def may_send(self) -> bool:
        """Whether another request is allowed."""
        most = self.settings.max_requests
        return most is None or self._sent < most

    async def send(self, request: Request) -> Probe:
        """Return what comes of `request`."""
        self._sent += 1
        store, settings = self._store, self.settings
        begun = attempts.begun(
            request, settings, owner=store.owner, run_id=self._run, reserved_usd=None
        )
        store.journal.note(begun)
        probe = await self._tried(request, begun)
        tasks = [question.task for question in request.pack.questions]
        store.land([landing_of(probe.attempt, tasks=tasks)])
        return probe

    async def send_wishing(self, request: Request) -> Probe:
        """Return what comes of `request` where log probabilities are asked for."""
        plain, wishing = self.provider, self.settings.model_copy(update={"logprobs": True})
        self.provider = open_provider(wishing)
        try:
            return await self.send(request)
        finally:
            await self.provider.close()
            self.provider = plain

    async def _tried(self, request: Request, begun: Attempt) -> Probe:
        started, price = time.monotonic(), price_of(self.settings, request.model)
        try:
            async with asyncio.timeout(min(MOST_SECONDS, self.settings.deadline_seconds)):
                reply = await self.provider.send(request)
        except (AssayError, TimeoutError) as error:
            reason = error if str(error) else CallError("transport", "No reply in time.")
            return Probe(attempts.failed(begun, started, reason, price), error=reason)
        judged = form_of(request.pack).judge(request, reply, now_utc())
        return Probe(attempts.ended(begun, started, reply, judged, price), reply, judged)

    async def models(self) -> list[str]:
        """Return the models that the endpoint knows; none where it does not say."""
        if isinstance(self.provider, ListsModels):
            with suppress(AssayError, TimeoutError):
                async with asyncio.timeout(MOST_SECONDS):
                    return await self.provider.models()
        return []


async def _seen(prober: _Prober) -> Seen:
    try:
        seen = await _standing(prober)
        if seen.first.reply is None:
            wrong = isinstance(seen.first.error, ConfigError)
            return replace(seen, models=await prober.models() if wrong else [])
        return await _seen_further(prober, seen)
    finally:
        await prober.provider.close()


async def _seen_further(prober: _Prober, seen: Seen) -> Seen:
    """Return what was seen with what further requests show, as many as there may be."""
    plain = smallest_request(prober.settings, prober.model, seen.mode)
    impossible = replace(plain, schema=_NO_SCHEMA, idempotency_key=uuid.uuid4().hex)
    if prober.may_send and seen.mode in SCHEMAS:
        seen = replace(seen, impossible=await prober.send(impossible))
    cut = replace(plain, max_output_tokens=_ONE_TOKEN, idempotency_key=uuid.uuid4().hex)
    if prober.may_send:
        seen = replace(seen, cut=await prober.send(cut))
    wishing = replace(plain, idempotency_key=uuid.uuid4().hex)
    if prober.may_send and "logprobs" in prober.settings.manner_of(prober.model).takes:
        seen = replace(seen, wishing=await prober.send_wishing(wishing))
    return seen


async def _standing(prober: _Prober) -> Seen:
    """Ask the plain question in each mode in turn, until one is served, or fails otherwise."""
    refused: list[Mode] = []
    modes = prober.settings.manner_of(prober.model).modes
    while True:
        mode = modes[len(refused)]
        first = await prober.send(smallest_request(prober.settings, prober.model, mode))
        if not first.turned_down or mode == modes[-1] or not prober.may_send:
            return Seen(first, mode, refused)
        refused.append(mode)
