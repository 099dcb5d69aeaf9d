"""Canonical forms: what is hashed and sent is one spelling, and nothing hides in it."""

from __future__ import annotations

import time
import unicodedata

import pytest

from assay.core.canonical import canonical_json, clean, digest, is_clean, nfc, normalise, scrub

from .builders import seeded

ALPHABET = (
    "aé \t\r\n\x00\x7fe\u0301\u200b\u200c\u200d\u202e\u2066\ufe0f"
    "\ufe01\ufeff\U000e0041\u3000你न्👩\u212a\ud800"
)


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param("\U000e0049\U000e0067\U000e006e", id="tag characters"),
        pytest.param("\u200b", id="zero-width space"),
        pytest.param("\u2060", id="word joiner"),
        pytest.param("\ufeff", id="byte order mark"),
        pytest.param("\u00ad", id="soft hyphen"),
        pytest.param("\ufe00", id="variation selector 1"),
        pytest.param("\U000e0100", id="variation selector 17"),
        pytest.param("\u202e", id="right-to-left override"),
        pytest.param("\u2067", id="right-to-left isolate"),
        pytest.param("\u200f", id="right-to-left mark"),
        pytest.param("\u200d\u200c\u200d", id="joiners between ASCII letters"),
        pytest.param("\x00\x1b\x7f", id="control characters"),
    ],
)
def test_g03_invisible_characters_do_not_reach_the_prompt(hidden: str) -> None:
    """What people cannot see is taken out before a model can read it."""
    assert normalise(f"{hidden}go{hidden}od é{hidden}") == "good é"


@pytest.mark.parametrize("text", ["می‌خواهم", "क्‍ष", "👩‍👩‍👧", "❤️"])
def test_g03_joiners_that_scripts_and_emoji_need_stay(text: str) -> None:
    """Persian, Devanagari and emoji are not torn apart."""
    assert normalise(text) == text


def test_g03_a_run_of_joiners_carries_no_message() -> None:
    """Of joiners in a row one stays: more of them could spell something out."""
    assert normalise("你\u200c\u200d\u200d\u200c好") == "你\u200c好"


@pytest.mark.parametrize("text", ["\u200d", "\u3000\u200c\u3000", "\ufeff \n", "\x00", "", " \t"])
def test_a_text_of_nothing_visible_is_blank(text: str) -> None:
    """Such a text is skipped and costs nothing."""
    assert normalise(text) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  plain \n", "plain"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("a\tb", "a\tb"),
        ("e\u0301", "é"),
        ("e\u200b\u0301", "é"),
        ("x\ud800y", "x\ufffdy"),
        ("\u00a0é\u3000", "é"),
    ],
)
def test_a_text_has_one_spelling(text: str, expected: str) -> None:
    """Blanks, line ends, composition and lone surrogates make no difference."""
    assert normalise(text) == expected


@pytest.mark.parametrize("seed", range(20))
def test_normalising_twice_changes_nothing(seed: int) -> None:
    """2,000 random strings a seed are fixed points once normalised, so keys are stable."""
    rng = seeded(seed)
    texts = [normalise("".join(rng.choices(ALPHABET, k=rng.randint(0, 9)))) for _ in range(2000)]

    assert [normalise(text) for text in texts] == texts


def test_c21_an_answer_is_cleaned_before_it_is_stored() -> None:
    """NUL, tag and direction characters go, a lone surrogate is replaced, blanks stay."""
    assert clean(" a\x00b\U000e0041\u202ec\ud83d ") == " abc\ufffd "


def test_scrubbing_makes_a_text_encodable() -> None:
    """Only what UTF-8 cannot say is replaced."""
    assert scrub("\udc80é\x00") == "\ufffdé\x00"


def test_canonical_json_has_one_spelling() -> None:
    """Keys are sorted, blanks are left out, letters stay letters."""
    assert canonical_json({"b": [1, None], "a": "é"}) == '{"a":"é","b":[1,null]}'


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_canonical_json_has_no_numbers_that_json_lacks(number: float) -> None:
    """A NaN can be neither hashed nor stored."""
    with pytest.raises(ValueError, match="Out of range"):
        canonical_json([number])


def test_a_digest_is_the_start_of_sha256() -> None:
    """The value is part of the contract: changing it makes every stored answer miss."""
    assert digest({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad808"


def test_a_digest_takes_lone_surrogates() -> None:
    """Labels may hold anything that JSON can spell."""
    assert digest("\ud800") != digest("\ud801")


@pytest.mark.parametrize(
    "text", ["plain", "caf\u00e9", "cafe\u0301", "two\nlines", "\U0001f9d1\u200d\U0001f680"]
)
def test_c21_what_may_be_stored_as_it_is_counts_as_clean(text: str) -> None:
    """Another normal form hides nothing."""
    assert is_clean(text)


@pytest.mark.parametrize("text", ["a\x00", "a\U000e0041", "a\u200bb", "a\ufffd", "\u202ea"])
def test_a13_c21_what_was_hidden_or_broken_does_not(text: str) -> None:
    """Nor does what somebody replaced before us."""
    assert not is_clean(text)


MARKS = ["\u0300\u0327", "\u0344\u0327", "\u0f71\u0f72\u0f74", "\u0f73\u0345\u0301"]
"""Combining marks that do not stand in the order of Unicode, composite ones among them."""


def test_c21_nfc_is_that_of_unicode() -> None:
    """Only the time differs: no key changes."""
    rng = seeded(2)
    pieces = [*"".join(MARKS), *"aé.\u1100\u1161\u11a8🙂\u200d", *(["\u0301"] * 20)]
    texts = ["".join(rng.choices(pieces, k=rng.randint(1, 200))) for _ in range(2_000)]
    assert [nfc(text) for text in texts] == [unicodedata.normalize("NFC", text) for text in texts]


@pytest.mark.parametrize("marks", MARKS)
def test_c21_a_run_of_combining_marks_is_normalised_in_no_time(marks: str) -> None:
    """400 kB of them took a minute and a half, in which no thread ran."""
    started = time.process_time()
    normalise("a" + marks * (200_000 // len(marks)))
    assert time.process_time() - started < 3
