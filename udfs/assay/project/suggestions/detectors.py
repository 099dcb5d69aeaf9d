"""What the profile of a table gives reason to expect, as rules: decided from counts alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from assay.project.suggestions import rules
from assay.project.suggestions.dependencies import SEARCH_ROWS, Dependency
from assay.project.suggestions.meanings import is_of_calendar
from assay.project.suggestions.profiles import NUMBER, ColumnProfile, Profile, Spread
from assay.project.suggestions.rules import SuggestionRule
from assay.project.suggestions.spelling import Pair, near_pairs, variants_of

FEW_NULLS = 0.01
"""A column with fewer NULLs than this share is meant to have none."""

FEW_NULLS_OF_A_DEPENDENT = 0.1
"""The same for a column that another one determines: what is known of a thing is known of all."""

COMMON = 0.02
"""A form with a smaller share of a column's values is none of its forms."""

FORMED = 0.9
"""A column whose common forms cover less than this share has no form."""

MOST_FORMS = 4
SAME_LENGTH = 0.98
SAME_LENGTHS = 0.999
"""How much of what has the same form must have as many digits, too: of one form, of several."""

ALIKE = 0.6
"""Two words with a smaller share of letters in common are no spellings of each other."""

MOST_UNITS = 12
LONGEST_ABBREVIATION = 3
_UNIT = re.compile(r"[%‰°€$£¥]|[^\W\d_]+\.?(?:[/²³][^\W\d_]*)?")
"""What may stand behind a number as its unit: `10 or younger` and `65+` are no numbers."""

FAR = 3.0
"""Tukey's far-out fence: so many times the distance of the quartiles beyond them."""

LEAST_VALUES = 20
"""Of fewer values nothing is concluded."""

LONGEST_KEY = 40
"""Longer texts differ without being a key."""

FEW_ANSWERS = 20
LEAST_OF_AN_ANSWER = 0.02
LEAST_ROWS_OF_AN_ANSWER = 3
"""A word for no value is an answer where a column has few values, and it has such a share of them,
and so many rows."""

