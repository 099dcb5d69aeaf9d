"""The keyboard of a terminal, key by key: nothing that is typed ahead is lost."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator

import typer

try:
    import termios
    import tty
except ImportError:  # Windows, whose console gives key by key anyway
    _HAS_MODES = False
else:
    _HAS_MODES = True

_ESCAPE = "\x1b"
_MOST_BYTES = 64


class Keyboard:
    """Gives keys, and lines; an arrow is one key, which begins with an escape."""

    def __init__(self) -> None:
        self._waiting: list[str] = []

    def key(self) -> str:
        """Return the next key; blank at the end of the input."""
        if not self._waiting:
            said = _typed()
            self._waiting = [said] if said.startswith(_ESCAPE) else list(said)
        return self._waiting.pop(0) if self._waiting else ""

    def line(self, prompt: str) -> str:
        """Return a line, which its writer sees and can correct."""
        ahead, self._waiting = "".join(self._waiting), []
        with _lines():
            return ahead + input(prompt)


@contextlib.contextmanager
def keyboard() -> Iterator[Keyboard]:
    """Yield the keyboard; afterwards the terminal is as it was."""
    if not _HAS_MODES:
        yield Keyboard()
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSANOW)
        yield Keyboard()
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _lines() -> Iterator[None]:
    """Let the terminal edit and echo lines within, as it does by itself."""
    if not _HAS_MODES:
        yield
        return
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    edited = termios.tcgetattr(terminal)
    edited[3] |= termios.ICANON | termios.ECHO
    try:
        termios.tcsetattr(terminal, termios.TCSANOW, edited)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)


def _typed() -> str:
    if not _HAS_MODES:
        return typer.getchar()
    return os.read(sys.stdin.fileno(), _MOST_BYTES).decode(errors="replace")
