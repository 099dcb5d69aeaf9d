"""The label that means "none of these": which one it is, and when a text really gets it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .chances import sigmoid
from .embedder import Embedder, exact_product
from .fitted import Fitted
from .text import has_letters, humanised

Floats = NDArray[np.float64]

_NAME = re.compile(
    r"(?:all )?others?|(?:some|any)thing else|none|none of (?:these|them|the above)|unknown"
    r"|unclear|out of scope|oos|misc|miscellaneous|n ?a|not applicable|no match|rest"
    r"|un(?:classified|categori[sz]ed|defined|sure)"
)
_DESCRIPTION = re.compile(
    r"\b(?:none of (?:these|them|the (?:others?|above|rest))|(?:any|every|some)thing else"
    r"|nothing else|out of scope|no other label)\b"
)
_ADVICE = re.compile(r"\b(?:otherwise|if (?:none|nothing|no label|unsure|unclear|in doubt))\b")
_PHRASE_JOINT = re.compile(r"\s*[,;:]\s*(?:or |and )?|\s+or\s+|\bsuch as\b|\blike\b|\be\.?g\.?\b")

# It is surer per unit of cosine below that.
_STEEPNESS = 12.0
_SURE_OF_ALIKE = 0.8
_SURE_OF_NO_WORDS = 0.9


class Fallback:
    """Judges whether texts have the fallback label.

    `shown` are texts that have the label: what its description names, and its examples. There is
    no centre to such a label, so that each of them stands for itself. Any text is one whose
    cosine to every other label is below `needed`.
    """

    def __init__(self, embedder: Embedder, shown: Sequence[str], needed: float) -> None:
        self._needed = needed
        self._shown = embedder.embed(shown)
        self._alike = embedder.fitted.alike

    def chances(self, texts: Sequence[str], vectors: NDArray[np.float32], near: Floats) -> Floats:
        """How sure it is that each text is none of the labels, 0 where it is one of them.

        `near` (n, k) has the cosines of the texts to the other labels.
        """
        nearest = near.max(axis=1)
        chances = np.where(
            nearest < self._needed, sigmoid(_STEEPNESS * (self._needed - nearest)), 0.0
        )
        alike = exact_product(vectors, self._shown).max(axis=1, initial=0.0)
        chances[(alike >= self._alike) & (alike > nearest)] = _SURE_OF_ALIKE
        chances[[not has_letters(text) for text in texts]] = _SURE_OF_NO_WORDS
        return chances


def near_enough(fitted: Fitted, labels: int, *, described: bool, taught: bool) -> float:
    """The cosine below which a text is far from as many `labels`."""
    steepness = fitted.far_from_examples if taught else fitted.far
    floor = fitted.floor_of_described if described else fitted.floor
    return max(floor, steepness * float(np.log(max(1, labels))) ** 2)


def find_fallback(labels: Mapping[str, str | None], instructions: str) -> int | None:
    """The position of the label that means "none of these", if there is one."""
    advised = _advised(list(labels), instructions)
    for position, (label, description) in enumerate(labels.items()):
        if _NAME.fullmatch(humanised(label)) or label in advised:
            return position
        if _DESCRIPTION.search((description or "").lower()):
            return position
    return None


def own_phrases(description: str) -> list[str]:
    """What a description of the fallback names beside "none of the others"."""
    pieces = (piece.strip(" .") for piece in _PHRASE_JOINT.split(description.lower()))
    return [piece for piece in pieces if piece and not _DESCRIPTION.search(piece)]


def _advised(labels: Sequence[str], instructions: str) -> set[str]:
    """Labels named in the part of the instructions that says what to do if nothing fits."""
    advice = _ADVICE.search(instructions.lower())
    if advice is None:
        return set()
    rest = instructions[advice.start() :].split(".")[0]
    found = [label for label in labels if re.search(rf"\b{re.escape(label)}\b", rest, re.I)]
    return set(found[:1])
