"""Canonical forms: the one spelling of a text or a JSON value that is hashed and sent."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from itertools import groupby
from typing import Any

NORMALISER_VERSION = 1
"""Part of every key: a change in `normalise` must make old keys miss."""

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069"
    "\ufe00-\ufe0e\ufeff\U000e0000-\U000e01ef]"
)
_STRAY_JOINERS = re.compile(
    "(?<![^\x00-\x7f\\s])[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\x7f\\s])"
    "|(?<=[\u200c\u200d])[\u200c\u200d]+"
)
"""Joiners beside ASCII, blanks, an end of the text or another joiner: they join nothing."""

_MARKS = re.compile(r"[^\w\s\x00-\x7f]{32,}")
"""Where many combining marks may follow each other: none of them is a letter or a blank."""

_SURROGATE = re.compile("[\ud800-\udfff]")

_SUSPECT = re.compile(f"{_INVISIBLE.pattern}|[\u200c\u200d\ufffd\ud800-\udfff]")
"""What `clean` may take out or replace, and what it replaces with."""

_CANONICAL = json.JSONEncoder(
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
)
"""Made once: `json.dumps` makes one for each call, which takes longer than a short value."""


def normalise(text: str) -> str:
    """Return `text` in NFC, without invisible characters, lone surrogates and outer blanks.

    Line ends become `\\n`. A text that is normalised already comes back as it is.
    Joiners between letters of scripts that need them, and inside emoji, stay. Which characters
    hide instructions from people but not from models: OWASP Top 10 for LLM applications, LLM01.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    return clean(text).replace("\r\n", "\n").replace("\r", "\n").strip()


def nfc(text: str) -> str:
    """Return `text` in NFC, in a time that grows with its length.

    Python sorts the marks on a letter by insertion: 200,000 of them would take 20 s, and no other
    thread runs meanwhile. Marks in order cost it nothing, and are the same text.
    """
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", _MARKS.sub(_in_order, text))


def _in_order(found: re.Match[str]) -> str:
    """Return a run of characters decomposed, with the marks between its starters in order."""
    marks = [mark for each in found[0] for mark in unicodedata.normalize("NFD", each)]
    groups = groupby(marks, key=lambda mark: unicodedata.combining(mark) > 0)
    return "".join(
        [mark for _, group in groups for mark in sorted(group, key=unicodedata.combining)]
    )


def scrub(text: str) -> str:
    """Return `text` with lone surrogates replaced by U+FFFD, so that it can be encoded."""
    return _SURROGATE.sub("\ufffd", text)


def clean(text: str) -> str:
    """Return an answer's text as it may be stored: in NFC, encodable, nothing invisible."""
    if text.isascii():
        return _INVISIBLE.sub("", text)
    # NFC twice: it turns a few characters into ASCII, and marks meet their letters only once
    # what stood between them is gone.
    visible = _INVISIBLE.sub("", nfc(scrub(text)))
    if "\u200c" in visible or "\u200d" in visible:
        visible = _STRAY_JOINERS.sub("", visible)
    return nfc(visible)


def is_plain(text: str) -> bool:
    """Whether `text` is clean as a look at its characters shows; False when they may be not."""
    if text.isascii() and text.isprintable():
        return True
    return _SUSPECT.search(text) is None


def is_clean(text: str) -> bool:
    """Whether `text` holds nothing that `clean` takes out or replaces, or that was replaced."""
    if is_plain(text):
        return True
    return "\ufffd" not in text and clean(text) == nfc(text)


def canonical_json(value: Any) -> str:
    """Return the one JSON spelling of `value`: sorted keys, no blanks, no NaN."""
    return "null" if value is None else _CANONICAL.encode(value)


def digest(value: Any) -> str:
    """Return the first 32 hex digits of the SHA-256 of the canonical JSON of `value`."""
    encoded = canonical_json(value).encode("utf-8", "backslashreplace")
    return hashlib.sha256(encoded).hexdigest()[:32]
