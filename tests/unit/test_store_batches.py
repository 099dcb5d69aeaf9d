"""Batches in the store: who holds what is asked by the file, and what is left of it in the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from assay.core.store_place import StorePlace
from assay.store import BatchPack, BatchRow, Filling, Store, open_store, queries
from assay.store.sqlite.salvage import repair

KEYS = [bytes([number]) * 16 for number in range(4)]
TEXTS = ["one secret", "another"]
BODY = {"records": TEXTS, "ids": ["abc", "def"], "counts": [[[0, 0, 0]] * 2] * 2}
PACK = BatchPack("c" * 32, KEYS, 0.25, json.dumps(BODY))


@pytest.fixture
def path(either_store: StorePlace) -> StorePlace:
    """Where the store is."""
    return either_store


@pytest.fixture
def store(path: StorePlace) -> Iterator[Store]:
    """A store with a batch of one pack, two records with two questions each."""
    store = open_store(path)
    batch = BatchRow(
        id="b" * 32,
        provider="openai",
        host="h",
        model="m",
        run_id="r",
        owner=store.owner,
        written_at="2026-01-01 00:00:00.000000",
        requests=1,
    )
    store.put_packs([Filling(batch, [PACK])])
    yield store
    store.close()


def is_in_file(path: StorePlace, said: bytes) -> bool:
    """Whether a store that is a file holds these bytes anywhere."""
    return isinstance(path, Path) and said in path.read_bytes()


def only(store: Store) -> BatchRow:
    """The one batch."""
    (batch,) = store.read(queries.BatchesOnRecord(also_over=True))
    return batch


def test_whoever_claims_is_told_that_it_is_pending(store: Store, path: StorePlace) -> None:
    """Another process too, and also when the one that wrote it is gone."""
    with closing(open_store(path)) as other:
        (granted,) = other.claim([[*KEYS, b"k" * 16]])
    assert granted.ours == {b"k" * 16}
    assert {one.status for one in granted.settled.values()} == {"pending"}
    store.close()
    with closing(open_store(path)) as later:
        assert later.claim([KEYS])[0].settled.keys() == set(KEYS)
        assert later.read(queries.PendingKeys((*KEYS, b"k" * 16))) == set(KEYS)


def test_one_process_works_on_a_batch_at_a_time(store: Store, path: StorePlace) -> None:
    """Until it lets go, or is gone."""
    name = only(store).id
    with closing(open_store(path)) as other:
        assert (other.take_batch([name]), store.take_batch([name])) == ([False], [True])
        store.note_batch([replace(only(store), owner="")])
        assert other.take_batch([name]) == [True]
    assert store.take_batch([name]) == [True]


def test_what_is_reclaimed_is_the_process_s_own(store: Store) -> None:
    """And its texts are no longer there."""
    store.reclaim([[PACK.custom_id]])
    assert store.claim([KEYS])[0].ours == set(KEYS)
    assert (only(store).packs, store.read(queries.PacksOfBatch(only(store).id))) == (0, [])


def test_a_batch_that_is_read_holds_nothing(store: Store, path: StorePlace) -> None:
    """No lease, no text and no money."""
    assert (only(store).asks, only(store).reserved_usd) == (4, 0.25)
    store.note_batch([replace(only(store), place="read")])
    assert store.claim([KEYS])[0].ours == set(KEYS)
    assert (only(store).asks, only(store).reserved_usd) == (0, 0.0)
    assert not is_in_file(path, b"one secret")


def test_a_text_is_forgotten_and_the_rest_stays(store: Store, path: StorePlace) -> None:
    """With its id, and with its keys, which are free."""
    assert store.forget(["one secret"], rehearse=True)["batch_packs"] == 1
    assert store.forget(["one secret"])["batch_packs"] == 1
    (pack,) = store.read(queries.PacksOfBatch(only(store).id))
    assert (pack.keys, json.loads(pack.body)["ids"]) == (KEYS[2:], ["def"])
    assert store.claim([KEYS])[0].ours == set(KEYS[:2])
    assert not is_in_file(path, b"one secret")


@pytest.mark.parametrize("either_store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("damaged", [slice(0, 100), slice(100, 108)])
def test_a_repair_keeps_what_waits(store: Store, path: Path, damaged: slice) -> None:
    """Whether SQL still reads it or only its pages do; what is asked is not bought again."""
    store.close()
    content = bytearray(path.read_bytes())
    content[damaged] = bytes(damaged.stop - damaged.start)
    path.write_bytes(content)
    repair(path)
    with closing(open_store(path)) as again:
        assert (only(again).id, only(again).asks) == ("b" * 32, 4)
        assert again.claim([KEYS])[0].ours == set()
