"""Where a text says a value: as a search that ignores case and blanks would find it, but fast."""

from __future__ import annotations

import re
import time

import pytest

from udfs.grounding import Source

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


WORDS = [f"word{number}" for number in range(40_000)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param("  ".join(WORDS), [word.upper() for word in WORDS[-999:]], id="other case"),
        pytest.param(" ".join(WORDS), ["\n".join(WORDS[-99:])] * 999, id="other blanks"),
        pytest.param("a " * 200_000, ["a " * 100_000 + "b"], id="nearly there everywhere"),
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
