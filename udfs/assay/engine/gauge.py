"""How many tokens a request will take: the estimate, corrected by reported usage. Pure."""

from __future__ import annotations

import math
from collections import Counter

from assay.core.values import Request, Usage

MOST_TOKENS_FOR_ONE = 8
"""The most that a vocabulary makes of what we take for one token."""


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
