"""The list of steps that make the store's schema: the decorator is `list.append`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

Migration = Callable[[sqlite3.Connection], None]

MIGRATIONS: list[Migration] = []


def migration(step: Migration) -> Migration:
    """Register a step; it runs once for each store, in the order of the list. Names are kept."""
    MIGRATIONS.append(step)
    return step
