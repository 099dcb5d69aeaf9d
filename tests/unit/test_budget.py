"""The wall of one run: what fits, what is set aside, and when waiting at the wall has an end."""

from __future__ import annotations

from assay.engine.budget import Budget


def test_a_request_fits_until_the_ceiling() -> None:
    """What is in flight counts at its worst, what has settled at its cost."""
    budget = Budget(max_cost_usd=1.0)
    budget.reserve(0.6)
    assert not budget.allows(0.5)
    budget.pay(0.6, 0.1)
    assert budget.allows(0.5)


def test_nobody_waits_for_room_when_nothing_is_in_flight() -> None:
    """0.1 + 0.2 - 0.1 - 0.2 is not 0 in floats: the wall must not wait for that crumb."""
    budget = Budget(max_cost_usd=0.3)
    budget.reserve(0.1)
    budget.reserve(0.2)
    assert budget.is_unsettled()
    budget.pay(0.1, 0.1)
    budget.pay(0.2, 0.2)
    assert not budget.is_unsettled()


def test_a_cost_that_is_not_known_counts_in_full() -> None:
    """A reply that was lost may have been billed."""
    budget = Budget(max_cost_usd=1.0)
    budget.reserve(0.4)
    budget.pay(0.4, None)
    assert budget.spent_usd == 0.4


def test_requests_that_are_used_up_do_not_come_back() -> None:
    """The wall waits for what is in flight alone, which may say why it was spent."""
    budget = Budget(max_requests=1)
    budget.reserve(None)
    assert not budget.allows(None)
    assert budget.is_unsettled()
    budget.pay(None, None)
    assert not budget.allows(None)
    assert not budget.is_unsettled()
