"""What the store knows of one key or one question: its answer or failure, and who brought that."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict

from assay.store.queries import (
    AnsweredBy,
    AnswerUnder,
    Askers,
    BuiltStatements,
    FailedBy,
    FailureUnder,
    KnownKeys,
    Row,
    TaskSpecs,
)
from assay.store.sqlite.ledger import named
from assay.store.sqlite.rows import is_sound, keys_in_parts

_ATTEMPT = (
    "attempt_id, invocation_id, attempt, outcome, http_status, error, records, asks, answers, "
    "input_tokens, output_tokens, cost_usd, latency_seconds, started_at, ended_at, request_id, "
    "asked_with"
)
_ASKED = "model = :model and host = :host and instr(prompt_hashes, :prompt_hash) > 0"
_ANSWERED_BY = f"""
    select {_ATTEMPT} from calls
    where {_ASKED} and outcome in ('ok', 'partial')
        and started_at <= :answered_at and ended_at >= :answered_at
    order by ended_at limit 1
"""  # noqa: S608
_FAILED_BY = f"""
    select {_ATTEMPT} from calls
    where {_ASKED} and ended_at <= :failed_at order by ended_at desc limit 1
"""  # noqa: S608
_SEALED = ("value", "confidence", "answered_by", "answered_at")


def answer_under(connection: sqlite3.Connection, query: AnswerUnder) -> Row | None:
    """Return an answer, and whether its checksum fits."""
    found = _first(connection.execute("select * from answers where key = ?", [query.key]))
    if found is None:
        return None
    checksum = found.pop("checksum")
    return found | {"is_sound": is_sound(checksum, query.key, *(found[it] for it in _SEALED))}


def failure_under(connection: sqlite3.Connection, query: FailureUnder) -> Row | None:
    """Return a failure, and when it was discarded."""
    found = connection.execute(
        "select *, (select max(discarded_at) from discards where discards.key = failures.key "
        "and discards.failed_at = failures.failed_at) as discarded_at "
        "from failures where key = ?",
        [query.key],
    )
    return _first(found)


def answered_by(connection: sqlite3.Connection, query: AnsweredBy) -> Row | None:
    """Return the attempt that was under way."""
    return _first(connection.execute(_ANSWERED_BY, asdict(query)))


def failed_by(connection: sqlite3.Connection, query: FailedBy) -> Row | None:
    """Return the attempt that had ended last."""
    return _first(connection.execute(_FAILED_BY, asdict(query)))


def known_keys(connection: sqlite3.Connection, query: KnownKeys) -> set[bytes]:
    """Return those of some keys that have an answer or a failure."""
    known: set[bytes] = set()
    for part, marks in keys_in_parts(query.keys):
        for table in ("answers", "failures"):
            found = connection.execute(f"select key from {table} where key in ({marks})", part)  # noqa: S608
            known.update(key for (key,) in found)
    return known


def askers(connection: sqlite3.Connection, query: Askers) -> list[tuple[str, str]]:
    """Return model and host of all that ever answered a question, or failed to."""
    return connection.execute(
        "select model, host from answers where prompt_hash = ?1 union "
        "select model, host from failures where prompt_hash = ?1",
        [query.prompt_hash],
    ).fetchall()


def task_specs(connection: sqlite3.Connection, _: TaskSpecs) -> dict[str, tuple[str, str]]:
    """Return kind and JSON of every task on record, by prompt hash."""
    rows = connection.execute("select prompt_hash, kind, spec from tasks")
    return {prompt_hash: (kind, spec) for prompt_hash, kind, spec in rows}


def statements(connection: sqlite3.Connection, _: BuiltStatements) -> dict[str, str]:
    """Return the SQL of all that asks, as it was built last, by id."""
    return dict(connection.execute("select id, sql from statements").fetchall())


def _first(found: sqlite3.Cursor) -> Row | None:
    return next(iter(named(found)), None)
