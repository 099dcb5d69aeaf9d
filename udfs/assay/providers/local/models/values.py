"""Numbers, dates and times as people write them, found in a text and turned into JSON values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time

from .text import word_list

_ONES = word_list(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = word_list("twenty thirty forty fifty sixty seventy eighty ninety")
_MONTHS = word_list("jan feb mar apr may jun jul aug sep oct nov dec")
_THOUSANDS = 3
_MOST_DIGITS = 16
_NEAR = 12
_CENTURY = 100
_PIVOT = 70
_MONTH = (
    r"(?P<{0}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
    r"(?:\.(?=,? ?['0-9]))?"
)
_YEAR = r"(?P<{0}>(?:19|20)[0-9]{{2}}|'?[0-9]{{2}}(?![0-9:]))"

NUMBER = re.compile(
    r"(?<![\w.,])[-+]?(?:[0-9]{1,3}(?:[,.' \u00a0][0-9]{3}){1,5}(?![0-9])(?:[.,][0-9]{1,2})?"
    r"|[0-9]{1,15}(?:[.,][0-9]{1,6})?)(?![0-9]|[.,][0-9])"
)
NUMBER_WORD = re.compile(
    rf"\b(?:(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_ONES[1:10])}))?|{'|'.join(_ONES[::-1])})\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?<![\w/.-])(?:"
    r"(?P<year1>[12][0-9]{3})[-/.](?P<month1>[0-9]{1,2})[-/.](?P<day1>[0-9]{1,2})"
    r"|(?P<first>[0-9]{1,2})(?P<dot>[-/.])(?P<second>[0-9]{1,2})(?P=dot)(?P<year2>[0-9]{4}|[0-9]{2})"
    r"|(?P<day3>[0-9]{1,2})(?:st|nd|rd|th)?[ -](?:of )?"
    + _MONTH.format("month3")
    + r"(?:,?[ -]"
    + _YEAR.format("year3")
    + r")?"
    r"|"
    + _MONTH.format("month4")
    + r" (?:the )?(?P<day4>[0-9]{1,2})(?:st|nd|rd|th)?(?![0-9:])"
    + r"(?:,? "
    + _YEAR.format("year4")
    + r")?"
    r")(?![\w/]|[.-][0-9])",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"(?<![\w:.])(?:(?P<hour>[0-9]{1,2})(?:[:.](?P<minute>[0-9]{2}))(?::(?P<second>[0-9]{2}))?"
    r"(?: ?(?P<half>[ap])\.?m\b\.?)?"
    r"|(?P<hour2>[0-9]{1,2}) ?(?P<half2>[ap])\.?m\b\.?"
    r"|(?P<hour3>[0-9]{1,2}) o'clock|(?P<word>noon|midnight))(?![\w:])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Found:
    """A part of a text, from `start` to `end`, and its JSON value or None if it has none."""

    start: int
    end: int
    value: int | float | str | None


def parse_number(written: str) -> int | float | None:
    """`1,234.50`, `1.234,50`, `12 000`, `-7` or `twenty-one` as a number; None otherwise."""
    written = written.strip().lower()
    if NUMBER_WORD.fullmatch(written):
        return sum(_word_value(word) for word in re.split("[ -]", written))
    plain = re.sub(r"[' \u00a0]", "", written)
    if not re.fullmatch(r"[-+]?[0-9]{1,15}(?:[.,][0-9]{1,6})*", plain):
        return None
    return _from_digits(plain)


def find_numbers(text: str) -> list[Found]:
    """Numbers in digits or words, in order; numbers inside dates and codes are left out."""
    matches = [*NUMBER.finditer(text), *NUMBER_WORD.finditer(text)]
    found = [Found(match.start(), match.end(), parse_number(match[0])) for match in matches]
    taken = bytearray(len(text))
    for moment in [*find_dates(text), *find_times(text)]:
        taken[moment.start : moment.end] = b"x" * (moment.end - moment.start)
    free = [one for one in found if not any(taken[one.start : one.end])]
    return sorted(free, key=lambda one: one.start)


def find_dates(text: str) -> list[Found]:
    """Dates with their ISO value; None as value where year or the order of day and month is
    not certain (`03/04/2024`)."""
    return [Found(match.start(), match.end(), _iso_date(match)) for match in _dates(text)]


def find_times(text: str) -> list[Found]:
    """Times of day with their value `HH:MM:SS`; None as value for impossible ones."""
    matches = _TIME.finditer(text)
    return [Found(match.start(), match.end(), _iso_time(match)) for match in matches]


def find_timestamps(text: str) -> list[Found]:
    """Dates with the time that follows or precedes within 12 characters, ISO `…T…` values.

    A date without a time has midnight; a date without a certain value is None."""
    times = [time for time in find_times(text) if time.value]
    return [_with_time(one, times) for one in find_dates(text)]


def _dates(text: str) -> Iterator[re.Match[str]]:
    return _DATE.finditer(text)


def _with_time(day: Found, times: list[Found]) -> Found:
    if day.value is None:
        return day
    near = [t for t in times if 0 <= t.start - day.end <= _NEAR or 0 <= day.start - t.end <= _NEAR]
    if not near:
        return Found(day.start, day.end, f"{day.value}T00:00:00")
    start, end = min(day.start, near[0].start), max(day.end, near[0].end)
    return Found(start, end, f"{day.value}T{near[0].value}")


def _word_value(word: str) -> int:
    return _ONES.index(word) if word in _ONES else 20 + 10 * _TENS.index(word)


def _from_digits(plain: str) -> int | float | None:
    """The value of digits with points and commas: the last mark is a decimal mark unless it is
    repeated or has exactly three digits behind it."""
    marks = [character for character in plain if character in ".,"]
    if not marks:
        return int(plain)
    head, tail = re.split(r"[.,](?=[0-9]*$)", plain)
    thousands = (
        len(tail) == _THOUSANDS and (len(set(marks)) == 1) and not head.strip("+-").startswith("0")
    )
    whole = re.sub("[.,]", "", head)
    if len(whole) > _MOST_DIGITS:
        return None
    return int(whole + tail) if thousands else float(f"{whole}.{tail}")


def _iso_date(match: re.Match[str]) -> str | None:
    part = match.groupdict()
    if part["year1"]:
        return _iso(part["year1"], int(part["month1"]), int(part["day1"]))
    if part["first"]:
        return _from_pair(int(part["first"]), int(part["second"]), part["year2"])
    month = part["month3"] or part["month4"]
    day, year = part["day3"] or part["day4"], part["year3"] or part["year4"]
    return _iso(year, _MONTHS.index(month.lower()[:3]) + 1, int(day)) if year else None


def _from_pair(first: int, second: int, year: str) -> str | None:
    """Two numbers and a year: certain only if one cannot be a month, or both are the same."""
    if first > len(_MONTHS) or first == second:
        return _iso(year, second, first)
    return _iso(year, first, second) if second > len(_MONTHS) else None


def _iso(year: str, month: int, day: int) -> str | None:
    number = int(year.strip("'"))
    if number < _CENTURY:
        number += 2000 if number < _PIVOT else 1900
    try:
        return date(number, month, day).isoformat()
    except ValueError:
        return None


def _iso_time(match: re.Match[str]) -> str | None:
    part = match.groupdict()
    if part["word"]:
        return "12:00:00" if part["word"].lower() == "noon" else "00:00:00"
    hour = int(part["hour"] or part["hour2"] or part["hour3"])
    half = (part["half"] or part["half2"] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, int(part["minute"] or 0), int(part["second"] or 0)).isoformat()
    except ValueError:
        return None
