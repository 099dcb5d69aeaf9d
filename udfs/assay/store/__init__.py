"""The store: answers, ledger and dead letters in one SQLite file that outlives the warehouse."""

from assay.store.group_commit import Writer
from assay.store.sqlite.leases import Granted, Owner, release
from assay.store.sqlite.loss_guard import Witness
from assay.store.sqlite.rows import (
    Landing,
    StoredAnswer,
    failed_attempts,
    landing_of,
    last_build,
    put_answers,
    put_attempt,
    put_failures,
    put_landings,
    put_look,
    put_run,
    put_served,
    put_statement,
    put_stop,
    put_task,
    read_statements,
)
from assay.store.sqlite.salvage import (
    Checkup,
    Salvaged,
    StartedOver,
    back_up,
    check,
    refuse_while_in_use,
    repair,
    start_over,
)
from assay.store.sqlite.store import TABLES, Store
from assay.store.sqlite.upkeep import Restored, Unused, prune, restore, unused

__all__ = [
    "TABLES",
    "Checkup",
    "Granted",
    "Landing",
    "Owner",
    "Restored",
    "Salvaged",
    "StartedOver",
    "Store",
    "StoredAnswer",
    "Unused",
    "Witness",
    "Writer",
    "back_up",
    "check",
    "failed_attempts",
    "landing_of",
    "last_build",
    "prune",
    "put_answers",
    "put_attempt",
    "put_failures",
    "put_landings",
    "put_look",
    "put_run",
    "put_served",
    "put_statement",
    "put_stop",
    "put_task",
    "read_statements",
    "refuse_while_in_use",
    "release",
    "repair",
    "restore",
    "start_over",
    "unused",
]
