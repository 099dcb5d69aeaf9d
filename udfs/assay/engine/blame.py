"""Luck: whether what failed or was refused has the bad luck of all, or is the cause. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from assay.core.values import Pack

SUSPECT, BLAMED = 0.05, 1e-5
"""At this chance refusals of a pack say nothing of the others any more; at that it is split."""

BAD_LUCK = 1e-9
"""What is less likely than this for anybody was no bad luck."""

MOST_IN_A_ROW = 40
"""More mishaps in a row are never taken for bad luck, however often they happen."""


@dataclass(slots=True)
class Mishaps:
    """How often the server fails anybody, by those whom it has served since.

    A record that is itself the cause is never served, so that its failures do not excuse it.
    """

    served: int = 0
    mended: int = 0

    def over(self, mishaps: int, served: int = 1) -> None:
        """So many were served, after so many mishaps of theirs."""
        self.served += served
        self.mended += mishaps

    @property
    def share(self) -> float:
        """The share of tries in which anybody meets a mishap."""
        return self.mended / (self.mended + self.served) if self.mended else 0.0


def most_in_a_row(share: float) -> int:
    """Return how many mishaps in a row may be bad luck where this share of tries ends in one."""
    if share <= 0:
        return 0
    if share >= 1:
        return MOST_IN_A_ROW
    return min(MOST_IN_A_ROW, math.ceil(math.log(BAD_LUCK) / math.log(share)))


@dataclass(slots=True)
class _Streak:
    """How many others were served and refused when a pack was refused last, and its chance."""

    served: int
    throttled: int
    chance: float = 1.0


@dataclass(slots=True)
class Luck:
    """How likely it is that a limit of all has refused a pack each time.

    Between two refusals of a pack some of the others are refused as well: a limit of all refuses
    the pack with the same share. When none of them is served, nothing is learnt.
    """

    served: int = 0
    throttled: int = 0
    _streaks: dict[bytes, _Streak] = field(default_factory=dict)

    def accepts(self, pack: Pack) -> None:
        """A pack was served."""
        self.served += 1
        self._streaks.pop(pack.asks[0].key, None)

    def refuses(self, pack: Pack) -> None:
        """A pack was refused."""
        key = pack.asks[0].key
        if (streak := self._streaks.get(key)) is None:
            self._streaks[key] = _Streak(self.served, self.throttled + 1)
        else:
            served, throttled = self.served - streak.served, self.throttled - streak.throttled
            streak.chance *= (throttled + 1) / (served + throttled + 1)
            streak.served, streak.throttled = self.served, self.throttled + 1
        self.throttled += 1

    def chance(self, pack: Pack) -> float:
        """Return how likely it is that `pack` was refused for the limit of all each time."""
        streak = self._streaks.get(pack.asks[0].key)
        return 1.0 if streak is None else streak.chance

    def forgets(self, pack: Pack) -> None:
        """A pack is split or given up; its parts begin anew."""
        self._streaks.pop(pack.asks[0].key, None)
