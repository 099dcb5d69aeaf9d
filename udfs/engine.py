"""The engine: one loop on one thread that queues, sends, judges, stores and settles asks."""

from __future__ import annotations

import asyncio
import datetime
import random
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from udfs import policy
from udfs.errors import CallError, Cancelled, RunError
from udfs.limiter import Budget, Limiter
from udfs.packer import Backlog, GroupKey, group_key, halves, pack_of
from udfs.prices import FREE, PRICES, Price, cost_usd, usage_cost_usd
from udfs.prompts import compose, estimate_tokens
from udfs.providers import Provider
from udfs.records import (
    Ask,
    Attempt,
    Failure,
    Judged,
    Outcome,
    Pack,
    Reply,
    Request,
    Status,
)
from udfs.settings import Settings
from udfs.store import (
    Store,
    StoredAnswer,
    Writer,
    put_answers,
    put_attempt,
    put_failures,
    put_task,
)
from udfs.validator import judge

POLL_SECONDS = 0.5
"""How often a waiting thread looks whether the run was stopped."""


@dataclass(eq=False, slots=True)
class Ticket:
    """What a thread waits on: set once so many asks are settled, or the run has ended."""

    remaining: int
    done: threading.Event = field(default_factory=threading.Event)

    def count_down(self) -> None:
        """One ask less to wait for."""
        self.remaining -= 1
        if self.remaining <= 0:
            self.done.set()


@dataclass(eq=False, slots=True)
class _Claim:
    """An ask that this process has taken on and not settled; one for each key."""

    ask: Ask
    tickets: list[Ticket] = field(default_factory=list)
    rejections: int = 0


@dataclass(eq=False, slots=True)
class _Round:
    """What one DuckDB thread has gathered since it came back to the first task of its chunk."""

    handles: set[str] = field(default_factory=set)
    groups: list[GroupKey] = field(default_factory=list)


