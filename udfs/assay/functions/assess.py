"""`ai_assess`: the quality of a record: score, missing fields, normal forms, category."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Unpack

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from assay.core.canonical import clean
from assay.core.json_text import read_record
from assay.core.lengths import text_of
from assay.core.task import MOST_VALUES, Common, JsonSchema, Labelled, Rejected, Task
from assay.functions.classify import same_label

CATEGORIES = ("complete", "incomplete", "suspicious", "empty")
MOST_COLUMNS = 100
"""Wider records have their columns in no schema."""

_SPARE = 64
"""Characters that a normal form may have beyond twice the record's, and a name of a rule."""

_SHOWN = 5
"""So many places where an answer is wrong are named."""


class Rule(BaseModel):
    """One rule in plain words, for a column or for the record as a whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str | None = None
    text: str


class _Normalization(BaseModel):
    """One value and the form it should have."""

    model_config = ConfigDict(strict=True, extra="forbid")

    field: str
    from_: str = Field(alias="from")
    to: str


class _Assessment(BaseModel):
    """The answer's shape, checked strictly."""

    model_config = ConfigDict(strict=True, extra="forbid")

    quality_score: int = Field(ge=0, le=100)
    missing_fields: list[str]
    normalizations: list[_Normalization]
    category: str


Rules = Sequence[str] | Sequence[Rule] | Mapping[str, str]


def _as_rules(given: object) -> object:
    """Return rules as they are written in Python in the form of `Rule`."""
    if isinstance(given, Mapping):
        return [{"column": column, "text": text} for column, text in given.items()]
    if isinstance(given, list | tuple):
        return [{"text": one} if isinstance(one, str) else one for one in given]
    return given


class Assess(Task):
    """Judge a record (a JSON object of columns) against `rules` and common sense.

    `rules` are sentences, or a mapping of columns to sentences.
    """

    template_version: ClassVar[int] = 1

    rules: Annotated[tuple[Rule, ...], BeforeValidator(_as_rules)] = ()

    if TYPE_CHECKING:  # lists and mappings are as good as tuples of models

        def __init__(self, *, rules: Rules = (), **common: Unpack[Common]) -> None: ...

    def answer_schema(self) -> JsonSchema:
        """An object of score, missing fields, normal forms and category."""
        text: JsonSchema = {"type": "string"}
        return self._schema(text, text)

    def _schema(self, held: JsonSchema, made: JsonSchema) -> JsonSchema:
        """Return the schema with that of a text which the record holds, and of a normal form."""
        change = _closed({"field": held, "from": held, "to": made})
        return _closed(
            {
                "quality_score": {"type": "integer", "minimum": 0, "maximum": 100},
                "missing_fields": {"type": "array", "items": held},
                "normalizations": {"type": "array", "items": change},
                "category": {"type": "string", "enum": list(CATEGORIES)},
            }
        )

    def tight_schema(self, texts: Sequence[str]) -> JsonSchema:
        """The names of the columns, where they are known and few, and lengths for other texts."""
        longest = max(map(len, texts), default=0)
        schema = self._schema(text_of(longest + _SPARE), text_of(2 * longest + _SPARE))
        columns = _columns_of(texts)
        if not columns:
            return schema
        ruled = [rule.column for rule in self.rules if rule.column is not None]
        parts, change = schema["properties"], schema["properties"]["normalizations"]["items"]
        missing = {"type": "string", "enum": list(dict.fromkeys([*columns, *ruled]))}
        change["properties"]["field"] = {"type": "string", "enum": list(columns)}
        parts["missing_fields"] = {
            "type": "array",
            "items": missing,
            "maxItems": len(missing["enum"]),
        }
        parts["normalizations"]["maxItems"] = len(columns)
        return schema

    def question(self) -> str:
        """List what to look at, and the rules."""
        rules = [f"- {rule.column or 'record'}: {rule.text}" for rule in self.rules]
        return "\n".join(
            [
                "quality of the record: score 0 to 100, fields that are missing or blank, values "
                "whose normal form differs (from = the value as it stands), category",
                *rules,
            ]
        )

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Take known columns only, and normal forms of values that the record holds."""
        record = _columns(text)
        found = _assessment(raw)
        missing = [clean(name) for name in found.missing_fields]
        changes = [
            {"field": clean(change.field), "from": clean(change.from_), "to": clean(change.to)}
            for change in found.normalizations
        ]
        ruled = {rule.column for rule in self.rules if rule.column is not None}
        _check_columns(missing, changes, record, ruled)
        return {
            "quality_score": found.quality_score,
            "missing_fields": [*missing],
            "normalizations": [{**change} for change in changes],
            "category": same_label(found.category, CATEGORIES),
        }

    def output_tokens(self, text: str) -> int:
        """A frame, and at worst every value in a new form."""
        return 60 + len(text) // 2

    def in_words(self) -> str:
        """How many rules."""
        return f"{len(self.rules)} rules of its own"

    def labelled(self) -> Iterator[Labelled]:
        """The category."""
        yield Labelled(("category",), frozenset(CATEGORIES))


def _columns_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of all records, in their order; none where one cannot be read.

    None where there are too many for a list of labels, too.
    """
    try:
        columns = dict.fromkeys(name for text in texts for name in read_record(text))
    except (Rejected, ValueError):
        return ()
    return tuple(columns) if len(columns) <= MOST_COLUMNS else ()


def _closed(properties: dict[str, JsonSchema]) -> JsonSchema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _assessment(raw: JsonValue) -> _Assessment:
    _check_lengths(raw)
    try:
        return _Assessment.model_validate(raw)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        places = sorted(set(map(_place, details)))
        more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        message = f"not an assessment: {', '.join(places[:_SHOWN])}{more}"
        raise Rejected(message) from None


def _check_lengths(raw: JsonValue) -> None:
    lists = raw.values() if isinstance(raw, dict) else ()
    if any(isinstance(values, list) and len(values) > MOST_VALUES for values in lists):
        message = f"too_long: a list of more than {MOST_VALUES:,} fields or normal forms"
        raise Rejected(message)


def _place(detail: ErrorDetails) -> str:
    """Return where an answer is wrong, without the names that it made up."""
    path = detail["loc"]
    if detail["type"] == "extra_forbidden":
        path = (*path[:-1], "unknown key")
    return ".".join(map(str, path)) or "not an object"


def _columns(text: str) -> dict[str, str]:
    """Return the record's columns as the text spells them, cleaned; null is spelled as nothing."""
    record = read_record(text, as_written=True)
    return {clean(name): clean(_spelled(value)) for name, value in record.items()}


def _spelled(value: JsonValue) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _check_columns(
    missing: list[str], changes: list[dict[str, str]], record: dict[str, str], ruled: set[str]
) -> None:
    """Only columns of the record can change; one that a rule asks for can be missing, too."""
    known = set(missing) <= {*record, *ruled}
    if not known or not {change["field"] for change in changes} <= set(record):
        message = "names a column that the record does not have"
        raise Rejected(message)
    held = [(change["from"], record[change["field"]]) for change in changes]
    if any(not part or part not in value for part, value in held):
        message = "not_grounded: a normal form of a value that the record does not hold"
        raise Rejected(message)
