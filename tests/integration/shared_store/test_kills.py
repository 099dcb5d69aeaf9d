"""Several processes on one store, some killed: nothing is bought twice, no lease is left."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from assay.core.store_place import StorePlace
from assay.store import open_store, queries

from ..figures import Figure
from . import buyer

BUYER = Path(buyer.__file__)
DIES_AFTER = (3, 6)


def said(place: StorePlace) -> str:
    """What `ASSAY_STORE` takes."""
    return str(place)


def started(place: StorePlace, log: Path, count: int, die_after: int) -> subprocess.Popen[str]:
    """A process that buys."""
    command = [
        sys.executable,
        str(BUYER),
        said(place),
        str(getattr(place, "beside", "")),
        str(log),
    ]
    return subprocess.Popen(
        [*command, str(count), str(die_after)], stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("count", [3_000, pytest.param(20_000, marks=pytest.mark.whole)])
def test_four_processes_two_of_them_killed_buy_each_key_once(
    either_store: StorePlace, tmp_path: Path, count: int, figure: Figure
) -> None:
    """And whoever is left takes on what the killed had claimed."""
    open_store(either_store).close()
    log, begun = tmp_path / "bought", time.monotonic()
    buyers = [started(either_store, log, count, dies) for dies in (*DIES_AFTER, 0, 0)]
    told = [process.communicate(timeout=280)[0].split() for process in buyers]
    seconds = time.monotonic() - begun
    bought = Counter(log.read_text().split())
    with closing(open_store(either_store)) as store:
        (granted,) = store.claim([[buyer.key_of(one) for one in range(count)]])
        answers = len(store.read(queries.KeysLike("")))
        store.release()
    slowest = max(float(one[2]) for one in told if one)
    figure(
        bought=sum(bought.values()),
        distinct=len(bought),
        seconds=round(seconds, 1),
        keys_a_second=round(count / slowest),
    )
    assert [process.returncode for process in buyers] == [-9, -9, 0, 0]
    assert (sum(bought.values()), len(bought), answers) == (count, count, count)
    assert (granted.ours, len(granted.settled)) == (frozenset(), count)
