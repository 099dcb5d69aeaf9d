"""Where a text holds an e-mail address, a number of an account or a phone, an address. Pure.

Rules see forms, not people: what is written in another form is not found. How much is found is
measured by `scripts/measure-redaction`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Span = tuple[int, int]
Finder = Callable[[str], Iterator[Span]]

_GAP = "[ \u00a0\u202f\u2010-\u2013-]"
"""What stands between the groups of a number that is written in groups."""

_EMAIL = re.compile(r"\w[\w.%+'-]{0,63}@[\w-]{1,63}(?:\.[\w-]{1,63})+")

_IBAN = re.compile(rf"\b[A-Z]{{2}}[0-9]{{2}}(?:{_GAP}?[A-Z0-9]){{11,30}}", re.IGNORECASE)
_IBAN_LENGTHS = (
    "NO15 BE16 DK18 FI18 FO18 GL18 NL18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 XK20 CH21 HR21 "
    "LI21 LV21 BG22 BH22 CR22 DE22 GB22 GE22 IE22 ME22 RS22 VA22 AE23 GI23 IL23 IQ23 TL23 AD24 "
    "CZ24 ES24 MD24 PK24 RO24 SA24 SE24 SK24 ST24 TN24 VG24 LY25 PT25 IS26 TR26 FR27 GR27 IT27 "
    "MC27 MR27 SM27 AL28 AZ28 BY28 CY28 DO28 GT28 HU28 LB28 PL28 SV28 EG29 PS29 QA29 UA29 BR29 "
    "JO30 KW30 MU30 MT31 SC31 LC32"
)
_IBAN_LENGTH = {said[:2]: int(said[2:]) for said in _IBAN_LENGTHS.split()}
"""How many letters and digits an IBAN has, by country (the registry of ISO 13616)."""

_CARD = re.compile(rf"(?<![0-9])(?<![0-9][.,])[0-9](?:{_GAP}?[0-9]){{12,40}}")
_CARD_DIGITS = range(19, 12, -1)
_CARD_GROUP = 4
"""The first group of a card is at least so long: Visa and others have 4-4-4-4, Amex 4-6-5."""

_STREET = (
    r"(?:st(?:reet)?|ave?(?:nue)?|r(?:oa)?d|blvd|boulevard|dr(?:ive)?|lane|ln|court|ct|"
    r"pl(?:ace)?|parkway|pkwy|highway|hwy|way|circle|cir|sq(?:uare)?|trail|trl|plaza|terrace|loop)"
)
_NO_STREET = (
    r"(?:the|an?|in|on|of|to|by|at|and|or|for|from|with|my|your|our|its?|is|was|are|"
    r"years?|months?|weeks?|days?|hours?|minutes?|min|miles?|km|items?|people|pieces?)\b"
)
"""Words that no street is called by: `2 days by road`, `5 minutes to court`."""

_BLANKS = r"[ \t\u00a0]{1,3}"
_AWAY = r"(?:[nsew]\.?){1,2}"
"""A direction: `N`, `SW`, `N.W.`"""

_UNIT = (
    r"(?:#?\s{0,3}(?:#|apt|suite|ste|unit|floor|fl|rm|room)\.?\s{0,3}[\w-]{1,20}"
    r"|[0-9]{1,3}(?:st|nd|rd|th)\s{1,3}(?:floor|flr|fl)\b)"
)
_TOWN = (
    r"(?:(?:[a-z .]{2,30},?\s{1,3})?[a-z]{2}\.?,?\s{1,3}[0-9]{5}"
    r"|(?<=,\s)[a-z .]{2,30},\s{1,3}[0-9]{5}|[0-9]{5})(?:-[0-9]{4})?\b"
)
_ADDRESS = re.compile(
    rf"\b[0-9]{{1,6}}(?:-[0-9]+)?[a-z]?{_BLANKS}(?:{_AWAY}{_BLANKS})?"
    rf"(?:(?!{_NO_STREET})(?:[a-z][\w'.-]{{0,39}}|[0-9]{{1,3}}(?:st|nd|rd|th)){_BLANKS}){{1,4}}?"
    rf"{_STREET}\b(?:\.?{_BLANKS}{_STREET}\b)?(?:\.?,?{_BLANKS}{_AWAY}(?!\w))?"
    rf"(?:\.?,?\s{{0,3}}{_UNIT}){{0,2}}(?:\.?,?\s{{1,3}}{_TOWN})?",
    re.IGNORECASE,
)

_PHONE = re.compile(
    r"(?<!\w)(?<![0-9][.,:/-])(?:\+|\(\+?(?=[0-9]{1,4}\)))?[0-9]{1,15}"
    r"(?:(?:\(0\)|[ ()/.\u00a0\u2010-\u2013-]){1,3}[0-9]{2,15}){0,7}"
)
_PHONE_DIGITS = range(7, 16)
_GOES_ON = re.compile(r"\w|[.,:/-][0-9]")
_ABROAD = re.compile(r"\+|00[1-9]")
_DATE = re.compile(
    r"(?<![0-9])(?:[0-9]{1,2}([./-])[0-9]{1,2}\1(?:[0-9]{2}|[0-9]{4})"
    r"|[0-9]{4}([./-])[0-9]{1,2}\2[0-9]{1,2})(?![0-9])"
)
_THOUSANDS = re.compile(r"[0-9]{1,2}([ .\u00a0])[0-9]{3}(?:\1[0-9]{3})+")
_IN_ONE = re.compile(r"\(?0[1-9][0-9]{7,9}")
"""Digits in one group are a phone number where they begin with the 0 of a trunk call."""

_FIRST_GROUP, _LAST_GROUP = 4, 2
"""The code of a country or of an area is no longer, the last group is longer."""

_GROUP = re.compile("[0-9]+")


def emails(text: str) -> Iterator[Span]:
    """Yield where e-mail addresses stand."""
    if "@" in text:
        yield from (found.span() for found in _EMAIL.finditer(text))


def ibans(text: str) -> Iterator[Span]:
    """Yield where IBANs stand that have the length of their country and the right check digits."""
    for found in _IBAN.finditer(text):
        places = [at for at in range(*found.span()) if text[at].isalnum()]
        length = _IBAN_LENGTH.get(found[0][:2].upper(), 0)
        if not 0 < length <= len(places):
            continue
        end = places[length - 1] + 1
        spelled = "".join(text[at] for at in places[:length]).upper()
        if not text[end : end + 1].isalnum() and _is_iban(spelled):
            yield found.start(), end


def _is_iban(spelled: str) -> bool:
    return int("".join(str(int(each, 36)) for each in spelled[4:] + spelled[:4])) % 97 == 1


def cards(text: str) -> Iterator[Span]:
    """Yield where card numbers stand: 13 to 19 digits, in whole groups, that Luhn's check fits."""
    for run in _CARD.finditer(text):
        groups = [found.span() for found in _GROUP.finditer(text, *run.span())]
        at = 0
        while at < len(groups):
            upto = _card_from(text, groups, at)
            if upto is not None:
                yield groups[at][0], groups[upto][1]
            at = at + 1 if upto is None else upto + 1


