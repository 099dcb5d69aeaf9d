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


class AtHand:
    """Makes the vectors of one run; safe to call from any thread."""

    def __init__(self) -> None:
        self._by_model: dict[str, Vectorise] = {}

    def outcomes(self, question: Question, texts: Sequence[str | None]) -> list[Outcome]:
        """Return an outcome for each text; None and blank are skipped.

        It has no time: it is the same whenever it is made.
        """
        normal = [normalise(text) if text is not None else "" for text in texts]
        different = list(dict.fromkeys(text for text in normal if text))
        vectors = self._vectorise(question.model)(different) if different else []
        known = {
            text: Outcome("ok", f'"{packed_bytes(vector)}"', model=question.model)
            for text, vector in zip(different, vectors, strict=True)
        }
        return [known[text] if text else SKIPPED for text in normal]

    def _vectorise(self, model: str) -> Vectorise:
        if model not in self._by_model:
            self._by_model.setdefault(model, vectorise(model))
        return self._by_model[model]
