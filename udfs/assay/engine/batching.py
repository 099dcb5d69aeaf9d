"""Batching: packs that go into a file instead of the wire, written down before they are sent."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assay.core.batches import BatchState, BatchTerms
from assay.core.clock import now_utc
from assay.core.errors import CallError, ConfigError
from assay.core.plural import counted
from assay.core.settings import Settings
from assay.core.values import Outcome, Pack, Request, new_id
from assay.engine import retry
from assay.engine.batch_packs import Unpacker, pack_of
from assay.engine.claims import Claims
from assay.engine.recorder import Recorder
from assay.engine.state import RunState
from assay.providers import Batches, Provider, TakesBatches
from assay.store import BatchPack, BatchRow, queries

MOST_EXPIRIES = 2
"""So many batches may end without asking a pack; then it goes out by itself."""

Settles = Callable[[RunState, Request], Awaitable[bool]]
"""Whether a request of a model may go into a batch as it is; raises what stops the run."""

_log = logging.getLogger("assay")


@dataclass(slots=True)
class _Parcel:
    """A batch that is filled in this process; `fresh` is what is not written down yet.

    `size` is in bytes of the file.
    """

    run: RunState
    row: BatchRow
    size: int = 0
    is_full: bool = False
    fresh: list[tuple[str, Request, float | None]] = field(default_factory=list)

    def counts(self, request: Request, size: int, sign: int = 1) -> None:
        """One request more, or one less where `sign` is -1."""
        self.size += sign * size
        self.row = replace(
            self.row,
            requests=self.row.requests + sign,
            input_tokens=self.row.input_tokens + sign * request.input_tokens,
        )


class Batching:
    """Collects packs, a parcel for each run and model, and hands whole parcels over.

    Lives on the loop. What is written is the store's, under the name of the batch: from then on
    it outlives this process, and whoever asks for it is told that it is pending.
    """

    def __init__(
        self, settings: Settings, recorder: Recorder, provider: Provider, claims: Claims
    ) -> None:
        self._settings = settings
        self._recorder = recorder
        self._claims = claims
        self._batches = provider.batches if isinstance(provider, TakesBatches) else None
        self.urgent: set[bytes] = set()
        """What goes out by itself, whatever the settings say."""
        self._parcels: list[_Parcel] = []
        self._writing: set[RunState] = set()
        self._handing = asyncio.Lock()

    @property
    def is_possible(self) -> bool:
        """Whether the provider can be asked by the file."""
        return self._batches is not None

    @property
    def batches(self) -> Batches:
        """The batches at the endpoint; raises `ConfigError` where it takes none."""
        if self._batches is None:
            message = "This provider takes no batches; unset `ASSAY_BATCH`."
            raise ConfigError(message)
        return self._batches

    def takes(self, pack: Pack) -> bool:
        """Whether a pack goes into a batch: vectors cost little, evidence would be old."""
        if not self._settings.batch or pack.questions[0].task.form != "chat":
            return False
        return pack.expiries < MOST_EXPIRIES and not any(
            ask.key in self.urgent for ask in pack.asks
        )

    def add(self, run: RunState, request: Request, worst: float | None) -> None:
        """Put a request into the parcel of its run and model, or into a new one."""
        custom_id = new_id()
        size = len(self.batches.line(custom_id, request))
        parcel = self._parcel(run, request, size)
        parcel.fresh.append((custom_id, request, worst))
        parcel.counts(request, size)

    def is_ripe(self, run: RunState) -> bool:
        """Whether something of a run is to be written down: all is there, or a file is full."""
        if run in self._writing or run.stopped is not None:
            return False
        parcels = [parcel for parcel in self._parcels if parcel.run is run]
        if any(parcel.is_full for parcel in parcels):
            return True
        return run.flushes and not len(run.backlog) and any(one.fresh for one in parcels)

    def drop(self, run: RunState) -> None:
        """A run ends: nothing more of it is written down or handed over by this process."""
        self._parcels = [parcel for parcel in self._parcels if parcel.run is not run]

    async def write(self, run: RunState, settles: Settles) -> Mapping[bytes, Outcome]:
        """Write down what was collected, and return what it is from now on: pending.

        What does not settle goes back into the queue of its run, to be composed anew.
        """
        outcomes: dict[bytes, Outcome] = {}
        self._writing.add(run)
        try:
            for parcel in [one for one in self._parcels if one.run is run and one.fresh]:
                if await settles(run, parcel.fresh[0][1]):
                    outcomes |= await self._write(parcel)
                else:
                    self._take_back(parcel)
        finally:
            self._writing.discard(run)
        return outcomes

    async def hand_over(self, run: RunState, *, full_only: bool = False) -> None:
        """Send the batches of a run that are written; what cannot be sent now stays written."""
        async with self._handing:  # whoever ends a run waits for what is on its way
            for parcel in [one for one in self._parcels if one.run is run and not one.fresh]:
                if parcel.is_full or not full_only:
                    self._parcels.remove(parcel)
                    await self.send(parcel.row)

    async def send(self, row: BatchRow) -> BatchRow:
        """Send a batch that this process works on, if there is room for it; return how far it is.

        Raises `RunError` where no batch would be taken; it stays written then.
        """
        sent = row
        try:
            if self._has_room(row):
                sent = await self._sent(row)
        except CallError as error:
            _log.warning(
                "A batch of %s could not be handed over: %s It stays in the store, and the next "
                "build hands it over.",
                counted(row.requests, "request"),
                error,
            )
        finally:
            await self._recorder.note_batch(replace(sent, owner=""))
        return sent

    async def cancel(self, batch_id: str) -> None:
        """Call a batch off: at the endpoint, or here where that does not have it."""
        (row,) = (
            one for one in self._recorder.read(queries.BatchesOnRecord()) if one.id == batch_id
        )
        if not await self._recorder.take_batch(batch_id):
            message = f"Another process works on batch {batch_id}; wait until it has ended."
            raise ConfigError(message)
        try:
            if row.remote_id is None and (found := await self.found(batch_id)) is not None:
                row = sent_as(row, found)
            there = row.remote_id and await self.batches.cancel(row.remote_id)
            given_up = replace(row, place="over", status="cancelled")
            row = sent_as(row, there) if there else given_up
        finally:
            await self._recorder.note_batch(replace(row, owner=""))

    def _take_back(self, parcel: _Parcel) -> None:
        """Let what a parcel has collected and nobody has written down wait in the queue again."""
        fresh, parcel.fresh = parcel.fresh, []
        for custom_id, request, worst in fresh:
            parcel.counts(request, len(self.batches.line(custom_id, request)), -1)
            parcel.run.budget.let_go(worst)
            parcel.run.backlog.add_pack(request.pack)
        if not parcel.row.requests:
            self._parcels.remove(parcel)

    async def _write(self, parcel: _Parcel) -> dict[bytes, Outcome]:
        fresh, parcel.fresh = parcel.fresh, []
        seal, headroom = parcel.run.run_id, self._settings.headroom_for(parcel.row.model)
        packs = [
            pack_of(custom_id, request, seal, headroom, worst, self._claims.get)
            for custom_id, request, worst in fresh
        ]
        asks = [ask for _, request, _ in fresh for ask in request.pack.asks]
        await self._recorder.put_packs(parcel.row, packs, asks)
        error = "Waits for a batch; the next build looks whether it is there."
        model, moment = parcel.row.model, parcel.row.written_at
        return {ask.key: Outcome("pending", None, error, None, model, moment) for ask in asks}

    def _parcel(self, run: RunState, request: Request, size: int) -> _Parcel:
        """Return the open parcel of a run and model that has room for a request."""
        for parcel in self._parcels:
            if parcel.run is run and parcel.row.model == request.model and not parcel.is_full:
                if self._fits(parcel, request, size):
                    return parcel
                parcel.is_full = True
        self._parcels.append(_Parcel(run, self._new_row(run, request.model)))
        return self._parcels[-1]

    def _fits(self, parcel: _Parcel, request: Request, size: int) -> bool:
        terms, most = self._terms(request.model), self._settings.batch_tokens
        requests = min(terms.requests, self._settings.batch_requests or terms.requests)
        tokens = parcel.row.input_tokens + request.input_tokens
        return (
            parcel.row.requests < requests
            and parcel.size + size <= terms.bytes
            and (most is None or tokens <= most)
        )

    def _terms(self, model: str) -> BatchTerms:
        return self._settings.manner_of(model).batches or BatchTerms()

    def _new_row(self, run: RunState, model: str) -> BatchRow:
        return BatchRow(
            id=new_id(),
            provider=self._settings.provider,
            host=self._settings.host,
            model=model,
            run_id=run.run_id,
            owner=self._recorder.owner,
            written_at=now_utc(),
        )

    def _has_room(self, row: BatchRow) -> bool:
        """Whether the endpoint may have one batch more, by number and by tokens of its model."""
        there = [
            one
            for one in self._recorder.read(queries.BatchesOnRecord())
            if one.place == "sent" and one.host == row.host
        ]
        most = self._settings.batch_tokens
        tokens = sum(one.input_tokens for one in there if one.model == row.model)
        fits = most is None or not tokens or tokens + row.input_tokens <= most
        return len(there) < self._settings.max_batches and fits

    async def _sent(self, row: BatchRow) -> BatchRow:
        lines = await asyncio.to_thread(self._lines, row)
        if not lines:
            return replace(row, place="over")
        return sent_as(row, await self._submitted(lines, row.id))

    def _lines(self, row: BatchRow) -> Sequence[bytes]:
        """Return the lines of the file; not of packs whose texts are forgotten."""
        unpacker = Unpacker(row, self._recorder.read(queries.TaskSpecs()))
        packs: list[BatchPack] = self._recorder.read(queries.PacksOfBatch(row.id))
        kept = [(pack.custom_id, unpacker.unpack(pack)) for pack in packs]
        return [self.batches.line(name, one.request) for name, one in kept if one is not None]

    async def _submitted(self, lines: Sequence[bytes], mark: str) -> BatchState:
        """Submit until it is taken; never again before it is known that it was not."""
        attempt = 1
        while True:
            try:
                return await self.batches.submit(lines, mark)
            except CallError as error:
                if (found := await self.found(mark)) is not None:
                    return found
                last = attempt >= self._settings.max_attempts
                if last or error.fault not in retry.SERVER_FAULTS:
                    raise
                jitter = random.random()  # noqa: S311 - spreads retries, keeps no secret
                wait = retry.wait_seconds(attempt, error.retry_after_seconds, jitter)
            await asyncio.sleep(wait)
            attempt += 1

    async def found(self, mark: str) -> BatchState | None:
        """Return the batch at the endpoint that carries a mark, if there is one."""
        return next((one for one in await self.batches.known() if one.mark == mark), None)


def sent_as(row: BatchRow, state: BatchState) -> BatchRow:
    """Return a batch as its endpoint tells of it."""
    return replace(
        row,
        place="sent",
        remote_id=state.id,
        status=state.status,
        message=state.message,
        submitted_at=row.submitted_at or state.submitted_at or now_utc(),
        expires_at=state.expires_at,
    )
