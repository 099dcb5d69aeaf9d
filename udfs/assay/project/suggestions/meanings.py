"""Words that are spelled nearly alike and mean different things: opposites, months, places."""

from __future__ import annotations

import re
from functools import cache

from assay.providers.local.models.places import countries, states
from assay.providers.local.models.text import word_set

_NEGATIONS = word_set(
    "a ab anti contra counter de des di dis dys dé dés il im in ir mal mis miss miß mé non nicht "
    "niet no not o on onto s semi sub super u un ó ikke ei epä ne nie не ни без анти μη α αν अ "
    "pseudo half over under pre post re ex co out up bi tri multi mono"
)
"""What turns a word into another one when it is put before it, in the languages of Europe."""

_OPPOSITES: tuple[list[str], ...] = tuple(
    pair.split("/")
    for pair in word_set(
        "hyper/hypo inter/intra im/ex in/ex in/out up/down over/under pre/post pro/anti "
        "con/dis macro/micro maxi/mini ab/ad af/ef mono/poly exo/endo super/sub inner/outer "
        "ein/aus auf/ab an/ab prä/post vor/nach less/ful lessly/fully er/ee er/or ate/ite "
        "ane/ene ium/eum"
    )
)
"""Beginnings and endings that stand for one another in opposites and in pairs of terms."""

_CALENDAR = word_set(
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday "
    "januar jänner februar feber märz mai juni juli oktober dezember "
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag "
    "janvier février mars avril juin juillet août septembre octobre novembre décembre "
    "lundi mardi mercredi jeudi vendredi samedi dimanche "
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre "
    "lunes martes miércoles jueves viernes sábado domingo "
    "janeiro fevereiro março maio junho julho setembro outubro novembro dezembro "
    "segunda terça quarta quinta sexta "
    "gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre "
    "lunedì martedì mercoledì giovedì venerdì sabato domenica "
    "januari februari maart mei augustus augusti maandag dinsdag woensdag donderdag vrijdag "
    "zaterdag zondag måndag tisdag onsdag torsdag fredag lördag söndag marts december mandag "
    "tirsdag lørdag søndag ianuarie februarie martie aprilie iunie iulie septembrie octombrie "
    "noiembrie decembrie január február március április május június július augusztus szeptember "
    "jún júl január février styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień "
    "październik listopad grudzień ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim "
    "kasım aralık "
    "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь "
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря "
    "понедельник вторник среда четверг пятница суббота воскресенье"
)

_ROMAN = re.compile(r"m{0,3}(?:cm|cd|d?c{0,3})(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")
_SYLLABLES = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts in which one letter makes another word, or words have no blanks between them."""


def are_apart(one: str, other: str) -> bool:
    """Whether two different words in lower case are known to mean different things."""
    pair = sorted((one, other), key=len)
    return (
        _is_prefixed(*pair)
        or _are_opposites(one, other)
        or (is_of_calendar(one) and is_of_calendar(other))
        or bool(_ROMAN.fullmatch(one) and _ROMAN.fullmatch(other))
        or bool(_SYLLABLES.search(one + other))
    )


def is_of_calendar(word: str) -> bool:
    """Whether a word in lower case is a month or a day of the week, or the beginning of one."""
    return any(name.startswith(word) for name in _CALENDAR)


def is_name(text: str) -> bool:
    """Whether a text is, in any case, the name of a country or of a state of the US."""
    return text.lower() in _names()


def _is_prefixed(shorter: str, longer: str) -> bool:
    """Whether a word is the other with a negation, or with several letters, before it."""
    if not longer.endswith(shorter):
        return False
    before = longer.removesuffix(shorter)
    return len(before) > 1 or before in _NEGATIONS


def _are_opposites(one: str, other: str) -> bool:
    return any(
        _swapped(a, b, first, second)
        for first, second in ((one, other), (other, one))
        for a, b in _OPPOSITES
    )


def _swapped(a: str, b: str, first: str, second: str) -> bool:
    """Whether two words are the same but for `a` in one where `b` is in the other."""
    begin = first.startswith(a) and second == b + first.removeprefix(a)
    return begin or (first.endswith(a) and second == first.removesuffix(a) + b)


@cache
def _names() -> frozenset[str]:
    named = [*countries().values(), *states().values()]
    return frozenset(name.lower() for names in named for name in names)
