"""The census: what a run would ask, counted before a cent is spent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from udfs.packer import Backlog
from udfs.prices import cost_usd, price_of
from udfs.prompts import compose, expected_output_tokens, input_tokens
from udfs.records import Ask
from udfs.settings import Settings


@dataclass(frozen=True, slots=True)
class Plan:
    """What is due: rows and distinct asks seen, how many are stored, and what the rest takes.

    Tokens are estimates; `cost_usd` is None when the price of a model is not known, `minutes`
    where nothing is known of how long a request takes.
    """

    rows: int
    asks: int
    stored: int
    requests: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    minutes: float | None = None


def minutes_of(plan: Plan, settings: Settings, latency_seconds: float | None) -> float | None:
    """Return how long a plan takes at the present limits; None while no latency is known.

    `latency_seconds` is the mean of one request. The slowest of three sets the pace: requests in
    flight, requests a minute and tokens a minute.
    """
    if not plan.requests:
        return 0.0
    if latency_seconds is None:
        return None
    minutes = [plan.requests * latency_seconds / settings.max_in_flight / 60]
    if settings.requests_per_minute is not None:
        minutes.append(plan.requests / settings.requests_per_minute)
    if settings.tokens_per_minute is not None:
        minutes.append((plan.input_tokens + plan.output_tokens) / settings.tokens_per_minute)
    return max(minutes)


class Census:
    """Counts the asks of any number of statements; an ask that several need counts once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._rows = 0
        self._known: set[bytes] = set()
        self._unknown: dict[bytes, Ask] = {}

    def count(self, keys: Sequence[bytes | None], unknown: Sequence[Ask]) -> None:
        """Take note of rows by their keys (None for blank ones) and of the asks to be made."""
        self._rows += len(keys)
        self._unknown.update((ask.key, ask) for ask in unknown)
        self._known.update(key for key in keys if key is not None and key not in self._unknown)

    def plan(self) -> Plan:
        """Return the plan, packed as a run would pack it."""
        backlog = Backlog(self._settings.pack_records, self._settings.pack_tokens)
        for ask in self._unknown.values():
            backlog.add(ask, ripe=True)
        requests = tokens_in = tokens_out = 0
        cost: float | None = 0.0
        while (pack := backlog.take(flush=True)) is not None:
            spent_in, spent_out = input_tokens(compose(pack)), expected_output_tokens(pack)
            price = cost_usd(price_of(self._settings, pack.model), spent_in, spent_out)
            cost = None if cost is None or price is None else cost + price
            requests, tokens_in, tokens_out = (
                requests + 1,
                tokens_in + spent_in,
                tokens_out + spent_out,
            )
        asks = len(self._known) + len(self._unknown)
        return Plan(self._rows, asks, len(self._known), requests, tokens_in, tokens_out, cost)
