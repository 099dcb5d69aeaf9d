"""What becomes of a store on a server when the server dies, or the way to it is cut."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import StoreError
from assay.core.store_place import StorePlace
from assay.store import Landing, StoredAnswer, open_store
from assay.store.records import landing_of

from ...conftest import Server
from ..durability.worker import FAR, ask_of, fill, served, stored, wrong
from .buyer import landing

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("either_store", ["postgres"], indirect=True),
]
KEY = b"k" * 16


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds: a server takes a moment to see that a session is gone."""
    limit = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.05)


def kept(store: Any, answer: StoredAnswer) -> Landing:
    """An answer that is in the journal of a process and not in its store."""
    call = landing(store.owner, 1, []).call
    found = landing_of(call, [answer])
    store.journal.keep(found)
    return found


def test_a_server_that_crashes_keeps_what_was_acknowledged(
    postgres_server: Server, either_store: StorePlace
) -> None:
    """Every verb raises from then on, nothing that was told is lost, and the journal comes in."""
    store = open_store(either_store)
    fill(either_store, 50)
    kept(store, stored(77))
    postgres_server.stop("immediate")
    for verb in (lambda: store.claim([[KEY]]), lambda: store.fetch([KEY], FAR)):
        with pytest.raises(StoreError, match="Nothing further is sent"):
            verb()
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(either_store)
    postgres_server.start()
    store.close()
    found = served(either_store, [*range(50), 77])
    assert (len(found), wrong(found)) == (51, 0)


def test_a_session_that_is_cut_is_not_mended(either_store: StorePlace) -> None:
    """What it held is free once its process is gone: as long as that runs, it may still ask."""
    store, other = open_store(either_store), open_store(either_store)
    store.claim([[KEY]])
    cut(store, other)
    with pytest.raises(StoreError, match="Nothing further is sent"):
        store.claim([[KEY]])
    assert other.claim([[KEY]])[0].ours == set()
    store.close()
    until(lambda: other.claim([[KEY]])[0].ours == {KEY})
    other.close()


def cut(store: Any, by: Any) -> None:
    """Let the server end the session that writes, as a network that is gone would."""
    with by.transaction():
        by._session.native(
            "select pg_terminate_backend(%s)", [store._session._connection.info.backend_pid]
        )
    time.sleep(0.2)


def test_what_a_host_that_is_gone_held_is_free(either_store: StorePlace, tmp_path: Path) -> None:
    """Its journal cannot be seen, its session is not there: its leases are."""
    store = open_store(either_store)
    elsewhere = open_store(_elsewhere(either_store, tmp_path))
    keys = [ask_of(number).key for number in range(3)]
    assert elsewhere.claim([keys])[0].ours == set(keys)
    assert store.claim([keys])[0].ours == set()
    elsewhere._session.close()  # type: ignore[attr-defined]
    until(lambda: store.claim([keys])[0].ours == set(keys))
    store.close()
    elsewhere.close()


def _elsewhere(place: Any, folder: Path) -> Any:
    """The same store as another host has it."""
    return replace(place, beside=folder / "another" / "journals")


def test_a_store_of_a_newer_assay_is_left_alone(either_store: StorePlace) -> None:
    """It is told by its steps, before anything is written."""
    with closing(open_store(either_store)) as store, store.transaction():
        store._rows.execute("insert into migrations values (?)", ["m999"])  # type: ignore[attr-defined]
    with pytest.raises(StoreError, match=r"written by a newer Assay \(m999\)"):
        open_store(either_store)
