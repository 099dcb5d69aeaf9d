"""Assay: AI columns for dbt on DuckDB that are batched, cached, budgeted and checked.

From Python: `assay.open` begins a session, `Session.run` a run with a budget, `Run.ask` asks a
task about texts; docs/python.md shows it.

The words of the code:

task      what is asked about a text: kind, labels or fields, instructions, examples; frozen.
question  a task put to one model at one host.
ask       a question about one text; its key is the hash of everything the answer depends on.
record    a text with all that is asked about it in one request.
pack      the records that travel in one request.
request   a pack as a model reads it: system, user, schema, output limit.
mode      how a reply is to be shaped: an object by ids, a list, any object, words alone.
attempt   one sending of a request: a row of the ledger.
reply     what came back, before it is judged.
outcome   an answer or a failure, as SQL sees it in an envelope.
failure   an ask without an answer, its status and when it may be tried again.
run       what is asked under one budget: with a meter, and an end.
session   runs on one store that ask one provider, and what they remember.
mark      `[EMAIL_1]`, in the place of a value that is kept back (`core/redaction.py`).
store     what is remembered over runs: answers, ledger, failures, leases.
lease     a key that one process has taken on; gone with the process.
journal   the file of a process: what it sent and got before the store has it.

`docs/architecture.md` has the rooms and the six jumps from a SQL model to the provider.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assay.core.cascade import Cascade
    from assay.core.errors import (
        AssayError,
        BudgetError,
        Cancelled,
        ConfigError,
        QuotaError,
        RunError,
        StoreError,
    )
    from assay.core.settings import Settings
    from assay.core.task import Example, Rejected, Task
    from assay.core.values import Outcome, Status
    from assay.engine.run import Run
    from assay.engine.session import Session
    from assay.functions.assess import Assess
    from assay.functions.classify import Classify
    from assay.functions.complete import Complete
    from assay.functions.extract import Extract
    from assay.functions.filter import Filter
    from assay.functions.score import Score
    from assay.functions.sentiment import Sentiment
    from assay.functions.summarize import Summarize
    from assay.functions.translate import Translate
    from assay.functions.verify import Verify

_PLACES = {
    "assay.core.cascade": "Cascade",
    "assay.core.errors": "AssayError BudgetError Cancelled ConfigError QuotaError RunError "
    "StoreError",
    "assay.core.settings": "Settings",
    "assay.core.task": "Example Rejected Task",
    "assay.core.values": "Outcome Status",
    "assay.engine.run": "Run",
    "assay.engine.session": "Session",
}
_PLACE_OF = {name: place for place, names in _PLACES.items() for name in names.split()}

__all__ = [
    "AssayError",
    "Assess",
    "BudgetError",
    "Cancelled",
    "Cascade",
    "Classify",
    "Complete",
    "ConfigError",
    "Example",
    "Extract",
    "Filter",
    "Outcome",
    "QuotaError",
    "Rejected",
    "Run",
    "RunError",
    "Score",
    "Sentiment",
    "Session",
    "Settings",
    "Status",
    "StoreError",
    "Summarize",
    "Task",
    "Translate",
    "Verify",
    "open",
]


def open(
    settings: Settings | None = None,
    /,
    *,
    provider: str | None = None,
    model: str | None = None,
    store: str | Path | None = None,
    **more: Any,
) -> Session:
    """Open a session: runs that ask `provider`, and keep what they get in `store`.

    `provider` is `local` (embedded: no key, no network; the default), `openai` (any endpoint that
    speaks its API, at `base_url`) or `replay`; `model` is who is asked, `store` the file of
    answers and ledger (`.assay/store.sqlite` in the folder of the process). `more` are fields of
    `Settings`, by their names there and without `ASSAY_`: times in seconds, money in US dollars.
    Given `settings`, the others change these.

    The key is `api_key`, or the variable that the provider has for it (docs/settings.md); of the
    environment nothing else is read.
    Raises `ConfigError` for a setting that is unknown or wrong, and `StoreError` where the store
    cannot be opened.

    >>> import assay
    >>> with assay.open(store=folder / "answers.sqlite") as session:
    ...     with session.run("nightly", max_requests=100) as run:
    ...         texts = ["Where is my parcel?", "I want my money back.", None]
    ...         found = run.ask(assay.Classify(labels=["delivery", "refund"]), texts)
    ...         [(one.status, one.answer) for one in found]
    [('ok', 'delivery'), ('ok', 'refund'), ('skipped', None)]
    """
    from assay.engine.session import open_session, settings_of

    given = {"provider": provider, "model": model, "store": store}
    changed = {name: value for name, value in given.items() if value is not None}
    return open_session(settings_of(settings, changed | more))


def __getattr__(name: str) -> Any:
    """Load a public name when it is used: `import assay` costs nothing of it.

    A function is found by its file, so a new one is here without a line.
    """
    if (place := _PLACE_OF.get(name)) is None:
        from assay.functions import FUNCTIONS

        if name in (tasks := {task.__name__: task for task in FUNCTIONS.values()}):
            return tasks[name]
        message = f"module 'assay' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(place), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
