"""Any string is made safe to judge."""

import pytest

from assay.providers.local.models.text import (
    clipped,
    has_letters,
    humanised,
    sentences,
    without_markup,
    words,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("card_payment_fee_charged", "card payment fee charged"),
        ("lostOrStolenCard", "lost or stolen card"),
        ("  Sales / EMEA ", "sales emea"),
    ],
)
def test_a_name_becomes_words(name, expected):
    """Separators and capitals inside a name part its words."""
    assert expected == humanised(name)


def test_only_the_start_of_a_long_text_is_judged():
    """Work is capped at 20,000 characters."""
    assert 20_000 == len(clipped("a" * 1_000_000))


def test_a_lone_surrogate_keeps_its_place():
    """Characters that cannot be encoded are replaced one for one."""
    assert "a\ufffdb" == clipped("a\ud800b")


def test_words_are_lower_case_with_straight_apostrophes():
    """Punctuation is no word."""
    assert ["it's", "fine", "42"] == words("It\u2019s fine -- 42!")


def test_sentences_end_in_any_script():
    """Latin, Chinese and line ends all part sentences."""
    assert ["One.", "Two!", "三。", "四"] == sentences("One. Two!\n三。四")


@pytest.mark.parametrize(("text", "expected"), [("12 !?", False), ("д", True), ("", False)])
def test_letters_of_any_script_are_seen(text, expected):
    """Digits and marks are no letters."""
    assert expected == has_letters(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a<br/>b", "a b"),
        ("salt &amp; pepper&nbsp;mill", "salt & pepper mill"),
        ("5 < 6", "5 < 6"),
    ],
)
def test_markup_becomes_text(text, expected):
    """Tags are blank, entities are characters, and a comparison is neither."""
    assert expected == without_markup(text)
