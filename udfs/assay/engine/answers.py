"""Answers: what this process remembers of the store, bounded; what it forgets is read again."""

from __future__ import annotations

from assay.core.values import Outcome

MOST_ANSWERS = 1_000_000
"""So many answers are remembered at most; half as many are never forgotten too soon."""

_USUAL_CHARACTERS = 1_000
"""A longer answer, such as a vector, counts as several."""


class Answers:
    """The answers that were used last, by key; any thread may read and add.

    Those of late are `_young`. Once they are half of what may be remembered they are `_old`, and
    what was old and not asked for since is forgotten: an answer costs one look-up in the store
    then. Who waits for an answer is handed it, and needs no memory of ours.
    """

    def __init__(self, most: int = MOST_ANSWERS) -> None:
        self._half = max(1, most // 2)
        self._young: dict[bytes, Outcome] = {}
        self._old: dict[bytes, Outcome] = {}
        self._weight = 0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: bytes) -> Outcome | None:
        """Return the answer with this key, if it is remembered."""
        if (outcome := self._young.get(key)) is not None:
            return outcome
        if (outcome := self._old.get(key)) is not None:
            self.learn(key, outcome)
        return outcome

    def learn(self, key: bytes, outcome: Outcome) -> None:
        """Remember an answer; the first one under a key stays, unless it ages."""
        young = self._young
        if self._weight >= self._half:
            self._old, self._young, self._weight = young, (young := {}), 0
        if key not in young or outcome.expires_at is not None:
            young[key] = outcome
            self._weight += 1 + len(outcome.value or "") // _USUAL_CHARACTERS
