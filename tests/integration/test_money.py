"""Money and confidence against servers that speak as vendors do: what the ledger says of both."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from assay.core.settings import Settings
from assay.core.usage import Usage
from assay.engine.prices import cost_usd, usage_cost_usd
from assay.faultd import DIALECTS, FaultServer, answer
from assay.project.counting import spend_of
from assay.project.evaluation.evaluate import ExamPlan, evaluate
from assay.project.evaluation.golden_rows import GoldenSource
from assay.providers.openai_compatible.prices import PRICES

from .faults.engine_room import LABELS, SUMMARY, Room, engine_room, texts
from .figures import Figure, figure

__all__ = ["figure"]

OpenRoom = Callable[..., Room]
DATED = "gpt-4.1-mini-2025-04-14"
FILTER = {"kind": "filter", "asked": "Is it a complaint?"}
SURE = round(math.exp(-0.1) / (math.exp(-0.1) + math.exp(-2.4)), 6)
"""How sure the servers are of a label: they name one other, at these log probabilities."""

SCHEMA = {"type": "string", "enum": list(LABELS)}


@pytest.fixture
def room(tmp_path: Path) -> Iterator[OpenRoom]:
    """Open an engine before a server that speaks a dialect; both end with the test."""
    with ExitStack() as stack:

        def opened(dialect: str, scenario: str = "good", **changed: Any) -> Room:
            server = stack.enter_context(FaultServer(dialect=DIALECTS[dialect]))
            return stack.enter_context(engine_room(server.url(scenario), tmp_path, **changed))

        yield opened


def usage_in(call: Mapping[str, Any]) -> Usage:
    """What the server said of an attempt, as the ledger has it."""
    names = ("input_tokens", "output_tokens", "cached_tokens", "stated_usd", "service_tier")
    return Usage(*(call[name] for name in names))


# --- money --------------------------------------------------------------------------------------


def test_cached_tokens_are_kept_and_priced(room: OpenRoom) -> None:
    """Half of the input comes from the cache here; the model's name bears a date."""
    opened = room("openai", model=DATED)
    opened.ask(texts(4))
    (call,) = opened.calls
    price = PRICES["gpt-4.1-mini"]
    full = cost_usd(price, call["input_tokens"], call["output_tokens"]) or 0
    assert call["cached_tokens"] == call["input_tokens"] // 2 > 0
    assert call["cost_usd"] == usage_cost_usd(price, usage_in(call))
    assert call["cost_usd"] < full
    assert spend_of(opened.store).cached_tokens == call["cached_tokens"]


def test_the_wall_and_the_plan_know_no_cache(room: OpenRoom) -> None:
    """What is set aside for a request is never less than it costs without one."""
    opened = room("openai", model=DATED, max_cost_usd=1)
    opened.ask(texts(4))
    (call,) = opened.calls
    full = cost_usd(PRICES["gpt-4.1-mini"], call["input_tokens"], call["output_tokens"]) or 0
    assert call["reserved_usd"] >= full > call["cost_usd"]


@pytest.mark.parametrize("dialect", ["openrouter", "litellm"])
def test_what_a_gateway_states_is_what_was_paid(dialect: str, room: OpenRoom) -> None:
    """In the usage, or in a header; the model has no price of ours."""
    opened = room(dialect, model="stub")
    opened.ask(texts(4))
    (call,) = opened.calls
    stated = (call["input_tokens"] + call["output_tokens"]) * 0.000001
    assert call["cost_usd"] == call["stated_usd"] == pytest.approx(stated)
    assert spend_of(opened.store).unknown_cost == 0


def test_a_reply_that_was_cut_is_paid_as_the_gateway_says(room: OpenRoom) -> None:
    """It brought nothing and cost something."""
    opened = room("litellm", "length", model="stub")
    opened.ask(texts(1))
    cut = [call for call in opened.calls if call["outcome"] == "truncated"]
    assert cut
    assert all(call["cost_usd"] == call["stated_usd"] > 0 for call in cut)


def test_the_flex_tier_is_asked_for_and_half_the_price(room: OpenRoom) -> None:
    """It is in the ledger which tier served the request; without the setting none is named."""
    flexed = room("openai", model="gpt-5-mini", service_tier="flex")
    flexed.ask(texts(4))
    (call,) = flexed.calls
    as_usual = usage_cost_usd(PRICES["gpt-5-mini"], replace(usage_in(call), service_tier=None))
    assert (call["service_tier"], call["cost_usd"]) == ("flex", pytest.approx((as_usual or 0) / 2))
    usual = room("openai", model="gpt-5-nano")
    usual.ask(texts(4))
    assert usual.calls[-1]["service_tier"] is None


# --- confidence ---------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["openai", "llamacpp", "vllm"])
def test_closed_answers_have_a_confidence_where_it_is_asked_for(
    dialect: str, room: OpenRoom
) -> None:
    """Of a label as sure as the server says; of the others nothing else is named."""
    opened = room(dialect, logprobs=True)
    assert {one.confidence for one in opened.ask(texts(12))} == {SURE}
    assert {one.confidence for one in opened.ask(texts(3), FILTER)} == {1.0}
    assert {one.confidence for one in opened.ask(texts(3), SUMMARY)} == {None}


def test_it_is_kept_with_the_answer(room: OpenRoom) -> None:
    """Whoever asks again is told the same, and buys nothing."""
    opened = room("openai", logprobs=True)
    before = opened.ask(texts(6))
    opened.begin("another-run")
    assert opened.ask(texts(6)) == before
    assert {row["confidence"] for row in opened.rows("answers")} == {SURE}
    assert len(opened.calls) == 2


@pytest.mark.parametrize(("dialect", "logprobs"), [("openai", False), ("together", True)])
def test_otherwise_there_is_none(dialect: str, logprobs: bool, room: OpenRoom) -> None:
    """Not asked for, or not given."""
    opened = room(dialect, logprobs=logprobs, model="Llama-4")
    assert {one.confidence for one in opened.ask(texts(3))} == {None}


@pytest.mark.parametrize(("one_in", "right"), [(10, 0.9), (2, 0.5)])
def test_evaluate_says_how_far_confidence_is_from_being_right(
    one_in: int, right: float, tmp_path: Path, figure: Figure
) -> None:
    """Of 200 made rows one in ten, or one in two, is wrong; the server is as sure either way."""
    rows = [{"text": f"text {at}", "gold": _gold(at, one_in)} for at in range(200)]
    path = tmp_path / "gold.json"
    path.write_text(json.dumps(rows))
    with FaultServer(dialect=DIALECTS["openai"]) as server:
        settings = Settings(
            provider="openai",
            base_url=server.url(),
            model="stub",
            api_key=SecretStr("none"),
            store=tmp_path / "store.sqlite",
            logprobs=True,
        )
        plan = ExamPlan(GoldenSource(path, "text", "gold"), "classify", labels=list(LABELS))
        figures = evaluate(plan, settings)
    sure, error = figures["mean_confidence"], figures["calibration_error"]
    assert (figures["accuracy"], sure) == (right, pytest.approx(SURE))
    assert error == pytest.approx(SURE - right, abs=1e-6)
    figure(accuracy=right, mean_confidence=round(sure, 3), ece=round(error, 3))


def _gold(at: int, one_in: int) -> str:
    """What the server answers, but for one row in so many."""
    said = str(answer(f"text {at}", SCHEMA))
    return LABELS[(LABELS.index(said) + 1) % len(LABELS)] if at % one_in == 0 else said
