"""The error tree: what stops a run, and what only marks a row.

AssayError
├── PublishError        gold was not published; what was published before stays
├── RunError            stops the run; its message never holds row text or a key
│   ├── ConfigError     wrong set-up: settings, task, credentials, host, model
│   ├── QuotaError      the account behind the key has run dry
│   ├── BudgetError     more is needed than the budget of the run has left
│   ├── StoreError      the store cannot be trusted or written
│   └── Cancelled       somebody said stop
├── GateError           a gate is red; a line for each expectation
├── FailedRowsError     too great a share of the rows of a column has no answer
└── CallError           one attempt failed; the policy decides what becomes of its rows
"""

from __future__ import annotations

import re
from typing import Literal

from assay.core.usage import NOTHING_SAID

Fault = Literal[
    "transport",  # nothing readable came back: refused, reset, cut, timed out
    "bad_body",  # a 200 whose body is not the JSON object that was promised
    "provider_error",  # a 200 that carries an error, or no choice
    "retryable",  # 408, 409, 425, 429, 499, 5xx: the server says not now
    "quota",  # no credit left
    "config",  # wrong key, model, host or method: asking again cannot help
    "too_big_or_bad",  # 400, 413, 422: this request cannot be served as it is
    "refused",  # the model, a content filter or a guard (403) will not answer
    "truncated",  # the answer hit the output limit
    "empty",  # a reply without content
]

Unfit = Literal["schema", "format", None]


class AssayError(Exception):
    """Base of every error that Assay raises."""


class PublishError(AssayError):
    """Gold was not published; what was published before is whole and stays current."""


class RunError(AssayError):
    """The run stops; nothing that was answered is lost. `cause` names it in the store.

    `status` is that of the HTTP reply which stopped it; None without one.
    """

    cause = "failure"

    def __init__(self, message: str = "", *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class ConfigError(RunError):
    """The set-up is wrong; the message names the setting and the remedy."""

    cause = "config"


class QuotaError(RunError):
    """The account has no credit left; run again once it has."""

    cause = "quota"


class BudgetError(RunError):
    """A build or a model needs more than the budget has left; nothing of it was sent."""

    cause = "budget"


class StoreError(RunError):
    """The store cannot be read, trusted or written; nothing further is sent."""

    cause = "store"


class Cancelled(RunError):
    """The run was told to stop; answers so far are kept."""

    cause = "cancelled"


class GateError(AssayError):
    """A gate of the DAG is red: its model fails and dbt skips what it guards."""


class FailedRowsError(AssayError):
    """Too great a share of the rows of a column has no answer; a line for each column."""


class CallError(AssayError):
    """One attempt at one pack failed.

    `fault` is the class the policy acts on, `retry_after_seconds` what the server asked for
    (None when it did not), `status` the HTTP status (None without one), `maybe_paid` whether
    the server may have answered and billed although nothing usable arrived, `silent` whether the
    connection failed, or ended, before a word of a reply, `unfit` what it says not to take of
    how a reply is wanted: this schema, or the format altogether; `usage` is what it says to have
    billed, where it says so.
    """

    def __init__(
        self,
        fault: Fault,
        message: str,
        *,
        status: int | None = None,
        retry_after_seconds: float | None = None,
        maybe_paid: bool = False,
        silent: bool = False,
        unfit: Unfit = None,
    ) -> None:
        super().__init__(message)
        self.usage = NOTHING_SAID
        self.fault: Fault = fault
        self.status = status
        self.retry_after_seconds = retry_after_seconds
        self.maybe_paid = maybe_paid
        self.silent = silent
        self.unfit = unfit


_TRACE = "\n\nAt:\n"
"""What DuckDB's binding writes between an error and the calls that led to it."""

_QUOTED = re.compile(r"executing the UDF: (\w+): (.*)", re.DOTALL)


def our_words(said: str) -> str | None:
    """Return what one of our errors says where DuckDB quotes it; None for anything else."""
    found = _QUOTED.search(said)
    return (
        found[2].partition(_TRACE)[0].strip() if found and found[1] in _names(AssayError) else None
    )


def _names(kind: type[AssayError]) -> set[str]:
    return {kind.__name__}.union(*(_names(one) for one in kind.__subclasses__()))
