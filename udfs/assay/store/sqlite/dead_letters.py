"""Failures as dead letters: read with their text, made due, put back, discarded, forgotten."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Sequence

from assay.core.clock import now_utc
from assay.core.values import DISCARDED, key_of, key_seed
from assay.store.queries import AllLetters, DeadLetterCount, DiscardsOf, KeysLike
from assay.store.records import Discard, Letter
from assay.store.sqlite import ageing
from assay.store.sqlite.rows import keys_in_parts

_KEY_BYTES = 16
_LETTERS = """
    select
        key, kind, model, host, prompt_hash, status, error, attempts, failed_at, next_try_at,
        text, (
            select max(discarded_at) from discards
            where discards.key = failures.key and discards.failed_at = failures.failed_at
        ) as discarded_at
    from failures
    where status not in ('unsupported', 'unclear')
    order by failed_at, key
"""


def letters(connection: sqlite3.Connection, _: AllLetters) -> list[Letter]:
    """Return every failure, the oldest first."""
    return [Letter(*row) for row in connection.execute(_LETTERS)]


def dead_count(connection: sqlite3.Connection, _: DeadLetterCount) -> int:
    """Return how many failures no build tries again and nobody has discarded."""
    dead = "next_try_at is null and discarded_at is null"
    query = f"select count(*) from ({_LETTERS}) as letters where {dead}"  # noqa: S608
    return int(connection.execute(query).fetchone()[0])


def discards_of(connection: sqlite3.Connection, query: DiscardsOf) -> list[Discard]:
    """Return every discard of a key, the oldest first; also those that a replay ended."""
    found = connection.execute(
        "select reason, discarded_by, discarded_at from discards where key = ? "
        "order by discarded_at",
        [query.key],
    )
    return [Discard(*row) for row in found]


def make_due(connection: sqlite3.Connection, chosen: Iterable[Letter]) -> None:
    """Let the chosen failures be asked again from now on; they stay failures until answered."""
    now = now_utc()
    connection.executemany(
        "update failures set next_try_at = ? where key = ? and failed_at = ?",
        [(now, letter.key, letter.failed_at) for letter in chosen],
    )


def put_back(connection: sqlite3.Connection, chosen: Iterable[Letter]) -> None:
    """Undo `make_due` for those that have neither been answered nor failed since."""
    connection.executemany(
        "update failures set next_try_at = ? where key = ? and failed_at = ?",
        [(letter.next_try_at, letter.key, letter.failed_at) for letter in chosen],
    )


def put_discards(
    connection: sqlite3.Connection, chosen: Iterable[Letter], reason: str, by: str
) -> int:
    """Record that letters are given up and settle them for good; return how many were there.

    One that was answered or failed again since it was read is left alone.
    """
    now, count = now_utc(), 0
    for letter in chosen:
        settled = connection.execute(
            "update failures set next_try_at = null, error = ? || error "
            "where key = ? and failed_at = ? and error not like ? || '%'",
            [DISCARDED, letter.key, letter.failed_at, DISCARDED],
        )
        if settled.rowcount:
            connection.execute(
                "insert into discards values (?,?,?,?,?,?,?,?,?,?,?,?)",
                [uuid.uuid4().hex, *_named(letter), reason, by, now],
            )
            count += 1
    return count


def forget_keys(connection: sqlite3.Connection, keys: Sequence[bytes]) -> dict[str, int]:
    """Remove all that is kept under `keys`; return how many rows of each table went."""
    gone: dict[str, int] = dict.fromkeys(("answers", "failures", "discards", "leases"), 0)
    for part, marks in keys_in_parts(keys):
        for table in (*gone, ageing.SUPERSEDED):
            done = connection.execute(f"delete from {table} where key in ({marks})", part)  # noqa: S608
            gone[ageing.counted_as(table)] += done.rowcount
    return gone


def keys_of_texts(connection: sqlite3.Connection, texts: Sequence[str]) -> Iterator[bytes]:
    """Yield the key of every question that was ever asked, for each normalised text."""
    query = (
        "select distinct prompt_hash, model, host from answers union "
        "select distinct prompt_hash, model, host from failures"
    )
    for parts in connection.execute(query).fetchall():
        seed = key_seed(*parts)
        yield from (key_of(seed, text) for text in texts)


def keys_like(connection: sqlite3.Connection, query: KeysLike) -> list[bytes]:
    """Return the keys of answers and failures that begin with these hex digits."""
    odd = len(query.prefix) % 2
    low = bytes.fromhex(query.prefix + "0" * odd).ljust(_KEY_BYTES, b"\0")
    high = bytes.fromhex(query.prefix + "f" * odd).ljust(_KEY_BYTES, b"\xff")
    found = connection.execute(
        "select key from answers where key between ?1 and ?2 union "
        "select key from failures where key between ?1 and ?2",
        [low, high],
    )
    return [key for (key,) in found]


def _named(letter: Letter) -> list[object]:
    return [
        letter.key,
        letter.failed_at,
        letter.kind,
        letter.model,
        letter.host,
        letter.prompt_hash,
        letter.status,
        letter.attempts,
    ]
