"""A price: what the tokens of a model cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens.

    `cached_usd` is for input that the vendor had in its cache; None where that costs the same.
    `flex` is the part of all this that the flex tier costs, where one is documented.
    """

    input_usd: float
    output_usd: float
    cached_usd: float | None = None
    flex: float = 1.0
