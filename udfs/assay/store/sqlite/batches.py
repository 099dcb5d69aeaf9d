"""Batches over SQLite: written before they are sent, with the leases of what is asked in them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import fields

from assay.core.program import program
from assay.core.values import Outcome
from assay.store.batches import BatchPack, BatchRow, Filling
from assay.store.queries import BatchesOnRecord, PacksOfBatch, PendingKeys
from assay.store.records import Landing
from assay.store.sqlite.rows import keys_in_parts

PREFIX = "batch:"
"""What the owner of a lease is called that lives as long as a batch, whatever process does."""

TABLES = ("batches", "batch_packs")
"""What a repair saves of them; the leases follow from it."""

_KEY_BYTES = 16
_COUNTED = ("packs", "asks", "reserved_usd")
_COLUMNS = [field.name for field in fields(BatchRow) if field.name not in _COUNTED]
_BATCHES = f"""
    select {", ".join(_COLUMNS)}, coalesce(packs, 0), coalesce(asks, 0), coalesce(usd, 0.0)
    from batches left join (
        select batch, count(*) as packs, sum(length(keys)) / {_KEY_BYTES} as asks,
            sum(reserved_usd) as usd
        from batch_packs group by batch
    ) as left_over on left_over.batch = batches.id
"""  # noqa: S608


def batches(connection: sqlite3.Connection, query: BatchesOnRecord) -> list[BatchRow]:
    """Return batches with what waits in them, the oldest first."""
    chosen = "" if query.also_over else "where place <> 'over'"
    found = connection.execute(f"{_BATCHES} {chosen} order by written_at, id")
    return [BatchRow(**dict(zip([*_COLUMNS, *_COUNTED], row, strict=True))) for row in found]


def packs_of(connection: sqlite3.Connection, query: PacksOfBatch) -> list[BatchPack]:
    """Return the packs of a batch that wait, in their order."""
    found = connection.execute(
        "select custom_id, keys, reserved_usd, body from batch_packs where batch = ? "
        "order by rowid",
        [query.batch_id],
    )
    return [BatchPack(name, _keys(joined), usd, body) for name, joined, usd, body in found]


def pending_keys(connection: sqlite3.Connection, query: PendingKeys) -> set[bytes]:
    """Return those of some keys that a batch holds."""
    found: set[bytes] = set()
    for part, marks in keys_in_parts(query.keys):
        statement = f"select key from leases where key in ({marks}) and owner like '{PREFIX}%'"  # noqa: S608
        found.update(key for (key,) in connection.execute(statement, part))
    return found


def put_packs(connection: sqlite3.Connection, filling: Filling) -> None:
    """Write packs of a batch down; from now on it is the batch that holds what they ask."""
    _put(connection, filling.batch)
    connection.executemany("insert or ignore into tasks values (?,?,?,?)", filling.tasks)
    connection.executemany(
        "insert into batch_packs (custom_id, batch, keys, reserved_usd, body) values (?,?,?,?,?)",
        [
            (pack.custom_id, filling.batch.id, b"".join(pack.keys), pack.reserved_usd, pack.body)
            for pack in filling.packs
        ],
    )
    keys = [key for pack in filling.packs for key in pack.keys]
    _lease(connection, keys, PREFIX + filling.batch.id)


def note(connection: sqlite3.Connection, batch: BatchRow) -> None:
    """Write down how far a batch is; one that is read holds nothing any more."""
    if not batch.is_open:
        _erase(connection, "batch = ?", batch.id)
        connection.execute("delete from leases where owner = ?", [PREFIX + batch.id])
    _put(connection, batch)


def take(
    connection: sqlite3.Connection, batch_id: str, owner: str, living: Container[str]
) -> bool:
    """Let a process work on a batch, unless a living one does; return whether it may."""
    found = connection.execute(
        "select owner from batches where id = ? and place <> 'over'", [batch_id]
    ).fetchone()
    if found is None or (found[0] in living and found[0] != owner):
        return False
    connection.execute("update batches set owner = ? where id = ?", [owner, batch_id])
    return True


def leave(connection: sqlite3.Connection, batch_id: str) -> None:
    """Let other processes work on a batch."""
    connection.execute("update batches set owner = '' where id = ?", [batch_id])


def lease_again(connection: sqlite3.Connection) -> None:
    """Let batches hold what they ask, after a repair, which saves no lease."""
    found = connection.execute("select batch, keys from batch_packs").fetchall()
    for batch_id, joined in found:
        _lease(connection, _keys(joined), PREFIX + batch_id)


def settle_packs(connection: sqlite3.Connection, owner: str, landings: Iterable[Landing]) -> None:
    """Take packs that have landed out of their batch; what they left open is this process's."""
    for landing in landings:
        if landing.pack:
            reclaim(connection, [landing.pack], owner)


