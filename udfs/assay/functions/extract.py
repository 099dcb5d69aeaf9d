"""`ai_extract`: named, typed values found in the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import not_
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, Unpack

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, model_validator
from pydantic import Field as Argument

from assay.core.canonical import clean
from assay.core.errors import ConfigError
from assay.core.evidence import QUOTE_WORDS, PagedText, Quoted, quoted_of, quoted_schema
from assay.core.field_types import READERS, FieldType, Value
from assay.core.grounding import Source
from assay.core.json_text import read_record
from assay.core.lengths import list_of, text_of
from assay.core.task import (
    MOST_VALUES,
    Common,
    JsonSchema,
    Labelled,
    Rejected,
    Task,
    wrong_argument,
)
from assay.functions.classify import same_label

_JSON_TYPE = {"integer": "integer", "number": "number", "boolean": "boolean"}
_HINT = {"date": "YYYY-MM-DD", "timestamp": "YYYY-MM-DDTHH:MM:SS"}
_MOMENT = 40
"""Characters of a date or a time, zone and fractions included."""

_SPARE = 32
"""Characters that a copied value may have more than the text: a sign spelled as three."""

_BETWEEN = "\uffff"
"""Stands between the columns of a record: no value holds it, so none spans two of them."""


class Field(BaseModel):
    """One field: its name, type (or labels), whether it holds a list, and what it means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: FieldType = "text"
    labels: tuple[str, ...] | None = None
    many: bool = False
    description: str | None = None


def field_spec(name: str, given: Any) -> dict[str, Any]:
    """Return a field as the macro `ai_extract` writes it, from its type, or type and description.

    A type is a word such as `text`, a list of labels, or a list of one type for several values.
    """
    described = given if isinstance(given, Mapping) else {"type": given}
    type_ = described.get("type", "text")
    many = isinstance(type_, list) and len(type_) == 1
    one = type_[0] if many else type_
    spec = {"name": name, "many": many, "description": described.get("description")}
    if isinstance(one, list):
        return spec | {"labels": one}
    if one in READERS:
        return spec | {"type": one}
    message = f"Field {name!r} has the type {one!r}; a type is one of {', '.join(READERS)}."
    raise ConfigError(message)


Fields = Sequence[str] | Sequence[Field] | Mapping[str, Any]


def as_fields(given: object) -> object:
    """Return fields as they are written in Python in the form of `Field`."""
    if isinstance(given, Mapping):
        return [field_spec(name, said) for name, said in given.items()]
    if isinstance(given, list | tuple):
        return [{"name": one} if isinstance(one, str) else one for one in given]
    return given