def _card_from(text: str, groups: list[Span], at: int) -> int | None:
    """Return the last group of a card that begins with group `at`; None where none does."""
    if groups[at][1] - groups[at][0] < _CARD_GROUP:
        return None
    digits, found = "", None
    for upto in range(at, len(groups)):
        digits += text[slice(*groups[upto])]
        if len(digits) > _CARD_DIGITS.start:
            break
        if len(digits) in _CARD_DIGITS and _fits_luhn(digits):
            found = upto
    return found


def _fits_luhn(digits: str) -> bool:
    numbers = [int(each) for each in reversed(digits)]
    doubled = [number * 2 - 9 * (number > 4) for number in numbers[1::2]]  # noqa: PLR2004
    return (sum(numbers[::2]) + sum(doubled)) % 10 == 0


def addresses(text: str) -> Iterator[Span]:
    """Yield where addresses of a house stand that are written as in the United States."""
    return (found.span() for found in _ADDRESS.finditer(text))


def phones(text: str) -> Iterator[Span]:
    """Yield where 7 to 15 digits stand that are grouped, or begin, as a phone number does."""
    at = 0
    while (found := _PHONE.search(text, at)) is not None:
        start, ends = found.start(), [one.end() for one in _GROUP.finditer(text, *found.span())]
        end = next((end for end in reversed(ends) if _is_phone(text, start, end)), None)
        if end is not None:
            yield start, end
        at = end or ends[0]


def _is_phone(text: str, start: int, end: int) -> bool:
    """Whether a part of a text has the form of a phone number, and ends where it seems to."""
    said = text[start:end]
    groups = _GROUP.findall(said)
    digits = "".join(groups)
    if len(digits) not in _PHONE_DIGITS or _GOES_ON.match(text, end):
        return False
    if _ABROAD.match(said):
        return True
    if _DATE.search(said) or _THOUSANDS.fullmatch(said):
        return False
    if len(groups) == 1:
        return _IN_ONE.fullmatch(said) is not None
    short, last = min(map(len, groups)) == 1, len(groups[-1])
    return not short if said[0] in "0(" else len(groups[0]) <= _FIRST_GROUP and last > _LAST_GROUP


FINDERS: dict[str, Finder] = {
    "email": emails,
    "iban": ibans,
    "card": cards,
    "address": addresses,
    "phone": phones,
}
"""Who finds each kind; where two overlap, the one that stands first here has it."""
