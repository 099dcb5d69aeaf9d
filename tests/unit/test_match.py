"""`ai_match`: three outcomes for a pair of records, whichever of the two comes first."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assay.core.json_text import pair_of
from assay.core.task import Rejected
from assay.functions.match import Match

SAME = Match(asked="Are a and b the same product?")
ROPE, STOVE = '{"name":"rope"}', '"a gas stove"'


@pytest.mark.parametrize("raw", ["matched", "no_match", "ambiguous", " Matched"])
def test_three_outcomes_are_taken(raw: str) -> None:
    """In any case, as labels are."""
    assert SAME.accept(raw, "") == raw.strip().lower()


@pytest.mark.parametrize("raw", [True, None, "yes", "match", ["matched"], ""])
def test_all_else_is_refused(raw: Any) -> None:
    """No word for an outcome, and nothing in place of one."""
    with pytest.raises(Rejected, match="bad_label"):
        SAME.accept(raw, "")


def test_a_pair_is_one_text_whichever_comes_first() -> None:
    """Both records are whole in it."""
    pair = pair_of(ROPE, STOVE)
    assert pair is not None
    assert pair == pair_of(STOVE, ROPE)
    assert sorted(map(json.dumps, json.loads(pair).values())) == [STOVE, '{"name": "rope"}']


def test_the_place_of_a_record_is_not_that_of_its_letters() -> None:
    """Else what is called `a…` would always be a."""
    places = [json.loads(str(pair_of(f'"a{n}"', f'"b{n}"')))["a"][0] for n in range(20)]
    assert set(places) == {"a", "b"}


@pytest.mark.parametrize(
    ("one", "other"), [(None, ROPE), (ROPE, None), ('" \\t"', ROPE), (ROPE, '{"name":null}')]
)
def test_a_record_that_is_missing_makes_no_pair(one: str | None, other: str | None) -> None:
    """Nothing is asked about half of one."""
    assert pair_of(one, other) is None