NEVER_ANSWERS = frozenset(("", "#n/a", "<na>", "nan", "null", "(null)"))
"""Markers that programs write, and no person as an answer."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_ANY_WORD, _CAPITAL = r"[^\x00-@\[-`{-\x7f]+", r"[^\x00-@\[-\x7f]"
"""A run of letters, and one that is not small; as RE2 and Python read it."""

LEAST_HELD = 0.9
LEAST_JUDGED = 0.3
"""A dependency must hold for such a share of the rows that it judges, and judge such a share."""


def detect(profile: Profile, found: Sequence[Dependency]) -> Iterator[SuggestionRule]:
    """Yield the rules that the profile of a table and its dependencies give reason for."""
    best = _best(profile, found)
    for column in profile.columns:
        yield from _missing(column, {each.dependent for each in best})
        yield from _format(column)
        yield from _outliers(column)
        yield from _key(column)
    yield from (rules.follows(each.dependent, each.determinants) for each in best)
    if nothing := [column.name for column in profile.columns if _is_empty(column)]:
        yield rules.empty(nothing)


def _best(profile: Profile, found: Sequence[Dependency]) -> list[Dependency]:
    """Return the weightiest dependency of each column that holds well and judges enough rows."""
    best: dict[str, Dependency] = {}
    for each in found:
        if each.holds >= LEAST_HELD and judges_enough(profile, each):
            best.setdefault(each.dependent, each)
    return list(best.values())


def judges_enough(profile: Profile, found: Dependency) -> bool:
    """Whether a dependency says something of enough of the rows that were searched."""
    searched = min(profile.column(found.dependent).filled, SEARCH_ROWS)
    return found.judged >= LEAST_JUDGED * searched


def _missing(column: ColumnProfile, dependents: set[str]) -> Iterator[SuggestionRule]:
    share = column.nulls / column.rows if column.rows else 0
    most = FEW_NULLS_OF_A_DEPENDENT if column.name in dependents else FEW_NULLS
    if 0 < share <= most:
        yield rules.not_null(column.name)
    markers = column.markers or {}
    answers = {word: rows for word, rows in markers.items() if _is_answer(column, word, rows)}
    lost = [word for word in markers if word not in answers]
    if lost and not _is_empty(column):
        yield rules.no_markers(column.name, lost)
    if answers:
        yield rules.answers_of_none(column.name, list(answers), _counted(answers))


def _is_empty(column: ColumnProfile) -> bool:
    """Whether a column has no value, or none but words and blanks that stand for none."""
    return column.rows > 0 and not _valued(column)


def _is_answer(column: ColumnProfile, word: str, rows: int) -> bool:
    """Whether a word for no value is one of the few frequent values of a closed set."""
    return (
        word.strip().lower() not in NEVER_ANSWERS
        and 1 < column.distinct <= FEW_ANSWERS
        and rows >= max(LEAST_ROWS_OF_AN_ANSWER, LEAST_OF_AN_ANSWER * column.filled)
        and not _is_empty(column)
    )


def _counted(values: Mapping[str, int]) -> list[str]:
    return [f"{value!r} ({rows:,})" for value, rows in values.items()]


def _key(column: ColumnProfile) -> Iterator[SuggestionRule]:
    """A column with nearly as many values as rows is a key, if no free text and no measure."""
    if column.filled < LEAST_VALUES or column.family not in ("number", "text"):
        return
    if column.type in ("FLOAT", "DOUBLE") or column.longest > LONGEST_KEY:
        return
    if column.distinct >= 0.99 * column.filled:
        yield rules.unique(column.name)


# Formats


def _format(column: ColumnProfile) -> Iterator[SuggestionRule]:
    """Plain numbers, or else a few forms, or else one spelling; of forms with words both."""
    if column.family != "text" or column.filled < LEAST_VALUES:
        return
    if (numbers := _numbers(column)) is not None:
        yield numbers
        return
    if (forms := _forms(column)) is not None:
        yield forms
    if forms is None or _words_vary(column):
        yield from _spellings(column)


def _numbers(column: ColumnProfile) -> SuggestionRule | None:
    """Plain numbers, where most are, or where one unit is spelled in several ways."""
    units = units_of(column)
    numbers = sum(units.values())
    if numbers < 0.95 * _valued(column):
        return None
    common = [unit for unit, count in units.items() if count >= COMMON * numbers]
    plain = units.get("", 0) >= 0.5 * numbers
    if plain and all(map(_UNIT.fullmatch, filter(None, common))):
        claim = "is a plain number, without a unit or sign of percent"
    elif are_one_unit(common) and max(units.values()) < FORMED * numbers:
        claim = "is a plain number: its unit is spelled in several ways"
    else:
        return None
    marked = [_escaped(marker) for marker in column.markers or {}]
    return rules.matches(column.name, "|".join([NUMBER, *marked]), claim)


def are_one_unit(spellings: Sequence[str]) -> bool:
    """Whether these are several spellings of one unit: `oz`, `oz.` and `ounce`, not `mg` and `ml`.

    The first word is the unit. An end in `s` is no other spelling: of one year and of two years
    both are right.
    """
    different = {re.sub(r"(?<=.)s$", "", unit.split(" ")[0]) for unit in spellings}
    folded = {unit.lower().rstrip(".") for unit in different}
    if len(different) <= 1 or not all(unit.isalpha() for unit in folded):
        return False
    abbreviated = [unit for unit in folded if len(unit) <= LONGEST_ABBREVIATION]
    spelled_out = folded.difference(abbreviated)
    return len(abbreviated) == 1 >= len(spelled_out) and len({unit[0] for unit in folded}) == 1


def _valued(column: ColumnProfile) -> int:
    """Values, those left out that stand for none."""
    return column.filled - sum((column.markers or {}).values())


def units_of(column: ColumnProfile) -> dict[str, int]:
    """Return what stands behind the number in texts of a number and a unit, with the rows."""
    units: dict[str, int] = {}
    for template, count in (column.templates or {}).items():
        if (found := re.fullmatch(r"\s*[+-]?9(?:\.9)?\s*(\D{0,30}?)\s*", template)) is not None:
            units[found[1]] = units.get(found[1], 0) + count
    return units if len(units) <= MOST_UNITS else {}


def _forms(column: ColumnProfile) -> SuggestionRule | None:
    """A few forms with digits in them: with their exact length where hardly one has another."""
    valued = _valued(column)
    loose = _common(column.templates or {}, valued)
    if not any("9" in form for form in loose):
        return None
    exact = _common(column.exact or {}, valued)
    covered = sum((column.exact or {}).get(form, 0) for form in exact)
    of = sum((column.templates or {}).get(form, 0) for form in loose)
    needed = SAME_LENGTH if len(exact) == 1 else SAME_LENGTHS
    is_exact = exact and covered >= needed * of
    forms = list(map(_exactly, exact) if is_exact else map(_loosely, loose))
    if _words_vary(column):
        forms = sorted(set(map(_worded, forms)))
    allowed = [*forms, *map(_escaped, column.markers or {})]
    claim = "has one of the forms that nearly all of it have"
    return rules.matches(column.name, "|".join(allowed), claim)


def _words_vary(column: ColumnProfile) -> bool:
    """Whether values of one form have different words in it, as dates and sizes have."""
    groups: dict[str, list[str]] = {}
    for template in column.templates or {}:
        groups.setdefault(_worded(template), []).append(template)
    return any(
        _have_other_words(first.lower(), other.lower())
        for first, *others in groups.values()
        for other in others
    )


def _have_other_words(one: str, other: str) -> bool:
    """Whether two texts of one form differ in a word, and not in how it is spelled."""
    pairs = zip(_WORD.findall(one), _WORD.findall(other), strict=True)
    return any(
        a != b
        and (
            (is_of_calendar(a) and is_of_calendar(b))
            or SequenceMatcher(None, a, b).ratio() < ALIKE
        )
        for a, b in pairs
    )


def _worded(form: str) -> str:
    """Return a pattern or a template with any word where it has one of three letters or more."""
    return _WORD.sub(lambda word: _CAPITAL * word[0][0].isupper() + _ANY_WORD, form)


def _common(forms: Mapping[str, int], valued: int) -> list[str]:
    """Return the forms that are common; none where they are too many or cover too little."""
    common = {form: count for form, count in forms.items() if count >= COMMON * valued}
    covered = sum(common.values())
    return sorted(common) if len(common) <= MOST_FORMS and covered >= FORMED * valued else []


def _exactly(form: str) -> str:
    return re.sub(r"9+", lambda digits: f"[0-9]{{{len(digits[0])}}}", _escaped(form))


def _loosely(form: str) -> str:
    return _escaped(form).replace("9", "[0-9]+")


def _escaped(form: str) -> str:
    """Return a form with what patterns treat as special made plain, as RE2 and Python read it."""
    return re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", form)


def _spellings(column: ColumnProfile) -> Iterator[SuggestionRule]:
    values = column.values or {}
    pairs = [pair for pair in near_pairs(values) if pair.rare not in (column.markers or {})]
    if sure := [pair for pair in pairs if pair.sure]:
        yield rules.no_typos(column.name, _rare(sure), _seen(sure))
    if perhaps := [pair for pair in pairs if not pair.sure]:
        yield rules.near_values(column.name, _rare(perhaps), _seen(perhaps))
    if variants_of(values):
        yield rules.spelled_alike(column.name)


def _rare(pairs: Sequence[Pair]) -> list[str]:
    return sorted(pair.rare for pair in pairs)


def _seen(pairs: Sequence[Pair]) -> list[str]:
    """Say each rare value with its common one and the rows of both, the likeliest slip first."""
    return [
        f"{each.rare!r} ({each.rows:,}) beside {each.common!r} ({each.common_rows:,})"
        for each in sorted(pairs, key=lambda each: (each.likelihood, each.rare))
    ]


# Outliers


def _outliers(column: ColumnProfile) -> Iterator[SuggestionRule]:
    """Bounds far beyond the quartiles, by distance and by ratio, where something lies outside."""
    spread = column.spread
    if spread is None or column.filled < LEAST_VALUES or column.unique:
        return
    low, high = fences(spread)
    if low < high and (spread.least < low or spread.most > high):
        claim = "lies within the far-out fences of its quartiles"
        least = low if spread.least < low else None
        most = high if spread.most > high else None
        yield rules.between(column.name, column.family, least, most, claim)


def fences(spread: Spread) -> tuple[float, float]:
    """Return the bounds beyond which a number is far out; both the same where there are none.

    Where the quartiles are positive, a number must be far by ratio as well, as of sums of money
    and of counts most are small; then 0 is the lower bound.
    """
    low, high = spread.low, spread.high
    reach = FAR * (high - low)
    if low <= 0:
        return low - reach, high + reach
    return max(0.0, low - reach), max(high + reach, high * (high / low) ** FAR)
