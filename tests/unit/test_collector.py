"""Python's garbage collector, told to come seldom: a process of its own for each story."""

from __future__ import annotations

import subprocess
import sys

STORY = """
import gc, weakref
from assay.core import collector
class Thing: pass
def ring():
    thing = Thing()
    thing.itself = thing
    return weakref.ref(thing)
gc.disable()
collector.let_it_start()
collector.let_it_work()
kept = ring()
print(gc.get_threshold()[0] > 700, gc.get_freeze_count() > 0, kept() is None)
collector.let_it_work()
print(kept() is None)
"""


def test_what_dbt_made_is_passed_over_and_goes_with_the_next_run() -> None:
    """Imports are walked over seldom; a second run in a process clears the first."""
    done = subprocess.run(
        [sys.executable, "-c", STORY], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["True True False", "True"]
