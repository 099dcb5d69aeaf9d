"""Ways to look for the values of one field, chosen from its name, type, labels, description."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .classifier import Classifier
from .embedder import Embedder, exact_product
from .judgement import Json
from .keyphrases import keyphrases, ranked
from .likings import likings, wishes
from .outcomes import OutcomeWords, outcomes, wished
from .patterns import Finder, kinds, labelled, without_overlaps
from .text import humanised, sentences, word_set, words
from .values import Found, find_dates, find_numbers, find_timestamps, parse_number

FieldType = Literal["text", "integer", "number", "boolean", "date", "timestamp"]
Examples = Sequence[tuple[str, Mapping[str, Json]]]

_LIKING_NAMES = re.compile(r"\b(?:interests?|hobb(?:y|ies)|likes?|passions?|preferences?)\b")
_LIKING_DESCRIPTION = re.compile(
    r"\b(?:likes?|loves?|enjoys?|interested in|interests?|hobb(?:y|ies)|passions?)\b"
)
_WISHING_DESCRIPTION = re.compile(r"\b(?:owns?|wants?|needs?|looks? for|wishes|desires?)\b")
_TOPIC_NAMES = re.compile(
    r"\b(?:topics?|key ?words?|key ?phrases?|tags?|themes?|subjects?|about)\b"
)
_COUNT_NAMES = re.compile(
    r"^(?:number of|how many)\b"
    r"|\b(?:number|count|quantity|qty|people|guests?|persons|party size"
    r"|rating|score|stars|age|size)"
    r"(?: (?:number|value|count))?$"
)
_LIST_JOINT = re.compile(r"\s*[,;/]\s*(?:and |or )?|\s+(?:and|or|&)\s+")
_PIECE = re.compile(r"\S+")
_NEGATION = re.compile(r"\b(?:not|no|never|without|isn't|wasn't|aren't|don't|doesn't|didn't)\b")

# The words that stand beside the numbers of a count, by words in the name of its field.
_COUNTED_WITH = {
    "people guest guests person persons party adults": "for people persons guests adults us",
    "rating rate score stars": "stars star points rate rated rating give gave deserves score",
    "quantity qty count pieces": "qty quantity x pcs pieces units times",
    "age": "aged age years old",
    "floor storey": "floor level",
}

# How often the finds of each way are right; rounded from snips, restaurant-8k and own texts.
_SURE = {"labelled": 0.8, "pattern": 0.7, "tagged": 0.7, "number": 0.55, "phrase": 0.35}
SURE_OF_NOTHING = 0.6
_PRECISE_KINDS = word_set("email phone url ip reference postcode country state date time")

_PHRASE_NEAR = 0.35
_ONE_PHRASE_NEAR = 0.45
_TOPIC_NEAR = 0.15
_NUMBER_NEAR = 0.35
_LABEL_NEAR = 0.45
_LABEL_LEAD = 0.05
_MOST_PHRASES = 8
_TAUGHT_LABEL_SURE = 0.5


@dataclass(frozen=True, slots=True)
class Sought:
    """What to look for: one value of `type`, or with `many` all of them.

    With `labels` the value is one of these and `type` is text. `description` helps to choose how
    to look.
    """

    type: FieldType = "text"
    many: bool = False
    labels: tuple[str, ...] | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Finds:
    """The places found for one field, best first, and how sure one can be of them."""

    places: list[Found]
    confidence: float


NOTHING = Finds([], SURE_OF_NOTHING)


class Search(ABC):
    """A way to find a field's values in a text; `is_precise` if its finds are seldom wrong."""

    is_precise = False

    @abstractmethod
    def find(self, text: str) -> Finds:
        """The places in `text`, which is clipped."""


def search_for(embedder: Embedder, name: str, field: Sought, examples: Examples) -> Search:
    """The way to look for `field`, chosen from its labels, type, name and description."""
    if field.labels is not None:
        taught = any(values.get(name) for _, values in examples)
        if not taught and (known := outcomes(field.labels)):
            return _OutcomeSearch(known)
        return _LabelSearch(embedder, name, field, examples)
    if field.type == "boolean":
        return _BooleanSearch(name, field)
    if field.type in ("date", "timestamp"):
        finder = find_dates if field.type == "date" else find_timestamps
        return _MomentSearch(humanised(name), field.type, finder)
    if field.type in ("integer", "number"):
        return _NumberSearch(embedder, name, field)
    return _text_search(embedder, name, field)


def _text_search(embedder: Embedder, name: str, field: Sought) -> Search:
    asked = humanised(name)
    if _LIKING_NAMES.search(asked):
        return _PhraseSearch(embedder, asked, likings, _PHRASE_NEAR)
    if field.many and (spoken_of := _notes_finder((field.description or "").lower())):
        return _SaidSearch(spoken_of)
    if _TOPIC_NAMES.search(asked):
        return _PhraseSearch(embedder, "", _no_finds, _TOPIC_NEAR)
    kind = _kind_for(asked) or _kind_for((field.description or "").lower())
    if kind is not None:
        return _PatternSearch(asked, *kind)
    if _COUNT_NAMES.search(asked):
        return _NumberSearch(embedder, name, field)
    about = f"{asked} {field.description or ''}".strip()
    least = _PHRASE_NEAR if field.many else _ONE_PHRASE_NEAR
    return _PhraseSearch(embedder, about, _listed_after(asked), least)


