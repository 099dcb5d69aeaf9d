"""What a reply says that it took, in the spellings of vendors and gateways."""

from __future__ import annotations

from typing import Any

import pytest

from assay.core.usage import Usage
from assay.providers.openai_compatible.usage import COST_HEADER, usage_of

COUNTS = {"prompt_tokens": 90, "completion_tokens": 7}


@pytest.mark.parametrize(
    ("more", "cached"),
    [
        ({"prompt_tokens_details": {"cached_tokens": 64}}, 64),
        ({"prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 26}, 64),
        ({"prompt_tokens_details": {"cached_tokens": 0}}, 0),
        ({"prompt_tokens_details": None}, None),
        ({"prompt_tokens_details": {"cached_tokens": -3}}, None),
        ({}, None),
    ],
)
def test_cached_tokens_have_two_spellings(more: dict[str, Any], cached: int | None) -> None:
    """OpenAI's and DeepSeek's; what is no count says nothing."""
    assert usage_of({"usage": COUNTS | more}, {}) == Usage(90, 7, cached)


@pytest.mark.parametrize(
    ("cost", "header", "stated"),
    [
        (0.0012, None, 0.0012),
        (None, "0.0034", 0.0034),
        (0.0012, "0.0034", 0.0012),
        (0, None, 0.0),
        ({"total_cost": 1}, None, None),
        (True, None, None),
        (-1, None, None),
        (10**400, None, None),
        (None, "None", None),
        (None, "nan", None),
        (None, "1e9", None),
    ],
)
def test_a_gateway_states_what_it_cost(cost: Any, header: str | None, stated: Any) -> None:
    """In the usage (OpenRouter) or in a header (LiteLLM); nonsense states nothing."""
    headers = {} if header is None else {COST_HEADER: header}
    assert usage_of({"usage": COUNTS | {"cost": cost}}, headers) == Usage(90, 7, None, stated)


@pytest.mark.parametrize(
    ("tier", "said"), [("flex", "flex"), (None, None), (3, None), ("x" * 99, None), ("a b", None)]
)
def test_the_tier_that_served_is_a_word_of_the_reply(tier: Any, said: str | None) -> None:
    """Beside the usage; anything but a short word is left out."""
    assert usage_of({"service_tier": tier}, {}).service_tier == said


@pytest.mark.parametrize("usage", [None, "many", [], 3])
def test_a_usage_that_is_none_says_nothing(usage: Any) -> None:
    """Old servers have none."""
    assert usage_of({"usage": usage}, {}) == Usage()
