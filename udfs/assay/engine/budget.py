"""What requests may cost: the wall of one run, and how a model counts tokens. Pure."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from assay.core.errors import BudgetError
from assay.core.plural import counted
from assay.core.values import Request, Usage

MOST_TOKENS_FOR_ONE = 8
"""The most that a vocabulary makes of what we take for one token."""


@dataclass(slots=True)
class Budget:
    """Counts requests and US dollars of one run against their caps; None means no cap.

    What is spent never exceeds the cap by more than a server charges beyond the worst cost that
    was reserved for what is in flight.
    """

    max_cost_usd: float | None = None
    max_requests: int | None = None
    max_searches: int | None = None
    searches: int = 0
    spent_usd: float = 0.0
    reserved_usd: float = 0.0
    requests: int = 0
    held_usd: float = 0.0
    """The worst cost of what waits for batches, which no end of this run settles."""
    open: int = 0
    """Reservations that are not paid. The sum cannot tell: floats leave crumbs behind."""

    def allows(self, worst_usd: float | None) -> bool:
        """Whether a request that costs at most `worst_usd` fits; an unknown cost fits no cap."""
        if self.max_requests is not None and self.requests >= self.max_requests:
            return False
        if self.max_cost_usd is None:
            return True
        if worst_usd is None:
            return False
        return self.taken_usd + worst_usd <= self.max_cost_usd

    def allows_search(self, price_usd: float | None) -> bool:
        """Whether one more search fits; one without a price is not counted as money."""
        if self.max_searches is not None and self.searches >= self.max_searches:
            return False
        if self.max_cost_usd is None:
            return True
        return self.taken_usd + (price_usd or 0.0) <= self.max_cost_usd

    def search(self, price_usd: float | None) -> None:
        """A search goes out: it is paid for whatever it brings."""
        self.searches += 1
        self.spent_usd += price_usd or 0.0

    @property
    def taken_usd(self) -> float:
        """What is spent, or set aside for what flies and for what waits for batches."""
        return self.spent_usd + self.reserved_usd + self.held_usd

    def lacks(self, cost_usd: float | None, requests: int) -> bool:
        """Whether so many requests, expected to cost so much, are more than there is room for.

        A cost that is not known is left to the wall: it stops at the first request.
        """
        if self.max_requests is not None and self.requests + requests > self.max_requests:
            return True
        if self.max_cost_usd is None or cost_usd is None:
            return False
        return self.taken_usd + cost_usd > self.max_cost_usd

    def check(self, cost_usd: float | None, requests: int) -> None:
        """Raise `BudgetError` for what there is no room for."""
        if not self.lacks(cost_usd, requests):
            return
        about = f"about {counted(requests, 'request')}"
        if cost_usd is not None:
            about += f" and {cost_usd:.4f} US dollars"
        message = (
            f"What is to be asked needs {about}, more than the budget of this run has left "
            "(`ASSAY_MAX_COST_USD`, `ASSAY_MAX_REQUESTS`); nothing of it was sent. Raise the "
            "budget, or set `ASSAY_OVER_BUDGET=spend` to go as far as it reaches."
        )
        raise BudgetError(message)

    def cannot_price(self, worst_usd: float | None) -> bool:
        """Whether a request is not sent because nobody knows what it costs at most."""
        return self.max_cost_usd is not None and worst_usd is None

    def wall(self, model: str, worst_usd: float | None) -> str:
        """Return why a request that costs so much at most is not sent."""
        if self.cannot_price(worst_usd):
            return (
                f"`ASSAY_MAX_COST_USD` is set, but the price of {model!r} is not known; set "
                "`ASSAY_PRICE_INPUT_USD` and `ASSAY_PRICE_OUTPUT_USD`, or use "
                "`ASSAY_MAX_REQUESTS`."
            )
        return "The budget of this run is used up (`ASSAY_MAX_COST_USD`, `ASSAY_MAX_REQUESTS`)."

    def is_unsettled(self) -> bool:
        """Whether the wall waits: reservations may settle lower, what is in flight may fail.

        Of a cap on requests nothing comes back, but then it is known what they were spent on.
        """
        return self.open > 0

    def reserve(self, worst_usd: float | None) -> None:
        """Set the worst cost of a request aside; call `pay` with the same figure later."""
        self.requests += 1
        self.open += 1
        self.reserved_usd += worst_usd or 0.0

    def take_back(self, worst_usd: float | None) -> None:
        """A request was not sent after all."""
        self.requests -= 1
        self.pay(worst_usd, 0.0)

    def hold(self, worst_usd: float | None, requests: int = 1) -> None:
        """Set the worst cost of what goes into a batch aside; call `settle` for each later."""
        self.requests += requests
        self.held_usd += worst_usd or 0.0

    def let_go(self, worst_usd: float | None) -> None:
        """What was held is not sent; it is asked for again."""
        self.requests -= 1
        self.settle(worst_usd, 0.0)

    def settle(self, worst_usd: float | None, cost_usd: float | None) -> None:
        """Replace what was held by what was spent; what is not known counts as all of it."""
        self.held_usd = max(0.0, self.held_usd - (worst_usd or 0.0))
        self.spent_usd += (worst_usd or 0.0) if cost_usd is None else cost_usd

    def pay(self, worst_usd: float | None, cost_usd: float | None) -> None:
        """Replace a reservation by what was spent; what is not known counts as all of it."""
        self.open -= 1
        self.reserved_usd = self.reserved_usd - (worst_usd or 0.0) if self.open else 0.0
        self.spent_usd += (worst_usd or 0.0) if cost_usd is None else cost_usd


class Gauge:
    """How many tokens a model counts where we estimate one, by the usage that it reports.

    The estimate knows characters and no vocabulary; a text in another script may take thrice as
    many. It is corrected upwards only: a budget is reserved for the worst.
    """

    def __init__(self) -> None:
        self._estimated: Counter[str] = Counter()
        self._reported: Counter[str] = Counter()

    def read(self, request: Request, usage: Usage) -> None:
        """Take in what a request took; of what is beyond belief, as much as can be believed."""
        if usage.input_tokens is not None:
            most = MOST_TOKENS_FOR_ONE * request.input_tokens
            self._estimated[request.model] += request.input_tokens
            self._reported[request.model] += min(usage.input_tokens, most)

    def input_tokens(self, request: Request) -> int:
        """Return how many tokens `request` is going to take, as far as can be told."""
        estimated, reported = self._estimated[request.model], self._reported[request.model]
        if reported <= estimated:
            return request.input_tokens
        return math.ceil(request.input_tokens * reported / estimated)
