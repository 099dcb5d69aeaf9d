"""Python's garbage collector, which here comes seldom: programs that end soon have little garbage.

Imports and the parsing of a project make a million objects that all stay. Python looks at new
ones after each 700, and again and again at those that were there.
"""

from __future__ import annotations

import gc

_SELDOM = 100_000
"""How many new objects make it look at them."""


def let_it_start() -> None:
    """Let the collector come seldom from now on; what a process does first."""
    gc.set_threshold(_SELDOM)


def let_it_work() -> None:
    """Let the collector pass over what is there now, such as dbt's objects, and come seldom.

    It would walk over all of them again and again, and everybody would wait for it.
    """
    if gc.get_freeze_count():  # dbt ran in this process before
        gc.unfreeze()  # so that what it made may go
        gc.collect()
    gc.freeze()
    let_it_start()
