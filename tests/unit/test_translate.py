"""`ai_translate`: a text in another language, and what is none."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from assay.core.task import Rejected
from assay.functions.translate import Translate

INTO = Translate(to="English")


def test_a_translation_is_plain_text() -> None:
    """Cleaned."""
    assert (INTO.plain, INTO.answer_schema()) == (True, {"type": "string"})
    assert INTO.accept(" Where is it?\x00 ", "Wo ist es?") == "Where is it?"


def test_a_text_without_letters_stays_as_it_is() -> None:
    """There is nothing to translate in a number."""
    assert INTO.accept("4711", "4711") == "4711"


@pytest.mark.parametrize(
    ("raw", "said"),
    [(None, "not a text"), ("", "not a text"), ("4711", "no letter"), ("a" * 200, "many times")],
)
def test_what_is_no_translation_is_refused(raw: Any, said: str) -> None:
    """Nothing, a number of a text, a text that runs on."""
    with pytest.raises(Rejected, match=said):
        INTO.accept(raw, "Wo ist es?")


def test_short_chinese_may_become_long() -> None:
    """A character of three bytes has the room of a word."""
    assert INTO.accept("The order has not arrived yet, I am sorry.", "订单没到")


def test_the_question_names_the_languages() -> None:
    """The source only where it is known."""
    assert INTO.question().startswith("translation into English:")
    known = Translate(to="English", source="German")
    assert known.question().startswith("translation from German into English:")


@pytest.mark.parametrize("given", [{"to": " "}, {"to": "English", "source": ""}])
def test_a_language_has_a_name(given: dict[str, Any]) -> None:
    """A blank one is none."""
    with pytest.raises(ValidationError, match="name a language"):
        Translate(**given)
