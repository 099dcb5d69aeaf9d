"""Which texts the embedded models can read: what they cannot is declined, and never guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from .foreign_words import english_words
from .judgement import NO_WORDS, NOT_READ, Judge, Judgement
from .language import is_english, is_english_word, language
from .text import clipped, has_letters, without_markup, words

# What py3langid may call the six languages of the word list, and those that it takes them for.
_LISTED = frozenset({"de", "fr", "es", "nl", "pl", "it", "pt", "af", "an", "ca", "gl", "lb", "oc"})
# A text of so few words is a name or a title, of which one known word is enough.
_FEW_WORDS = 4
# The share of a text's words that stand in the question itself from which it is read.
_OWN_SHARE = 0.5
_SHORTEST = 3


class Reader:
    """Says of texts whether they are read, for a question in which the texts `own` stand.

    Read are English; German, French, Spanish, Dutch, Polish and Italian as far as the word list of
    `foreign_words` goes; and texts of any language in words of the question's own examples.
    """

    def __init__(self, own: Iterable[str] = ()) -> None:
        self._own = frozenset(word for text in own for word in _content(text))

    def hindrance(self, text: str) -> Judgement | None:
        """Why a text cannot be judged, as the judgement to give; None for one that is read."""
        text = without_markup(clipped(text))
        if not has_letters(text):
            return NO_WORDS
        if is_english(text) or is_listed(text) or self._is_own(text):
            return None
        return NO_WORDS if len(words(text)) <= _FEW_WORDS else NOT_READ

    def _is_own(self, text: str) -> bool:
        found = _content(text)
        if len(words(text)) <= _FEW_WORDS and any(map(is_english_word, found)):
            return True
        return bool(found) and sum(word in self._own for word in found) >= _OWN_SHARE * len(found)


def is_listed(text: str) -> bool:
    """Whether the word list knows a word of a text in one of its languages."""
    if not english_words(text):
        return False
    return len(words(text)) <= _FEW_WORDS or language(text) in _LISTED


def judged_where_read(reader: Reader, judge: Judge, texts: Sequence[str]) -> list[Judgement]:
    """What `judge` says of the texts that are read, and why the others cannot be judged."""
    return judged_but(reader.hindrance, judge, texts)


def judged_but(
    hindrance: Callable[[str], Judgement | None], judge: Judge, texts: Sequence[str]
) -> list[Judgement]:
    """What `judge` says of the texts that have no `hindrance`, and the hindrance of the others."""
    hindered = [hindrance(text) for text in texts]
    free = [text for text, why in zip(texts, hindered, strict=True) if why is None]
    judged = iter(judge(free) if free else ())
    return [next(judged) if why is None else why for why in hindered]


def _content(text: str) -> list[str]:
    return [word for word in words(text) if len(word) >= _SHORTEST and not word.isdigit()]
