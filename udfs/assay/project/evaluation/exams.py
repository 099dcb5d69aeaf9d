"""Exams: for each task that can be measured, how gold is read, what is asked, what is right. Pure.

Gold and answers meet in one form: a label, or the (field, value) pairs of a text.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeAlias

from assay.core.canonical import canonical_json, normalise
from assay.core.errors import ConfigError
from assay.functions.classify import fold
from assay.functions.extract import field_spec

Pairs: TypeAlias = tuple[tuple[str, str], ...]
Gold: TypeAlias = str | Pairs

FEELING_FROM = 0.05
"""Scores from here on are positive, and from minus this on negative (Hutto and Gilbert 2014)."""

_FEELINGS = {
    "positive": 1.0,
    "negative": -1.0,
    "neutral": 0.0,
    "unknown": None,
}
UNKNOWN = "unknown"
"""What a text does not tell, where that is an answer."""

_SHOWN = 12
_AS_FEELING = {"1": "positive", "0": "negative"}


class Exam(Protocol):
    """One kind of task, as it is asked and marked."""

    @property
    def spec(self) -> dict[str, Any]:
        """The task as a macro would write it, without examples and model."""

    def gold(self, raw: Any) -> Gold:
        """Return the right answer; raise `ConfigError` for one that can never be given."""

    def answer(self, value: Any) -> Gold:
        """Return the value of an answer in the form of gold."""

    def example(self, gold: Gold) -> Any:
        """Return the value that would have been the right answer."""

    def topics(self, gold: Gold) -> Iterable[str]:
        """Return the labels or fields of a right answer: examples are drawn for each of them."""


@dataclass(frozen=True)
class ClassifyExam:
    """One of `labels`, each with its description or None."""

    labels: Mapping[str, str | None]

    @property
    def spec(self) -> dict[str, Any]:
        """A `classify` task with these labels."""
        labels = [{"name": name, "description": said} for name, said in self.labels.items()]
        return {"kind": "classify", "labels": labels}

    @cached_property
    def _by_fold(self) -> dict[str, str]:
        return {fold(label): label for label in self.labels}

    def gold(self, raw: Any) -> Gold:
        """Return the label that `raw` spells, as answers are matched with labels."""
        if (label := self._by_fold.get(fold(_word(raw)))) is not None:
            return label
        message = (
            f"The gold label {str(raw)!r} is not among the labels that are asked for "
            f"({_listed(self.labels)}); add it to --labels, or leave its rows out with --where."
        )
        raise ConfigError(message)

    def answer(self, value: Any) -> Gold:
        """The label itself."""
        return _word(value)

    def example(self, gold: Gold) -> Any:
        """The label itself."""
        return gold

    def topics(self, gold: Gold) -> Iterable[str]:
        """The label itself."""
        return (str(gold),)


@dataclass(frozen=True)
class SentimentExam:
    """A score; gold is `positive`, `negative`, `neutral` or `unknown`, or 1 and 0.

    Where gold knows nothing between positive and negative (`two_way`), the sign decides, and a
    score of exactly 0 is wrong; otherwise scores within ±0.05 are neutral.
    """

    two_way: bool = False

    @property
    def spec(self) -> dict[str, Any]:
        """A `sentiment` task without aspects."""
        return {"kind": "sentiment"}

    def gold(self, raw: Any) -> Gold:
        """Return the word for `raw`."""
        word = fold(str(raw))
        word = _AS_FEELING.get(word, word)
        if word not in _FEELINGS:
            message = (
                f"The gold value {str(raw)!r} is not a sentiment that a score can be; use "
                "positive, negative, neutral, unknown, 1 or 0, or leave its rows out with --where."
            )
            raise ConfigError(message)
        return word

    def answer(self, value: Any) -> Gold:
        """Return the word for a score."""
        if value is None:
            return "unknown"
        if abs(value) < FEELING_FROM and not (self.two_way and value):
            return "neutral"
        return "positive" if value > 0 else "negative"

    def example(self, gold: Gold) -> Any:
        """The end or the middle of the scale."""
        return _FEELINGS[str(gold)]

    def topics(self, gold: Gold) -> Iterable[str]:
        """The word itself."""
        return (str(gold),)


def sentiment_exam(golds: Sequence[Any]) -> SentimentExam:
    """Return the exam for gold values that are two-way, or not."""
    words = {SentimentExam().gold(gold) for gold in golds}
    return SentimentExam(two_way=not words & {"neutral", "unknown"})


@dataclass(frozen=True)
class ExtractExam:
    """The values of `fields`, each as a macro writes a field; other fields of gold are ignored."""

    fields: Sequence[Mapping[str, Any]]

    @property
    def spec(self) -> dict[str, Any]:
        """An `extract` task with these fields."""
        return {"kind": "extract", "fields": [dict(field) for field in self.fields]}

    def gold(self, raw: Any) -> Gold:
        """Return the pairs that are asked for."""
        names = {field["name"] for field in self.fields}
        return tuple(pair for pair in pairs_of(raw) if pair[0] in names)

    def answer(self, value: Any) -> Gold:
        """Return all pairs of an answer."""
        return pairs_of(value)

    def example(self, gold: Gold) -> Any:
        """Return an object with every field; of several values of a single field the first."""
        values: dict[str, list[Any]] = {field["name"]: [] for field in self.fields}
        types = {field["name"]: field.get("type", "text") for field in self.fields}
        for name, value in _as_pairs(gold):
            values[name].append(_typed(types[name], value))
        single = {field["name"] for field in self.fields if not field.get("many")}
        return {
            name: next(iter(listed), None) if name in single else listed
            for name, listed in values.items()
        }

    def topics(self, gold: Gold) -> Iterable[str]:
        """The fields that occur."""
        return [name for name, _ in _as_pairs(gold)]


@dataclass(frozen=True)
class ScoreExam:
    """A whole number from `low` to `high` by `criterion`; gold is one, or `unknown`."""

    criterion: str
    low: int
    high: int

    @property
    def spec(self) -> dict[str, Any]:
        """A `score` task on this scale."""
        return {
            "kind": "score",
            "criterion": self.criterion,
            "low": self.low,
            "high": self.high,
        }

    def gold(self, raw: Any) -> Gold:
        """Return the number as text, `unknown` for that word."""
        said = spelled(raw).removesuffix(".0")
        if said == UNKNOWN or (said in map(str, range(self.low, self.high + 1))):
            return said
        message = (
            f"The gold value {said!r} is no whole number from {self.low} to {self.high}; set "
            "--low and --high to the scale, or leave its rows out with --where."
        )
        raise ConfigError(message)

    def answer(self, value: Any) -> Gold:
        """Return the number as text."""
        return UNKNOWN if value is None else spelled(value)

    def example(self, gold: Gold) -> Any:
        """The number itself."""
        return None if gold == UNKNOWN else int(str(gold))

    def topics(self, gold: Gold) -> Iterable[str]:
        """The number itself."""
        return (str(gold),)

    def distance(self, gold: Gold, answer: Gold | None) -> float | None:
        """Return how far an answer is from gold; None where one of them is no number."""
        if answer is None or UNKNOWN in (gold, answer):
            return None
        return float(abs(int(str(gold)) - int(str(answer))))


def classify_exam(raws: Iterable[Any], labels: Any) -> ClassifyExam:
    """Return the exam for `labels` (a list or a mapping), or for the distinct values of gold."""
    if labels is None:
        labels = sorted({_word(raw) for raw in raws})
    if not isinstance(labels, Mapping):
        labels = dict.fromkeys(map(str, labels))
    return ClassifyExam(labels)


def extract_exam(raws: Sequence[Any], fields: Any) -> ExtractExam:
    """Return the exam for `fields` (a list or a mapping), or for all fields that gold holds.

    Without `fields`, one that has several values in one text of gold is asked for as a list.
    """
    golds = [pairs_of(raw) for raw in raws]
    held = dict.fromkeys(name for gold in golds for name, _ in gold)
    if fields is None:
        several = {name for gold in golds for name in _repeated(name for name, _ in gold)}
        fields = {name: ["text"] if name in several else "text" for name in held}
    if not isinstance(fields, Mapping):
        fields = dict.fromkeys(fields, "text")
    for name in fields:
        if name not in held:
            message = f"No gold value has the field {name!r}; there are {_listed(held)}."
            raise ConfigError(message)
    return ExtractExam([field_spec(name, given) for name, given in fields.items()])


def pairs_of(raw: Any) -> Pairs:
    """Return the different (field, value) pairs of gold or of an answer, values as text.

    `raw` is {field: value or list}, a list of these, a list of {any name: field, "value": value},
    or JSON text of one of them. What is null is not there.
    """
    return tuple(dict.fromkeys(_pairs(_loaded(raw))))


def _pairs(raw: Any) -> Iterator[tuple[str, str]]:
    if isinstance(raw, Mapping):
        for name, value in raw.items():
            values = value if isinstance(value, list) else [value]
            yield from ((str(name), spelled(item)) for item in values if item is not None)
        return
    if not isinstance(raw, list):
        message = f"Gold of extract is an object or a list of them, not {type(raw).__name__}."
        raise ConfigError(message)
    for item in raw:
        yield from _pairs(_as_mapping(item))


def _as_pairs(gold: Gold) -> Pairs:
    return gold if isinstance(gold, tuple) else ()


def _as_mapping(item: Any) -> Any:
    """Return {"type": "city", "value": "Graz"} as {"city": "Graz"}, anything else as it is."""
    if isinstance(item, Mapping) and "value" in item:
        match [item[key] for key in item if key != "value"]:
            case [str(name)]:
                return {name: item["value"]}
    return item


def _loaded(raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    try:
        return json.loads(raw)
    except ValueError:
        message = "A gold value of extract is text but not JSON; choose another --label column."
        raise ConfigError(message) from None


def spelled(value: Any) -> str:
    """Return a value as text, so that 4, 4.0 and "4" are the same."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bool | int | float | list | dict):
        return canonical_json(value)
    return normalise(str(value))


def _word(value: Any) -> str:
    """Return a label as text; a number that is whole has no point: SQL knows 7 as 7.0."""
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value)) if whole else str(value)


def _typed(type_: str, value: str) -> Any:
    return json.loads(value) if type_ in {"integer", "number", "boolean"} else value


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    more = [f"{len(shown) - _SHOWN} more"] if len(shown) > _SHOWN else []
    return ", ".join([*shown[:_SHOWN], *more])
