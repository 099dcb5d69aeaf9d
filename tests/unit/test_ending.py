"""The end of a process of ours: as Python's, but nothing is taken apart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

STORY = """
import atexit, sys, threading, time
from assay.core.ending import run_and_end
class Thing:
    def __del__(self): print("taken apart")
thing = Thing()
thing.itself = thing
def late():
    time.sleep(0.1)
    print("thread")
def main():
    atexit.register(print, "handler")
    threading.Thread(target=late).start()
    print("main")
    {end}
run_and_end(main)
"""


LATE = """
import os, signal, sys
class Late:
    kill, own, number = os.kill, os.getpid(), signal.SIGINT
    def __del__(self): Late.kill(Late.own, Late.number)
late = Late()
sys.argv = ["assay", "--help"]
from assay.cli.main import run
run()
"""
"""Presses Ctrl-C when Python takes the last modules apart, and has given up its handlers."""


def story(end: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the story in a process of its own, with `end` as the last thing that it does."""
    words = [sys.executable, "-c", STORY.format(end=end)]
    return subprocess.run(words, text=True, stderr=subprocess.PIPE, check=False, **options)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("end", "code"), [("pass", 0), ("sys.exit()", 0), ("sys.exit(3)", 3), ("sys.exit(False)", 0)]
)
def test_threads_and_handlers_have_their_turn_and_output_is_written(end: str, code: int) -> None:
    """In Python's order; what is left is not taken apart."""
    done = story(end, stdout=subprocess.PIPE)
    assert done.stdout.splitlines() == ["main", "thread", "handler"]
    assert (done.returncode, done.stderr) == (code, "")


@pytest.mark.parametrize("end", ["sys.exit('wrong words')", "raise ValueError('wrong words')"])
def test_what_is_no_exit_code_is_told_by_python(end: str) -> None:
    """With exit code 1, as ever."""
    done = story(end, stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr.splitlines()[-1].endswith("wrong words")) == (1, True)


def test_output_that_cannot_be_written_is_no_success() -> None:
    """Python says so at its own end."""
    with Path("/dev/full").open("w") as full:
        done = story("pass", stdout=full)
    assert done.returncode != 0
    assert "No space left" in done.stderr


def test_ctrl_c_at_the_very_end_changes_no_exit_code() -> None:
    """The command is over and has said what it did."""
    done = subprocess.run([sys.executable, "-c", LATE], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
