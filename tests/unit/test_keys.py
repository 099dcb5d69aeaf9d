"""Keys: everything an answer depends on is in them, and nothing else is."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

import pytest

from assay.core.canonical import NORMALISER_VERSION, canonical_json, digest, normalise
from assay.core.task import JsonSchema, Task
from assay.core.values import KEY_VERSION, Question
from assay.functions import parse_task
from assay.functions.classify import Classify

from .builders import HOST, MODEL, question, task

GOLDEN = Path(__file__).with_name("golden_keys.json")
CASES: list[dict[str, Any]] = json.loads(GOLDEN.read_text(encoding="utf-8"))

SPEC: dict[str, Any] = {
    "labels": [{"name": "good", "description": "praise"}, {"name": "bad"}],
    "instructions": "Think of food.",
    "examples": [{"text": "yum", "answer": "good"}],
}

PRINT_KEYS = """
import json, sys
from assay.core.canonical import normalise
from assay.functions import parse_task
from assay.core.values import Question
for case in json.load(open(sys.argv[1], encoding="utf-8")):
    question = Question(parse_task(json.dumps(case["task"])), case["model"], case["host"])
    print(question.key(normalise(case["text"])).hex())
"""


class SameKind(Classify):
    """Classify in all that a key sees."""

    @property
    def kind(self) -> str:
        """The name of the function it stands for."""
        return "classify"


class Newer(SameKind):
    """With a newer template."""

    template_version: ClassVar[int] = 2


class Stricter(SameKind):
    """With another schema."""

    def answer_schema(self) -> JsonSchema:
        """Another one."""
        return super().answer_schema() | {"maxLength": 9}


class Sort(Classify):
    """Classify under another name."""


def key(asked: Task, model: str = MODEL, host: str = HOST, text: str = "fine") -> str:
    """The key of one ask, in hex."""
    return question(asked, model, host).key(text).hex()


def classified(**changes: Any) -> str:
    """The key of the usual ask with another part of its task."""
    return key(task("classify", **SPEC | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": [SPEC["labels"][0], {"name": "awful"}]},
        {"labels": SPEC["labels"][::-1]},
        {"labels": [{"name": "good", "description": "thanks"}, {"name": "bad"}]},
        {"labels": [{"name": "good"}, {"name": "bad"}]},
        {"labels": [*SPEC["labels"], {"name": "other"}]},
        {"multi": True, "examples": []},
        {"instructions": "Think of staff."},
        {"instructions": None},
        {"examples": [{"text": "yuck", "answer": "good"}]},
        {"examples": [{"text": "yum", "answer": "bad"}]},
        {"examples": []},
    ],
)
def test_d13_each_part_of_the_task_changes_the_key(changes: dict[str, Any]) -> None:
    """Labels, their order and meaning, instructions and examples: a change misses."""
    assert classified(**changes) != classified()


@pytest.mark.parametrize("other", [Newer, Stricter, Sort])
def test_d13_template_schema_and_kind_change_the_key(other: type[Classify]) -> None:
    """Also where all arguments are the same."""
    assert key(SameKind.model_validate(SPEC)) == classified()
    assert key(other.model_validate(SPEC)) != classified()


@pytest.mark.parametrize("changes", [{"model": "b"}, {"host": "b"}, {"text": "fine."}])
def test_d13_model_host_and_text_change_the_key(changes: dict[str, str]) -> None:
    """An answer belongs to who gave it, and to one text."""
    assert key(task(), **changes) != key(task())


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("extract", {"fields": [{"name": "x"}]}, {"fields": [{"name": "y"}]}),
        ("extract", {"fields": [{"name": "x"}]}, {"fields": [{"name": "x", "type": "date"}]}),
        ("extract", {"fields": [{"name": "x"}]}, {"fields": [{"name": "x"}], "grounded": False}),
        ("sentiment", {}, {"aspects": ["food"]}),
        ("summarize", {}, {"max_words": 41}),
        ("filter", {}, {"asked": "Is it bad?"}),
        ("assess", {}, {"rules": [{"text": "be strict"}]}),
        ("complete", {"prompt": "Reply."}, {"prompt": "Thank."}),
        ("complete", {"prompt": "Reply."}, {"prompt": "Reply.", "max_words": 9}),
        ("translate", {"to": "English"}, {"to": "German"}),
        ("translate", {"to": "English"}, {"to": "English", "source": "German"}),
        ("score", {"criterion": "Urgent?"}, {"criterion": "Rude?"}),
        ("score", {"criterion": "Urgent?"}, {"criterion": "Urgent?", "low": 1}),
        ("score", {"criterion": "Urgent?"}, {"criterion": "Urgent?", "high": 5}),
    ],
)
def test_d13_the_arguments_of_every_function_change_the_key(
    kind: str, one: dict[str, Any], other: dict[str, Any]
) -> None:
    """Fields, types, limits, questions and rules."""
    assert key(task(kind, **one)) != key(task(kind, **other))


def test_d13_the_normaliser_is_in_the_key() -> None:
    """The prompt hash is over these parts, the normaliser's version among them."""
    asked = task("summarize", max_words=7)
    parts = {
        "kind": "summarize",
        "template": 1,
        "normaliser": NORMALISER_VERSION,
        "task": {"instructions": None, "examples": [], "max_words": 7},
        "schema": {"type": "string"},
    }
    assert asked.prompt_hash == digest(parts)
    assert asked.prompt_hash != digest(parts | {"normaliser": NORMALISER_VERSION + 1})


def test_d13_a_key_is_a_hash_of_four_parts_and_the_text() -> None:
    """The way keys are made has a version of its own."""
    head = canonical_json([KEY_VERSION, task().prompt_hash, MODEL, HOST])
    expected = hashlib.sha256(f"{head}\ncafé".encode()).digest()[:16]
    assert question().key("café") == expected


def test_d13_isolation_and_the_name_of_the_model_do_not_change_the_question() -> None:
    """Only who answers does, and that is known once the model is resolved."""
    asked = task(isolate=True, model="other")
    assert key(asked) == key(task())
    assert asked.handle != task().handle


def test_d13_defaults_that_are_spelled_out_do_not_miss() -> None:
    """Nor does the order in which a macro writes arguments."""
    spelled = {"multi": False, "isolate": False} | dict(reversed(SPEC.items()))
    assert key(task("classify", **spelled)) == classified()


def test_d13_two_spellings_of_a_text_share_a_key() -> None:
    """Composition, hidden characters and outer blanks are not bought again."""
    assert key(task(), text=normalise(" cafe\u0301\u200b")) == key(task(), text="café")


def test_a_key_leaves_the_question_ready_for_the_next() -> None:
    """Keys do not depend on what was asked before."""
    bound = question()
    assert [bound.key("a"), bound.key("b"), bound.key("a")][2] == question().key("a")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_d13_golden_keys_have_not_moved(case: dict[str, Any]) -> None:
    """A change here makes users pay again: raise a version on purpose, then renew the file."""
    bound = Question(parse_task(json.dumps(case["task"])), case["model"], case["host"])
    assert bound.key(normalise(case["text"])).hex() == case["key"]


@pytest.mark.parametrize("seed", ["0", "1", "random"])
def test_d13_keys_are_the_same_in_every_process(seed: str) -> None:
    """The order of sets and dictionaries plays no part."""
    command = [sys.executable, "-c", PRINT_KEYS, str(GOLDEN)]
    root = Path(__file__).parents[2]
    ran = subprocess.run(
        command, env={"PYTHONHASHSEED": seed}, cwd=root, capture_output=True, check=True, text=True
    )
    assert ran.stdout.split() == [case["key"] for case in CASES]
