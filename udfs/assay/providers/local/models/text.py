"""Making any string safe and cheap to judge, and the few things all models ask about words."""

from __future__ import annotations

import re
import unicodedata
from html import unescape

MAX_CHARACTERS = 20_000

_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,500}>")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SEPARATORS = re.compile(r"[\s_\-./\\:]+")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_SENTENCE_END = re.compile(
    r"(?<=[.!?…])[\"'”\u2019)\]]{0,3}\s+|[\n\r\u2028\u2029]+|(?<=[。\uff01\uff1f।؟])"
)


def word_list(listed: str) -> list[str]:
    """The words of a blank-separated list, in order."""
    return listed.split()


def word_set(listed: str) -> frozenset[str]:
    """The words of a blank-separated list."""
    return frozenset(listed.split())


def clipped(text: str) -> str:
    """The part of `text` that is judged: its first 20,000 characters, without lone surrogates."""
    return _LONE_SURROGATE.sub("\ufffd", text[:MAX_CHARACTERS])


def without_markup(text: str) -> str:
    """`text` with HTML tags made blank and entities made characters."""
    if "<" in text:
        text = _TAG.sub(" ", text)
    return unescape(text).replace("\u00a0", " ") if "&" in text else text


def humanised(name: str) -> str:
    """A label or field name as lower-case words: `cardPayment_fee` gives `card payment fee`."""
    return _SEPARATORS.sub(" ", _CAMEL.sub(" ", clipped(name))).strip().lower()


def words(text: str) -> list[str]:
    """The lower-case words of `text`, apostrophes kept inside words and made straight."""
    return [word.replace("\u2019", "'") for word in _WORD.findall(text.lower())]


def sentences(text: str) -> list[str]:
    """The sentences of `text` in any script, in order, without blank ones."""
    parts = _SENTENCE_END.split(text)
    return [part.strip() for part in parts if part and part.strip()]


def has_letters(text: str) -> bool:
    """Whether any character of `text` is a letter of any script."""
    return any(unicodedata.category(character)[0] == "L" for character in text)
