"""`ai_assess`: the quality of a record: score, missing fields, normal forms, category."""

from __future__ import annotations

import json
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from udfs.canonical import clean
from udfs.functions.classify import same_label
from udfs.tasks import JsonSchema, Rejected, Task

CATEGORIES = ("complete", "incomplete", "suspicious", "empty")


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


class Assess(Task):
    """Judge a record (a JSON object of columns) against `rules` and common sense."""

    template_version: ClassVar[int] = 1

    rules: tuple[Rule, ...] = ()

    def answer_schema(self) -> JsonSchema:
        """An object of score, missing fields, normal forms and category."""
        text: JsonSchema = {"type": "string"}
        change = _closed({"field": text, "from": text, "to": text})
        return _closed(
            {
                "quality_score": {"type": "integer", "minimum": 0, "maximum": 100},
                "missing_fields": {"type": "array", "items": text},
                "normalizations": {"type": "array", "items": change},
                "category": {"type": "string", "enum": list(CATEGORIES)},
            }
        )

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
        try:
            found = _Assessment.model_validate(raw)
        except ValidationError as error:
            message = f"not an assessment: {', '.join(sorted(set(map(_place, error.errors()))))}"
            raise Rejected(message) from None
        missing = [clean(name) for name in found.missing_fields]
        changes = [
            {"field": clean(change.field), "from": clean(change.from_), "to": clean(change.to)}
            for change in found.normalizations
        ]
        ruled = {rule.column for rule in self.rules if rule.column is not None}
        _check_columns(missing, changes, _columns(text), ruled)
        return {
            "quality_score": found.quality_score,
            "missing_fields": [*missing],
            "normalizations": [{**change} for change in changes],
            "category": same_label(found.category, CATEGORIES),
        }

    def output_tokens(self, text: str) -> int:
        """A frame, and at worst every value in a new form."""
        return 60 + len(text) // 2


def _closed(properties: dict[str, JsonSchema]) -> JsonSchema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _place(detail: ErrorDetails) -> str:
    """Return where an answer is wrong, without the names that it made up."""
    path = detail["loc"]
    if detail["type"] == "extra_forbidden":
        path = (*path[:-1], "unknown key")
    return ".".join(map(str, path)) or "not an object"


def _columns(text: str) -> dict[str, str]:
    """Return the record's columns as the text spells them; null is spelled as nothing."""
    try:
        record = json.loads(text, parse_int=str, parse_float=str)
    except ValueError:
        record = None
    if not isinstance(record, dict):
        message = "the text is not a record: a JSON object of columns"
        raise Rejected(message)
    return {name: _spelled(value) for name, value in record.items()}


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
