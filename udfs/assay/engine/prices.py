"""What tokens cost: a dated table, overridable; a model that is not in it has no known price."""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.errors import ConfigError
from assay.core.settings import Settings
from assay.core.values import Usage

AS_OF = "2026-03"
"""The month of the vendor's list prices in the table, as public price comparisons quote them.

Prices move: `ASSAY_PRICE_INPUT_USD` and `ASSAY_PRICE_OUTPUT_USD` override the table.
"""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens."""

    input_usd: float
    output_usd: float


_FREE = Price(0.0, 0.0)

PRICES: dict[str, Price] = {
    "gpt-4.1": Price(2.00, 8.00),
    "gpt-4.1-mini": Price(0.40, 1.60),
    "gpt-4.1-nano": Price(0.10, 0.40),
    "gpt-4o": Price(2.50, 10.00),
    "gpt-4o-mini": Price(0.15, 0.60),
    "gpt-5": Price(1.25, 10.00),
    "gpt-5-mini": Price(0.25, 2.00),
    "gpt-5-nano": Price(0.05, 0.40),
}


def price_of(settings: Settings, model: str) -> Price | None:
    """Return the price of `model`; None when it is not known, which is not the same as free."""
    if settings.answerer.free:
        return _FREE
    if settings.price_input_usd is not None and settings.price_output_usd is not None:
        return Price(settings.price_input_usd, settings.price_output_usd)
    return PRICES.get(model)


def check_cap(settings: Settings, asked: str | None = None) -> None:
    """Raise `ConfigError` for a cap on money with a model whose price nobody knows.

    It is the model that answers a task which asks for `asked`, the default one for None.
    """
    model = settings.model_for(asked)
    if settings.max_cost_usd is not None and price_of(settings, model) is None:
        message = (
            f"`ASSAY_MAX_COST_USD` is set, but the price of {model!r} is not known; set "
            "`ASSAY_PRICE_INPUT_USD` and `ASSAY_PRICE_OUTPUT_USD` (US dollars a million tokens)."
        )
        raise ConfigError(message)


def cost_usd(
    price: Price | None, input_tokens: int | None, output_tokens: int | None
) -> float | None:
    """Return the cost of so many tokens; None when the price or a count is unknown."""
    if price is None or input_tokens is None or output_tokens is None:
        return None
    return (input_tokens * price.input_usd + output_tokens * price.output_usd) / 1_000_000


def usage_cost_usd(price: Price | None, usage: Usage) -> float | None:
    """Return what a reply cost by the usage it reported; None when that cannot be known."""
    return cost_usd(price, usage.input_tokens, usage.output_tokens)
