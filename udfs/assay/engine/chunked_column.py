"""Columns with texts that are too long for one request: chunk by chunk, then over the answers.

Every level is ordinary questions under ordinary keys. Answers about the chunks of a text are a
text again, which is asked about in the same way, until it is one chunk.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import cast

from assay.core.canonical import normalise
from assay.core.chunks import cuts
from assay.core.events import RowsCompared, RowsServed
from assay.core.values import SKIPPED, Ask, Outcome
from assay.engine.cascade_column import Side
from assay.engine.lookup import Texts, in_order
from assay.engine.state import RunState

Answered = Callable[[list[str]], Sequence[Outcome | None]]
"""Gives an outcome for each text, None where it is not known."""

_BETWEEN = "\n\n"
"""Stands between answers: a chunk of the next level may end there."""

_GROWS = "Its summaries are no shorter than the text: give a greater `chunk_tokens`."


class Climb:
    """The way of one text up its levels: `parts` are asked about next, none once it is over.

    `asked` is the text that decides: the last one of all, or the first without an answer.
    """

    def __init__(self, text: str | None, tokens: int) -> None:
        self._tokens = tokens
        self.outcome: Outcome | None = SKIPPED
        self.asked: str | None = None
        self.parts = self._cut(text or "")

    def take(self, outcomes: Sequence[Outcome | None]) -> None:
        """Go a level up by what is known of each part, or end."""
        lost = next((at for at, one in enumerate(outcomes) if not _is_fine(one)), None)
        if lost is not None or len(self.parts) == 1:
            self._end(lost or 0, outcomes)
            return
        above = self._cut(_BETWEEN.join(str(one.answer) for one in outcomes if one))
        if len(above) >= len(self.parts):
            self._end(0, [Outcome("too_long", None, _GROWS)])
        else:
            self.parts = above

    def _end(self, at: int, outcomes: Sequence[Outcome | None]) -> None:
        self.asked, self.outcome, self.parts = self.parts[at], outcomes[at], []

    def _cut(self, text: str) -> list[str]:
        whole = normalise(text)
        pieces = (normalise(whole[start:end]) for start, end in cuts(whole, self._tokens))
        return [piece for piece in pieces if piece]


def climbed(texts: Texts, tokens: int, answered: Answered) -> list[Climb]:
    """Return the ways of texts, each as far as it goes; those of a level go together."""
    climbs = [Climb(text, tokens) for text in texts]
    while going := [climb for climb in climbs if climb.parts]:
        outcomes = iter(answered([part for climb in going for part in climb.parts]))
        for climb in going:
            climb.take([next(outcomes) for _ in climb.parts])
    return climbs


def _is_fine(outcome: Outcome | None) -> bool:
    return outcome is not None and outcome.status == "ok"


class ChunkedColumn:
    """What one task answers about texts of any length in one run; safe to use from any thread.

    `side` asks about a chunk, which has at most so many estimated `tokens`.
    """

    def __init__(self, side: Side, tokens: int, run: RunState) -> None:
        self._side, self._tokens, self._run = side, tokens, run

    def gather(self, texts: Texts, origin: str) -> None:
        """Take on what can be asked by now of each text, without waiting."""

        def taken_on(parts: list[str]) -> list[Outcome | None]:
            self._side.gather(parts, origin)
            return self._side.known(parts)

        self._climbed(texts, taken_on)

    def ask(self, texts: Texts) -> list[Outcome]:
        """Return an outcome for each text, asking level by level for what is not known."""
        climbs = self._climbed(texts, self._side.settled)
        outcomes = [cast(Outcome, climb.outcome) for climb in climbs]
        self._run.tell(RowsServed(self._side.question, self._keys(climbs), outcomes))
        return outcomes

    def peek(self, texts: Texts) -> list[Outcome | None]:
        """Return the outcomes that are known, and count the rows as they stand."""
        climbs = self._climbed(texts, self._side.known)
        keys, outcomes = self._keys(climbs), [climb.outcome for climb in climbs]
        due = [self._ask(climb) for climb in climbs if climb.outcome is None]
        for census in self._side.resolver.censuses:
            census.compare(self._side.handle, self._whole(texts), keys, due)
        self._run.tell(RowsCompared(self._side.question, keys, outcomes))
        return outcomes

    def glance(self, texts: Texts) -> list[Outcome | None]:
        """As `peek`; nothing is counted."""
        return [climb.outcome for climb in self._climbed(texts, self._side.known)]

    def count(self, texts: Texts) -> list[Outcome | None]:
        """Tell the censuses of all levels, and return what is known of the texts.

        An answer that is not there yet is taken to be as long as it may be.
        """
        due: dict[bytes, Ask] = {}

        def counted(parts: list[str]) -> list[Outcome | None]:
            keys, known, asks = self._side.resolver.to_be_asked(self._side.handle, parts)
            due.update((ask.key, ask) for ask in asks)
            found = zip(in_order(keys, known), parts, strict=True)
            return [self._stand_in(one, part) for one, part in found]

        keys = self._keys(self._climbed(texts, counted))
        for census in self._side.resolver.censuses:
            census.count(self._side.handle, self._whole(texts), keys, list(due.values()))
        return self.glance(texts)

    def _stand_in(self, known: Outcome | None, part: str) -> Outcome:
        """Return what is known of a part, or an answer as long as one may be."""
        task = self._side.question.task
        return known or Outcome("ok", json.dumps(part[: 3 * task.output_tokens(part)]))

    def _climbed(self, texts: Texts, answered: Answered) -> list[Climb]:
        return climbed(texts, self._tokens, answered)

    def _whole(self, texts: Texts) -> list[str | None]:
        return self._side.resolver.asked(self._side.handle, texts)

    def _keys(self, climbs: Sequence[Climb]) -> list[bytes | None]:
        key, asked = self._side.question.key, self._whole([climb.asked for climb in climbs])
        return [None if text is None else key(text) for text in asked]

    def _ask(self, climb: Climb) -> Ask:
        question = self._side.question
        text = question.redaction.text(climb.asked or "")
        return Ask(question.key(text), question, text)
