"""Gathering: whether all that is due for now is there, to be counted and sent. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Gathering:
    """Counts the statements that gather. `is_over` once what they gathered is taken on as well.

    One that fails never says that it has come to its end, and is counted until the next run.
    """

    statements: int = 0
    is_over: bool = True
    _is_counted: bool = True

    def changes(self, by: int) -> bool:
        """So many statements more gather, or less; return whether none does any longer."""
        self.statements = max(0, self.statements + by)
        self.is_over = self._is_counted = False
        return self.statements == 0

    def taken_on(self) -> None:
        """All is taken on that came before a statement's end."""
        self.is_over = self.is_over or self.statements == 0

    def is_to_be_counted(self, *, somebody_waits: bool) -> bool:
        """Whether what is there is about to be sent and was not counted; it is then.

        That is all that was gathered, or what is there when somebody waits for it.
        """
        counts = not self._is_counted and (self.is_over or somebody_waits)
        self._is_counted = self._is_counted or counts
        return counts
