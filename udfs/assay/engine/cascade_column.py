"""Columns that a cascade answers: calibrated over what is gathered, then asked text by text.

Both sides are asked ordinary questions under ordinary keys. What the dear model has answered is
taken as it is; else the cheap answer is, from the threshold on; the rest goes to the dear model.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assay.core.canonical import digest
from assay.core.cascade import Cascade, fewest_texts
from assay.core.clock import now_utc
from assay.core.errors import ConfigError
from assay.core.events import RowsCompared, RowsServed
from assay.core.values import SKIPPED, Ask, Outcome, Question
from assay.engine.cascade import CheapAnswer, Drawn, draw, said_together, threshold, upper_bound
from assay.engine.lookup import Resolver, Texts, chunks_of, in_order, restored
from assay.engine.state import RunState
from assay.store import PENDING, PLUS, LearntCascade, Store, queries

_LOG = logging.getLogger("assay")

_FOR_GOOD = frozenset({"ok", "refused", "too_long", "invalid"})
"""What a text comes to that another run would not change by itself."""

_UNGATHERED = (
    "ai_{kind}: the cascade to {dear!r} was not calibrated yet, and texts can only be drawn from "
    "those of the whole column, which this statement did not gather. Build its model once with "
    "the pre-hook `assay_gather()`, or leave `cascade` out."
)

_DRAWN_WAIT = (
    "Waits for a batch: the texts that its cascade has drawn decide who is asked; the next build "
    "looks whether it is there."
)

_ByKey = Mapping[bytes, str]
"""Texts by the key of the ask to the dear model."""

_Row = tuple[Question, Outcome]
"""Who answered a row, and what."""


@dataclass(frozen=True)
class Side:
    """A question to one model: who looks its answers up and asks for them, under which handle."""

    resolver: Resolver
    handle: str

    @property
    def question(self) -> Question:
        """The question."""
        return self.resolver.question(self.handle)

    @property
    def who(self) -> tuple[str, str]:
        """The model that is asked, and its host."""
        return self.question.model, self.question.host

    def gather(self, texts: Texts, origin: str = "") -> None:
        """Take texts on without waiting."""
        self.resolver.gather(self.handle, texts, origin)

    def known(self, texts: Texts) -> list[Outcome | None]:
        """Return what is known of each text."""
        return self.resolver.glance(self.handle, texts)

    def settled(self, texts: Texts) -> list[Outcome]:
        """Return an outcome for each text, asking for what is not known."""
        keys, found = self.resolver.settle(self.handle, texts)
        outcomes = [SKIPPED if key is None else found[key] for key in keys]
        return restored(self.question.redaction, outcomes, texts)


class CascadeColumn:
    """What one cascade answers in one run; safe to use from any thread."""

    def __init__(
        self, cascade: Cascade, dear: Side, cheap: Sequence[Side], store: Store, run: RunState
    ) -> None:
        self._cascade = cascade
        self._dear = dear
        self._cheap = cheap
        self._store = store
        self._run = run
        self._id = digest([cascade.handle, dear.who, [side.who for side in cheap]])
        self._calibration: LearntCascade | None = None
        self._waits: Outcome | None = None
        """What the other texts are while drawn ones wait for a batch, for the rest of the run."""
        self._gathered: dict[bytes, str] = {}
        self._adding, self._preparing = threading.Lock(), threading.Lock()

    # What the functions do

    def gather(self, texts: Texts, origin: str) -> None:
        """Take note of texts; ask the cheap side at once where its answers are going to count."""
        keys, _, open_ = self._look(texts)
        with self._adding:
            self._gathered |= _by_key(keys, texts)
        if self._threshold is not None:
            for side in self._cheap:
                side.gather(list(open_.values()), origin)

    def ask(self, texts: Texts) -> list[Outcome]:
        """Return an outcome for each text, from one side or the other, and wait for it."""
        keys, rows, open_ = self._look(texts)
        if open_:
            self._prepare()
            keys, rows, open_ = self._look(texts)  # what was drawn has its answer now
            rows |= self._waiting(open_) or self._settled(open_)
        for question, served in self._by_question(keys, rows):
            self._run.tell(RowsServed(question, served, [rows[key][1] for key in served]))
        return [SKIPPED if key is None else rows[key][1] for key in keys]

    def _settled(self, texts: _ByKey) -> dict[bytes, _Row]:
        """Return who answers texts, and what, once all of it is there."""
        rows = self._kept(texts, Side.settled)
        rest = [text for key, text in texts.items() if key not in rows]
        found, outcomes = self._dear.resolver.settle(self._dear.handle, rest)
        return rows | {key: (self._dear.question, outcomes[key]) for key in found if key}

    def _waiting(self, texts: _ByKey) -> dict[bytes, _Row]:
        """Return that texts wait, where it takes a batch to know who is to answer them."""
        if (waits := self._waits) is None:
            return {}
        return dict.fromkeys(texts, (self._dear.question, waits))

    def peek(self, texts: Texts) -> list[Outcome | None]:
        """Return the outcomes that are known, and count the rows as they stand."""
        keys, rows = self._known(texts)
        for census in self._dear.resolver.censuses:
            due = [ask for ask in self._asks(self._dear, texts) if ask.key not in rows]
            census.compare(self._dear.handle, self._asked(texts), keys, due)
        for question, known in self._by_question(keys, rows):
            self._run.tell(RowsCompared(question, known, [rows[key][1] for key in known]))
        return _in_order(keys, rows)

    def glance(self, texts: Texts) -> list[Outcome | None]:
        """As `peek`; nothing is counted."""
        return _in_order(*self._known(texts))

    # For plans

    def count(self, texts: Texts) -> list[Outcome | None]:
        """Tell the censuses what is sure to be asked about `texts`, and return what is known."""
        keys, rows = self._known(texts)
        _, _, open_ = self._look(texts)
        with self._adding:
            self._gathered |= _by_key(keys, texts)
        sure = self._sure_to_be_asked(open_, rows)
        told = [key if key in rows or key in sure else None for key in keys]
        for census in self._dear.resolver.censuses:
            census.count(self._dear.handle, self._asked(texts), told, list(sure.values()))
        return _in_order(keys, rows)

    def count_drawn(self) -> None:
        """All texts were counted: tell the censuses what a calibration would ask."""
        with self._adding:
            texts, self._gathered = self._gathered, {}
        calibration = self._calibrated()
        if not texts or (calibration is not None and calibration.threshold is None):
            return
        drawn = [] if calibration else [texts[key] for key in draw(texts, self._cascade.sample)]
        asks = self._asks(self._dear, drawn) + self._paid_asks(drawn)
        for census in self._dear.resolver.censuses:
            census.take(asks)
            if self._undecided(texts):
                census.fall_short()

    def _sure_to_be_asked(self, open_: _ByKey, rows: Mapping[bytes, _Row]) -> dict[bytes, Ask]:
        """Return the asks, by the dear key, of which no answer that is to come decides."""
        calibration = self._calibrated()
        if calibration is None:
            return {}
        unsure = [text for key, text in open_.items() if key not in rows]
        if calibration.threshold is not None:
            said = zip(unsure, self._said(unsure, Side.known), strict=True)
            unsure = [text for text, one in said if one is not None]
        return {ask.key: ask for ask in self._asks(self._dear, unsure)}

    def _undecided(self, texts: _ByKey) -> bool:
        """Whether what the cheap side is going to say decides about any text."""
        open_ = list(self._look(list(texts.values()))[2].values())
        return any(one is None for one in self._said(open_, Side.known))

    def _paid_asks(self, texts: Texts) -> list[Ask]:
        paid = [side for side in self._cheap if side.resolver is self._dear.resolver]
        return [ask for side in paid for ask in self._asks(side, texts)]

    @staticmethod
    def _asks(side: Side, texts: Texts) -> list[Ask]:
        return side.resolver.look_up(side.handle, texts)[2]

    def _asked(self, texts: Texts) -> list[str | None]:
        return self._dear.resolver.asked(self._dear.handle, texts)

    # Who answers

    def _look(
        self, texts: Texts
    ) -> tuple[list[bytes | None], dict[bytes, _Row], dict[bytes, str]]:
        """Return the key of each text, what the dear model has answered, and the other texts."""
        keys, known, _ = self._dear.resolver.look_up(self._dear.handle, texts)
        rows = {
            key: (self._dear.question, one) for key, one in known.items() if one.status == "ok"
        }
        open_ = {key: text for key, text in _by_key(keys, texts).items() if key not in rows}
        return keys, rows, open_

    def _known(self, texts: Texts) -> tuple[list[bytes | None], dict[bytes, _Row]]:
        """Return the key of each text, and what is known: an answer that counts, or no hope."""
        keys, rows, open_ = self._look(texts)
        if self._calibrated() is None:
            return keys, rows
        rows |= self._kept(open_, Side.known)
        left = [text for key, text in open_.items() if key not in rows]
        if self._threshold is not None:
            said = zip(left, self._said(left, Side.known), strict=True)
            left = [text for text, one in said if one is not None]
        found, failed, _ = self._dear.resolver.look_up(self._dear.handle, left)
        rows |= {key: (self._dear.question, failed[key]) for key in found if key in failed}
        return keys, rows

    def _kept(
        self, texts: _ByKey, look: Callable[[Side, Texts], Sequence[Outcome | None]]
    ) -> dict[bytes, _Row]:
        """Return the cheap answers that are sure enough, and those that wait for a batch."""
        if (least := self._threshold) is None or not texts:
            return {}
        said = zip(texts, self._said(list(texts.values()), look), strict=True)
        question = self._cheap[0].question
        return {
            key: (question, one.outcome)
            for key, one in said
            if one is not None and (one.is_pending or one.is_sure(least))
        }

    def _said(
        self, texts: Texts, look: Callable[[Side, Texts], Sequence[Outcome | None]]
    ) -> list[CheapAnswer | None]:
        """Return what the cheap side says of each text; None where it is not known."""
        sides = [look(side, texts) for side in self._cheap]
        return [said_together(outcomes) for outcomes in zip(*sides, strict=True)]

    def _by_question(
        self, keys: Sequence[bytes | None], rows: Mapping[bytes, _Row]
    ) -> Iterator[tuple[Question, list[bytes]]]:
        """Yield who answered rows, and the keys of these rows."""
        for question in (self._dear.question, self._cheap[0].question):
            found = [key for key in keys if key is not None and key in rows]
            found = [key for key in found if rows[key][0] is question]
            if found:
                yield question, found

    # Calibration

    @property
    def _threshold(self) -> float | None:
        calibration = self._calibrated()
        return None if calibration is None else calibration.threshold

    def _calibrated(self) -> LearntCascade | None:
        if self._calibration is None:
            self._calibration = self._store.read(queries.CalibrationOf(self._id))
        return self._calibration

    def _prepare(self) -> None:
        """Have a threshold, and all texts that were gathered asked about; others wait for it."""
        with self._preparing:
            with self._adding:
                texts, self._gathered = self._gathered, {}
            try:
                known = self._calibrated()
                if self._waits is None and (known is None or (texts and not known.drawn)):
                    self._calibration = self._calibrate(texts)
                if texts and self._waits is None:
                    self._ask_on(list(texts.values()))
            except BaseException:
                with self._adding:
                    self._gathered |= texts
                raise

    def _ask_on(self, texts: Texts) -> None:
        """Take on what the dear model has to answer of `texts`, in full packs."""
        with self._dear.resolver.gathering():
            for chunk in chunks_of(texts):
                open_ = self._look(chunk)[2]
                kept = self._kept(open_, Side.settled)
                self._dear.gather([text for key, text in open_.items() if key not in kept])

    def _calibrate(self, texts: _ByKey) -> LearntCascade | None:
        """Return what is learnt from texts that are drawn now; put on record unless it failed.

        None where some of them wait for a batch: so does the column then.
        """
        if not texts:
            raise ConfigError(
                _UNGATHERED.format(kind=self._cascade.task.kind, dear=self._dear.question.model)
            )
        drawn = [texts[key] for key in draw(texts, self._cascade.sample)]
        fewest = fewest_texts(self._cascade.alpha, self._cascade.delta)
        if len(drawn) < fewest:
            said = f"{len(drawn)} texts are fewer than the {fewest} that its test needs"
            return self._nothing_kept(texts, f"{said}; more are drawn when a build gathers more")
        pairs = self._compare(drawn)
        if self._waits is not None:
            return None
        if pairs is None:
            return self._nothing_kept(texts, "not every drawn text was answered; run again")
        self._store.record_calibration(self._learnt(texts, len(drawn), pairs))
        return self._calibrated() or self._learnt(texts, len(drawn), pairs)

    def _compare(self, drawn: Texts) -> list[Drawn] | None:
        """Ask both about the drawn texts; None where an answer may still come."""
        with self._dear.resolver.gathering():
            self._dear.gather(drawn)
        for side in self._cheap:
            side.gather(drawn)
        cheap, dear = self._said(drawn, Side.settled), self._dear.settled(drawn)
        missing = [one for one in cheap if one is not None and one.is_pending]
        if missing or any(one.status == PENDING for one in dear):
            self._waits = Outcome("pending", None, _DRAWN_WAIT, None, self._dear.question.model)
        if any(one.status not in _FOR_GOOD for one in dear):
            return None
        return [
            Drawn(
                said.confidence, reference.status != "ok" or said.outcome.value != reference.value
            )
            for said, reference in zip(cheap, dear, strict=True)
            if said is not None and said.confidence is not None
        ]

    def _nothing_kept(self, texts: _ByKey, why: str) -> LearntCascade:
        model = self._dear.question.model
        _LOG.warning(
            "ai_%s: the cascade to %s keeps nothing: %s. Everything goes to %s.",
            *(self._cascade.task.kind, model, why, model),
        )
        return self._learnt(texts, 0, [])

    def _learnt(self, texts: _ByKey, drawn: int, pairs: Sequence[Drawn]) -> LearntCascade:
        cascade, question = self._cascade, self._dear.question
        passed = threshold(pairs, cascade.alpha, cascade.delta)
        kept, errors = (0, 0) if passed is None else (passed.kept, passed.errors)
        return LearntCascade(
            cascade=self._id,
            name=cascade.name,
            kind=cascade.task.kind,
            prompt_hash=cascade.task.prompt_hash,
            cheap=PLUS.join(side.question.model for side in self._cheap),
            dear=question.model,
            host=question.host,
            alpha=cascade.alpha,
            delta=cascade.delta,
            sample=cascade.sample,
            texts=len(texts),
            drawn=drawn,
            threshold=None if passed is None else passed.confidence,
            kept=kept,
            errors=errors,
            bound=None if passed is None else upper_bound(errors, kept, cascade.delta),
            invocation_id=self._run.run_id,
            calibrated_at=now_utc(),
        )


def _by_key(keys: Sequence[bytes | None], texts: Texts) -> dict[bytes, str]:
    pairs = zip(keys, texts, strict=True)
    return {key: text for key, text in pairs if key is not None and text is not None}


def _in_order(keys: Sequence[bytes | None], rows: Mapping[bytes, _Row]) -> list[Outcome | None]:
    return in_order(keys, {key: outcome for key, (_, outcome) in rows.items()})
