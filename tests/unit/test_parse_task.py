"""From the JSON that a macro wrote to a task: what is wrong is said at compile time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from assay.core.errors import ConfigError
from assay.functions import parse_task

from .builders import task

LABELS = [{"name": "good"}, {"name": "bad"}]


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("classify", {"labels": LABELS}),
        ("extract", {"fields": [{"name": "x"}]}),
        ("sentiment", {}),
        ("summarize", {}),
        ("filter", {"asked": "Why?"}),
        ("assess", {}),
        ("complete", {"prompt": "Reply."}),
        ("translate", {"to": "English"}),
        ("score", {"criterion": "How urgent?"}),
    ],
)
def test_every_function_is_known_by_its_kind(kind: str, fields: dict[str, Any]) -> None:
    """The kind is the macro's name without `ai_`."""
    parsed = parse_task(json.dumps({"kind": kind} | fields))
    assert parsed.kind == kind


@pytest.mark.parametrize("kind", ["translation", "Filter", "", None, 5, ["filter"], {}])
def test_an_unknown_kind_names_the_known_ones(kind: Any) -> None:
    """The message helps to find the right name."""
    expected = "known are assess, classify, complete, embed, extract, filter, match, score, "
    with pytest.raises(ConfigError, match=expected):
        parse_task(json.dumps({"kind": kind}))


@pytest.mark.parametrize("spec", ["", "filter", "[]", "null", '"filter"', "[" * 100_000])
def test_a_task_is_a_json_object(spec: str) -> None:
    """Whoever calls the UDF by hand is sent to the macros."""
    with pytest.raises(ConfigError, match="A task must be a JSON object"):
        parse_task(spec)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"kind": "filter"}, "ai_filter: asked: Field required"),
        (
            {"kind": "filter", "asked": ""},
            'ai_filter: wrong `question` ""; give a question as text.',
        ),
        ({"kind": "summarize", "words": 5}, "ai_summarize: words: Extra inputs are not permitted"),
        (
            {"kind": "classify", "labels": [{"nam": "x"}]},
            "ai_classify: labels.0.name: Field required",
        ),
    ],
)
def test_a_wrong_argument_is_named(spec: dict[str, Any], expected: str) -> None:
    """Macro, place and reason, in one line."""
    with pytest.raises(ConfigError) as caught:
        parse_task(json.dumps(spec))
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("kind", "fields", "good", "bad"),
    [
        ("filter", {}, True, "yes"),
        ("classify", {"labels": LABELS}, "GOOD", "fair"),
        ("extract", {"fields": [{"name": "x"}]}, {"x": "fine"}, {"x": "bad"}),
    ],
)
def test_an_example_must_be_an_answer(
    kind: str, fields: dict[str, Any], good: Any, bad: Any
) -> None:
    """A wrong example would teach the model what we refuse."""
    right, wrong = {"text": "fine", "answer": good}, {"text": "fine", "answer": bad}
    assert task(kind, examples=[right], **fields).examples[0].answer == good
    with pytest.raises(ConfigError, match=f"ai_{kind}: the answer of example 2 is not valid"):
        task(kind, examples=[right, wrong], **fields)


def test_an_example_of_assess_must_be_a_record() -> None:
    """A plain text there is our message, not a traceback."""
    with pytest.raises(ConfigError, match="example 1 is not valid: the text is not a record"):
        task("assess", examples=[{"text": "anna", "answer": _assessment()}])


def test_an_example_is_read_as_its_text_is_sent() -> None:
    """Grounding looks at the normalised text."""
    given = {"text": "cafe\u0301\u200b bar", "answer": ["café bar"]}
    parsed = task("extract", fields=[{"name": "x"}], single=True, examples=[given])
    assert len(parsed.examples) == 1


def test_g06_braces_and_quotes_in_arguments_stay_text() -> None:
    """Nothing in a label is rendered or unquoted."""
    name = "{{ env_var('HOME') }}{% if %}'; drop table x; --\""
    parsed = task("classify", labels=[{"name": name}, {"name": "other"}])
    assert parsed.accept(name, "") == name


def test_a_task_is_frozen() -> None:
    """What travels between stages does not change."""
    with pytest.raises(ValidationError, match="frozen"):
        task().instructions = "other"


def _assessment() -> dict[str, Any]:
    return {
        "quality_score": 1,
        "missing_fields": [],
        "normalizations": [],
        "category": "empty",
    }
