"""Telling English from every other language, also in texts of one or two words."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from .text import word_set, words
from .vocabulary import english_words

_FUNCTION_WORDS = word_set(
    "the a an and or but if of to in on at for with from by is are was were be been i you he she "
    "it we they my your his her its our their this that these those not don't didn't isn't can't "
    "won't will would can could should have has had do does did very too just any than then there "
    "here what when where who how why which out up about into over more most only after before "
    "never ever because get got it's i'm doesn't wasn't i've so again no"
)

# A text that the detector calls another language is still English when at least half of its words
# are common English ones and English is not ruled out, or when all of them are.
_KNOWN_SHARE = 0.5
_LEAST_PROBABILITY = 0.02
_ASCII_SHARE = 0.7
# From here on the detector, the slow part, need not be asked.
_SURE_SHARE = 0.6
_SURE_WORDS = 5
_JUDGED_CHARACTERS = 1_000


class _Identifier(Protocol):
    """What is used of py3langid."""

    def rank(self, text: str) -> list[tuple[str, float]]: ...


def is_english(text: str) -> bool:
    """Whether `text` is English; False for a text without words.

    py3langid's 4.5 MB model is loaded when it is first asked. Safe in threads.
    """
    found = words(text[:_JUDGED_CHARACTERS])
    if not found or sum(map(str.isascii, found)) < _ASCII_SHARE * len(found):
        return False
    known = sum(map(is_english_word, found)) / len(found)
    if known == 1 or (known >= _SURE_SHARE and len(found) >= _SURE_WORDS):
        return True
    ranking = _ranking(text)
    if ranking[0][0] == "en":
        return known > 0
    return known >= _KNOWN_SHARE and dict(ranking).get("en", 0.0) >= _LEAST_PROBABILITY


def is_english_word(word: str) -> bool:
    """Whether a word in lower case is a frequent one in English texts."""
    return word in _FUNCTION_WORDS or word in english_words()


def language(text: str) -> str:
    """The likeliest language of `text` in two letters of ISO 639, of some hundred; a guess for a
    few words."""
    return _ranking(text)[0][0]


def english_share(text: str) -> float:
    """The share of the words of `text` that are English function words; 0 without words."""
    found = words(text)
    return sum(word in _FUNCTION_WORDS for word in found) / max(1, len(found))


def _ranking(text: str) -> list[tuple[str, float]]:
    return _identifier().rank(text[:_JUDGED_CHARACTERS])


@lru_cache(maxsize=1)
def _identifier() -> _Identifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier: _Identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    return identifier
