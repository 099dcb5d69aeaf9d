"""Answers that age, night by night on a clock of ours: looked at when due, and never lost."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from assay.core.settings import Settings
from assay.engine.session import open_session

from .nights import Nights

WITHOUT = (0, 7, 21, 49, 105, 161)
"""On which nights a row without evidence is looked at: 7, 14, 28, 56 and 56 days apart."""


def around(due: Sequence[int]) -> list[int]:
    """Each of these nights, the one before and the one after."""
    return sorted({max(0, night + by) for night in due for by in (-1, 0, 1)})


def looked_at(
    nights: Nights, many: Iterable[int], names: list[str], **changed: Any
) -> dict[int, int]:
    """On which of these nights something was searched for, and how often."""
    found: dict[int, int] = {}
    for night in many:
        before = nights.searches()
        nights.night(night, names, **changed)
        if searched := nights.searches() - before:
            found[night] = searched
    return found


def test_an_answer_is_checked_again_when_it_is_due_and_not_before(nights: Nights) -> None:
    """A listing is good for 30 days; what it said before is history."""
    names = ["Kim", "Abc Foods"]
    nights.night(0, names)
    assert nights.searches() == 2
    nights.night(29, names)
    assert nights.searches() == 2
    fresh = nights.night(30, names)
    assert nights.searches() == 4
    assert [(one.status, one.stale) for one in fresh] == [("ok", False)] * 2
    assert {one.answered_at for one in fresh} == {"2026-01-31 04:00:00.000000"}
    assert [row["answered_at"] for row in nights.rows("superseded")] == [
        "2026-01-01 04:00:00.000000"
    ] * 2


def test_a_check_that_finds_nothing_keeps_the_answer_and_comes_later(nights: Nights) -> None:
    """It is stale, with the time it was verified at; 7, 14, 28 days, and 56 for ever."""
    (first,) = nights.night(0, ["Kim"])
    nights.server.service.searches.switch("nameless")
    due = [30, 37, 51, 79, 135, 191, 247]
    found = looked_at(nights, around(due), ["Kim"])
    assert [*found] == due
    (last,) = nights.night(260, ["Kim"])
    assert (last.value, last.status, last.stale) == (first.value, "ok", True)
    (again,) = nights.night(303, ["Kim"], "good")
    assert (again.status, again.stale, again.answered_at) == (
        "ok",
        False,
        "2026-10-31 04:00:00.000000",
    )


def test_a_row_without_evidence_is_looked_at_less_and_less_and_ages_out(nights: Nights) -> None:
    """It is `unclear` all the time."""
    found = looked_at(nights, [*around(WITHOUT), 300], ["Kim"], evidence_url=nothing(nights))
    assert found == dict.fromkeys(WITHOUT, 1)


def nothing(nights: Nights) -> str:
    """A search server that finds nothing, beside the other one."""
    return re.sub(r"/v1$", "", nights.server.url("good")).replace("/s/good", "/s/nothing") + (
        "/search?q={query}"
    )


def test_no_more_are_checked_than_may_be_the_oldest_first(nights: Nights) -> None:
    """The others are served as they stand, and stale."""
    nights.night(0, ["a1b2", "c3d4"])
    nights.night(1, ["e5f6"])
    served = nights.night(40, ["e5f6", "a1b2", "c3d4"], max_rechecks=2)
    assert [one.stale for one in served] == [True, False, False]
    served = nights.night(41, ["e5f6", "a1b2", "c3d4"], max_rechecks=2)
    assert [one.stale for one in served] == [False] * 3


@pytest.mark.parametrize("wall", [{"max_searches": 1}, {"max_requests": 1}])
def test_without_budget_answers_are_served_as_they_stand(
    nights: Nights, wall: dict[str, Any]
) -> None:
    """A re-check is no reason to refuse a run, and none to lose an answer."""
    names = ["a1b2", "c3d4", "e5f6"]
    nights.night(0, names)
    served = nights.night(40, names, **wall)
    assert Counter((one.status, one.stale) for one in served) == {
        ("ok", True): 2,
        ("ok", False): 1,
    }


def test_an_outage_of_ten_nights_loses_nothing_and_is_told(nights: Nights) -> None:
    """Every night it is tried again; values and times stay, and each run says what stopped it."""
    names = [f"name {number:02}" for number in range(8)]
    before = nights.night(0, names)
    for night in range(30, 40):
        served = nights.night(night, names, "s503")
        assert [(one.value, one.answered_at, one.status) for one in served] == [
            (one.value, one.answered_at, "ok") for one in before
        ]
        assert all(one.stale for one in served)
    stops = {row["invocation_id"]: row["stopped_by"] for row in nights.rows("runs")}
    assert [stops[f"night-{night}"] for night in range(30, 40)] == ["search"] * 10
    after = nights.night(40, names, "good")
    assert [(one.status, one.stale) for one in after] == [("ok", False)] * 8
    assert nights.rows("failures") == []


def test_what_is_forgotten_leaves_no_answer_of_before(nights: Nights) -> None:
    """Those whose place a later one has taken count among the answers."""
    nights.night(0, ["Kim"])
    nights.night(30, ["Kim"])
    with open_session(Settings(store=nights.store)) as session:
        assert session.store.forget(["Kim"])["answers"] == 2
    assert nights.rows("superseded") == []


def test_what_is_redacted_leaves_in_no_search_also_when_an_answer_is_due(nights: Nights) -> None:
    """The title of what is found has what was searched for."""
    for night, searches in ((0, 1), (1, 1), (30, 2)):
        (found,) = nights.night(night, ["Kim's Kitchen, 416-555-0101"], redact=("phone",))
        assert (found.status, found.stale, nights.searches()) == ("ok", False, searches)
        (cited,) = json.loads(found.value or "null")["evidence"]
        assert cited["title"] == "Kim's Kitchen, - Yelp"
    assert [len(nights.rows(table)) for table in ("answers", "superseded")] == [1, 1]
