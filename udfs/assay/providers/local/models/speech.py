"""How a text is put, as a question or a report, and which labels are for the one or the other."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_GREETING = r"(?:(?:hi|hello|hey|dear|hallo|hola|bonjour|salut|ciao|moin|hoi)\b[^\w]*)?"
_OPENING = (
    r"do|does|did|can|could|is|are|will|would|what(?! an?\b)|which|when|where|who|why"
    r"|how (?:do|does|did|can|could|is|are|much|many|long|often|big|heavy)|any (?:idea|chance)"
    r"|kann|können|habt|haben|gibt|ist|wie|wann|wo|was|welche[rs]?|est-ce|avez|peut|puis|quel(?:le)?s?"
    r"|combien|comment|quand|puedo|tienen|tiene|cuál|cuánto|cómo|cuándo|hoe|kan|heb|hebben|welke|waar"
    r"|wanneer|czy|jak|kiedy|gdzie|ile|quanto|quando|come"
)
_ASKING = re.compile(
    rf"[?\uff1f\u061f]|^\W*{_GREETING}(?:{_OPENING})\b"
    r"|\b(?:i(?:'d| would)? (?:like|want|need) to know|wonder(?:ing)? (?:if|whether)"
    r"|please tell me|let me know)\b",
    re.IGNORECASE,
)
_FOR_QUESTIONS = re.compile(r"\b(?:questions?|ask(?:s|ing)?|enquir\w+|inquir\w+)\b", re.IGNORECASE)
_FOR_REPORTS = re.compile(
    r"\b(?:opinions?|experiences?|reviews?|praises?|judgements?|verdicts?)\b", re.IGNORECASE
)


def asks(text: str) -> bool:
    """Whether `text` has a question in it."""
    return _ASKING.search(text.replace("\u2019", "'")) is not None


def leanings(labels: Mapping[str, str | None]) -> NDArray[np.float64]:
    """For each label 1 if its description is one of questions, -1 if of opinions, else 0."""
    return np.array([_leaning(description or "") for description in labels.values()])


def _leaning(description: str) -> float:
    return float(bool(_FOR_QUESTIONS.search(description))) - float(
        bool(_FOR_REPORTS.search(description))
    )