def reclaim(connection: sqlite3.Connection, names: Sequence[str], owner: str) -> None:
    """Take packs out of their batch, and give this process what is still asked in them."""
    for name in names:
        found = connection.execute(
            "select batch, keys from batch_packs where custom_id = ?", [name]
        ).fetchone()
        if found is None:
            continue
        for part, marks in keys_in_parts(_keys(found[1])):
            connection.execute(
                f"update leases set owner = ? where owner = ? and key in ({marks})",  # noqa: S608
                [owner, PREFIX + found[0], *part],
            )
        _erase(connection, "custom_id = ?", name)


def waiting(connection: sqlite3.Connection, held: Mapping[bytes, str]) -> dict[bytes, Outcome]:
    """Return the outcome of each key that a batch holds, by the owner of its lease."""
    named = {owner: owner.removeprefix(PREFIX) for owner in held.values() if is_batch(owner)}
    found: dict[str, Outcome] = {}
    for owner, batch_id in named.items():
        model, written_at = connection.execute(
            "select model, written_at from batches where id = ?", [batch_id]
        ).fetchone() or (None, None)
        error = f"Waits for a batch; see `{program('batch status')}`."
        found[owner] = Outcome("pending", None, error, None, model, written_at)
    return {key: found[owner] for key, owner in held.items() if owner in found}


def is_batch(owner: str) -> bool:
    """Whether the owner of a lease is a batch and no process."""
    return owner.startswith(PREFIX)


def forget(connection: sqlite3.Connection, texts: Sequence[str], keys: set[bytes]) -> int:
    """Take texts and keys out of what waits for batches; return how many records that were.

    An answer that comes for one of them is not stored.
    """
    gone = 0
    found = connection.execute("select custom_id, keys, body from batch_packs").fetchall()
    for name, joined, said in found:
        body, own = json.loads(said), _keys(joined)
        each = len(own) // max(1, len(body["records"]))
        kept = [
            place
            for place, record in enumerate(body["records"])
            if record not in texts and not keys & set(own[place * each : (place + 1) * each])
        ]
        if len(kept) == len(body["records"]):
            continue
        gone += len(body["records"]) - len(kept)
        left = [key for place in kept for key in own[place * each : (place + 1) * each]]
        dropped = set(own) - set(left)
        connection.executemany("delete from leases where key = ?", [(key,) for key in dropped])
        for column in ("records", "ids", "counts"):
            body[column] = [body[column][place] for place in kept]
        connection.execute(
            "update batch_packs set keys = ?, body = ? where custom_id = ?",
            [b"".join(left), json.dumps(body), name],
        )
    return gone


def _put(connection: sqlite3.Connection, batch: BatchRow) -> None:
    marks = ",".join("?" * len(_COLUMNS))
    connection.execute(
        f"insert or replace into batches ({','.join(_COLUMNS)}) values ({marks})",  # noqa: S608
        [getattr(batch, column) for column in _COLUMNS],
    )


def _lease(connection: sqlite3.Connection, keys: Sequence[bytes], owner: str) -> None:
    connection.executemany(
        "insert or replace into leases values (?,?)", [(key, owner) for key in keys]
    )


def _erase(connection: sqlite3.Connection, which: str, value: str) -> None:
    """Delete packs, and overwrite their texts where the store is a file."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("pragma secure_delete=on")
    connection.execute(f"delete from batch_packs where {which}", [value])  # noqa: S608


def _keys(joined: bytes) -> list[bytes]:
    return [joined[at : at + _KEY_BYTES] for at in range(0, len(joined), _KEY_BYTES)]
