"""`@pytest.mark.wants("strace")`: tests that need programs of the system.

Where one is missing they are skipped, saying so; with `TEST_PROGRAMS=required`, as in the gate,
they fail.

A shell that starts the tests in the background has them ignore Ctrl-C, and what they start
inherits that; tests that interrupt a run want it to be heard.
"""

from __future__ import annotations

import os
import shutil
import signal

import pytest

from .warm import SHARED, server_folder


def pytest_configure() -> None:
    """Hear Ctrl-C, and let what the tests start hear it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """All workers share one server of `warm.py`, which starts while they collect."""
    os.environ[SHARED] = server_folder()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """End a test whose programs are not installed before its fixtures are made."""
    wanted = [program for marker in item.iter_markers("wants") for program in marker.args]
    absent = [program for program in wanted if shutil.which(program) is None]
    if absent:
        required = os.environ.get("TEST_PROGRAMS") == "required"
        end = pytest.fail if required else pytest.skip
        end(f"Not installed: {', '.join(absent)}; .ci/run installs what tests want.")
