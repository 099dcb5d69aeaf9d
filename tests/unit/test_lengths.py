"""Lengths in schemas: wide enough for every valid answer, few, and taken out where refused."""

from __future__ import annotations

from typing import Any

import pytest

from assay.core.lengths import MOST, list_of, text_of, without_lengths
from assay.core.settings import Settings
from assay.core.task import Rejected, Task, accepted
from assay.core.values import Ask, Pack, Question, Record
from assay.forms.chat_request import compose
from assay.functions.assess import Assess
from assay.functions.complete import Complete
from assay.functions.extract import Extract
from assay.functions.summarize import Summarize
from assay.functions.translate import Translate
from assay.providers.openai_compatible.body import body_of
from assay.providers.openai_compatible.profiles import PROFILES

TEXT = "Order 4711 came late …"
TASKS: list[Task] = [
    Summarize(max_words=8),
    Complete(prompt="Reply.", max_words=8),
    Translate(to="German"),
    Extract(fields=["order"]),
    Assess(),
]


def body(task: Task, text: str, profile: str, mode: Any = "keyed") -> str:
    """What is posted of a question about a text, as a text."""
    question = Question(task, "a-model", "host")
    pack = Pack((Record(text, (Ask(question.key(text), question, text),)),))
    return str(body_of(compose(pack, mode=mode), PROFILES[profile], Settings()))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.kind)
def test_only_a_server_whose_grammar_holds_them_is_sent_lengths(task: Task) -> None:
    """Others get the same schema without, and words never have one."""
    text = '{"name": "Anna"}' if task.kind == "assess" else TEXT
    sent = {name for name in PROFILES if "maxLength" in body(task, text, name)}
    assert sent == {"ollama", "vllm", "llamacpp", "lmstudio"}
    assert "maxLength" not in body(task, text, "llamacpp", "prompt")


@pytest.mark.parametrize("words", [1, 8, 40])
def test_the_longest_summary_that_is_taken_fits(words: int) -> None:
    """So many words of the greatest length, and the tolerance."""
    task = Summarize(max_words=words)
    summary = " ".join(["a" * 24] * int(words * 1.2))
    bound = task.tight_schema([summary])["maxLength"]
    assert accepted(task, summary, summary)
    assert len(summary) <= bound <= 1.3 * len(summary) + 32


@pytest.mark.parametrize("text", [TEXT, "订单没有到", "x" * 200])
def test_the_longest_translation_and_completion_that_is_taken_fits(text: str) -> None:
    """Whatever `accept` takes, the schema lets through."""
    into = Translate(to="German")
    longest = next(n for n in range(5000, 0, -1) if taken(into, "a" * n, text))
    assert longest <= into.tight_schema([text]).get("maxLength", longest)
    task = Complete(prompt="Reply.", max_words=8)
    reply = " ".join(["a" * 24] * 9)
    assert taken(task, reply, text)
    assert len(reply) <= task.tight_schema([text])["maxLength"] <= 1.3 * len(reply) + 32


def taken(task: Task, raw: str, text: str) -> bool:
    """Whether it is an answer."""
    try:
        return bool(accepted(task, raw, text))
    except Rejected:
        return False


def test_a_whole_text_can_be_copied_in_any_spelling() -> None:
    """`...` for `…` in every place of a short text."""
    task = Extract(fields=["order"])
    bound = task.tight_schema([TEXT])["properties"]["order"]["maxLength"]
    assert len(TEXT.replace("…", "...")) < bound
    assert task.answer_schema()["properties"]["order"] == {"type": ["string", "null"]}


def test_a_list_has_room_for_every_letter_of_a_text() -> None:
    """Each a value of its own; what is implied may be more than the text."""
    letters = "a b c d e f g h i j k l m"
    found = Extract(fields=["letter"], single=True)
    implied = Extract(fields=["letter"], single=True, grounded=False)
    assert found.tight_schema([letters])["maxItems"] >= 13
    assert implied.tight_schema([letters])["items"]["maxLength"] >= 4 * len(letters)


def test_bounds_are_few_and_long_ones_are_left_out() -> None:
    """A server compiles each schema anew, and its grammar takes so many repetitions."""
    bounds = {text_of(length).get("maxLength") for length in range(10 * MOST)}
    assert len(bounds) < 40
    assert text_of(MOST + 1) == {"type": "string"}


def test_a_property_may_be_called_like_a_keyword() -> None:
    """Only bounds are taken out."""
    schema = {"properties": {"maxLength": text_of(9), "all": list_of(text_of(9), 3)}}
    assert without_lengths(schema) == {
        "properties": {
            "maxLength": {"type": "string"},
            "all": {"type": "array", "items": {"type": "string"}},
        }
    }
