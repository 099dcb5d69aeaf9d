"""Upkeep of a sound store: putting a backup in its place, and dropping what nobody uses."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.core.disk import put_on_disk
from assay.core.errors import StoreError
from assay.core.program import program
from assay.store.queries import UnusedAnswers
from assay.store.records import Unused
from assay.store.sqlite import ageing
from assay.store.sqlite.loss_guard import Witness
from assay.store.sqlite.migrations import unknown_steps
from assay.store.sqlite.salvage import Checkup, check, copied_to, name_aside, refuse_while_in_use
from assay.store.sqlite.store import StoreFile, connect, journal_of


@dataclass(frozen=True, slots=True)
class Restored:
    """How many answers there are now, and where the store that was there before is kept."""

    answers: int
    kept: Path | str | None


_UNUSED = """
    select
        answers.prompt_hash, answers.kind, answers.model, answers.host, count(*) as answers,
        max(case when used.used_at > answered_at then used.used_at else answered_at end) as used_at
    from answers
    left join (
        select prompt_hash, served.model, max(started_at) as used_at
        from served join runs using (invocation_id)
        group by 1, 2
    ) as used on used.prompt_hash = answers.prompt_hash and used.model = answers.model
    group by 1, 2, 3, 4
    order by used_at, 1
"""


def restore(backup: Path, path: Path, *, force: bool = False) -> Restored:
    """Put a sound backup in the place of the store at `path`, in one step; keep what was there.

    Raises `StoreError` for a backup that is damaged or of a newer Assay, while the store is in
    use, and, without `force`, where the store holds answers or attempts that the backup has not.
    """
    found = checked_backup(backup)
    refuse_while_in_use(path)
    if backup.resolve() == path.resolve():
        message = f"{backup} is the store itself; name a backup of it."
        raise StoreError(message)
    if path.exists() and not force:
        _refuse_a_loss(backup, path)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unborn = copied_to(backup, path)
    Witness(path).accept(found.paid)  # first: a number that is too low is mended by the next run
    kept = _kept(path)
    unborn.replace(path)
    put_on_disk(path.parent)
    StoreFile(path).close()  # brings the schema up to date
    return Restored(found.answers, kept)


def unused(connection: sqlite3.Connection, _: UnusedAnswers) -> list[Unused]:
    """Return every question that has answers with its last use, the oldest first."""
    return [Unused(*row) for row in connection.execute(_UNUSED)]


def prune(connection: sqlite3.Connection, chosen: Sequence[Unused]) -> dict[str, int]:
    """Remove answers and failures of the chosen questions; the ledger keeps what they cost."""
    gone = {"answers": 0, "failures": 0}
    for one in chosen:
        named = (one.prompt_hash, one.model, one.host)
        for table in (*gone, ageing.SUPERSEDED):
            done = connection.execute(
                f"delete from {table} where prompt_hash = ? and model = ? and host = ?",  # noqa: S608
                named,
            )
            gone[ageing.counted_as(table)] += done.rowcount
    return gone


def checked_backup(backup: Path) -> Checkup:
    """Return the state of a backup that is sound and of no newer Assay; or raise `StoreError`."""
    if not backup.is_file():
        message = f"There is no file {backup}; name a backup made by `{program('backup')}`."
        raise StoreError(message)
    found = check(backup)
    if found.trouble or found.unsound:
        what = found.trouble or f"the checksums of {found.unsound:,} answers do not fit"
        message = f"{backup} is no sound store: {what}. Nothing was changed; name another backup."
        raise StoreError(message)
    with contextlib.closing(connect(backup)) as connection:
        if newer := unknown_steps(connection):
            message = (
                f"{backup} was written by a newer Assay ({', '.join(sorted(newer))}); upgrade "
                "first. Nothing was changed."
            )
            raise StoreError(message)
    return found


def _refuse_a_loss(backup: Path, path: Path) -> None:
    """Raise where the store can be read and holds what the backup has not."""
    if check(path).trouble:
        return
    with contextlib.closing(connect(path)) as connection:
        connection.execute("attach ? as backup", [str(backup)])
        missing = {
            table: connection.execute(
                f"select count(*) from main.{table} "  # noqa: S608
                f"where {column} not in (select {column} from backup.{table})"
            ).fetchone()[0]
            for table, column in (("answers", "key"), ("calls", "attempt_id"))
        }
    if any(missing.values()):
        message = (
            f"The store {path} is newer than {backup}: {missing['answers']:,} of its answers and "
            f"{missing['calls']:,} of its attempts are not in the backup and would be lost. "
            "Nothing was changed; if that is what you want, add --force."
        )
        raise StoreError(message)


def _kept(path: Path) -> Path | None:
    """Give the store at `path` a second name, under which it stays; its journal goes with it."""
    if not path.exists():
        journal_of(path).unlink(missing_ok=True)  # it would be rolled back into the new file
        return None
    kept = name_aside(path, "replaced")
    journal = journal_of(path)
    if journal.exists() and journal.stat().st_size:
        journal.rename(journal_of(kept))
    journal.unlink(missing_ok=True)
    os.link(path, kept)
    return kept
