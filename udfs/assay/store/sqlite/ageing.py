"""Answers that age: a later one takes the place of an earlier, and a vain check moves the next."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from assay.core.values import Failure, Outcome
from assay.store.records import Landing, Values

SUPERSEDED = "superseded"
"""The table of answers that a later one has taken the place of."""

_EXPIRY = 9
"""Where a row of `answers` without its checksum has the time of the next check."""

_COLUMNS = (
    "key, kind, model, host, prompt_hash, value, confidence, answered_by, answered_at, checksum, "
    "expires_at, tried_at, misses"
)


def make_room(connection: sqlite3.Connection, rows: Iterable[Values]) -> None:
    """Put answers that are older than those of `rows`, and of an age, among what was before."""
    later = [(row[0], row[8]) for row in rows if expiry_of(row) is not None]
    if not later:
        return
    fits = "from answers where key = ? and answered_at < ? and expires_at is not null"
    connection.executemany(
        f"insert or ignore into superseded select {_COLUMNS} {fits}",
        later,
    )
    connection.executemany(f"delete {fits}", later)


def counted_as(table: str) -> str:
    """Return the table among whose rows people count those of `table`."""
    return "answers" if table == SUPERSEDED else table


def expiry_of(row: Values) -> str | None:
    """Return when the answer in a row is to be checked again; None where nobody says so."""
    return row[_EXPIRY] if len(row) > _EXPIRY else None


def keep_answered(
    connection: sqlite3.Connection, landing: Landing
) -> tuple[list[Failure], list[Failure]]:
    """Return the failures of asks that have an answer all the same, and the others.

    The answer stays as it is, with the time it was verified at; it is tried again later.
    """
    known = dict(_ageing(connection, [failure.key for failure in landing.failures]))
    kept = [
        _moved(connection, failure, *known[failure.key], landing.later)
        for failure in landing.failures
        if failure.key in known
    ]
    return kept, [failure for failure in landing.failures if failure.key not in known]


def _ageing(
    connection: sqlite3.Connection, keys: Sequence[bytes]
) -> Iterator[tuple[bytes, tuple[Outcome, int]]]:
    for key in keys:
        found = connection.execute(
            "select value, confidence, answered_by, answered_at, expires_at, coalesce(misses, 0) "
            "from answers where key = ? and expires_at is not null",
            [key],
        ).fetchone()
        if found is not None:
            *body, misses = found
            value, confidence, model, answered_at, expires_at = body
            yield (
                key,
                (
                    Outcome("ok", value, None, confidence, model, answered_at, expires_at, True),
                    misses,
                ),
            )


def _moved(
    connection: sqlite3.Connection,
    failure: Failure,
    answer: Outcome,
    misses: int,
    later: Mapping[str, Sequence[str]],
) -> Failure:
    """Return a failure with the answer that is kept, which is tried again `later`.

    Whoever is turned down by a server is tried again soon, and that is no miss.
    """
    times = later[failure.status]
    expires_at = times[min(misses, len(times) - 1)]
    missed = misses + (len(times) > 1)
    connection.execute(
        "update answers set expires_at = ?, tried_at = ?, misses = ? where key = ?",
        [expires_at, failure.failed_at, missed, failure.key],
    )
    connection.execute("delete from leases where key = ?", [failure.key])
    return replace(failure, kept=answer._replace(expires_at=expires_at))
