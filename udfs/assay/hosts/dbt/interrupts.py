"""Ctrl-C, remembered: Python loses a KeyboardInterrupt that falls into a callback of an import.

Whoever could still send something listens here, and hears of it whatever becomes of the exception.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType

from assay.core.plural import counted

Stop = Callable[[], None]


class Interrupts:
    """Tells its listeners of SIGINT once `remember` was called, and those who come late, too."""

    def __init__(self) -> None:
        self._heard = False
        self._listeners: list[Stop] = []
        self._answered: Callable[[], int] = int

    def remember(self) -> None:
        """Take SIGINT over; for the main thread."""
        signal.signal(signal.SIGINT, self._interrupt)

    def listen(self, stop: Stop) -> None:
        """Call `stop` at each Ctrl-C, and now if there was one."""
        if stop not in self._listeners:
            self._listeners.append(stop)
        if self._heard:
            stop()

    def count(self, answered: Callable[[], int]) -> None:
        """Ask `answered` how many answers the run has got, when it comes to telling."""
        self._answered = answered

    def said(self) -> str:
        """Return what is to be told of an interrupted run: what is kept, and how to go on."""
        kept = (
            f"the {counted(count, 'answer')} of this run {'is' if count == 1 else 'are'} kept"
            if (count := self._answered())
            else ("all answers are kept")
        )
        return f"Interrupted: {kept}, and nothing more is sent. Run again to go on from there."

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        self._heard = True
        for stop in self._listeners:
            stop()
        raise KeyboardInterrupt


interrupts = Interrupts()
"""Those of this process."""
