"""A Ctrl-C is remembered, also where Python loses the exception of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import pytest

from assay.hosts.dbt.interrupts import Interrupts


@pytest.fixture
def interrupts() -> Iterator[Interrupts]:
    """Interrupts that have taken SIGINT over, and give it back."""
    before = signal.getsignal(signal.SIGINT)
    taken = Interrupts()
    taken.remember()
    yield taken
    signal.signal(signal.SIGINT, before)


def test_whoever_listens_hears_each_ctrl_c_once(interrupts: Interrupts) -> None:
    """However often it asked to; and the exception is raised as ever."""
    heard: list[str] = []

    def stop() -> None:
        heard.append("stop")

    interrupts.listen(stop)
    interrupts.listen(stop)
    assert heard == []
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert heard == ["stop"]


def test_whoever_comes_late_hears_of_an_earlier_one(interrupts: Interrupts) -> None:
    """The engine that starts after a Ctrl-C was lost sends nothing."""
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    heard: list[str] = []
    interrupts.listen(lambda: heard.append("stop"))
    assert heard == ["stop"]


@pytest.mark.parametrize("imported", ["assay.core.errors", "typer"])
def test_ctrl_c_while_the_command_line_is_imported_prints_nothing(imported: str) -> None:
    """It ends at once, as a program in C does; who waits is told by the signal."""
    begun = subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "assay", "doctor", "--offline"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.default_int_handler),
    )
    assert begun.stdout is not None
    before = next(line for line in begun.stdout if line.split("|")[-1].strip() == imported)
    begun.send_signal(signal.SIGINT)
    printed, _ = begun.communicate(timeout=60)
    assert "Traceback" not in before + printed
    assert begun.returncode in (-signal.SIGINT, 128 + signal.SIGINT)