class Extract(Task):
    """Find `fields` in each text; text values must occur in it unless not `grounded`.

    `fields` are names, or a mapping of names to types: `text`, `integer`, `number`, `boolean`,
    `date`, `timestamp`, a list of labels, or a list of one type for several values.

    With `single` there is one field and the answer is the list of all its values; otherwise
    the answer is an object with one value for each field, null where the text has none. A model
    may also say so with a blank text; in a list nothing is left out. With `evidence` each value
    is an object of `value` and `quote`, the passage of the text that says it.
    """

    template_version: ClassVar[int] = 1

    fields: Annotated[tuple[Field, ...], BeforeValidator(as_fields)]
    single: bool = False
    grounded: bool = True
    evidence: bool = Argument(default=False, exclude_if=not_)

    if TYPE_CHECKING:  # lists and mappings are as good as tuples of models

        def __init__(
            self,
            *,
            fields: Fields,
            single: bool = False,
            grounded: bool = True,
            evidence: bool = False,
            **common: Unpack[Common],
        ) -> None: ...

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [field.name.casefold() for field in self.fields]
        if not names or len(set(names)) < len(names) or not all(name.strip() for name in names):
            given = [field.name for field in self.fields]
            remedy = "give at least one field, different ones and none of them blank"
            raise wrong_argument("fields", given, remedy)
        return self

    def answer_schema(self) -> JsonSchema:
        """An array of strings, or an object with every field required and nullable."""
        if self.single:
            return _many_schema(self.fields[0], None, quoted=self.evidence)
        return {
            "type": "object",
            "properties": {field.name: self._schema(field) for field in self.fields},
            "required": [field.name for field in self.fields],
            "additionalProperties": False,
        }

    def tight_schema(self, texts: Sequence[str]) -> JsonSchema:
        """The same with the lengths that a value, and a list of them, can have in these texts."""
        text = max(map(len, texts), default=0)
        longest = text + text // 8 + _SPARE if self.grounded else 4 * (text + _SPARE)
        if self.single:
            return _many_schema(self.fields[0], longest, quoted=self.evidence)
        parts = {field.name: self._schema(field, longest) for field in self.fields}
        return self.answer_schema() | {"properties": parts}

    def _schema(self, field: Field, longest: int | None = None) -> JsonSchema:
        return _field_schema(field, longest, quoted=self.evidence)

    def question(self) -> str:
        """Name what is looked for, and whether it must be copied."""
        how = "copied word for word" if self.grounded else "as the text implies them"
        if self.single:
            field = self.fields[0]
            meaning = f" ({field.description})" if field.description else ""
            return (
                f"all values of {field.name}{meaning} in the text, {how}; [] if none{self._quotes}"
            )
        lines = [
            f"{field.name}: {field.description}" for field in self.fields if field.description
        ]
        what = f"the fields found in the text, {how}; null if absent{self._quotes}"
        return "\n".join([what, *lines])

    @property
    def _quotes(self) -> str:
        if not self.evidence:
            return ""
        return (
            ". For each value its quote: the shortest passage of the text that says it, copied "
            f"word for word, at most {QUOTE_WORDS} words"
        )

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Check types strictly and, for text fields, that the text says so."""
        sources = _sources(text)
        if self.single:
            return self._many(self.fields[0], raw, sources)
        if not isinstance(raw, dict) or set(raw) != {field.name for field in self.fields}:
            message = "not an object with exactly the fields asked for"
            raise Rejected(message)
        return {field.name: self._value(field, raw[field.name], sources) for field in self.fields}

    def output_tokens(self, text: str) -> int:
        """Names and values: bounded by what the text can hold."""
        names = sum(len(field.name) // 3 + 6 for field in self.fields)
        quotes = (2 * QUOTE_WORDS + 8) * len(self.fields) if self.evidence else 0
        return names + 24 * len(self.fields) + min(len(text) // 4, 400) + quotes

    @property
    def quotes(self) -> bool:
        """Where evidence is wanted."""
        return self.evidence

    def with_evidence(self, answer: JsonValue, text: str) -> tuple[JsonValue, JsonValue]:
        """Part what is stored into values and evidence, both in the shape of the fields."""
        if not self.evidence:
            return answer, None
        paged = PagedText(text)
        return _each(answer, lambda one: one["value"]), _each(answer, paged.evidence)

    def in_words(self) -> str:
        """How many fields, and which."""
        return f"{len(self.fields)} fields: {', '.join(field.name for field in self.fields)}"

    def labelled(self) -> Iterator[Labelled]:
        """The fields with a list of labels; free text has none."""
        for field in self.fields:
            if field.labels:
                way = () if self.single else (field.name,)
                yield Labelled(way, frozenset(field.labels), self.single or field.many)

    def _value(self, field: Field, raw: JsonValue, sources: tuple[Source, ...]) -> JsonValue:
        if field.many:
            return self._many(field, [] if raw is None else raw, sources)
        if self.evidence:
            return self._quoted(field, raw, sources).stored()
        return None if _absent(raw) else self._one(field, raw, sources)

    def _many(self, field: Field, raw: JsonValue, sources: tuple[Source, ...]) -> JsonValue:
        if not isinstance(raw, list):
            message = f"field {field.name!r} is not a list"
            raise Rejected(message)
        if len(raw) > MOST_VALUES:
            message = f"too_long: field {field.name!r} has more than {MOST_VALUES:,} values"
            raise Rejected(message)
        if self.evidence:
            found = [self._quoted(field, item, sources) for item in raw]
            first = {one.value: one.stored() for one in reversed(found) if one.value is not None}
            return [*reversed(first.values())]
        named = [item for item in raw if not _absent(item)]
        return list(dict.fromkeys(self._one(field, item, sources) for item in named))

    def _quoted(self, field: Field, raw: JsonValue, sources: tuple[Source, ...]) -> Quoted:
        """Return a value with its quote, which must stand in the text and hold a copied value."""
        found = quoted_of(raw, field.name)
        if _absent(found.value):
            return Quoted(None, None)
        value = self._one(field, found.value, sources)
        if found.quote is None:
            message = f"not_grounded: field {field.name!r} has no quote"
            raise Rejected(message)
        quote = _verbatim(
            f"the quote of field {field.name!r}", clean(found.quote).strip(), sources
        )
        if self._is_copied(field) and Source(quote).spelling(str(value)) is None:
            message = f"not_grounded: the quote of field {field.name!r} does not hold its value"
            raise Rejected(message)
        return Quoted(value, quote)

    def _is_copied(self, field: Field) -> bool:
        return self.grounded and field.type == "text" and field.labels is None

    def _one(self, field: Field, raw: JsonValue, sources: tuple[Source, ...]) -> Value:
        if field.labels is not None:
            return same_label(raw, field.labels)
        value = _typed(field, raw)
        if self._is_copied(field):
            return _verbatim(f"field {field.name!r}", str(value), sources)
        return value


def _each(answer: JsonValue, part: Callable[[Any], JsonValue]) -> JsonValue:
    """Return an answer with a part of each of its values in the place of value and quote."""

    def of_field(held: Any) -> JsonValue:
        return [part(one) for one in held] if isinstance(held, list) else part(held)

    if isinstance(answer, dict):
        return {name: of_field(held) for name, held in answer.items()}
    return of_field(answer)


def _item_schema(field: Field, longest: int | None = None) -> JsonSchema:
    """Return the schema of one value, at most `longest` characters of text."""
    if field.labels is not None:
        return {"type": "string", "enum": list(field.labels)}
    schema: JsonSchema = {"type": _JSON_TYPE.get(field.type, "string")}
    if longest is not None and schema["type"] == "string":
        schema = text_of(_MOMENT if field.type in _HINT else longest)
    if field.type in _HINT:
        schema["description"] = _HINT[field.type]
    return schema


def _many_schema(field: Field, longest: int | None, *, quoted: bool = False) -> JsonSchema:
    item = _item_schema(field, longest)
    if quoted:
        item = quoted_schema(item, nullable=False, tight=longest is not None)
    if longest is None:
        return {"type": "array", "items": item}
    return list_of(item, longest // 2)


def _field_schema(field: Field, longest: int | None = None, *, quoted: bool = False) -> JsonSchema:
    if field.many:
        return _many_schema(field, longest, quoted=quoted)
    item = _item_schema(field, longest)
    if "enum" in item:
        item["enum"] = [*item["enum"], None]
    value = item | {"type": [item["type"], "null"]}
    if quoted:
        return quoted_schema(value, nullable=True, tight=longest is not None)
    return value


def _typed(field: Field, raw: JsonValue) -> Value:
    """Return `raw` in the normal form of the field's type, which SQL can cast."""
    value = READERS[field.type](clean(raw).strip() if isinstance(raw, str) else raw)
    if value is None:
        message = f"field {field.name!r} is not of type {field.type}"
        raise Rejected(message)
    return value


def _absent(raw: JsonValue) -> bool:
    """Whether a model said that there is nothing: null, or a text of no length or of blanks."""
    return raw is None or (isinstance(raw, str) and not raw.strip())


def _sources(text: str) -> tuple[Source, ...]:
    """Return what values may be copied from: a record's columns as they are, then the text."""
    if not text.startswith("{"):
        return (Source(text),)
    try:
        record = read_record(text, as_written=True)
    except Rejected:
        return (Source(text),)
    return Source(_BETWEEN.join(_texts(record))), Source(text)


def _texts(value: JsonValue) -> Iterator[str]:
    """Yield the texts and numbers in a value, however deep."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
    elif isinstance(value, str):
        yield value


def _verbatim(what: str, value: str, sources: tuple[Source, ...]) -> str:
    """Return `value` as the text spells it; case, white space and typography may differ."""
    for source in sources:
        if (spelling := source.spelling(value)) is not None:
            return spelling
    message = f"not_grounded: {what} does not occur in the text"
    raise Rejected(message)
