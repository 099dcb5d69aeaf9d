"""Searching: sources are found for a text before a model is asked about it, or it is given up."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assay.core.clock import now_utc
from assay.core.errors import CallError, ConfigError
from assay.core.events import Ended
from assay.core.redaction import redaction_of
from assay.core.settings import Settings
from assay.core.sources import Evidenced, query_of, redacted
from assay.core.values import Ask, Attempt, Pack, Record, new_id
from assay.engine import retry
from assay.engine.aftermath import Aftermath
from assay.engine.recorder import Recorder
from assay.engine.state import RunState
from assay.evidence import Evidence
from assay.store.records import SEARCH

AT_ONCE = 4
"""So many searches are under way at most, of all runs."""

IN_A_ROW = 5
"""So many texts without a reply of the search server, and no other is searched for in this run."""

NO_SOURCE = "No source was found."

NO_MORE_SEARCHES = (
    "The searches of this run are used up (`ASSAY_MAX_SEARCHES`, `ASSAY_MAX_COST_USD`)."
)

_DOWN = "The search server does not answer; its answers are kept as they stand, and tried again."


@dataclass(frozen=True, slots=True)
class Hands:
    """What searching leaves to the dispatcher: `do` work that may let more be sent, `give_up`
    asks for the budget, and the `aftermath` of what failed."""

    aftermath: Callable[[], Aftermath]
    give_up: Callable[[RunState, Sequence[Ask], str], None]
    do: Callable[[RunState, Awaitable[None]], Coroutine[Any, Any, None]]


class Searching:
    """Finds sources for texts whose task needs them; one search a text, tried a few times."""

    def __init__(
        self,
        settings: Settings,
        recorder: Recorder,
        evidence: Evidence | None,
        hands: Hands,
    ) -> None:
        self._settings = settings
        self._recorder = recorder
        self._evidence = evidence
        self._hands = hands
        self._flying = 0

    @staticmethod
    def wants(pack: Pack) -> bool:
        """Whether the texts of a pack have no sources yet, and are to have some."""
        is_found = isinstance(pack.records[0].text, Evidenced)
        return pack.questions[0].task.needs_evidence and not is_found

    def start(self, run: RunState, pack: Pack) -> bool:
        """Start the search for `pack` if there is room; return whether another may follow."""
        if self._flying >= AT_ONCE:
            run.backlog.add_pack(pack)
            return False
        if not run.budget.allows_search(self._price):
            self._hands.give_up(run, pack.asks, NO_MORE_SEARCHES)
            return True
        self._flying += 1
        run.budget.search(self._price)
        run.spawn(self._hands.do(run, self._search(run, pack)))
        return True

    async def _search(self, run: RunState, pack: Pack) -> None:
        """Find the sources of the one text of `pack`, and let it wait to be asked about."""
        try:
            await self._serve(run, pack)
        finally:
            self._flying -= 1

    async def _serve(self, run: RunState, pack: Pack) -> None:
        error: CallError = CallError("transport", _DOWN)
        failed = self._begun(run, pack, 0)
        tries = self._settings.max_attempts if run.searches_failed < IN_A_ROW else 0
        for number in range(1, tries + 1):
            if number > 1:
                await self._wait(run, failed, error)
            attempt, started = self._begun(run, pack, number), time.monotonic()
            self._recorder.note(attempt)
            try:
                found = await self._find(pack)
            except CallError as met:
                error, failed = met, _failed(attempt, started, met)
                if met.fault == "quota":
                    break
            else:
                run.searches_failed = 0
                await self._take(run, pack, _done(attempt, started, self._price), found)
                return
        await self._give_up(run, pack, failed, error)

    async def _wait(self, run: RunState, failed: Attempt, error: CallError) -> None:
        """Write down what failed, and wait before the next attempt."""
        run.tell(Ended(failed))
        await self._recorder.write_failed(failed)
        jitter = random.random()  # noqa: S311 - keeps nobody's secret
        asked = error.retry_after_seconds
        await asyncio.sleep(retry.wait_seconds(failed.attempt, asked, jitter))

    async def _find(self, pack: Pack) -> Evidenced | None:
        if self._evidence is None:
            message = "`ASSAY_EVIDENCE` is not set; nobody looks for evidence."
            raise ConfigError(message)
        text, settings = pack.records[0].text, self._settings
        try:
            async with asyncio.timeout(settings.deadline_seconds):
                found = await self._evidence.find(query_of(text), settings.evidence_results)
        except TimeoutError:
            seconds = f"{settings.deadline_seconds:g} seconds (`ASSAY_DEADLINE_SECONDS`)"
            message = f"No whole reply of the search server within {seconds}."
            raise CallError("transport", message, maybe_paid=True) from None
        sources = [one.cut(settings.evidence_characters) for one in found]
        sources = [one for one in sources if one.text.strip()][: settings.evidence_results]
        kinds = redaction_of(*(question.redaction.kinds for question in pack.questions))
        sources = redacted(sources, text, kinds)
        return Evidenced.of(text, sources) if sources else None

    async def _take(
        self, run: RunState, pack: Pack, done: Attempt, found: Evidenced | None
    ) -> None:
        """Let a text be asked about with its sources; without any there is nothing to ask."""
        run.tell(Ended(done))
        if found is None:
            nothing = CallError("empty", NO_SOURCE)
            bury = retry.Bury("unclear", NO_SOURCE)
            await self._hands.aftermath().act_on(run, pack, done, nothing, bury)
            return
        await self._recorder.write_failed(done)
        asks = tuple(ask._replace(text=found) for ask in pack.records[0].asks)
        run.backlog.add_pack(replace(pack, records=(Record(found, asks),)))

    async def _give_up(self, run: RunState, pack: Pack, failed: Attempt, error: CallError) -> None:
        """Leave a text for later; say once in a run that the search server is down."""
        run.searches_failed += 1
        if run.searches_failed == IN_A_ROW:
            self._recorder.stopped(run.run_id, SEARCH, _DOWN)
        if failed.attempt:
            run.tell(Ended(failed))
        bury = retry.Bury("quota" if error.fault == "quota" else "transport", str(error))
        await self._hands.aftermath().act_on(run, pack, failed, error, bury)

    @property
    def _price(self) -> float | None:
        return 0.0 if self._settings.searches_for_free else self._settings.price_search_usd

    def _begun(self, run: RunState, pack: Pack, number: int) -> Attempt:
        hashes = ",".join(question.task.prompt_hash for question in pack.questions)
        return Attempt(
            attempt_id=new_id(),
            owner=self._recorder.owner,
            invocation_id=run.run_id,
            started_at=now_utc(),
            provider=self._settings.evidence or SEARCH,
            host="" if self._evidence is None else self._evidence.host,
            model=SEARCH,
            prompt_hashes=hashes,
            attempt=number,
            records=1,
            asks=0,
        )


def _done(attempt: Attempt, started: float, price: float | None) -> Attempt:
    """Return the row of a search that brought sources, or none; it costs what searches cost."""
    return attempt._replace(
        ended_at=now_utc(),
        outcome="ok",
        cost_usd=price,
        input_tokens=0,
        output_tokens=0,
        latency_seconds=time.monotonic() - started,
    )


def _failed(attempt: Attempt, started: float, error: CallError) -> Attempt:
    """Return the row of a search without a reply that could be read."""
    return attempt._replace(
        ended_at=now_utc(),
        outcome=error.fault,
        error=str(error),
        http_status=error.status,
        cost_usd=0.0,
        latency_seconds=time.monotonic() - started,
        maybe_paid=error.maybe_paid,
    )
