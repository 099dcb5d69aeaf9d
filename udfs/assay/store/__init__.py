"""The store: answers, ledger and dead letters, which outlive the warehouse.

`open_store` is the one way to one; `contract.py` says what it does, `queries.py` what can be read.
The rest is about the file that a store of ours is: backup, repair, restoring.
"""

from assay.store.accounts import PENDING, UNSUPPORTED, UNTRIED, Selection, Spend, Use, shares
from assay.store.batches import BatchPack, BatchPlace, BatchRow, Filling
from assay.store.contract import TABLES, Ledger, Store
from assay.store.group_commit import Writer
from assay.store.journal import Journal
from assay.store.places import (
    back_up,
    check_server,
    move,
    open_store,
    refuse_while_in_use,
    repair,
    restore,
    start_over,
)
from assay.store.records import (
    PLUS,
    SEARCH,
    Discard,
    Evaluation,
    GateRow,
    Graded,
    Granted,
    Landing,
    LearntCascade,
    Letter,
    Rung,
    State,
    StoredAnswer,
    Unused,
    Which,
    landing_of,
    task_row,
)
from assay.store.repairs import Decision, Repair, RepairStatus
from assay.store.sqlite.installed import SchemaGap, library, schema_gap, uses_wal
from assay.store.sqlite.loss_guard import Witness
from assay.store.sqlite.salvage import (
    Checkup,
    Salvaged,
    StartedOver,
    check,
)
from assay.store.sqlite.upkeep import Restored
from assay.store.walls import Room, Toll, Walls

__all__ = [
    "PENDING",
    "PLUS",
    "SEARCH",
    "TABLES",
    "UNSUPPORTED",
    "UNTRIED",
    "BatchPack",
    "BatchPlace",
    "BatchRow",
    "Checkup",
    "Decision",
    "Discard",
    "Evaluation",
    "Filling",
    "GateRow",
    "Graded",
    "Granted",
    "Journal",
    "Landing",
    "LearntCascade",
    "Ledger",
    "Letter",
    "Repair",
    "RepairStatus",
    "Restored",
    "Room",
    "Rung",
    "Salvaged",
    "SchemaGap",
    "Selection",
    "Spend",
    "StartedOver",
    "State",
    "Store",
    "StoredAnswer",
    "Toll",
    "Unused",
    "Use",
    "Walls",
    "Which",
    "Witness",
    "Writer",
    "back_up",
    "check",
    "check_server",
    "landing_of",
    "library",
    "move",
    "open_store",
    "refuse_while_in_use",
    "repair",
    "restore",
    "schema_gap",
    "shares",
    "start_over",
    "task_row",
    "uses_wal",
]
