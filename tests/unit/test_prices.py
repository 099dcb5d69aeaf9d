"""What a reply costs: the price of a model however it is spelled, caches, tiers, gateways."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from assay.core.errors import ConfigError
from assay.core.price import Price
from assay.core.settings import Settings, with_changes
from assay.core.usage import Usage
from assay.engine.prices import cost_usd, price_of, usage_cost_usd
from assay.providers.openai_compatible.prices import PRICES, listed

MINI = PRICES["gpt-4.1-mini"]
MILLION = 1_000_000


@pytest.mark.parametrize(
    "model",
    [
        "gpt-4.1-mini",
        "gpt-4.1-mini-2025-04-14",
        "gpt-4.1-mini-20250414",
        "gpt-4.1-mini-latest",
        "openai/gpt-4.1-mini",
        "openai/gpt-4.1-mini-2025-04-14",
        "azure/gpt-4.1-mini",
        "openrouter/openai/gpt-4.1-mini",
    ],
)
def test_a_price_is_found_however_the_model_is_spelled(model: str) -> None:
    """With the gateway's way to it and the day of its version; the longest name wins."""
    assert listed(model) == MINI
    assert listed(model.replace("-mini", "")) == PRICES["gpt-4.1"]


@pytest.mark.parametrize(
    "model",
    ["gpt-5-pro", "gpt-4o-audio-preview", "gpt-4.1-mini:free", "groq/gpt-4.1", "my-gpt-4o", ""],
)
def test_another_model_has_no_price(model: str) -> None:
    """One whose name only begins alike may cost twelve times as much; other vendors ask others."""
    assert listed(model) is None


def test_cached_input_costs_less() -> None:
    """A quarter of it at `gpt-4.1-mini`; the rest and the output cost what they cost."""
    usage = Usage(MILLION, MILLION, 400_000)
    assert usage_cost_usd(MINI, usage) == pytest.approx(0.6 * 0.40 + 0.4 * 0.10 + 1.60)


@pytest.mark.parametrize("cached", [None, 0])
def test_without_a_cache_all_is_paid_in_full(cached: int | None) -> None:
    """So is what a price knows no other price for."""
    assert usage_cost_usd(MINI, Usage(MILLION, 0, cached)) == 0.40
    assert usage_cost_usd(Price(3.0, 1.0), Usage(MILLION, 0, 500_000)) == 3.0


def test_no_reply_is_paid_back_for_its_cache() -> None:
    """More cached tokens than there were are as many as there were."""
    assert usage_cost_usd(MINI, Usage(MILLION, 0, 9 * MILLION)) == pytest.approx(0.10)


def test_the_flex_tier_is_half_price_where_it_served_and_is_documented() -> None:
    """What was asked for counts for nothing: the server says which tier it was."""
    five, flexed = PRICES["gpt-5-mini"], Usage(MILLION, MILLION, 0, None, "flex")
    assert usage_cost_usd(five, flexed) == pytest.approx((0.25 + 2.00) / 2)
    assert usage_cost_usd(five, Usage(MILLION, MILLION, 0, None, "default")) == 2.25
    assert usage_cost_usd(MINI, flexed) == 2.00


def test_what_the_gateway_says_was_paid() -> None:
    """Whatever the table says, and where it says nothing."""
    assert usage_cost_usd(MINI, Usage(MILLION, MILLION, 0, 0.37)) == 0.37
    assert usage_cost_usd(None, Usage(None, None, None, 0.37)) == 0.37


def test_a_stated_zero_does_not_beat_a_known_price() -> None:
    """Gateways state it of models whose price they do not know; where nobody does, it is taken."""
    assert usage_cost_usd(MINI, Usage(MILLION, 0, 0, 0.0)) == 0.40
    assert usage_cost_usd(None, Usage(MILLION, 0, 0, 0.0)) == 0.0
    assert usage_cost_usd(None, Usage(MILLION, 0)) is None


def test_plans_and_the_wall_are_never_too_low() -> None:
    """They know no cache and no tier."""
    assert cost_usd(PRICES["gpt-5-mini"], MILLION, MILLION) == 2.25


def endpoint(**changed: object) -> Settings:
    """Settings of an endpoint whose model is in no table."""
    given = {"provider": "openai", "model": "mine", "api_key": SecretStr("none")}
    return with_changes(None, given | changed)


def test_a_user_states_a_price_of_cached_input_too() -> None:
    """Beside the others; without it, it costs what other input costs."""
    stated = endpoint(price_input_usd=2, price_output_usd=4, price_cached_usd=0.5)
    usage = Usage(MILLION, 0, MILLION)
    assert usage_cost_usd(price_of(stated, "mine"), usage) == 0.5
    usual = endpoint(price_input_usd=2, price_output_usd=4)
    assert usage_cost_usd(price_of(usual, "mine"), usage) == 2.0


def test_a_price_of_cached_input_alone_is_refused() -> None:
    """Nothing could be reckoned with it."""
    with pytest.raises(ConfigError, match="set `ASSAY_PRICE_INPUT_USD` and `ASSAY_PRICE_OUTPUT"):
        endpoint(price_cached_usd=0.5)