class Engine:
    """Settles asks. Threads hand them over and wait; everything else happens on the loop.

    `settled` may be read from any thread; only the loop writes to what waits, flies or is spent.
    """

    def __init__(self, settings: Settings, store: Store, provider: Provider) -> None:
        self.settings = settings
        self.store = store
        self.settled: dict[bytes, Outcome] = {}
        self._provider = provider
        self._loop = asyncio.new_event_loop()
        self._writer = Writer(store, self._loop)
        self._backlog = Backlog(settings.pack_records, settings.pack_tokens)
        self._limiter = Limiter(
            settings.max_in_flight, settings.requests_per_minute, settings.tokens_per_minute
        )
        self._budget = Budget(settings.max_cost_usd, settings.max_requests)
        self._claims: dict[bytes, _Claim] = {}
        self._rounds: dict[int, _Round] = {}
        self._gathering = 0
        self._waiting = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._known_prompts: set[str] = set()
        self._stopped: RunError | None = None
        self._invocation_id = ""
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="assay-engine", daemon=True
        )
        self._thread.start()

    # What other threads call

    def begin_run(self, invocation_id: str) -> None:
        """Start counting afresh: a new budget, and failures of earlier runs may be tried again."""
        self._call(self._begin_run, invocation_id)

    def settle(self, asks: Sequence[Ask]) -> None:
        """Return once every ask is in `settled`; raise the `RunError` that stopped the run."""
        ticket = Ticket(len(asks))
        self._post(self._admit, asks, ticket, threading.get_ident())
        while not ticket.done.wait(POLL_SECONDS):
            self._raise_if_stopped()
        self._raise_if_stopped()

    def gather(self, asks: Sequence[Ask]) -> None:
        """Take `asks` on without waiting for them."""
        self._raise_if_stopped()
        self._post(self._admit, asks, None, threading.get_ident())

    def begin_gather(self) -> None:
        """A statement is about to gather: packs wait until they are full."""
        self._call(self._count_gathering, 1)

    def end_gather(self) -> None:
        """The statement has gathered all: packs go out as they are."""
        self._call(self._count_gathering, -1)

    def cancel(self) -> None:
        """Stop the run: nothing more is sent, threads that wait get `Cancelled`."""
        self._post(self._stop, Cancelled("The run was cancelled; answers so far are kept."))

    def close(self) -> None:
        """Stop, write what waits and end the threads."""
        if not self._thread.is_alive():
            return
        self._stop_soon()
        asyncio.run_coroutine_threadsafe(self._wind_up(), self._loop).result(timeout=5)
        self._writer.close()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)

    def _stop_soon(self) -> None:
        self._post(self._stop, Cancelled("The engine was closed."))

    def _post(self, function: Callable[..., None], *arguments: Any) -> None:
        self._loop.call_soon_threadsafe(function, *arguments)

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        """Run `function` on the loop and wait until it has."""

        async def run() -> None:
            function(*arguments)

        asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def _raise_if_stopped(self) -> None:
        if (error := self._stopped) is not None:
            raise type(error)(*error.args)

    # On the loop: taking asks on

    def _begin_run(self, invocation_id: str) -> None:
        self._invocation_id = invocation_id
        self._stopped = None
        self._budget = Budget(self.settings.max_cost_usd, self.settings.max_requests)
        self._gathering = 0
        self._rounds.clear()
        for key in [key for key, outcome in self.settled.items() if outcome.status != "ok"]:
            del self.settled[key]

    def _admit(self, asks: Sequence[Ask], ticket: Ticket | None, thread: int) -> None:
        if self._stopped is not None:
            return
        round_ = self._round_of(thread, asks) if ticket is None else None
        for ask in asks:
            self._take_on(ask, ticket, round_)
        if ticket is not None:
            self._backlog.ripen_all()
        self._pump()

    def _take_on(self, ask: Ask, ticket: Ticket | None, round_: _Round | None) -> None:
        if ask.key in self.settled:
            if ticket is not None:
                ticket.count_down()
            return
        claim = self._claims.get(ask.key)
        if claim is None:
            claim = self._claims[ask.key] = _Claim(ask)
            self._backlog.add(ask, ripe=round_ is None)
            if round_ is not None:
                round_.groups.append(group_key(ask))
        if ticket is not None:
            claim.tickets.append(ticket)
            self._waiting += 1

    def _round_of(self, thread: int, asks: Sequence[Ask]) -> _Round:
        """Return the round of a thread; seeing a task again means its last chunk is complete."""
        round_ = self._rounds.setdefault(thread, _Round())
        handles = {ask.question.task.handle for ask in asks}
        if handles & round_.handles:
            self._backlog.ripen(round_.groups)
            round_ = self._rounds[thread] = _Round()
        round_.handles |= handles
        return round_

    def _count_gathering(self, change: int) -> None:
        self._gathering = max(0, self._gathering + change)
        if self._gathering == 0:
            self._rounds.clear()
            self._backlog.ripen_all()
        self._pump()

    # On the loop: sending

    def _pump(self) -> None:
        """Send all that may go out now; called whenever something has changed."""
        while self._stopped is None and len(self._backlog) and self._limiter.has_slot():
            if (wait := self._limiter.wait_seconds(time.monotonic())) > 0:
                self._loop.call_later(wait, self._pump)
                return
            flush = self._gathering == 0 or self._waiting > 0
            if (pack := self._backlog.take(flush=flush)) is None:
                return
            self._launch(pack)

    def _launch(self, pack: Pack) -> None:
        request = compose(pack)
        worst = self._worst_usd(request)
        if not self._budget.allows(worst):
            self._refuse(pack)
            return
        self._budget.reserve(worst)
        self._limiter.start(time.monotonic(), _tokens(request))
        task = self._loop.create_task(self._serve(request, worst))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, request: Request, worst: float | None) -> None:
        """Send one pack once and see to its rows; whatever goes wrong is heard of."""
        try:
            await self._attempt(request, worst)
        except RunError as error:
            self._stop(error)
        except Exception as error:  # noqa: BLE001 - a fault of ours must stop the run, not hang it
            self._stop(RunError(f"Assay failed: {type(error).__name__}. Please report this."))
        finally:
            self._limiter.finish()
            self._pump()

    async def _attempt(self, request: Request, worst: float | None) -> None:
        begun = self._begun(request, worst)
        await self._write(begun, [], [])
        started = time.monotonic()
        cost = worst
        try:
            reply = await self._reply(request)
            ended = self._ended(begun, started, reply)
            cost = ended.cost_usd
        except CallError as error:
            await self._after_fault(request, _failed(begun, started, error), error)
            return
        except RunError as error:
            await self._write(_failed(begun, started, error), [], [])
            raise
        finally:
            self._budget.settle(worst, cost)
        await self._after_reply(request, ended, reply)

    async def _reply(self, request: Request) -> Reply:
        """Return the reply within the deadline, by the wall clock and not by read."""
        seconds = self.settings.deadline_seconds
        try:
            async with asyncio.timeout(seconds):
                return await self._provider.send(request)
        except TimeoutError:
            message = f"No whole reply within {seconds:g} seconds (`ASSAY_DEADLINE_SECONDS`)."
            raise CallError("transport", message, maybe_paid=True) from None

    # On the loop: what becomes of a pack

    async def _after_reply(self, request: Request, ended: Attempt, reply: Reply) -> None:
        judged = judge(request, reply, now_utc())
        asks = {ask.key: ask for ask in request.pack.asks}
        buried, again, alone = self._sorted_rejections(request, judged)
        failures = await self._failures(buried, "invalid", judged.refused)
        answers = [StoredAnswer(asks[key], answer) for key, answer in judged.answers.items()]
        ended = replace(
            ended,
            outcome="ok" if not judged.refused else "partial",
            answers=len(answers),
            error=judged.note or next(iter(judged.refused.values()), None),
        )
        await self._write(ended, answers, failures)
        for item in answers:
            self._settle(item.ask.key, item.outcome)
        self._settle_failures(failures)
        for pack in [*pack_of(again), *(Pack((record,)) for record in _records(alone))]:
            self._backlog.add_pack(replace(pack, attempt=request.pack.attempt + 1))

    def _sorted_rejections(
        self, request: Request, judged: Judged
    ) -> tuple[list[Ask], list[Ask], list[Ask]]:
        """Return the rejected asks: to bury, to ask again together, to ask again alone."""
        buried: list[Ask] = []
        again: list[Ask] = []
        alone: list[Ask] = []
        for ask in request.pack.asks:
            if ask.key not in judged.refused or ask.key not in self._claims:
                continue
            claim = self._claims[ask.key]
            claim.rejections += 1
            size = len(request.pack.records)
            match policy.after_rejection(rejections=claim.rejections, records=size):
                case policy.Bury():
                    buried.append(ask)
                case policy.Split():
                    alone.append(ask)
                case policy.Retry():
                    again.append(ask)
        return buried, again, alone

    async def _after_fault(self, request: Request, failed: Attempt, error: CallError) -> None:
        pack = request.pack
        verdict = policy.after_fault(
            error.fault,
            records=len(pack.records),
            attempt=pack.attempt,
            max_attempts=self.settings.max_attempts,
            retry_after_seconds=error.retry_after_seconds,
            jitter=random.random(),  # noqa: S311 - spreads retries, keeps no secret
        )
        failures: list[Failure] = []
        if isinstance(verdict, policy.Bury):
            reasons = {ask.key: str(error) for ask in pack.asks}
            failures = await self._failures(pack.asks, verdict.status, reasons)
        await self._write(failed, [], failures)
        self._settle_failures(failures)
        match verdict:
            case policy.Retry(wait):
                again = replace(pack, attempt=pack.attempt + 1)
                self._loop.call_later(wait, self._send_again, again)
            case policy.Split():
                for half in halves(pack):
                    self._send_again(half)
            case policy.Stop():
                raise RunError(str(error))

    def _send_again(self, pack: Pack) -> None:
        if self._stopped is None:
            self._backlog.add_pack(pack)
            self._pump()

    async def _failures(
        self, asks: Sequence[Ask], status: Status, reasons: dict[bytes, str] | Any
    ) -> list[Failure]:
        if not asks:
            return []
        earlier = await asyncio.to_thread(self.store.attempts, [ask.key for ask in asks])
        moment = datetime.datetime.now(datetime.UTC)
        return [
            _failure(ask, status, reasons[ask.key], earlier.get(ask.key, 0) + 1, moment)
            for ask in asks
        ]

    def _settle_failures(self, failures: Sequence[Failure]) -> None:
        for failure in failures:
            outcome = Outcome(
                failure.status, None, failure.error, None, failure.model, failure.failed_at
            )
            self._settle(failure.key, outcome)

    def _settle(self, key: bytes, outcome: Outcome) -> None:
        """Make an outcome known and wake those who wait for it; the first one stays."""
        self.settled.setdefault(key, outcome)
        claim = self._claims.pop(key, None)
        for ticket in claim.tickets if claim else ():
            self._waiting -= 1
            ticket.count_down()

    def _refuse(self, pack: Pack) -> None:
        """The budget is a wall: these rows are not attempted, and nothing is stored of them."""
        reason = "The budget of this run is used up (`ASSAY_MAX_COST_USD`, `ASSAY_MAX_REQUESTS`)."
        for ask in pack.asks:
            self._settle(ask.key, Outcome("not_attempted", error=reason, model=pack.model))

    def _stop(self, error: RunError) -> None:
        """End the run: forget what waits, cancel what flies, wake everybody."""
        if self._stopped is None:
            self._stopped = error
        self._backlog.drain()
        for task in self._tasks:
            if task is not asyncio.current_task(self._loop):
                task.cancel()
        for claim in self._claims.values():
            for ticket in claim.tickets:
                ticket.done.set()
        self._claims.clear()
        self._waiting = 0

    async def _wind_up(self) -> None:
        tasks = [task for task in self._tasks if not task.done()]
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._provider.close()

    # On the loop: the ledger

    def _begun(self, request: Request, worst: float | None) -> Attempt:
        pack = request.pack
        return Attempt(
            attempt_id=uuid.uuid4().hex,
            invocation_id=self._invocation_id,
            started_at=now_utc(),
            provider=self.settings.provider,
            host=self.settings.host,
            model=pack.model,
            prompt_hashes=",".join(question.task.prompt_hash for question in pack.questions),
            attempt=pack.attempt,
            records=len(pack.records),
            asks=len(pack.asks),
            reserved_usd=worst,
        )

    def _ended(self, begun: Attempt, started: float, reply: Reply) -> Attempt:
        price = self._price(begun.model)
        return replace(
            begun,
            ended_at=now_utc(),
            http_status=None if price is FREE else 200,
            input_tokens=reply.usage.input_tokens,
            output_tokens=reply.usage.output_tokens,
            cost_usd=0.0 if price is FREE else usage_cost_usd(price, reply.usage),
            latency_seconds=time.monotonic() - started,
            request_id=reply.request_id,
        )

    async def _write(
        self, attempt: Attempt, answers: Sequence[StoredAnswer], failures: Sequence[Failure]
    ) -> None:
        """Make an attempt and what came of it durable; nothing is settled before this returns."""
        new = {item.ask.question.task.prompt_hash: item.ask.question.task for item in answers}
        tasks = [task for name, task in new.items() if name not in self._known_prompts]

        def step(connection: Any) -> None:
            put_attempt(connection, attempt)
            put_answers(connection, answers)
            put_failures(connection, failures)
            for task in tasks:
                put_task(connection, task, attempt.started_at)

        await self._writer.write(step)
        self._known_prompts.update(task.prompt_hash for task in tasks)

    def _price(self, model: str) -> Price | None:
        return FREE if self.settings.host == "embedded" else PRICES.get(model)

    def _worst_usd(self, request: Request) -> float | None:
        return cost_usd(self._price(request.model), _tokens(request), request.max_output_tokens)


