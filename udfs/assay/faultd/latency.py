"""How long a model thinks: lognormal per request plus a time for each output token."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latency:
    """Median and token time in seconds; a median of 0 with no token time means at once."""

    median: float = 0.0
    sigma: float = 0.0
    seconds_per_token: float = 0.0
    seed: int = 0

    def seconds(self, sequence: int, tokens: int) -> float:
        """The thinking time of request number `sequence`, the same on every run."""
        thought = tokens * self.seconds_per_token
        if self.median <= 0:
            return thought
        draw = random.Random(self.seed * 1_000_003 + sequence).gauss(0.0, self.sigma)  # noqa: S311  a model of delay
        return self.median * math.exp(draw) + thought


NO_LATENCY = Latency()