def _notes_finder(description: str) -> Finder | None:
    """What finds things that a person likes or wants, if a description asks for these."""
    if _LIKING_DESCRIPTION.search(description):
        return likings
    return wishes if _WISHING_DESCRIPTION.search(description) else None


class _SaidSearch(Search):
    """Only what a finder is sure of; nothing else is guessed."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder

    def find(self, text: str) -> Finds:
        found = self._finder(text)[:_MOST_PHRASES]
        return Finds(found, _SURE["labelled"]) if found else NOTHING


class _OutcomeSearch(Search):
    """The outcome that a customer asks for."""

    def __init__(self, known: list[OutcomeWords]) -> None:
        self._known = known

    def find(self, text: str) -> Finds:
        label = wished(text, self._known)
        return NOTHING if label is None else Finds([Found(0, 0, label)], _SURE["pattern"])


class _PatternSearch(Search):
    """Finds of a typed pattern, those right after the field's own name first."""

    def __init__(self, asked: str, kind: str, finder: Finder) -> None:
        self._named = labelled(asked.split()) if asked else _no_finds
        self._finder = finder
        self.is_precise = kind in _PRECISE_KINDS

    def find(self, text: str) -> Finds:
        after_name = self._named(text)
        found = self._finder(text)
        first = [one for one in found if any(_holds(area, one) for area in after_name)]
        if first:
            return Finds(first + [one for one in found if one not in first], _SURE["labelled"])
        return Finds(found, _SURE["pattern"]) if found else NOTHING


class _MomentSearch(_PatternSearch):
    """Dates or timestamps that are certain."""

    def find(self, text: str) -> Finds:
        finds = super().find(text)
        certain = [one for one in finds.places if one.value is not None]
        return Finds(certain, finds.confidence) if certain else NOTHING


class _NumberSearch(Search):
    """Money where the name asks for it, else the numbers whose neighbours speak of the field."""

    def __init__(self, embedder: Embedder, name: str, field: Sought) -> None:
        self._embedder = embedder
        self._asked = humanised(name)
        about = f"{self._asked} {field.description or ''}".strip()
        self._about = embedder.embed([self._asked, about])
        own = set(words(self._asked))
        self._words = own - {"number", "of", "the", "count", "total", "value"}
        self._beside: set[str] = set()
        for names, beside in _COUNTED_WITH.items():
            self._beside |= set(words(beside)) if own & set(words(names)) else set()
        kind = _kind_for(self._asked) or _kind_for((field.description or "").lower())
        self._typed = kind[1] if kind and kind[0] in ("money", "percent", "year") else None

    def find(self, text: str) -> Finds:
        if self._typed is not None and (found := self._typed(text)):
            places = [
                Found(one.start, one.end, _number_in(text[one.start : one.end])) for one in found
            ]
            return Finds(places, _SURE["pattern"])
        near = [(self._nearness(text, one), one) for one in find_numbers(text)[:200]]
        close = [(score, one) for score, one in near if score >= _NUMBER_NEAR]
        close.sort(key=lambda pair: (-pair[0], pair[1].start))
        return Finds([one for _, one in close], _SURE["number"]) if close else NOTHING

    def _nearness(self, text: str, one: Found) -> float:
        """How much the two words before and after a number speak of the field, 0 to 1."""
        before = words(text[max(0, one.start - 40) : one.start])[-2:]
        after = words(text[one.end : one.end + 40])[:2]
        beside = {*before[-1:], *after[:1]}
        for score, spoken, known in (
            (1.0, beside, self._words),
            (0.9, beside, self._beside),
            (0.8, {*before, *after}, self._words),
        ):
            if known.intersection(spoken):
                return score
        around = self._embedder.embed([*before, *after])
        return float(exact_product(around, self._about).max(initial=0.0))


class _LabelSearch(Search):
    """Labels whose words stand in the text, else the one that the text is near to."""

    def __init__(self, embedder: Embedder, name: str, field: Sought, examples: Examples) -> None:
        self._labels = field.labels or ()
        self._words = [_stems(humanised(label)) for label in self._labels]
        self._embedder = embedder
        self._vectors = embedder.embed([humanised(label) for label in self._labels])
        self._taught = _taught_labels(embedder, name, self._labels, examples)

    def find(self, text: str) -> Finds:
        if self._taught is not None:
            judged = self._taught.classify([text])[0]
            if judged.value is None or judged.confidence < _TAUGHT_LABEL_SURE:
                return NOTHING
            return Finds([Found(0, 0, judged.value)], judged.confidence)
        spoken = _stems(text)
        said = [
            Found(0, 0, label)
            for label, stems in zip(self._labels, self._words, strict=True)
            if stems and stems <= spoken
        ]
        return Finds(said, _SURE["labelled"]) if said else self._nearest(text)

    def _nearest(self, text: str) -> Finds:
        parts = [*sentences(text)[:50], *dict.fromkeys(words(text)[:300])]
        if not parts:
            return NOTHING
        near = exact_product(self._embedder.embed(parts), self._vectors).max(axis=0)
        order = np.argsort(-near, kind="stable")
        lead = near[order[0]] - (near[order[1]] if len(order) > 1 else 0.0)
        if near[order[0]] < _LABEL_NEAR or lead < _LABEL_LEAD:
            return NOTHING
        return Finds([Found(0, 0, self._labels[order[0]])], _SURE["number"])


