"""How a reply is to be shaped: the schema for a mode, and the same in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from assay.core.canonical import canonical_json
from assay.core.lengths import without_lengths
from assay.core.task import JsonSchema
from assay.core.values import Question

_ANSWER = "#/$defs/answer"


def listed(questions: Sequence[Question], letters: Sequence[str]) -> JsonSchema:
    """Return the schema of a list of items, each with its id: the same for all of a run."""
    properties: JsonSchema = {"id": {"type": "string"}}
    for letter, question in zip(letters, questions, strict=True):
        properties[letter] = question.task.answer_schema()
    return _closed({"answers": {"type": "array", "items": _closed(properties)}})


def keyed(ids: Sequence[str], answer: JsonSchema) -> JsonSchema:
    """Return the schema of an object with one property for each id, and `answer` under each."""
    schema = _closed({id_: {"$ref": _ANSWER} for id_ in ids})
    return {**schema, "$defs": {"answer": answer}}


def answer_of(
    questions: Sequence[Question], letters: Sequence[str], texts: Sequence[str]
) -> JsonSchema:
    """Return the schema of what stands under an id: an answer, or an object of several."""
    parts = [question.task.tight_schema(texts) for question in questions]
    return parts[0] if len(parts) == 1 else _closed(dict(zip(letters, parts, strict=True)))


def in_words(answer: JsonSchema) -> str:
    """Return a line that tells of the shape, for a server that is given no schema.

    Lengths are those of a pack's texts: without them the line is the same for all packs.
    """
    shape = canonical_json({"type": "object", "additionalProperties": without_lengths(answer)})
    return f"Reply with that JSON object and nothing else. Its JSON Schema: {shape}"


def _closed(properties: JsonSchema) -> JsonSchema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
