"""Rows of the store: how answers, failures, calls and tasks are read and written.

Every function takes the connection of an open transaction, or reads on its own.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, replace
from itertools import chain
from typing import Any, NamedTuple

from assay.core.canonical import canonical_json
from assay.core.clock import now_utc
from assay.core.settings import Settings
from assay.core.values import Attempt, Failure, Outcome, Served, Use
from assay.store.records import Landing, Rung, StoredAnswer, Values, answer_row
from assay.store.sqlite import ageing, vectors

_BODY = slice(5, 9)
"""Where a row of `answers` has what its checksum covers."""

_SEAL = 9
"""Where a row of `answers` gets its checksum; what comes after it is not covered."""

EMBEDDED = "embedded"
"""The host of answers that the embedded provider gave, which cost nothing."""

_KEYS_PER_SELECT = 2000
_ROWS_PER_INSERT = 1000
"""With the columns of `calls` this stays below the 32,766 values that SQLite takes at once."""

_FAILURE_COLUMNS = 11

_CALL_ROW = f"({','.join('?' * len(Attempt._fields))})"
_CALLS = f"calls ({','.join(Attempt._fields)}) values "


class Held(NamedTuple):
    """How many answers a store holds, sound or not, and how many of them were paid for."""

    answers: int = 0
    paid: int = 0


def settled_rows(
    connection: sqlite3.Connection, keys: Sequence[bytes], now: str
) -> dict[bytes, Outcome]:
    """Return what is settled of `keys`: answers, and failures that are not due at `now`.

    An answer whose checksum does not fit is left out: it counts as never given.
    """
    found: dict[bytes, Outcome] = {}
    for part, marks in keys_in_parts(keys):
        found.update(_failures(connection, part, marks, now))
        found.update(_answers(connection, part, marks))
    return found


def count_held(connection: sqlite3.Connection) -> Held:
    """Count the answers: a walk over the whole table, 0.1 to 0.25 seconds for a million."""
    query = "select count(*), count(*) filter (where host <> ?) from answers"
    return Held(*connection.execute(query, [EMBEDDED]).fetchone())


def put_landings(connection: sqlite3.Connection, landings: Sequence[Landing]) -> None:
    """Record some attempts and what came of them, in as few statements as can be."""
    _put_calls(connection, [landing.call for landing in landings])
    _put_answers(connection, {row[0]: row for landing in landings for row in landing.answers})
    tasks = [row for landing in landings for row in landing.tasks]
    connection.executemany("insert or ignore into tasks values (?,?,?,?)", tasks)


def put_answers(connection: sqlite3.Connection, stored: Iterable[StoredAnswer]) -> None:
    """Record answers, clear their failures and give their leases back.

    The first sound answer for a key wins for ever, unless it ages: then a later one does. A row
    whose checksum does not fit gives way.
    """
    _put_answers(connection, {item.ask.key: answer_row(item) for item in stored})


def _put_answers(connection: sqlite3.Connection, rows: Mapping[bytes, Values]) -> None:
    ageing.make_room(connection, rows.values())
    for part, marks in keys_in_parts(list(rows)):
        if _insert_answers(connection, "ignore", [rows[key] for key in part]) < len(part):
            sound = dict(_answers(connection, part, marks))
            unsound = [rows[key] for key in part if key not in sound]
            _insert_answers(connection, "replace", unsound)
        for table in ("failures", "leases"):
            connection.execute(f"delete from {table} where key in ({marks})", part)  # noqa: S608


def _failed_runs(connection: sqlite3.Connection, keys: Sequence[bytes]) -> dict[bytes, int]:
    """Return in how many runs each of `keys` has failed so far, where it has."""
    counted: dict[bytes, int] = {}
    for part, marks in keys_in_parts(keys):
        query = f"select key, attempts from failures where key in ({marks})"  # noqa: S608
        counted.update(connection.execute(query, part).fetchall())
    return counted


def give_up(connection: sqlite3.Connection, landing: Landing) -> list[Failure]:
    """Record the failures of a landing, and return them with the runs in which they failed."""
    if not landing.failures:
        return []
    kept, without = ageing.keep_answered(connection, landing)
    earlier = _failed_runs(connection, [failure.key for failure in without])
    failures = [
        _failed_again(failure, earlier.get(failure.key, 0), landing.due.get(failure.status, ()))
        for failure in without
    ]
    put_failures(connection, failures)
    return [*kept, *failures]


def _failed_again(failure: Failure, before: int, due: Sequence[str]) -> Failure:
    """Return a failure that was one in so many runs before."""
    next_try_at = due[before] if before < len(due) else None
    return replace(failure, failed_runs=before + 1, next_try_at=next_try_at)


def put_failures(connection: sqlite3.Connection, failures: Iterable[Failure]) -> None:
    """Record failures and give their leases back; a later failure replaces an earlier one."""
    for failure in failures:
        connection.execute(
            "insert or replace into failures values (?,?,?,?,?,?,?,?,?,?,?)",
            astuple(failure)[:_FAILURE_COLUMNS],
        )
        connection.execute("delete from leases where key = ?", [failure.key])


def _put_calls(connection: sqlite3.Connection, calls: Sequence[Attempt]) -> None:
    for start in range(0, len(calls), _ROWS_PER_INSERT):
        part = calls[start : start + _ROWS_PER_INSERT]
        rows = ",".join([_CALL_ROW] * len(part))
        values = list(chain.from_iterable(part))
        connection.execute(f"insert or replace into {_CALLS}{rows}", values)


def put_interrupted(connection: sqlite3.Connection, noted: Attempt) -> None:
    """Record an attempt whose process ended before it did, unless its end is on record."""
    reason = "its process ended before it did"
    row = noted._replace(outcome="interrupted", error=reason, maybe_paid=True)
    connection.execute(f"insert or ignore into {_CALLS}{_CALL_ROW}", row)


def put_run(
    connection: sqlite3.Connection,
    invocation_id: str,
    settings: Settings,
    begun_at: str | None = None,
) -> None:
    """Record that a run began, now or then; a second beginning of it changes nothing."""
    row = [invocation_id, begun_at or now_utc(), settings.provider, settings.host, settings.model]
    connection.execute("insert or ignore into runs values (?,?,?,?,?,null,null)", row)


def put_look(connection: sqlite3.Connection, invocation_id: str) -> None:
    """Record that a run builds nothing."""
    connection.execute("insert or ignore into looks values (?)", [invocation_id])


def put_statement(connection: sqlite3.Connection, key: str, sql: str) -> None:
    """Record SQL that asks, in place of what the same thing was before."""
    connection.execute("insert or replace into statements values (?,?,?)", [key, sql, now_utc()])


def put_rung(connection: sqlite3.Connection, rung: Rung) -> None:
    """Record in which mode a model stands, in place of what was said before."""
    connection.execute("insert or replace into rungs values (?,?,?,?,?)", rung)


def put_served(
    connection: sqlite3.Connection, invocation_id: str, served: Mapping[Use, Served]
) -> None:
    """Record what became of each question of a run, in place of what was said of it before."""
    connection.executemany(
        "insert or replace into served (invocation_id, kind, prompt_hash, model, row_count, "
        "stored) values (?,?,?,?,?,?)",
        [(invocation_id, *use, one.rows, one.stored) for use, one in served.items()],
    )
    connection.execute("delete from fates where invocation_id = ?", [invocation_id])
    connection.executemany(
        "insert into fates (invocation_id, kind, prompt_hash, model, fate, row_count, kept, "
        "reason) values (?,?,?,?,?,?,?,?)",
        [
            (invocation_id, *use, name, fate.rows, fate.kept, fate.reason)
            for use, one in served.items()
            for name, fate in one.fates.items()
        ],
    )


def put_stop(
    connection: sqlite3.Connection, invocation_id: str, stopped_by: str, message: str
) -> None:
    """Record what ended a run early; the first cause stays."""
    connection.execute(
        "update runs set stopped_by = ?, message = ? "
        "where invocation_id = ? and stopped_by is null",
        [stopped_by, message, invocation_id],
    )


def checksum(key: bytes, *body: Any) -> bytes:
    """Return 16 bytes over the key and everything that SQL will see of an answer.

    SQLite does not notice a flipped bit inside a value; this does.
    """
    said = ",".join([canonical_json(part) for part in body])  # a list at once takes twice as long
    return hashlib.blake2b(key + f"[{said}]".encode(), digest_size=16).digest()


def is_sound(stored: bytes, key: bytes, *body: Any) -> bool:
    """Whether a stored checksum fits its row, whatever types a damaged row came back with."""
    try:
        return checksum(key, *body) == stored
    except (TypeError, ValueError):  # bytes where a text was, a number that is none
        return False


def keys_in_parts(keys: Sequence[bytes]) -> Iterator[tuple[Sequence[bytes], str]]:
    """Yield `keys` in parts that fit one statement, each with its question marks."""
    for start in range(0, len(keys), _KEYS_PER_SELECT):
        part = keys[start : start + _KEYS_PER_SELECT]
        yield part, ",".join("?" * len(part))


def _insert_answers(
    connection: sqlite3.Connection, otherwise: str, rows: Sequence[Sequence[Any]]
) -> int:
    """Insert `rows`, and `ignore` or `replace` where there is one; return how many were written.

    One statement for all: each one that runs lets go of the GIL and has to get it back.
    """
    if not rows:
        return 0
    values = ",".join(["(?,?,?,?,?,?,?,?,?,?,?,null,null)"] * len(rows))
    statement = f"insert or {otherwise} into answers values {values}"  # noqa: S608
    vectors.put(connection, otherwise, rows)
    kept = map(vectors.short, rows)
    sealed = [(*row[:_SEAL], checksum(row[0], *row[_BODY]), ageing.expiry_of(row)) for row in kept]
    return connection.execute(statement, list(chain.from_iterable(sealed))).rowcount


def _answers(
    connection: sqlite3.Connection, keys: Sequence[bytes], marks: str
) -> Iterator[tuple[bytes, Outcome]]:
    query = (
        "select key, value, confidence, answered_by, answered_at, checksum, kind, expires_at, "  # noqa: S608
        f"tried_at from answers where key in ({marks})"
    )
    found = connection.execute(query, keys).fetchall()
    has_vectors = any(kind == vectors.KIND for *_, kind, _, _ in found)
    floats = vectors.read(connection, keys, marks) if has_vectors else {}
    for key, *body, stored, kind, expires_at, tried_at in found:
        value, confidence, model, answered_at = body
        given = floats.get(key) if kind == vectors.KIND else value
        if is_sound(stored, key, *body) and given is not None:
            stale = tried_at is not None
            outcome = Outcome("ok", given, None, confidence, model, answered_at, expires_at, stale)
            yield key, outcome


def _failures(
    connection: sqlite3.Connection, keys: Sequence[bytes], marks: str, now: str
) -> Iterator[tuple[bytes, Outcome]]:
    query = (
        "select key, status, error, model, failed_at, next_try_at from failures "  # noqa: S608
        f"where key in ({marks}) and (next_try_at is null or next_try_at > ?)"
    )
    for key, status, error, model, failed_at, due in connection.execute(query, [*keys, now]):
        expires_at = due if status == "unclear" else None
        yield key, Outcome(status, None, error, None, model, failed_at, expires_at)


def table_rows(
    connection: sqlite3.Connection, table: str
) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
    """Return the columns (name to type) and rows of a table, blobs as hex."""
    columns = connection.execute("select name, type from pragma_table_info(?)", [table])
    types = dict(columns.fetchall())
    return types, printable_rows(connection, table, list(types))


def printable_rows(
    connection: sqlite3.Connection, table: str, names: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Return the rows of a table, blobs as hex."""
    rows = connection.execute(f"select {', '.join(names)} from {table}")  # noqa: S608
    return [tuple(map(_printable, row)) for row in rows]


def _printable(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else value
