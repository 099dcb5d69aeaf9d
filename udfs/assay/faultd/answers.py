"""From a record's text and a JSON schema to a value, the same one every time."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from .verifying import VERIFIED, evidence_in

Schema = Mapping[str, Any]
Answer = Callable[[str, Schema], Any]

NULL_SHARE = 8
"""One text in so many gets null where null is allowed."""


def answer(text: str, schema: Schema) -> Any:
    """The value that the stub model gives to this text under this strict-mode schema."""
    return value(text, schema, "")


def digest_number(text: str, salt: str = "") -> int:
    """The sha256 of the text as a number; `salt` tells apart the values inside one answer."""
    salted = f"{salt}\x1f{text}" if salt else text
    return int.from_bytes(hashlib.sha256(salted.encode("utf-8", "surrogatepass")).digest(), "big")


def value(text: str, schema: Schema, salt: str) -> Any:
    """As `answer`, for the part of an answer that `salt` names."""
    if "const" in schema:
        return schema["const"]
    number = digest_number(text, salt)
    if "enum" in schema:
        return schema["enum"][number % len(schema["enum"])]
    if "anyOf" in schema:
        return value(text, schema["anyOf"][number % len(schema["anyOf"])], salt)
    maker = _MAKERS.get(_kind(schema, number))
    return maker(text, schema, salt) if maker else None


def _kind(schema: Schema, number: int) -> str:
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kinds, str):
        return kinds
    solid = [kind for kind in kinds if kind != "null"]
    if not solid or ("null" in kinds and number % NULL_SHARE == 0):
        return "null"
    return str(solid[number % len(solid)])


def _string(text: str, schema: Schema, salt: str) -> str:
    number = digest_number(text, salt)
    form = dated_form(schema)
    if form:
        return _dated(form, number)
    columns = columns_of(text)
    if columns and "field" in salt.rpartition(".")[2]:
        return list(columns)[number % len(columns)]
    found = list(re.finditer(r"\[[A-Z]+_[0-9]+\]|\w+", text))
    words = [word for word in found if any(map(str.isalpha, word[0]))] or found
    if not words:
        return text.strip()[: schema.get("maxLength")]
    chosen = words[number % len(words)]
    length = max(len(chosen.group()), int(schema.get("minLength", 0)))
    begin = max(0, min(chosen.start(), len(text) - length))
    return text[begin : begin + length][: schema.get("maxLength")]


DATED_FORMS = ("date", "date-time", "time", "YYYY-MM-DD", "YYYY-MM-DDTHH:MM:SS")


def dated_form(schema: Schema) -> str:
    """How a date or time is to be written, from `format` or a pattern as description; or ""."""
    told = (schema.get("format"), schema.get("description"))
    return next((str(form) for form in told if form in DATED_FORMS), "")


def _dated(form: str, number: int) -> str:
    day = f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}"
    clock = f"{number % 24:02}:{number % 60:02}:00"
    return {
        "date-time": f"{day}T{clock}Z",
        "time": clock,
        "YYYY-MM-DDTHH:MM:SS": f"{day}T{clock}",
    }.get(form, day)


def columns_of(text: str) -> dict[str, Any]:
    """The columns of a text that is a record (a JSON object); empty for any other text."""
    if not text.startswith("{"):
        return {}
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}


def _bounds(schema: Schema, step: float) -> tuple[float, float]:
    lowest = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    if "exclusiveMinimum" in schema:
        lowest = max(lowest, schema["exclusiveMinimum"] + step)
    highest = schema.get("maximum", schema.get("exclusiveMaximum", lowest + 100))
    if "exclusiveMaximum" in schema:
        highest = min(highest, schema["exclusiveMaximum"] - step)
    return lowest, max(lowest, highest)


def _integer(text: str, schema: Schema, salt: str) -> int:
    low, high = _bounds(schema, 1)
    step = max(1, int(schema.get("multipleOf", 1)))
    first, last = math.ceil(low / step), math.floor(high / step)
    return (first + digest_number(text, salt) % (max(0, last - first) + 1)) * step


def _number(text: str, schema: Schema, salt: str) -> float:
    low, high = _bounds(schema, 0.01)
    share = digest_number(text, salt) % 1001 / 1000
    rounded = round(low + share * (high - low), 2)
    return float(min(max(rounded, low), high))


def _boolean(text: str, _: Schema, salt: str) -> bool:
    return digest_number(text, salt) % 2 == 1


def _array(text: str, schema: Schema, salt: str) -> list[Any]:
    items = schema.get("items", {})
    size = max(digest_number(text, salt) % 3, int(schema.get("minItems", 0)))
    size = min(size, int(schema.get("maxItems", size)))
    if "enum" in items:
        labels = items["enum"]
        first = digest_number(text, salt)
        return [labels[(first + at) % len(labels)] for at in range(min(size, len(labels)))]
    return [value(text, items, f"{salt}[{at}]") for at in range(size)]


def _object(text: str, schema: Schema, salt: str) -> dict[str, Any]:
    fields = schema.get("properties", {})
    made = {name: value(text, field, f"{salt}.{name}") for name, field in fields.items()}
    columns = columns_of(text)
    if set(fields) == VERIFIED and "sources" in columns:
        made["evidence"] = evidence_in(columns)
        made["fields"] = value(str(columns["asked_about"]), fields["fields"], salt)
    if columns and {"field", "from"} <= set(fields):
        # A change to a record names a column and repeats its value as it stands.
        name = list(columns)[digest_number(text, salt) % len(columns)]
        made |= {"field": name, "from": str(columns[name])}
    if set(fields) == {"value", "quote"}:
        made["quote"] = _quote(text, made["value"], salt)
    return made


def _quote(text: str, said: Any, salt: str) -> str | None:
    """A passage for a value: the value itself where it is copied, else some word."""
    if said is None:
        return None
    return said if isinstance(said, str) and said in text else _string(text, {}, salt)


_MAKERS: Mapping[str, Callable[[str, Schema, str], Any]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "array": _array,
    "object": _object,
}
