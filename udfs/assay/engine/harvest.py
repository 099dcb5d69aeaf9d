"""The harvest: what batches have brought since, taken in as if each line were a reply."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from assay.core.batches import ID_DIGITS, BatchLine, BatchState
from assay.core.clock import now_utc
from assay.core.errors import CallError, RunError
from assay.core.events import Ended, PackOver, Sent
from assay.core.plural import counted
from assay.core.program import program
from assay.core.settings import Settings
from assay.core.values import Ask, Attempt, Reply, Request
from assay.engine import attempts, retry
from assay.engine.aftermath import Aftermath
from assay.engine.batch_packs import Kept, Unpacker
from assay.engine.batching import Batching, sent_as
from assay.engine.claims import Claims
from assay.engine.governor import Governor
from assay.engine.ladder import Ladder
from assay.engine.prices import price_in_batch
from assay.engine.recorder import Recorder
from assay.engine.state import RunState
from assay.forms import form_of
from assay.providers import Batches
from assay.store import BatchPack, BatchRow, queries

TIER = "batch"
"""What the ledger says of how a line was served."""

LINES_AT_ONCE = 64
"""So many lines are in work at once: their commits are one."""

_NO_LINE = "The batch ended without a line for this request."

_log = logging.getLogger("assay")


@dataclass(frozen=True, slots=True)
class Reaping:
    """What a harvest needs of the dispatcher, as it is when it begins."""

    settings: Settings
    recorder: Recorder
    claims: Claims
    ladder: Ladder
    batching: Batching
    governor: Governor
    aftermath: Aftermath


class Harvest:
    """Takes in for one run what batches have brought, and hands over what waits to be.

    What a batch has answered is the store's, line by line; what it has not goes back into the
    queue of the run, or is due again. A process that dies on the way has lost nothing: the rest
    of the lines are read by the next one.
    """

    def __init__(self, run: RunState, batches: Batches, reaping: Reaping) -> None:
        self._run = run
        self._batches = batches
        self._with = reaping
        self._recorder = reaping.recorder
        self._odd: list[str] = []

    async def gather(self) -> None:
        """Harvest every batch of this endpoint that no other process works on."""
        found = self._recorder.read(queries.BatchesOnRecord())
        ours = [row for row in found if row.host == self._with.settings.host]
        self._run.budget.hold(sum(row.reserved_usd for row in ours if row.is_open), requests=0)
        for row in sorted(ours, key=lambda one: one.place == "written"):  # what is there first
            if self._run.stopped is None and await self._recorder.take_batch(row.id):
                await self._advance(replace(row, owner=self._recorder.owner))

    async def _advance(self, row: BatchRow) -> None:
        """Bring one batch as far as it can come now; another one may do better."""
        try:
            if row.place == "written":
                row = await self._handed_over(row)
            elif row.remote_id is not None:
                state = await self._batches.look(row.remote_id)
                row = self._unknown(row) if state is None else await self._seen(row, state)
            await self._recorder.note_batch(row)
        except CallError as error:
            _log.warning("A batch could not be harvested: %s The next build tries again.", error)
        finally:
            await self._recorder.leave_batch(row.id)

    async def _handed_over(self, row: BatchRow) -> BatchRow:
        """Send what a process wrote that is gone, unless it had sent it before it went."""
        if (found := await self._with.batching.found(row.id)) is not None:
            return await self._seen(sent_as(row, found), found)
        await self._batches.discard(row.id)
        return await self._with.batching.send(row)

    async def _seen(self, row: BatchRow, state: BatchState) -> BatchRow:
        row = sent_as(row, state) if row.is_open else row
        if row.is_open and state.has_ended:
            await self._recorder.note_batch(row)
            await self._read(row, state)
            row = replace(row, place="read")
            await self._recorder.note_batch(row)
        if row.place == "read":
            await self._batches.tidy(state)
            row = replace(row, place="over")
        return row

    def _unknown(self, row: BatchRow) -> BatchRow:
        """Let what was asked wait on: another key sees no batch of this one, which may be paid."""
        if not row.is_open:
            return replace(row, place="over")
        _log.warning(
            "The endpoint knows no batch %s under this key: %s not asked again, since they may be "
            "paid for. Build with the key that it was sent with, or give it up: `%s`.",
            row.remote_id,
            _rows(row),
            program(f"batch cancel {row.id[:ID_DIGITS]}"),
        )
        return row

    # Its lines

    async def _read(self, row: BatchRow, state: BatchState) -> None:
        """Take in all that a batch has brought; raise where a download breaks off."""
        unpacker = Unpacker(row, self._recorder.read(queries.TaskSpecs()))
        packs = {one.custom_id: one for one in self._recorder.read(queries.PacksOfBatch(row.id))}
        unserved: list[BatchPack] = []
        at_work: list[asyncio.Task[None]] = []
        async for line in self._batches.lines(state):
            if line.custom_id is None:
                self._odd.append(line.note)
            elif (pack := packs.pop(line.custom_id, None)) is None:
                continue  # taken in before, or nobody's
            elif line.unserved:
                unserved.append(pack)
            else:
                work = self._take_line(row, unpacker, pack, line)
                at_work.append(asyncio.ensure_future(work))
            if len(at_work) >= LINES_AT_ONCE:
                await _all_done(at_work)
        await _all_done(at_work)
        self._tell_what_was_odd(state.id)
        await self._see_to_the_rest(unpacker, state, unserved, list(packs.values()))

    def _tell_what_was_odd(self, batch_id: str) -> None:
        if self._odd:
            _log.warning(
                "Batch %s: %s could not be used; their rows are asked again, the first: %s",
                batch_id,
                counted(len(self._odd), "line"),
                self._odd[0],
            )
            self._odd.clear()

    async def _see_to_the_rest(
        self,
        unpacker: Unpacker,
        state: BatchState,
        unserved: Sequence[BatchPack],
        missing: Sequence[BatchPack],
    ) -> None:
        if state.status == "completed":
            for pack in missing:
                await self._take_line(unpacker.batch, unpacker, pack, None)
            await self._put_back(unpacker, unserved)
        elif state.status == "expired":
            await self._put_back(unpacker, [*unserved, *missing])
        else:
            if state.status == "failed":
                _log.warning(
                    "Batch %s was turned down: %s %s asked again. Where its tokens are too many, "
                    "set `ASSAY_BATCH_TOKENS`.",
                    state.id,
                    state.message or "no reason is given.",
                    _rows(unpacker.batch),
                )
            await self._let_go([*unserved, *missing])

    async def _take_line(
        self, row: BatchRow, unpacker: Unpacker, pack: BatchPack, line: BatchLine | None
    ) -> None:
        """Take in what came of one request: a reply, an error, or no line at all."""
        if (kept := unpacker.unpack(pack)) is None:
            await self._let_go([pack])
            return
        request, started = kept.request, time.monotonic()
        self._open(kept)
        attempt = self._attempt(row, pack, request)
        self._run.tell(Sent(request, attempt))
        price = price_in_batch(self._with.settings, request.model)
        try:
            reply = self._reply(line, request)
            judged = form_of(request.pack).judge(request, reply, now_utc())
        except (CallError, RunError) as error:
            failed = _untimed(attempts.failed(attempt, started, error, price))
            self._ended(pack, failed, None)
            self._run.tell(PackOver(request.pack))
            await self._after_fault(pack, request, failed, error)
            return
        ended = _untimed(attempts.ended(attempt, started, reply, judged, price))
        self._ended(pack, ended, reply.model)
        self._run.tell(PackOver(request.pack))
        self._with.ladder.holds(request)
        self._with.governor.learns(request, reply)
        landing = self._recorder.landing(ended, request.pack.asks, judged.answers, pack.custom_id)
        await self._with.aftermath.take_in(self._run, request, judged, landing)

    def _reply(self, line: BatchLine | None, request: Request) -> Reply:
        if line is None:
            raise CallError("transport", _NO_LINE, maybe_paid=True)
        return self._batches.read(line, request)

    async def _after_fault(
        self, pack: BatchPack, request: Request, failed: Attempt, error: CallError | RunError
    ) -> None:
        """See to a request that failed; where no other would be served, it is due again."""
        verdict: retry.Verdict = retry.Stop("config")
        if isinstance(error, CallError):
            try:
                verdict = await self._with.aftermath.verdict_in_batch(self._run, request, error)
            except RunError as stop:
                error = CallError("config", str(stop))
        if not isinstance(verdict, retry.Stop) and isinstance(error, CallError):
            await self._with.aftermath.act_on(
                self._run, request.pack, failed, error, verdict, pack.custom_id
            )
            return
        self._odd.append(str(error))
        await self._recorder.write_failed(failed, None, pack.custom_id)
        self._free(request.pack.asks, pack.keys)

    # What it has not answered

    async def _put_back(self, unpacker: Unpacker, packs: Sequence[BatchPack]) -> None:
        """Let packs that a batch left over go out again: in the next one, or by themselves."""
        await self._reclaim(packs)
        for pack in packs:
            if (kept := unpacker.unpack(pack)) is None:
                self._free((), pack.keys)
                continue
            self._open(kept)
            again = replace(kept.request.pack, expiries=kept.request.pack.expiries + 1)
            self._run.backlog.add_pack(again)

    async def _let_go(self, packs: Sequence[BatchPack]) -> None:
        """Let what packs ask be due again."""
        await self._reclaim(packs)
        for pack in packs:
            self._free((), pack.keys)

    async def _reclaim(self, packs: Sequence[BatchPack]) -> None:
        await self._recorder.reclaim([pack.custom_id for pack in packs])
        for pack in packs:
            self._run.budget.settle(pack.reserved_usd, 0.0)

    def _free(self, asks: Iterable[Ask], keys: Sequence[bytes]) -> None:
        self._with.claims.forget(asks)
        self._recorder.release(keys)

    # Claims, ledger, budget

    def _open(self, kept: Kept) -> None:
        """Take on what a request asks, with what it had met before."""
        for ask in kept.request.pack.asks:
            claim = self._with.claims.get(ask.key) or self._with.claims.open(ask, self._run)
            claim.rejections, claim.losses, claim.losses_alone = kept.counts[ask.key]
        if self._with.settings.batch_fallback == "now":
            self._with.batching.urgent.update(kept.counts)

    def _attempt(self, row: BatchRow, pack: BatchPack, request: Request) -> Attempt:
        begun = attempts.begun(
            request,
            self._with.settings,
            owner=self._recorder.owner,
            run_id=self._run.run_id,
            reserved_usd=pack.reserved_usd,
        )
        moment = row.submitted_at or row.written_at
        return begun._replace(attempt_id=pack.custom_id, started_at=moment)

    def _ended(self, pack: BatchPack, attempt: Attempt, model: str | None) -> None:
        self._run.tell(Ended(attempt, model))
        self._run.budget.settle(pack.reserved_usd, attempt.cost_usd)


def _untimed(attempt: Attempt) -> Attempt:
    """Return the row of a line: how long it took says nothing of the endpoint."""
    return attempt._replace(latency_seconds=None, service_tier=TIER)


def _rows(row: BatchRow) -> str:
    return f"{counted(row.asks, 'question')} {'is' if row.asks == 1 else 'are'}"


async def _all_done(tasks: list[asyncio.Task[None]]) -> None:
    """Wait for all, then raise what one of them has raised."""
    done, tasks[:] = list(tasks), []
    for found in await asyncio.gather(*done, return_exceptions=True):
        if isinstance(found, BaseException):
            raise found
