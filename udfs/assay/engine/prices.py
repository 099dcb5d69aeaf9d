"""What tokens cost: as the settings state, or else by the list of who is asked, or unknown."""

from __future__ import annotations

from assay.core.errors import ConfigError
from assay.core.price import Price
from assay.core.settings import Settings
from assay.core.task import Task
from assay.core.usage import Usage

FLEX = "flex"
"""The tier that waits for spare capacity."""


_FREE = Price(0.0, 0.0)

_WANTED = (
    "`ASSAY_PRICE_INPUT_USD` and `ASSAY_PRICE_OUTPUT_USD`",
    "`ASSAY_PRICE_EMBEDDING_USD`",
)
"""What tells a price: of a model that writes, of one of vectors."""


def price_of(settings: Settings, model: str) -> Price | None:
    """Return the price of `model`; None when it is not known, which is not the same as free."""
    if settings.answerer.free:
        return _FREE
    if model == settings.embedding_model and settings.price_embedding_usd is not None:
        return Price(settings.price_embedding_usd, 0.0)
    if model == settings.embedding_model:
        return settings.traits.price(model)
    if settings.price_input_usd is not None and settings.price_output_usd is not None:
        return Price(
            settings.price_input_usd, settings.price_output_usd, settings.price_cached_usd
        )
    return settings.traits.price(model)


def price_in_batch(settings: Settings, model: str) -> Price | None:
    """Return the price of `model` in a batch; None where it is not known or there are none."""
    price, terms = price_of(settings, model), settings.manner_of(model).batches
    if price is None or terms is None:
        return None
    cached = None if price.cached_usd is None else price.cached_usd * terms.price
    return Price(price.input_usd * terms.price, price.output_usd * terms.price, cached)


def usual_price(settings: Settings, model: str) -> Price | None:
    """Return the price of `model` in the way in which the settings ask it."""
    in_batch = settings.batch and model != settings.embedding_model
    return price_in_batch(settings, model) if in_batch else price_of(settings, model)


def with_search(settings: Settings, task: Task, price_usd: float | None) -> float | None:
    """Return what a request costs with the search before it, where its task needs one."""
    search = 0.0 if settings.searches_for_free else settings.price_search_usd
    if not task.needs_evidence or price_usd is None:
        return price_usd
    return None if search is None else price_usd + search


def check_cap(settings: Settings, model: str | None = None) -> None:
    """Raise `ConfigError` for a cap on money with a model (None: the usual) without price."""
    model = settings.model_for(None) if model is None else model
    if settings.max_cost_usd is not None and price_of(settings, model) is None:
        message = (
            f"`ASSAY_MAX_COST_USD` is set, but the price of {model!r} is not known; set "
            f"{_WANTED[model == settings.embedding_model]} (US dollars a million tokens)."
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
