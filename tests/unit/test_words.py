"""Words: what a reader of the script would count, and no way round the limit of a summary."""

from __future__ import annotations

import pytest

from assay.core.task import Rejected
from assay.core.words import first_words, word_count
from assay.functions.summarize import Summarize

JOINED = [
    *("很" * 2_000, "ก" * 2_000, "あ" * 2_000, "ア" * 2_000, "ສ" * 2_000, "ក" * 2_000),
    *("မ" * 2_000, "ꀀ" * 2_000, "한" * 2_000, "བཀྲ་ཤིས་" * 200, "अ" * 2_000, "a" * 2_000),
    *(joint.join("a" * 500) for joint in "-/_.,:;|+\u00b7\u2013\u2014\u200b\u2011&"),
    *("\u200c".join("م" * 500), "\u200d".join("क" * 500), "1," * 500, "a" + "." * 2_000),
    *(
        "\U0001f600" * 500,
        "\u200d".join("\U0001f600" * 500),
        "\u2600\ufe0f" * 500,
        "a" + "★" * 500,
    ),
    *("- " * 500, "a" + "→" * 2_000, "很a" * 500, "很。" * 500, "👍🏻" * 500, "🇩🇪" * 500),
]
"""Texts of many words in which blanks are few."""


@pytest.mark.parametrize("summary", JOINED, ids=lambda text: text[:4])
def test_what_is_joined_is_no_word_for_it(summary: str) -> None:
    """Five words are five in any script."""
    with pytest.raises(Rejected, match=r"longer than 5 words|no letter"):
        Summarize(max_words=5).accept(summary, "a text")
    with pytest.raises(Rejected, match="longer than 5 words"):
        Summarize(max_words=5).accept(summary, "123")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("A well-made, state-of-the-art jacket (2026-03-04).", 5),
        ("It's 12.50 € – «Donaudampfschifffahrt»!", 5),
        ("L’hôtel était propre", 3),
        ("می‌روم به خانه", 3),
        ("사용하기 편하고 따뜻합니다", 3),
        ("服务很好，价格也便宜。", 5),
        ("ร้านนี้บริการดีมาก", 4),
        ("サービスがとても良い", 5),
        ("iPhone手机壳", 3),
        ("good 👍🏻 👨‍👩‍👧 🇩🇪 ☀️", 5),
        ("see https://example.com/returns/policy/2026", 7),
    ],
)
def test_words_are_counted_as_a_reader_would(text: str, words: int) -> None:
    """By blanks where the script has them, by characters where it has not."""
    assert word_count(text) == words


@pytest.mark.parametrize("text", [*JOINED, "a b c", "服务很好 a-b 👍🏻 x", " " * 9])
@pytest.mark.parametrize("most", [1, 2, 5])
def test_the_first_words_of_a_text_are_no_more_than_asked_for(text: str, most: int) -> None:
    """And are the start of it."""
    start = first_words(text, most)
    assert text.startswith(start)
    assert word_count(start) <= most


@pytest.mark.parametrize(
    "summary",
    [
        "客房干净但很小，早餐有新鲜水果和好咖啡，电梯坏了。",
        "ห้องพักสะอาดแต่เล็ก อาหารเช้ามีผลไม้สดและกาแฟดี",
    ],
)
def test_a_summary_in_a_script_without_blanks_is_taken_and_has_room(summary: str) -> None:
    """In as many words as an English one, and the tokens that they take."""
    task = Summarize(max_words=15)
    assert task.accept(summary, summary * 3) == summary
    assert task.output_tokens(summary * 3) >= 1.2 * len(summary)
