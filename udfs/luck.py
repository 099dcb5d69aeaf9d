"""Luck: whether what is refused for limits suffers from the limit of all, or is too big. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from udfs.records import Pack

SUSPECT, BLAMED = 0.05, 1e-5
"""At this chance refusals of a pack say nothing of the others any more; at that it is split."""


@dataclass(slots=True)
class _Streak:
    """How many others were served and refused when a pack was refused last, and its chance."""

    served: int
    refused: int
    chance: float = 1.0


@dataclass(slots=True)
class Luck:
    """How likely it is that a limit of all has refused a pack each time.

    Between two refusals of a pack some of the others are refused as well: a limit of all refuses
    the pack with the same share. When none of them is served, nothing is learnt.
    """

    served: int = 0
    refused: int = 0
    _streaks: dict[bytes, _Streak] = field(default_factory=dict)

    def accepts(self, pack: Pack) -> None:
        """A pack was served."""
        self.served += 1
        self._streaks.pop(pack.asks[0].key, None)

    def refuses(self, pack: Pack) -> None:
        """A pack was refused."""
        key = pack.asks[0].key
        if (streak := self._streaks.get(key)) is None:
            self._streaks[key] = _Streak(self.served, self.refused + 1)
        else:
            served, refused = self.served - streak.served, self.refused - streak.refused
            streak.chance *= (refused + 1) / (served + refused + 1)
            streak.served, streak.refused = self.served, self.refused + 1
        self.refused += 1

    def chance(self, pack: Pack) -> float:
        """Return how likely it is that `pack` was refused for the limit of all each time."""
        streak = self._streaks.get(pack.asks[0].key)
        return 1.0 if streak is None else streak.chance

    def forgets(self, pack: Pack) -> None:
        """A pack is split or given up; its parts begin anew."""
        self._streaks.pop(pack.asks[0].key, None)
