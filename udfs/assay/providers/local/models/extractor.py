"""Finding the values of named fields in a text, each of them a part of that text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from .embedder import Embedder
from .judgement import Json, Judgement
from .patterns import Finder
from .searches import NOTHING, SURE_OF_NOTHING, Examples, FieldType, Finds, Sought, search_for
from .tagger import Tagger
from .text import clipped
from .values import Found, find_dates, find_numbers, find_timestamps

__all__ = ["Extractor"]

_AROUND = 100
"""Characters on each side of a value that its quote has at most."""


class Extractor:
    """Values of `fields` for each text; learns where they stand from `examples` (text, values).

    Patterns are chosen from the name, description and type of a field. Raises ValueError for no
    fields and for an example with a field that is not among them.
    """

    def __init__(
        self,
        embedder: Embedder,
        fields: Mapping[str, Sought],
        examples: Examples = (),
        *,
        quotes: bool = False,
    ) -> None:
        if not fields:
            raise ValueError("An extractor needs at least one field, got none.")
        strange = [name for _, values in examples for name in values if name not in fields]
        if strange:
            raise ValueError(f"An example has the field {strange[0]!r}, which is not a field.")
        self._fields = dict(fields)
        self._quotes = quotes
        self._searches = {
            name: search_for(embedder, name, field, examples) for name, field in fields.items()
        }
        self._tagger = _taught(embedder, self._fields, examples)

    def extract(self, texts: Sequence[str]) -> list[Judgement]:
        """For each text a dict from field to value: JSON types, dates in ISO form, text values as
        they stand in the text, None where nothing is found; a list of these with `many`. With
        `quotes` each is a dict of `value` and `quote`, the line that it was found in."""
        return [self._extract(text) for text in texts]

    def _extract(self, text: str) -> Judgement:
        readable = clipped(text)
        tagged = self._tagged(readable)
        values: dict[str, Json] = {}
        sure: list[float] = []
        for name, field in self._fields.items():
            finds = tagged.get(name) or self._found(name, readable)
            values[name] = _value(text, field, finds, quotes=self._quotes)
            sure.append(finds.confidence if finds.places else SURE_OF_NOTHING)
        return Judgement(values, round(float(np.mean(sure)), 4))

    def _found(self, name: str, text: str) -> Finds:
        """What a search finds; of a field with examples only what a pattern is sure of."""
        search = self._searches[name]
        taught = self._tagger is not None and name in self._tagger.fields
        return NOTHING if taught and not search.is_precise else search.find(text)

    def _tagged(self, text: str) -> dict[str, Finds]:
        if self._tagger is None:
            return {}
        marked: dict[str, list[tuple[float, Found]]] = {}
        for tag in self._tagger.tag(text):
            place = Found(
                tag.start, tag.end, _typed(text[tag.start : tag.end], self._fields[tag.field])
            )
            marked.setdefault(tag.field, []).append((tag.confidence, place))
        return {field: _best_first(listed) for field, listed in marked.items()}


def _best_first(listed: Sequence[tuple[float, Found]]) -> Finds:
    ordered = sorted(listed, key=lambda one: (-one[0], one[1].start))
    return Finds([place for _, place in ordered], ordered[0][0])


def _value(text: str, field: Sought, finds: Finds, *, quotes: bool) -> Json:
    """The JSON value of `finds` for `field`; text is taken from the source as it stands."""
    first: dict[Json, Found] = {}
    for place in finds.places:
        first.setdefault(_json(text, field, place), place)
    first.pop(None, None)
    values = [
        {"value": value, "quote": _line(text, place)} if quotes else value
        for value, place in first.items()
    ]
    if field.many:
        return values
    if values:
        return values[0]
    return {"value": None, "quote": None} if quotes else None


def _line(text: str, place: Found) -> str:
    """The line in which a place is, or what stands around it where that is long."""
    start = max(text.rfind("\n", 0, place.start) + 1, place.start - _AROUND)
    end = text.find("\n", place.end)
    return text[start : min(len(text) if end < 0 else end, place.end + _AROUND)].strip()


def _json(text: str, field: Sought, place: Found) -> Json:
    if field.labels is not None or field.type == "boolean":
        return place.value
    if field.type == "text":
        return text[place.start : place.end]
    return _typed_value(field.type, place.value)


def _typed_value(kind: FieldType, value: Json) -> Json:
    if kind == "integer":
        whole = isinstance(value, int | float) and float(value).is_integer()
        return int(value) if whole else None
    if kind == "number":
        return value if isinstance(value, int | float) else None
    return value if isinstance(value, str) else None


def _typed(written: str, field: Sought) -> Json:
    """The value that a marked piece of text has for a field's type."""
    finders: dict[str, Finder] = {
        "date": find_dates,
        "timestamp": find_timestamps,
        "integer": find_numbers,
        "number": find_numbers,
    }
    finder = finders.get(field.type)
    if finder is None:
        return written
    return next((one.value for one in finder(written) if one.value is not None), None)


def _taught(embedder: Embedder, fields: Mapping[str, Sought], examples: Examples) -> Tagger | None:
    """A tagger for the fields whose example values stand in their texts; None without any."""
    marked = [(clipped(text), _places(clipped(text), fields, values)) for text, values in examples]
    if not any(spans for _, spans in marked):
        return None
    return Tagger(embedder, marked)


def _places(
    text: str, fields: Mapping[str, Sought], values: Mapping[str, Json]
) -> dict[str, list[tuple[int, int]]]:
    placed: dict[str, list[tuple[int, int]]] = {}
    for name, value in values.items():
        field = fields[name]
        if field.labels is None and field.type != "boolean" and value is not None:
            listed = value if isinstance(value, list | tuple) else [value]
            spans = [span for one in listed if (span := _place(text, field, one))]
            if spans:
                placed[name] = spans
    return placed


def _place(text: str, field: Sought, value: Json) -> tuple[int, int] | None:
    """Where `value` stands in `text`: as it is written, else as its type is read."""
    written = re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", text, re.IGNORECASE)
    if written:
        return written.span()
    finder = {"date": find_dates, "timestamp": find_timestamps}.get(field.type, find_numbers)
    if field.type == "text":
        return None
    return next(((one.start, one.end) for one in finder(text) if one.value == value), None)
