"""Answers at hand: vectors of the embedded models, made anew in less time than a look-up takes."""

from __future__ import annotations

from collections.abc import Sequence

from assay.core.canonical import normalise
from assay.core.values import SKIPPED, Outcome, Question
from assay.core.vectors import packed_bytes
from assay.providers.vectors import Vectorise, is_embedded, vectorise


def is_at_hand(question: Question) -> bool:
    """Whether a question is answered without being asked: it has no key, no store, no ledger."""
    return question.task.form == "embedding" and is_embedded(question.model)


class AtHandColumn:
    """What one question at hand answers about texts in one run; safe to use from any thread.

    Nothing is counted and nothing is gathered: an answer is made anew wherever it is wanted.
    """

    def __init__(self, question: Question) -> None:
        self._question = question
        self._vectorise: Vectorise | None = None

    def gather(self, texts: Sequence[str | None], origin: str) -> None:
        """Do nothing: no text has to wait for another."""

    def ask(self, texts: Sequence[str | None]) -> list[Outcome]:
        """Return an outcome for each text; None and blank are skipped.

        It has no time: it is the same whenever it is made.
        """
        normal = [normalise(text) if text is not None else "" for text in texts]
        different = list(dict.fromkeys(text for text in normal if text))
        vectors = self._by()(different) if different else []
        known = {
            text: Outcome("ok", f'"{packed_bytes(vector)}"', model=self._question.model)
            for text, vector in zip(different, vectors, strict=True)
        }
        return [known[text] if text else SKIPPED for text in normal]

    def peek(self, texts: Sequence[str | None]) -> list[Outcome | None]:
        """As `ask`: all is known."""
        return [*self.ask(texts)]

    glance = count = peek

    def _by(self) -> Vectorise:
        """Return what makes vectors by the model of the question; loaded when it is first used."""
        self._vectorise = self._vectorise or vectorise(self._question.model)
        return self._vectorise
