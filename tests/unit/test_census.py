"""The census counts what a run would ask: rows, different asks, what is stored, what it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from assay.core.settings import Settings
from assay.core.values import Ask
from assay.engine.estimate import Census, Estimate, minutes_of, timed
from assay.engine.prices import cost_usd, price_of
from assay.engine.queue import Backlog
from assay.forms.chat_request import compose, expected_output_tokens
from assay.functions.embed import Embed

from .builders import ask, task, yes_or_no


def settings(**changed: object) -> Settings:
    """An endpoint with a known price; two records a request."""
    given = {"provider": "openai", "model": "gpt-4.1-mini", "api_key": "k", "pack_records": 2}
    return Settings.model_validate(given | changed)


def priced(text: str) -> Ask:
    """A question to a model in the price table."""
    return ask(text, model="gpt-4.1-mini")


def count(
    census: Census, rows: Sequence[Ask | None], due: Sequence[Ask] = (), question: str = "one"
) -> None:
    """Count rows by what is asked about them; None is a blank one."""
    texts = [None if one is None else one.text for one in rows]
    census.count(question, texts, [None if one is None else one.key for one in rows], due)


def counted(*asks: Ask, rows: int | None = None, chosen: Settings | None = None) -> Estimate:
    """The plan of asks none of which is stored."""
    census = Census(chosen or settings())
    blank = [None] * ((rows or len(asks)) - len(asks))
    count(census, [*asks, *blank], asks)
    return census.plan()


def test_nothing_takes_nothing() -> None:
    """No rows, no requests, no money."""
    assert Census(settings()).plan() == Estimate(0, 0, 0, 0, 0, 0, 0, 0.0)


def test_blank_rows_are_rows_but_no_asks() -> None:
    """A row without a text costs nothing."""
    plan = counted(priced("one"), rows=4)

    assert (plan.rows, plan.asks, plan.requests) == (4, 1, 1)


def test_a_text_in_many_rows_is_asked_once() -> None:
    """Within a chunk, over chunks and over models."""
    census = Census(settings())
    one = priced("one")
    for _ in range(3):
        count(census, [one, one], [one])

    assert (census.plan().rows, census.plan().asks, census.plan().requests) == (6, 1, 1)


def test_what_is_stored_is_counted_and_not_planned() -> None:
    """Keys that came without an ask are known already."""
    census = Census(settings())
    old, new = priced("old"), priced("new")
    count(census, [old, new], [new])

    plan = census.plan()
    assert (plan.asks, plan.stored, plan.requests) == (2, 1, 1)


def test_rows_are_those_of_the_question_with_the_most() -> None:
    """Two questions about three rows are six asks about three texts of three rows."""
    census, rows = Census(settings()), [priced(text) for text in "abc"]
    other = [ask(one.text, yes_or_no("Is it new?"), "gpt-4.1-mini") for one in rows]
    count(census, rows, rows)
    count(census, other, other, question="other")

    plan = census.plan()
    assert (plan.rows, plan.texts, plan.asks) == (3, 3, 6)


def test_rows_that_are_not_due_are_counted_as_stored() -> None:
    """`ai_due` compares all of them and lets only those through that are due."""
    census, old, new = Census(settings()), priced("old"), priced("new")
    census.compare("one", ["old", "old", None, "new"], [old.key, old.key, None, new.key], [new])
    count(census, [new], [new])

    plan = census.plan()
    assert (plan.rows, plan.texts, plan.asks, plan.stored, plan.requests) == (4, 2, 2, 1, 1)


@pytest.mark.parametrize(
    ("known", "reached", "at_least"),
    [(0, 0, True), (2, 1, True), (2, 2, True), (2, 3, False), (0, 4, False), (4, 0, False)],
)
def test_a_question_that_only_answered_rows_reach_may_hang_on_them(
    known: int, reached: int, *, at_least: bool
) -> None:
    """Four rows have a question, of which some are answered; another question sees some rows."""
    census, rows = Census(settings()), [priced(text) for text in "abcd"]
    census.meet("one")
    census.meet("other")
    count(census, rows, rows[known:])
    count(census, rows[:reached], question="other")
    total = Census(settings())
    total.add(census)

    assert (census.plan().at_least, total.plan().at_least) == (at_least, at_least)


@pytest.mark.parametrize(("texts", "requests"), [(1, 1), (2, 1), (3, 2), (10, 5)])
def test_requests_are_packed_as_a_run_packs_them(texts: int, requests: int) -> None:
    """Two records a request."""
    plan = counted(*(priced(f"text {at}") for at in range(texts)))

    assert plan.requests == requests


def test_vectors_are_packed_by_the_thousand() -> None:
    """The bounds are those of the form: a chat about the same texts would take 1,500 requests."""
    asked = Embed(dimensions=8)
    plan = counted(*(ask(f"text {at}", asked, "text-embedding-3-small") for at in range(3_000)))

    assert (plan.requests, plan.output_tokens) == (2, 0)


def test_questions_about_one_text_share_its_request() -> None:
    """Fused: two asks, one record."""
    plan = counted(
        ask("one", yes_or_no("Is it good?"), "gpt-4.1-mini"),
        ask("one", yes_or_no("Is it new?"), "gpt-4.1-mini"),
    )

    assert (plan.asks, plan.requests) == (2, 1)


def test_tokens_and_money_are_those_of_the_packs() -> None:
    """The sum over the requests of a run, at the price of their model."""
    chosen = settings()
    asks = [priced(f"text {at}") for at in range(3)]
    plan = counted(*asks, chosen=chosen)
    backlog = Backlog({"chat": (chosen.pack_records, chosen.pack_tokens)})
    for one in asks:
        backlog.add(one, ripe=True)
    packs = [pack for _ in range(2) if (pack := backlog.take(flush=True))]
    tokens_in = sum(compose(pack).input_tokens for pack in packs)
    tokens_out = sum(expected_output_tokens(pack) for pack in packs)

    assert (plan.input_tokens, plan.output_tokens) == (tokens_in, tokens_out)
    price = price_of(chosen, "gpt-4.1-mini")
    assert plan.cost_usd == pytest.approx(cost_usd(price, tokens_in, tokens_out))


def test_a_price_that_is_not_known_makes_the_sum_unknown() -> None:
    """One model without a price is enough; the tokens are known all the same."""
    plan = counted(priced("one"), ask("two", task(model="nobody-knows"), "nobody-knows"))

    assert plan.cost_usd is None
    assert plan.input_tokens > 0


def test_planning_twice_gives_the_same() -> None:
    """A census goes on counting after a plan."""
    census = Census(settings())
    one, two = priced("one"), priced("two")
    count(census, [one], [one])
    first = census.plan()
    assert census.plan() == first
    count(census, [two], [two])

    assert census.plan().asks == 2


DUE = Estimate(
    rows=10,
    texts=10,
    asks=10,
    stored=0,
    requests=120,
    input_tokens=900,
    output_tokens=12_000,
    cost_usd=None,
)


@pytest.mark.parametrize(
    ("limits", "minutes"),
    [
        ({"max_in_flight": 4}, 120 * 2.0 / 4 / 60),
        ({"max_in_flight": 4, "requests_per_minute": 30}, 4.0),
        ({"max_in_flight": 4, "tokens_per_minute": 1_290}, 10.0),
    ],
)
def test_the_tightest_limit_sets_the_time(limits: dict[str, Any], minutes: float) -> None:
    """Two seconds a request; in flight, requests a minute and tokens a minute."""
    assert minutes_of(DUE, Settings(**limits), 2.0) == pytest.approx(minutes)


def test_without_a_latency_the_time_is_unknown() -> None:
    """Unless nothing is due."""
    assert minutes_of(DUE, Settings(), None) is None
    assert minutes_of(replace(DUE, requests=0), Settings(), None) == 0.0


def test_time_is_assumed_for_an_endpoint_that_was_not_asked_yet() -> None:
    """A hundred tokens a request are two seconds; what is assumed is no measurement."""
    assumed = timed(DUE, settings(max_in_flight=4), None)
    measured = timed(DUE, settings(max_in_flight=4), 4.0)

    assert (assumed.minutes, assumed.latency_seconds) == (pytest.approx(1.0), None)
    assert (measured.minutes, measured.latency_seconds) == (pytest.approx(2.0), 4.0)
    assert timed(DUE, Settings(), None).minutes is None
