"""The normal form of a value of a record: text, mail, phone, date, country, currency, number."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from assay.core.canonical import nfc

from .places import country_names
from .text import humanised, word_set
from .values import find_dates, parse_number

_MAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[\w-]{1,63}\.){1,6}[^\W\d_]{2,24}")
_LINK = re.compile(
    r"(https?)://([\w.-]{1,255}\.[^\W\d_]{2,24}(?::[0-9]{1,5})?)((?:[/?#]\S{0,2000})?)", re.I
)
_DATE_SHAPE = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.](?:[0-9]{4}|[0-9]{2})")
_ISO_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{4,15}(?:Z|[+-][0-9:]{2,6})?")
_PHONE_SHAPE = re.compile(r"\+?[0-9() ./-]{5,30}(?:(?:ext|x)\.? ?[0-9]{1,6})?", re.I)
_HIDDEN = re.compile(
    r"[\u0000-\u0008\u000b-\u001f\u007f\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]"
)
_MEASURE = re.compile(r"[-+]?[0-9][0-9.,]{0,20} ?[^\W\d_]{1,10}\.?")
_SYMBOLS = {
    "$": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "euro": "EUR",
    "euros": "EUR",
    "dollar": "USD",
    "dollars": "USD",
    "us$": "USD",
    "pound": "GBP",
    "pounds": "GBP",
    "yen": "JPY",
}
_LEAST_DIGITS, _MOST_DIGITS = 7, 15
_MONTHS = 12
_LEAST_LETTERS = 4
_YES = word_set("yes y true t 1 on")
_NO = word_set("no n false f 0 off")

_COLUMNS = (
    ("email", r"e ?mail"),
    ("phone", r"phone|mobile|telephone|fax"),
    ("url", r"url|web ?site|link"),
    ("date", r"date|birthday|dob|\w+ed (?:at|on)"),
    ("country", r"country|nation"),
    ("currency", r"currency"),
    (
        "number",
        r"amount|price|cost|total|quantity|qty|count|salary|fee|weight|height|age|score"
        r"|balance|discount|rate|rating|revenue",
    ),
    ("boolean", r"^(?:is|has|was|can)|active|enabled|opt(?:ed)? (?:in|out)|subscribed"),
    ("name", r"^(?:(?:first|last|full|given|family|customer|contact) )?name$|city|town|surname"),
)


@dataclass(frozen=True, slots=True)
class Normal:
    """A value in its normal form, and whether it can be right at all."""

    text: str
    valid: bool = True


def column_kind(column: str) -> str | None:
    """The kind of value that a column's name promises, None for plain text."""
    name = humanised(column)
    return next((kind for kind, asked in _COLUMNS if re.search(rf"\b(?:{asked})\b", name)), None)


def plain_text(written: str) -> str:
    """`written` composed (NFC), without hidden characters, each run of blanks one space."""
    return " ".join(_HIDDEN.sub("", nfc(written)).split())


def normal_form(written: str, kind: str | None) -> Normal:
    """The normal form of a value of `kind`; only blanks and hidden characters for plain text."""
    return _FORMS.get(kind or "", Normal)(plain_text(written))


def _mail(written: str) -> Normal:
    lowered = written.removeprefix("mailto:").lower()
    return Normal(lowered, _MAIL.fullmatch(lowered) is not None and ".." not in lowered)


def _phone(written: str) -> Normal:
    digits = "".join(filter(str.isdigit, written))
    if not _PHONE_SHAPE.fullmatch(written) or not _LEAST_DIGITS <= len(digits) <= _MOST_DIGITS:
        return Normal(written, valid=False)
    if written.startswith(("+", "00")):
        trunk = re.sub(r"\(0\)", "", written)
        return Normal("+" + re.sub(r"[^0-9]", "", trunk).removeprefix("00"))
    return Normal(written)


def _date(written: str) -> Normal:
    found = find_dates(written)
    if len(found) == 1 and (found[0].start, found[0].end) == (0, len(written)):
        if found[0].value is not None:
            return Normal(str(found[0].value))
        return Normal(written, valid=_may_be_date(written))
    return Normal(written, valid=_ISO_MOMENT.fullmatch(written) is not None)


def _may_be_date(written: str) -> bool:
    """Whether day and month can be told apart only by knowing their order, or the year is open."""
    pair = _DATE_SHAPE.fullmatch(written)
    if pair:
        return all(1 <= int(number) <= _MONTHS for number in pair.groups())
    return any(map(str.isalpha, written))


def _country(written: str) -> Normal:
    known = country_names()
    name = known.get(written.lower()) or known.get(written.lower().strip(". "))
    return Normal(name or written)


def _currency(written: str) -> Normal:
    code = _SYMBOLS.get(written.lower(), written.upper())
    return Normal(code, re.fullmatch("[A-Z]{3}", code) is not None)


def _number(written: str) -> Normal:
    bare = re.sub(r"^(?:[A-Z]{3}|[$€£¥₹])\s?|\s?(?:[A-Z]{3}|[$€£¥₹%])$", "", written)
    value = parse_number(bare)
    if value is None:
        return Normal(written, valid=_MEASURE.fullmatch(written) is not None)
    return Normal(str(value))


def _boolean(written: str) -> Normal:
    answer = written.lower()
    if answer in _YES | _NO:
        return Normal("true" if answer in _YES else "false")
    return Normal(written, valid=False)


def _name(written: str) -> Normal:
    one_case = (
        len(written) >= _LEAST_LETTERS
        and written.isascii()
        and (written.isupper() or written.islower())
    )
    return Normal(written.title().replace("'S", "'s") if one_case else written)


def _link(written: str) -> Normal:
    full = f"https://{written}" if written.lower().startswith("www.") else written
    parts = _LINK.fullmatch(full)
    if not parts:
        return Normal(written, valid=False)
    return Normal(f"{parts[1].lower()}://{parts[2].lower()}{parts[3]}")


_FORMS: dict[str, Callable[[str], Normal]] = {
    "email": _mail,
    "phone": _phone,
    "date": _date,
    "country": _country,
    "currency": _currency,
    "number": _number,
    "boolean": _boolean,
    "name": _name,
    "url": _link,
}
