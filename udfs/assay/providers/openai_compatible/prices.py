"""The vendors' list prices: a dated table, and how gateways and dates spell a model. Pure."""

from __future__ import annotations

import re

from assay.core.price import Price

AS_OF = "2026-03"
"""The month of the vendor's list prices in the table, as public price comparisons quote them.

Prices move: `ASSAY_PRICE_INPUT_USD` and `ASSAY_PRICE_OUTPUT_USD` override the table.
"""

_HALF = 0.5

PRICES: dict[str, Price] = {
    "gpt-4.1": Price(2.00, 8.00, 0.50),
    "gpt-4.1-mini": Price(0.40, 1.60, 0.10),
    "gpt-4.1-nano": Price(0.10, 0.40, 0.025),
    "gpt-4o": Price(2.50, 10.00, 1.25),
    "gpt-4o-mini": Price(0.15, 0.60, 0.075),
    "gpt-5": Price(1.25, 10.00, 0.125, _HALF),
    "gpt-5-mini": Price(0.25, 2.00, 0.025, _HALF),
    "gpt-5-nano": Price(0.05, 0.40, 0.005, _HALF),
    "text-embedding-3-small": Price(0.02, 0.0),
    "text-embedding-3-large": Price(0.13, 0.0),
    "text-embedding-ada-002": Price(0.10, 0.0),
}

_ROUTE = re.compile(r"(?:(?:openai|azure|azure_ai|openrouter|litellm_proxy)/)+")
"""How gateways begin the name of a model that its own vendor serves at its own price."""

_DATED = re.compile(r"(?:[-@]\d{4}-?\d{2}-?\d{2}|-latest)?")
"""What may follow the name of a model and changes no price: the day of its version."""


def listed(model: str) -> Price | None:
    """Return the price of `model` in the table, however a gateway or its date spell it.

    The longest name in the table that it begins with counts, and nothing but a date may follow:
    `gpt-5-pro` is not `gpt-5`, and costs twelve times as much.
    """
    route = _ROUTE.match(model)
    name = model[route.end() :] if route else model
    longest = max((known for known in PRICES if name.startswith(known)), key=len, default=None)
    if longest is None or not _DATED.fullmatch(name, len(longest)):
        return None
    return PRICES[longest]
