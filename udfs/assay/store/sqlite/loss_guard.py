"""The witness: a small file beside the store that remembers how many paid answers it held."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from assay.core.errors import StoreError
from assay.core.locks import lock_on
from assay.core.program import program
from assay.store.sqlite.rows import Held

if TYPE_CHECKING:
    from assay.core.locks import BaseFileLock

_AT_LEAST = 1
"""What a witness says that cannot be read: one is only made where there are answers."""


class _Word(NamedTuple):
    """What is written down; `of_all` by an older Assay, which counted unpaid answers, too."""

    answers: int
    of_all: bool = False


def lock_beside(store: Path) -> BaseFileLock:
    """Return the lock for making the file of a store, and for writing its witness.

    So of two processes that begin at once one makes it; of two that close none lowers the number.
    """
    return lock_on(store.with_name(store.name + ".lock"))


class Witness:
    """Knows how many paid answers the store held, for the day when it holds fewer.

    Ordinary running only ever raises the number: neither an empty store nor a run that costs
    nothing talks the loss of a full one away. Only `accept`, on the word of a person, lowers it.
    """

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(store.name + ".witness")
        self._store = store

    def answers(self) -> int:
        """Return the number that was last written down; 0 where nothing was."""
        return self._word().answers

    def missing(self, held: Held) -> int:
        """Return how many answers a store has lost that holds so many now."""
        word = self._word()
        return max(0, word.answers - (held.answers if word.of_all else held.paid))

    def bear(self, held: Held, *, checked: bool = False) -> None:
        """Write down what the store holds where that is more than was known.

        With `checked`, which says that nothing is missing, the number of an older Assay becomes
        one of paid answers. A disk that is full or gone is for the store to complain of.
        """
        with contextlib.suppress(OSError), lock_beside(self._store):
            word = self._word()
            if held.paid > word.answers or (checked and word.of_all):
                self._write(held.paid)

    def accept(self, paid: int) -> None:
        """Write down what there is now: whatever is missing is accepted as lost."""
        try:
            with lock_beside(self._store):
                self._write(paid)
        except OSError as error:
            message = (
                f"{self._path} cannot be written: {error.strerror}. Nothing was changed; make "
                f"room, or see `{program('doctor')}`."
            )
            raise StoreError(message) from error

    def _word(self) -> _Word:
        try:
            said = json.loads(self._path.read_text())
            if "paid" in said:
                return _Word(int(said["paid"]))
            return _Word(int(said["answers"]), of_all=True)
        except FileNotFoundError:
            return _Word(0)
        except (OSError, ValueError, KeyError, TypeError):
            return _Word(_AT_LEAST)

    def _write(self, paid: int) -> None:
        if not paid:
            self._path.unlink(missing_ok=True)
            return
        file, name = tempfile.mkstemp(prefix=self._path.name, dir=self._path.parent)
        with os.fdopen(file, "w") as unborn:
            json.dump({"paid": paid}, unborn)
            unborn.flush()
            os.fsync(unborn.fileno())
        Path(name).replace(self._path)
