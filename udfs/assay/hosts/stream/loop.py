"""The loop: take a batch, land it, ask, send, commit; and wait in the group where that cannot be.

What is committed was sent, what is sent was landed, and an answer is in the store before anything
else happens to it. So a process may be killed at any moment: what was in hand is read again, its
answers cost nothing, and nothing is lost.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assay.core.clock import now
from assay.core.errors import BudgetError, RunError, StoreError
from assay.core.events import Streamed
from assay.engine.session import Session
from assay.hosts.stream.budget import Runs
from assay.hosts.stream.contract import StreamContract
from assay.hosts.stream.decoding import Decoder
from assay.hosts.stream.intake import Intake
from assay.hosts.stream.landing import LandingFolder
from assay.hosts.stream.messages import Message, Produced, ends_of, oldest_seconds
from assay.hosts.stream.outlet import NotSent, Outlet
from assay.hosts.stream.routing import DeadLetter, StreamedRow, outgoing
from assay.hosts.stream.state import StreamState
from assay.hosts.stream.statement import ModelFails, StreamStatement

_ATTEND_SECONDS = 0.05
_WAITS = (1.0, 2.0, 5.0, 10.0, 30.0)
"""How long, in seconds, a stream waits before it tries again what has stopped it, time by time."""

_END_SECONDS = 4.0
"""How long what is being asked may take to end once it is cancelled."""


class _Told(Exception):
    """The stream was told to end while a batch was in hand; it is read again."""


class Stream:
    """One member of a stream; `run` it until `stop` is called, from any thread or a signal."""

    def __init__(self, contract: StreamContract, session: Session, folder: Path) -> None:
        self.contract = contract
        self.state = StreamState(contract.model)
        self._decoder = Decoder(contract)
        empty = self._decoder.check()
        self._statement = StreamStatement(contract, empty)
        self._landing = LandingFolder(folder)
        self._landing.prepare(empty)
        self._runs = Runs(session, contract)
        self._bind()
        self._statement.check()
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End in good order: what is being sent is committed, what is being asked is not."""
        self._stopping.set()

    def run(
        self,
        intake: Intake,
        outlet: Outlet,
        *,
        idle_seconds: float | None = None,
        tell: Callable[[StreamState], None],
    ) -> None:
        """Stream until told to stop, or until nothing came for `idle_seconds`.

        `tell` is called with the state about ten times a second. Raises `StoreError` where the
        store cannot be trusted, and `ConfigError` where the client cannot go on.
        """
        self._intake, self._outlet, self._tell = intake, outlet, tell
        idle_since = time.monotonic()
        while not self._stopping.is_set():
            batch = intake.collect(self._stopping.is_set)
            if batch:
                self._complete(batch)
            if batch or not intake.is_member:
                idle_since = time.monotonic()
            elif idle_seconds is not None and time.monotonic() - idle_since > idle_seconds:
                return
            self._note("waiting" if not batch else "")

    def close(self) -> None:
        """End the run; what was answered is in the store."""
        self._runs.close()

    def _complete(self, batch: Sequence[Message]) -> None:
        """See a batch through, however often it takes; leave it to be read again when told to."""
        began = time.monotonic()
        try:
            table, letters = self._decoder.decode(batch)
            self._landing.land(table, batch)
            rows, failed = self._asked(table, batch)
            sent = self._sent(batch, rows, [*letters, *failed])
        except _Told:
            return
        finally:
            self._intake.go_on()
        self._done(batch, sent, time.monotonic() - began)

    def _done(self, batch: Sequence[Message], sent: Sequence[Produced], seconds: float) -> None:
        """A batch is committed: count it, and let whoever watches know."""
        oldest = oldest_seconds(batch, time.time() * 1000)
        self.state.halted = ""
        self.state.batch(len(batch), sent, seconds, oldest)
        if self.state.run is not None:
            kinds = Counter(one.kind for one in sent)
            lag = self._intake.lag()
            self.state.run.streamed(Streamed(self.contract.model, kinds, seconds, lag, oldest))

    def _asked(
        self, table: Any, batch: Sequence[Message]
    ) -> tuple[list[StreamedRow], list[DeadLetter]]:
        """Return the model's rows for a batch, and letters for messages that its SQL fails on."""
        messages = {message.place: message for message in batch}
        if not table.num_rows:
            return [], []
        try:
            return self._tried(table), []
        except ModelFails as error:
            if table.num_rows == 1:
                (place,) = table.select(["_partition", "_offset"]).to_pylist()
                message = messages[(place["_partition"], place["_offset"])]
                return [], [DeadLetter(message, error.reason)]
        half = table.num_rows // 2
        first = self._asked(table.slice(0, half), batch)
        rest = self._asked(table.slice(half), batch)
        return [*first[0], *rest[0]], [*first[1], *rest[1]]

    def _tried(self, table: Any) -> list[StreamedRow]:
        """Return the rows of the model; wait while nobody answers, or the budget is used up."""
        tries = 0
        while True:
            try:
                return self._meanwhile(lambda: self._statement.rows(table))
            except StoreError:
                raise
            except BudgetError:
                self._wait_for_window()
            except RunError as error:
                self._wait(_WAITS[min(tries, len(_WAITS) - 1)], f"stopped: {error}")
                tries += 1

    def _meanwhile(self, work: Callable[[], list[StreamedRow]]) -> list[StreamedRow]:
        """Do work on a thread of its own, and attend to the group until it is done."""
        self._bind()
        found: list[list[StreamedRow]] = []
        failed: list[BaseException] = []

        def worker() -> None:
            try:
                found.append(work())
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                failed.append(error)

        thread = threading.Thread(target=worker, name="assay-stream", daemon=True)
        thread.start()
        while thread.is_alive():
            self._intake.attend(_ATTEND_SECONDS)
            self._note("asking")
            if self._stopping.is_set():
                self._runs.cancel()
                thread.join(_END_SECONDS)
                raise _Told
        if failed:
            raise failed[0]
        return found[0]

    def _bind(self) -> None:
        run, is_new = self._runs.current()
        self.state.run = run
        if is_new:
            self._statement.bind(run)

    def _wait_for_window(self) -> None:
        """Park: keep the place in the group until the budget of the next window is there."""
        ends = self._runs.ends_at
        while (left := (ends - now()).total_seconds()) > 0:
            self._wait(min(left, 1.0), f"parked until {ends:%H:%M:%S} UTC: the budget is used up")

    def _wait(self, seconds: float, why: str) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._stopping.is_set():
                raise _Told
            self._intake.attend(_ATTEND_SECONDS)
            self.state.halted = why
            self._note(why)

    def _sent(
        self, batch: Sequence[Message], rows: Sequence[StreamedRow], letters: Sequence[DeadLetter]
    ) -> list[Produced]:
        """Send what became of a batch and commit; of partitions that are gone nothing is sent."""
        messages = {message.place: message for message in batch}
        tries = 0
        while True:
            lost = set(self._intake.lost)
            mine = [message for message in batch if message.partition not in lost]
            out = [
                one
                for one in outgoing(self.contract, messages, rows, letters)
                if one.partition not in lost
            ]
            try:
                self._outlet.send(out, ends_of(mine), self._intake, self._attend_sending)
            except NotSent as error:
                self._wait(_WAITS[min(tries, len(_WAITS) - 1)], f"stopped: {error}")
                tries += 1
            else:
                return out

    def _attend_sending(self) -> None:
        self._intake.attend(0)
        self._note("sending")
        if self._stopping.is_set() and self._intake.trouble:
            raise _Told

    def _note(self, doing: str) -> None:
        self.state.doing = doing or self.state.doing
        self.state.trouble = self._intake.trouble
        self.state.lag = self._intake.lag
        self._tell(self.state)
