"""A process that buys keys out of one store: `python buyer.py STORE BESIDE LOG KEYS [DIE_AFTER]`.

What it "buys" is a line of the log, written before it lands; it is killed by its own hand after so
many claims, with what it claimed then held and not bought.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from assay.core.clock import now_utc
from assay.core.store_place import StoreAddress, store_place
from assay.core.values import Attempt
from assay.store import Landing, Store, open_store

AT_ONCE = 256


def key_of(number: int) -> bytes:
    """The key of a number."""
    return hashlib.sha256(str(number).encode()).digest()[:16]


def place(said: str, beside: str) -> Any:
    """The store, with its journals in a folder of the test."""
    found = store_place(said)
    return replace(found, beside=Path(beside)) if isinstance(found, StoreAddress) else found


def landing(owner: str, number: int, keys: list[bytes]) -> Landing:
    """An attempt that answers all of `keys`."""
    now = now_utc()
    call = Attempt(
        f"{owner[:16]}{number:016x}", owner, "r", now, "openai", "h", "m", "p", 1,
        len(keys), len(keys), ended_at=now, outcome="ok", answers=len(keys), cost_usd=0.001,
    )  # fmt: skip
    return Landing(call, [(key, "filter", "m", "h", "p", "true", None, "m", now) for key in keys])


def buy(store: Store, keys: list[bytes], log: int, die_after: int) -> tuple[int, int]:
    """Buy what nobody has, in an order of this process's own, until all is there."""
    left, bought, claims = list(keys), 0, 0
    random.Random(os.getpid()).shuffle(left)  # noqa: S311
    while left:
        part, left = left[:AT_ONCE], left[AT_ONCE:]
        (granted,) = store.claim([part])
        claims += 1
        if claims == die_after:
            os.kill(os.getpid(), signal.SIGKILL)
        ours = sorted(granted.ours)
        held = [key for key in part if key not in granted.ours and key not in granted.settled]
        left += held
        if ours:
            os.write(log, b"".join(key.hex().encode() + b"\n" for key in ours))
            store.land([landing(store.owner, claims, ours)])
            bought += len(ours)
        elif held:
            time.sleep(0.02)
    return bought, claims


def main(said: str, beside: str, log: str, count: str, die_after: str = "0") -> None:
    """Buy, and say how fast."""
    store = open_store(place(said, beside))
    begun = time.monotonic()
    lines = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    bought, claims = buy(store, [key_of(one) for one in range(int(count))], lines, int(die_after))
    seconds = time.monotonic() - begun
    store.close()
    sys.stdout.write(f"{bought} {claims} {seconds:.3f}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
