"""`ai_complete`: free text by a prompt, within its number of words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from assay.core.task import Rejected
from assay.functions.complete import Complete

REPLY = Complete(prompt="Write a reply.", max_words=10)


def test_what_is_written_is_plain_text_in_so_many_words() -> None:
    """A fifth more is taken, cleaned; it may be without a letter."""
    assert (REPLY.plain, REPLY.answer_schema()) == (True, {"type": "string"})
    assert REPLY.accept(" 42\x00 ", "how many?") == "42"
    assert REPLY.accept("w " * 12, "") == ("w " * 12).strip()


@pytest.mark.parametrize(
    ("raw", "said"),
    [(None, "not a text"), (" \n", "not a text"), (["a"], "not a text"), ("w " * 13, "longer")],
)
def test_all_else_is_refused(raw: Any, said: str) -> None:
    """Nothing, no text, too much."""
    with pytest.raises(Rejected, match=said):
        REPLY.accept(raw, "text")


def test_the_prompt_is_passed_on_with_its_limit() -> None:
    """As it is written."""
    assert REPLY.question() == "plain text, at most 10 words: Write a reply."


@pytest.mark.parametrize(
    ("prompt", "explained"),
    [
        ("A line about {product}.", True),
        ("On {Ticket Subject}", True),
        ("Keep {{name}} as it is.", False),
        ('Answer as {"a": 1}, {{x}}', True),
        ("{}", False),
    ],
)
def test_braces_are_explained_where_there_are_some(prompt: str, explained: bool) -> None:
    """Double ones and empty ones are text."""
    assert ("a name in braces" in Complete(prompt=prompt).question()) is explained


@pytest.mark.parametrize("given", [{"prompt": " "}, {"prompt": "x", "max_words": 0}])
def test_a_prompt_and_a_limit_are_needed(given: dict[str, Any]) -> None:
    """A blank one asks nothing."""
    with pytest.raises(ValidationError, match=r"wrong `(prompt|max_words)`"):
        Complete(**given)