class _BooleanSearch(Search):
    """True where the words of the field are said, False where they are denied, else nothing."""

    def __init__(self, name: str, field: Sought) -> None:
        helpers = word_set("is are was were has have had wants needs flag the a did does")
        said = [word for word in words(humanised(name)) if word not in helpers]
        self._stems = _stems(" ".join(said))
        self._answered = labelled(said) if said else _no_finds

    def find(self, text: str) -> Finds:
        for answer in self._answered(text):
            said = str(answer.value).strip().lower()
            if re.match(r"(?:yes|true|y|no|false|n)\b", said):
                return Finds([Found(0, 0, said[0] in "yt")], _SURE["labelled"])
        for part in sentences(text):
            if self._stems and self._stems <= _stems(part):
                denied = _NEGATION.search(part.lower().replace("\u2019", "'")) is not None
                return Finds([Found(0, 0, not denied)], _SURE["number"])
        return NOTHING


class _PhraseSearch(Search):
    """What `first` finds, else the key phrases near the name of the field, nearest first."""

    def __init__(self, embedder: Embedder, asked: str, first: Finder, least: float) -> None:
        self._embedder = embedder
        self._asked = asked
        self._first = first
        self._least = least
        self._own = _stems(asked)

    def find(self, text: str) -> Finds:
        if found := self._first(text):
            return Finds(found, _SURE["labelled"])
        scored = ranked(self._embedder, keyphrases(text), text, self._asked)
        near = sorted(
            (pair for pair in scored if pair[0] >= self._least),
            key=lambda pair: (-round(pair[0], 6), pair[1].start),
        )
        bare = [self._without_own_name(text, one) for _, one in near]
        places = [one for one in bare if one is not None][:_MOST_PHRASES]
        return Finds(places, _SURE["phrase"]) if places else NOTHING

    def _without_own_name(self, text: str, one: Found) -> Found | None:
        """`blue lamp` for a field `lamp` is `blue`; None where only the name is left."""
        kept = [
            match
            for match in _PIECE.finditer(text, one.start, one.end)
            if not _stems(match[0]) <= self._own
        ]
        if not kept:
            return None
        start, end = kept[0].start(), kept[-1].end()
        return Found(start, end, text[start:end])


def _no_finds(_: str) -> list[Found]:
    return []


def _listed_after(asked: str) -> Finder:
    """Finds the items of a list after the field's own name: `skills: SQL, Python and dbt`."""
    named = labelled(asked.split()) if asked else _no_finds

    def find(text: str) -> list[Found]:
        line_end = re.compile(r"[.\n;!?]")
        items: list[Found] = []
        for area in named(text)[:20]:
            stop = line_end.search(text, area.start, area.start + 300)
            items += _pieces(text, area.start, stop.start() if stop else area.end)
        return without_overlaps(items)

    return find


def _pieces(text: str, start: int, end: int) -> list[Found]:
    pieces = []
    for joint in [*_LIST_JOINT.finditer(text, start, end), None]:
        piece = text[start : joint.start() if joint else end]
        left = start + len(piece) - len(piece.lstrip())
        pieces.append(Found(left, left + len(piece.strip()), None))
        start = joint.end() if joint else end
    return [one for one in pieces if one.end > one.start]


def _holds(area: Found, one: Found) -> bool:
    return area.start <= one.start < area.end


def _kind_for(asked: str) -> tuple[str, Finder] | None:
    return next(((kind, find) for names, kind, find in kinds() if names.search(asked)), None)


def _number_in(written: str) -> int | float | None:
    digits = re.search(r"[-+]?[0-9][0-9.,' \u00a0]*", written)
    return parse_number(digits[0].strip(" .,'\u00a0")) if digits else None


def _stems(text: str) -> set[str]:
    """The words of `text` without the endings of plural and tense."""
    return {re.sub(r"(?<=...)(?:ies|es|s|ed|ing|y|e)$", "", word) for word in words(text)}


def _taught_labels(
    embedder: Embedder, name: str, labels: Sequence[str], examples: Examples
) -> Classifier | None:
    pairs = [(text, str(values[name])) for text, values in examples if values.get(name)]
    if not pairs or not labels:
        return None
    return Classifier(embedder, dict.fromkeys(labels), pairs)
