"""The witness: a small file beside the store that remembers that there were answers."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path


class Witness:
    """Knows how many answers the store held, for the day when the store is gone or empty.

    It never comes to say "none" by itself: an empty store must not talk the loss of a full one
    away. Only `forget`, on the word of a person, does.
    """

    def __init__(self, store: Path) -> None:
        self._path = store.with_name(store.name + ".witness")

    def answers(self) -> int:
        """Return the number that was last written down; 0 where nothing readable is there."""
        try:
            return int(json.loads(self._path.read_text())["answers"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def bear(self, answers: int) -> None:
        """Write the number down; a disk that is full or gone is for the store to complain of."""
        if not answers:
            return
        with contextlib.suppress(OSError):
            # A name of its own for each writer: two processes may close at the same moment.
            file, name = tempfile.mkstemp(prefix=self._path.name, dir=self._path.parent)
            with os.fdopen(file, "w") as unborn:
                json.dump({"answers": answers}, unborn)
            Path(name).replace(self._path)

    def forget(self) -> None:
        """Start over: what was lost is accepted as lost."""
        self._path.unlink(missing_ok=True)
