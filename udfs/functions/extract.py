"""`ai_extract`: named, typed values found in the text."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, JsonValue, model_validator

from udfs.canonical import clean
from udfs.functions.classify import same_label
from udfs.grounding import Source
from udfs.tasks import MOST_VALUES, JsonSchema, Rejected, Task

FieldType = Literal["text", "integer", "number", "boolean", "date", "timestamp"]
_Value = str | int | float | bool

_JSON_TYPE = {"integer": "integer", "number": "number", "boolean": "boolean"}
_HINT = {"date": "YYYY-MM-DD", "timestamp": "YYYY-MM-DDTHH:MM:SS"}
_INT64 = 2**63
_DOUBLE = sys.float_info.max


class Field(BaseModel):
    """One field: its name, type (or labels), whether it holds a list, and what it means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: FieldType = "text"
    labels: tuple[str, ...] | None = None
    many: bool = False
    description: str | None = None


class Extract(Task):
    """Find `fields` in each text; text values must occur in it unless not `grounded`.

    With `single` there is one field and the answer is the list of all its values; otherwise
    the answer is an object with one value for each field, null where the text has none.
    """

    template_version: ClassVar[int] = 1

    fields: tuple[Field, ...]
    single: bool = False
    grounded: bool = True

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [field.name.casefold() for field in self.fields]
        if not names or len(set(names)) < len(names) or not all(name.strip() for name in names):
            message = (
                "ai_extract needs one or more different, non-blank field names, got "
                f"{[field.name for field in self.fields]!r}."
            )
            raise ValueError(message)
        return self

    def answer_schema(self) -> JsonSchema:
        """An array of strings, or an object with every field required and nullable."""
        if self.single:
            return {"type": "array", "items": _item_schema(self.fields[0])}
        return {
            "type": "object",
            "properties": {field.name: _field_schema(field) for field in self.fields},
            "required": [field.name for field in self.fields],
            "additionalProperties": False,
        }

    def question(self) -> str:
        """Name what is looked for, and whether it must be copied."""
        how = "copied word for word" if self.grounded else "as the text implies them"
        if self.single:
            field = self.fields[0]
            meaning = f" ({field.description})" if field.description else ""
            return f"all values of {field.name}{meaning} in the text, {how}; [] if none"
        lines = [
            f"{field.name}: {field.description}" for field in self.fields if field.description
        ]
        what = f"the fields found in the text, {how}; null if absent"
        return "\n".join([what, *lines])

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Check types strictly and, for text fields, that the text says so."""
        source = Source(text)
        if self.single:
            return self._many(self.fields[0], raw, source)
        if not isinstance(raw, dict) or set(raw) != {field.name for field in self.fields}:
            message = "not an object with exactly the fields asked for"
            raise Rejected(message)
        return {field.name: self._value(field, raw[field.name], source) for field in self.fields}

    def output_tokens(self, text: str) -> int:
        """Names and values: bounded by what the text can hold."""
        names = sum(len(field.name) // 3 + 6 for field in self.fields)
        return names + 24 * len(self.fields) + min(len(text) // 4, 400)

    def _value(self, field: Field, raw: JsonValue, source: Source) -> JsonValue:
        if field.many:
            return self._many(field, raw, source)
        return None if raw is None else self._one(field, raw, source)

    def _many(self, field: Field, raw: JsonValue, source: Source) -> JsonValue:
        if not isinstance(raw, list):
            message = f"field {field.name!r} is not a list"
            raise Rejected(message)
        if len(raw) > MOST_VALUES:
            message = f"too_long: field {field.name!r} has more than {MOST_VALUES:,} values"
            raise Rejected(message)
        return list(dict.fromkeys(self._one(field, item, source) for item in raw))

    def _one(self, field: Field, raw: JsonValue, source: Source) -> _Value:
        if field.labels is not None:
            return same_label(raw, field.labels)
        value = _typed(field, raw)
        if field.type == "text" and self.grounded:
            return _verbatim(field, str(value), source)
        return value


def _item_schema(field: Field) -> JsonSchema:
    if field.labels is not None:
        return {"type": "string", "enum": list(field.labels)}
    schema: JsonSchema = {"type": _JSON_TYPE.get(field.type, "string")}
    if field.type in _HINT:
        schema["description"] = _HINT[field.type]
    return schema


def _field_schema(field: Field) -> JsonSchema:
    item = _item_schema(field)
    if field.many:
        return {"type": "array", "items": item}
    if "enum" in item:
        item["enum"] = [*item["enum"], None]
    return item | {"type": [item["type"], "null"]}


def _typed(field: Field, raw: JsonValue) -> _Value:
    """Return `raw` in the normal form of the field's type, which SQL can cast."""
    value = _READERS[field.type](clean(raw).strip() if isinstance(raw, str) else raw)
    if value is None:
        message = f"field {field.name!r} is not of type {field.type}"
        raise Rejected(message)
    return value


def _text(raw: JsonValue) -> str | None:
    return raw if isinstance(raw, str) and raw else None


def _integer(raw: JsonValue) -> int | None:
    if isinstance(raw, int) and not isinstance(raw, bool) and -_INT64 <= raw < _INT64:
        return raw
    return None


def _number(raw: JsonValue) -> float | None:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and abs(raw) <= _DOUBLE:
        return raw
    return None


def _boolean(raw: JsonValue) -> bool | None:
    return raw if isinstance(raw, bool) else None


def _date(raw: JsonValue) -> str | None:
    try:
        return datetime.date.fromisoformat(raw).isoformat() if isinstance(raw, str) else None
    except ValueError:
        return None


def _timestamp(raw: JsonValue) -> str | None:
    """Return the wall time that the text gives: SQL's TIMESTAMP has no time zone."""
    try:
        moment = datetime.datetime.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=None).isoformat() if moment else None


_READERS: dict[FieldType, Callable[[JsonValue], _Value | None]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
}


def _verbatim(field: Field, value: str, source: Source) -> str:
    """Return `value` as the text spells it; case and white space may differ."""
    if (spelling := source.spelling(value)) is not None:
        return spelling
    message = f"not_grounded: field {field.name!r} does not occur in the text"
    raise Rejected(message)