def now_utc() -> str:
    """Return the time in UTC as ISO text with microseconds and without an offset."""
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None).isoformat(
        sep=" ", timespec="microseconds"
    )


def _tokens(request: Request) -> int:
    return estimate_tokens(request.system) + estimate_tokens(request.user)


def _failed(begun: Attempt, started: float, error: CallError | RunError) -> Attempt:
    called = isinstance(error, CallError)
    return replace(
        begun,
        ended_at=now_utc(),
        outcome=error.fault if isinstance(error, CallError) else "stopped",
        http_status=error.status if isinstance(error, CallError) else None,
        error=str(error),
        latency_seconds=time.monotonic() - started,
        maybe_paid=error.maybe_paid if called and isinstance(error, CallError) else False,
    )


def _failure(
    ask: Ask, status: Status, reason: str, attempts: int, moment: datetime.datetime
) -> Failure:
    due = policy.next_try_at(status, attempts, moment)
    return Failure(
        key=ask.key,
        kind=ask.question.task.kind,
        model=ask.question.model,
        host=ask.question.host,
        prompt_hash=ask.question.task.prompt_hash,
        status=status,
        error=reason,
        attempts=attempts,
        failed_at=_iso(moment),
        next_try_at=_iso(due) if due else None,
    )


def _iso(moment: datetime.datetime) -> str:
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def _records(asks: Sequence[Ask]) -> list[Any]:
    return [record for pack in pack_of(asks) for record in pack.records]
