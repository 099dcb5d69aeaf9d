"""What is done with a store as a whole, wherever it is: backup, restoring, moving, a new start."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

from assay.core.errors import StoreError
from assay.core.extras import extra
from assay.core.program import program
from assay.core.store_place import StoreAddress, StorePlace
from assay.store.contract import Store
from assay.store.sqlite import salvage, upkeep
from assay.store.sqlite.verbs import SqliteStore

if TYPE_CHECKING:
    from assay.store.postgres.checkup import ServerCheckup as ServerCheckup

EXTRA = ("postgres", "A store in Postgres")
"""What brings the driver, and what is said where it is missing."""


def open_store(place: StorePlace, *, guarded: bool = False) -> Store:
    """Return the store at a place, made where there is none, with its schema up to date.

    With `guarded`, a file that was lost, emptied or damaged, or that holds fewer paid answers than
    it did, raises `StoreError` instead of being bought again. What a server holds is guarded by
    whoever runs it.
    """
    if isinstance(place, StoreAddress):
        with extra(*EXTRA):
            from assay.store.postgres.store import PostgresStore

        return PostgresStore(place)
    return SqliteStore(place, guarded=guarded)


def back_up(place: StorePlace, target: Path) -> None:
    """Copy a store that may be in use to a file, which must not be there yet.

    Raises `StoreError` where there is no store, where `target` exists, or where it cannot be done.
    """
    if isinstance(place, StoreAddress):
        _copies().to_file(place, target)
        return
    salvage.back_up(place, target)


def restore(backup: Path, place: StorePlace, *, force: bool = False) -> upkeep.Restored:
    """Put a sound backup in the place of the store, in one step; keep what was there.

    Raises `StoreError` for a backup that is damaged or of a newer Assay, while the store is in
    use, and, without `force`, where the store holds answers or attempts that the backup has not.
    """
    if isinstance(place, StoreAddress):
        found = upkeep.checked_backup(backup)
        return cast("upkeep.Restored", _copies().from_file(found, backup, place, force=force))
    return upkeep.restore(backup, place, force=force)


def move(source: StorePlace, target: StorePlace) -> int:
    """Copy a store to a place where there is none, and return how many answers it holds.

    Raises `StoreError` while it is in use, and where something is at the place.
    """
    refuse_while_in_use(source)
    if isinstance(source, Path) and isinstance(target, Path):
        salvage.back_up(source, target)
        return salvage.check(target).answers
    if isinstance(source, StoreAddress) and isinstance(target, StoreAddress):
        message = (
            f"Both {source} and {target} are on a server; move the store to a file first, or let "
            "pg_dump and pg_restore do it."
        )
        raise StoreError(message)
    return int(_copies().move(source, target))


def check_server(address: StoreAddress) -> ServerCheckup:
    """Return the state of a store on a server; nothing is changed.

    Raises `StoreError` where the server cannot be reached.
    """
    with extra(*EXTRA):
        from assay.store.postgres import checkup

    return checkup.check_server(address)


def refuse_while_in_use(place: StorePlace) -> None:
    """Raise when a living process has the store open, on whatever machine."""
    if isinstance(place, StoreAddress):
        _copies().refuse_while_shared(place)
        return
    salvage.refuse_while_in_use(place)


def repair(place: StorePlace) -> salvage.Salvaged:
    """Put a damaged store aside and make a new one of every row that can be read and is sound.

    Raises `StoreError` where there is nothing to repair, and for a store on a server.
    """
    return salvage.repair(_file(place))


def start_over(place: StorePlace) -> salvage.StartedOver:
    """Accept that answers are lost: go on with what a sound store still has, or with nothing.

    Raises `StoreError` for a store that has all its answers, and for one on a server.
    """
    return salvage.start_over(_file(place))


def _copies() -> ModuleType:
    with extra(*EXTRA):
        from assay.store.postgres import copies

    return copies


def _file(place: StorePlace) -> Path:
    if isinstance(place, Path):
        return place
    message = (
        f"The store {place} is on a server, which repairs its own files; put a backup in its "
        f"place with `{program('restore FILE')}`, or set another `schema` in `ASSAY_STORE` to "
        "start over."
    )
    raise StoreError(message)
