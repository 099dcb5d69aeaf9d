"""The store: answers, ledger and dead letters in one SQLite file that outlives the warehouse."""

from udfs.store.leases import Granted, Owner, release
from udfs.store.rows import (
    StoredAnswer,
    failed_attempts,
    put_answers,
    put_attempt,
    put_failures,
    put_run,
    put_stop,
    put_task,
)
from udfs.store.store import TABLES, Store
from udfs.store.writer import Writer

__all__ = [
    "TABLES",
    "Granted",
    "Owner",
    "Store",
    "StoredAnswer",
    "Writer",
    "failed_attempts",
    "put_answers",
    "put_attempt",
    "put_failures",
    "put_run",
    "put_stop",
    "put_task",
    "release",
]
