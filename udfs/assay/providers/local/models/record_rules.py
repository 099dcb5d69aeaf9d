"""Reading plain-language rules about the columns of a record, as far as they are understood."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .text import humanised
from .values import parse_number

_OPTIONAL = re.compile(
    r"\b(?:optional|not (?:required|mandatory|needed)"
    r"|(?:may|can) be (?:empty|missing|blank|null))\b"
)
_REQUIRED = re.compile(
    r"\b(?:required|mandatory|not (?:be )?(?:null|empty|blank|missing)"
    r"|never (?:be )?(?:null|empty|blank|missing)|must (?:be )?(?:present|filled|given|exist))\b"
)
_NUMBER = r"(-?[0-9][0-9.,]{0,20}(?<![.,]))"
_BETWEEN = re.compile(rf"\b(?:between|from) {_NUMBER} (?:and|to) {_NUMBER}")
_AT_LEAST = re.compile(
    rf"(?:\b(?:at least|minimum(?: of)?|not (?:below|less than))|>=) ?{_NUMBER}"
)
_AT_MOST = re.compile(
    rf"(?:\b(?:at most|maximum(?: of)?|no more than|not (?:above|over|more than))|<=) ?{_NUMBER}"
)
_POSITIVE = re.compile(r"\b(?:positive|greater than (?:0|zero)|above (?:0|zero))\b")
_NOT_NEGATIVE = re.compile(r"\b(?:not (?:be )?negative|non-?negative|zero or more)\b")
_ONE_OF = re.compile(r"\b(?:one of|either|any of)[: ]{1,2}([^.;]{1,500})")
_DIGITS = re.compile(r"\b([0-9]{1,3}) digits?\b")
_LENGTH = re.compile(r"\b([0-9]{1,4}) (?:characters?|letters?) ?(?:long)?\b")
_CASES = re.compile(r"\b(upper|lower|title)[ -]?case\b")
_KINDS = (
    ("email", r"e-?mail"),
    ("phone", r"phone|telephone"),
    ("url", r"url|web ?site|link"),
    ("date", r"dates?|iso(?: |-)?8601"),
    ("country", r"country"),
    ("currency", r"currency"),
    ("number", r"number|numeric|integer|decimal|amount"),
    ("boolean", r"boolean|yes or no"),
)
_LEAST_ABOVE_ZERO = 5e-324


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """What must hold for one column; None where nothing is said."""

    required: bool | None = None
    least: float | None = None
    most: float | None = None
    allowed: frozenset[str] | None = None
    digits: int | None = None
    length: int | None = None
    case: str | None = None
    kind: str | None = None


def read_rules(
    rules: Mapping[str, str] | Sequence[str] | None, columns: Iterable[str]
) -> dict[str, ColumnRule]:
    """The rule of each column that `rules` speak of; what is not recognised changes nothing.

    A sentence applies to the columns that it names, a mapping to its keys.
    """
    spoken: dict[str, list[str]] = {}
    if isinstance(rules, Mapping):
        spoken = {column: [text] for column, text in rules.items()}
    elif rules:
        for column in columns:
            spoken[column] = [text for text in rules if _names(text, column)]
    return {column: _read(" ; ".join(texts)) for column, texts in spoken.items() if texts}


def _names(text: str, column: str) -> bool:
    name = r"[\s_-]".join(re.escape(word) for word in humanised(column).split())
    return bool(name) and re.search(rf"(?<!\w){name}(?!\w)", text, re.IGNORECASE) is not None


def _read(text: str) -> ColumnRule:
    said = text[:2_000].lower()
    least, most = _range(said)
    case = _CASES.search(said)
    return ColumnRule(
        required=_required(said),
        least=least,
        most=most,
        allowed=_allowed(said),
        digits=_count(_DIGITS, said),
        length=_count(_LENGTH, said),
        case=case[1] if case else None,
        kind=_kind(said),
    )


def _required(said: str) -> bool | None:
    if _OPTIONAL.search(said):
        return False
    return True if _REQUIRED.search(said) else None


def _range(said: str) -> tuple[float | None, float | None]:
    between = _BETWEEN.search(said)
    if between:
        return parse_number(between[1]), parse_number(between[2])
    least, most = _AT_LEAST.search(said), _AT_MOST.search(said)
    low = parse_number(least[1]) if least else None
    if _POSITIVE.search(said):
        low = _LEAST_ABOVE_ZERO
    elif _NOT_NEGATIVE.search(said):
        low = 0
    return low, parse_number(most[1]) if most else None


def _allowed(said: str) -> frozenset[str] | None:
    listed = _ONE_OF.search(said)
    if not listed:
        return None
    return frozenset(part.strip(" '\"") for part in re.split(r",|\bor\b|\band\b|/", listed[1])) - {
        ""
    }


def _count(pattern: re.Pattern[str], said: str) -> int | None:
    found = pattern.search(said)
    return int(found[1]) if found else None


def _kind(said: str) -> str | None:
    described = re.search(
        r"\b(?:must be|should be|is|be|valid|format(?:ted)?(?: as)?|an?|as)\b(.*)", said
    )
    rest = described[1] if described else said
    return next((kind for kind, asked in _KINDS if re.search(rf"\b(?:{asked})\b", rest)), None)
