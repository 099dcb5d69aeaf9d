"""A person's judgements, one by one: an answer is accepted or corrected, and the last taken back.

The terminal and the page are two ways to the same desk.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from assay.core.errors import ConfigError
from assay.project.review.column import Column
from assay.project.review.golden_file import GoldenFile, JudgementLog
from assay.project.review.rows import Row


class Desk:
    """The chosen rows of a column, and the golden file that judgements are written to.

    Safe to use from any thread; what is judged is on disk when a method returns.
    """

    def __init__(
        self, column: Column, rows: Sequence[Row], golden: GoldenFile, log: JudgementLog
    ) -> None:
        self.column = column
        self.rows = rows
        self.golden = golden
        self._log = log
        self._lock = threading.Lock()
        self._by_key = {row.key: row for row in rows}

    def accept(self, key: str) -> str:
        """Write that the answer of a row is right; return it.

        Raises `ConfigError` for a row without an answer, which can only be corrected: where none
        came, NULL does not say that there is nothing to find.
        """
        row = self._row(key)
        if not self.can_accept(row):
            message = f"{key} has no answer to accept ({row.status}); say which one is right."
            raise ConfigError(message)
        return self.correct(key, row.value or "")

    def can_accept(self, row: Row) -> bool:
        """Whether a row has an answer that may be right: a value, or that there is nothing."""
        return row.value is not None or (self.column.may_be_blank and not row.has_failed)

    def correct(self, key: str, answer: str) -> str:
        """Write the right answer of a row; return it.

        Raises `ConfigError` for one that cannot be.
        """
        self._row(key)
        said = self._checked(answer)
        with self._lock:
            self._log.add(self.golden, self.golden.put(key, said))
        return said

    def _checked(self, answer: str) -> str:
        """Return a right answer as it is written; raise `ConfigError` for one that cannot be."""
        column = self.column
        if not column.can_be_judged:
            message = f"Answers of {column.name} are looked at only: golden rows have no such."
            raise ConfigError(message)
        said = column.written(answer)
        if (wrong := column.wrong_part(said)) is not None:
            several = ", or several of them with | between" if column.is_several else ""
            message = f"{wrong!r} is no answer of {column.name}; it is one of "
            raise ConfigError(f"{message}{', '.join(column.choices or ())}{several}.")
        if not said and not column.may_be_blank:
            message = "A right answer is not blank; skip the row where there is none."
            raise ConfigError(message)
        return said

    def undo(self) -> str | None:
        """Take back the last judgement; return the key of its row, None where there is none."""
        with self._lock:
            if (last := self._log.last(self.golden)) is None:
                return None
            self.golden.take_back(last)
            self._log.drop(self.golden)
            return last.key

    def judged(self) -> Mapping[str, str]:
        """Return what is written of the chosen rows, by key."""
        with self._lock:
            held = self.golden.judged()
        return {key: held[key] for key in self._by_key if key in held}

    def _row(self, key: str) -> Row:
        if (row := self._by_key.get(key)) is not None:
            return row
        message = f"There is no row {key!r} among those that are looked at."
        raise ConfigError(message)
