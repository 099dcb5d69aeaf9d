"""Where a text says a value: as a search that ignores case and blanks would find it, but fast."""

from __future__ import annotations

import re
import time

import pytest

from assay.core.grounding import Source

from .builders import seeded

ALPHABET = [*"aAbßẞİiIıkKσςΣſs.\u212a", " ", "  ", "\n", "\u00a0"]


def searched(value: str, text: str) -> str | None:
    """The plain way: as it stands, else the first place where only case and blanks differ."""
    if value in text:
        return value
    pattern = r"\s+".join(re.escape(word) for word in value.split())
    found = re.search(pattern, text, re.IGNORECASE)
    return found and found[0]


def test_a_value_is_found_where_a_search_finds_it() -> None:
    """Letters whose cases are several, blanks of every kind."""
    rng = seeded(1)
    texts = ["".join(rng.choices(ALPHABET, k=rng.randint(1, 40))) for _ in range(5_000)]
    pairs = [("".join(rng.choices(ALPHABET, k=rng.randint(1, 4))).strip(), one) for one in texts]
    asked = [(value, text) for value, text in pairs if value]
    found = [Source(text).spelling(value) for value, text in asked]
    assert found == [searched(value, text) for value, text in asked]


@pytest.mark.parametrize(
    ("text", "value", "spelling"),
    [
        ("It’s Anna’s", "Anna's", "Anna’s"),
        ("It's Anna's", "ANNA’S", "Anna's"),
        ("size 10 – 20", "10 - 20", "10 – 20"),
        ("well-made", "well\u2011made", "well-made"),
        ("she said “never again”", '"never again"', "“never again”"),
        ("« bon »", '" bon "', "« bon »"),
        ("Smith &amp; Sons, London", "smith & sons", "Smith &amp; Sons"),
        ("Smith & Sons", "Smith &amp; Sons", "Smith & Sons"),
        ("R&amp;amp;B", "r&b", "R&amp;amp;B"),
        ("l&#8217;&eacute;cole", "l'École", "l&#8217;&eacute;cole"),
        ("a&nbsp; b", "A b", "a&nbsp; b"),
        ("a\u00a0\u2009b", "a b", "a\u00a0\u2009b"),
        ("T&foo;", "t&FOO;", "T&foo;"),
        ("电话：０１２－３４ ＡＢＣ", "012-34 abc", "０１２－３４ ＡＢＣ"),
        ("ﾊﾞｽ停", "バス停", "ﾊﾞｽ停"),
        ("the first oﬃce", "FIRST office", "first oﬃce"),
        ("the ﬁrst", "irst", "ﬁrst"),
        ("and so on…", "so on...", "so on…"),
        ("so\u00adft shell", "Soft Shell", "so\u00adft shell"),
        ("رقم ١٢٣", "123", "١٢٣"),
        ("m² and 10²", "102", None),
        ("café", "cafe", None),
        ("don't", "dont", None),
        ("a &amp; b", "a and b", None),
    ],
)
def test_typography_is_forgiven_and_the_text_s_own_is_kept(
    text: str, value: str, spelling: str | None
) -> None:
    """Quotes, dashes, blanks, width, ligatures, HTML entities; not letters, not accents."""
    assert Source(text).spelling(value) == spelling


@pytest.mark.parametrize(
    ("text", "value", "spelling"),
    [
        ("number 9912345", "12345", None),
        ("number 1234599", "12345", None),
        ("TT-123456", "TT-12345", None),
        ("TT-123456", "123456", "123456"),
        ("TT-123456", "tt-123456", "TT-123456"),
        ("9912345, then 12345", "12345", "12345"),
        ("tt-1 and TT-12", "TT-1", "tt-1"),
        ("#12345", "12345", "12345"),
        ("$12.", "12", "12"),
        ("订单12345号", "12345", "12345"),
        ("９９１２３４５", "12345", None),
        ("in 2026-03-04", "2026", "2026"),
        ("concatenated", "cat", "cat"),
    ],
)
def test_a_number_is_found_whole(text: str, value: str, spelling: str | None) -> None:
    """Not inside a longer one; words may be part of another, as in scripts without blanks."""
    assert Source(text).spelling(value) == spelling


WORDS = [f"word{number}" for number in range(40_000)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("  ".join(WORDS), [word.upper() for word in WORDS[-999:]], id="other case"),
        pytest.param(" ".join(WORDS), ["\n".join(WORDS[-99:])] * 999, id="other blanks"),
        pytest.param("a " * 200_000, ["a " * 100_000 + "b"], id="nearly there everywhere"),
        pytest.param("7" * 200_000 + "b", ["7" * n + "b" for n in range(1, 999)], id="a number"),
        pytest.param("很 ’x&amp;ﬁ" * 50_000, ["fi很 'X&"] * 999, id="typography"),
    ],
)
def test_c21_many_values_in_a_long_text_are_looked_for_in_no_time(
    text: str, values: list[str]
) -> None:
    """The loop looks: while it does, no Ctrl-C is heard."""
    started = time.process_time()
    source = Source(text)
    assert {source.spelling(value) is None for value in values} == {values[0].endswith("b")}
    assert time.process_time() - started < 4
