"""What tokens cost: a dated table, overridable; a model that is not in it has no known price."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assay.core.errors import ConfigError
from assay.core.settings import Settings
from assay.core.usage import Usage

AS_OF = "2026-03"
"""The month of the vendor's list prices in the table, as public price comparisons quote them.

Prices move: `ASSAY_PRICE_INPUT_USD` and `ASSAY_PRICE_OUTPUT_USD` override the table.
"""

FLEX = "flex"
"""The tier that waits for spare capacity."""


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


_FREE = Price(0.0, 0.0)
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


def price_of(settings: Settings, model: str) -> Price | None:
    """Return the price of `model`; None when it is not known, which is not the same as free."""
    if settings.answerer.free:
        return _FREE
    if settings.price_input_usd is not None and settings.price_output_usd is not None:
        return Price(
            settings.price_input_usd, settings.price_output_usd, settings.price_cached_usd
        )
    return listed(model)


def price_in_batch(settings: Settings, model: str) -> Price | None:
    """Return the price of `model` in a batch; None where it is not known or there are none."""
    price, terms = price_of(settings, model), settings.manner_of(model).batches
    if price is None or terms is None:
        return None
    cached = None if price.cached_usd is None else price.cached_usd * terms.price
    return Price(price.input_usd * terms.price, price.output_usd * terms.price, cached)


def usual_price(settings: Settings, model: str) -> Price | None:
    """Return the price of `model` in the way in which the settings ask it."""
    return price_in_batch(settings, model) if settings.batch else price_of(settings, model)


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
    """Return the most that so many tokens cost, none of them cached and at the usual tier.

    Plans and the wall count so: never too low. None when the price or a count is unknown.
    """
    if price is None or input_tokens is None or output_tokens is None:
        return None
    return (input_tokens * price.input_usd + output_tokens * price.output_usd) / 1_000_000


def usage_cost_usd(price: Price | None, usage: Usage) -> float | None:
    """Return what a reply cost; None when that cannot be known.

    What a gateway states is what was paid. A stated zero is taken where no price is known:
    gateways say it of models whose price they do not know either.
    """
    if usage.stated_usd:
        return usage.stated_usd
    cost = _counted_usd(price, usage)
    return usage.stated_usd if cost is None else cost


def _counted_usd(price: Price | None, usage: Usage) -> float | None:
    """Return the cost of a reply by its tokens: the cached ones and the tier at their price."""
    full = cost_usd(price, usage.input_tokens, usage.output_tokens)
    if price is None or full is None:
        return None
    cached = min(usage.cached_tokens or 0, usage.input_tokens or 0)
    saved = 0.0 if price.cached_usd is None else price.input_usd - price.cached_usd
    tier = price.flex if usage.service_tier == FLEX else 1.0
    return tier * (full - cached * saved / 1_000_000)
