"""The store: answers, ledger and dead letters in one SQLite file that outlives the warehouse."""

from udfs.store.store import (
    TABLES,
    Store,
    StoredAnswer,
    put_answers,
    put_attempt,
    put_failures,
    put_task,
)
from udfs.store.writer import Writer

__all__ = [
    "TABLES",
    "Store",
    "StoredAnswer",
    "Writer",
    "put_answers",
    "put_attempt",
    "put_failures",
    "put_task",
]
