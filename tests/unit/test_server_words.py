"""What a server says of a request that it turns down: in which shapes, and what it means."""

from __future__ import annotations

from typing import Any

import pytest

from assay.core.errors import Fault
from assay.providers.openai_compatible.errors import (
    LONGEST_MESSAGE,
    Said,
    cut,
    fault_of,
    said_in,
    without_echoes,
)

DETAIL = {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Not permitted"}]}


@pytest.mark.parametrize(
    ("body", "message", "code"),
    [
        ({"error": {"message": "No.", "type": "t", "code": "c"}}, "No.", "c"),
        ([{"error": {"message": "No.", "code": 400, "status": "NOT_FOUND"}}], "No.", "NOT_FOUND"),
        (
            {"object": "error", "message": "No.", "type": "BadRequestError", "code": 400},
            "No.",
            "BadRequestError",
        ),
        ({"error": "'response_format.type' must be"}, "'response_format.type' must be", None),
        ({"object": "error", "message": DETAIL, "type": "t"}, "Not permitted body seed", "t"),
        ({"error": {"message": "No.", "type": "None", "code": "400"}}, "No.", None),
        ({"detail": "Not Found"}, "Not Found", None),
        ("Not Found", "Not Found", None),
        (
            {"error": {"message": "It failed.", "metadata": {"raw": "no schema"}}},
            "It failed. no schema",
            None,
        ),
        (None, "", None),
        ([], "", None),
        (7, "", None),
    ],
)
def test_every_vendors_shape_is_read(body: Any, message: str, code: str | None) -> None:
    """An object under `error` or flat, a list of one, bare text, a message that is an object."""
    said = said_in(body)
    assert (said.message, said.code) == (message, code)


@pytest.mark.parametrize(
    ("status", "message", "fault"),
    [
        (429, "crossed budget: Exceeded budget for deployment", "quota"),
        (400, "Your credit balance is too low to access the API.", "quota"),
        (402, "", "quota"),
        (429, "You exceeded your current quota, please check your plan", "retryable"),
        (400, "API key not valid. Please pass a valid API key.", "config"),
        (400, "Invalid model: x", "config"),
        (400, "The model `x` does not exist", "config"),
        (400, "This request is bad", "too_big_or_bad"),
        (422, "", "too_big_or_bad"),
        (404, "", "config"),
        (403, "", "refused"),
        (503, "Loading model", "retryable"),
        (429, "litellm.BudgetExceededError: ExceededBudget: Key is over budget.", "quota"),
        (500, "TogetherException - Credit limit exceeded, please add credits.", "quota"),
        (
            429,
            "Rate limit reached for model `m`: Limit 6000, Used 5900",
            "retryable",
        ),
        (413, "Request too large for model `m` on tokens per minute (TPM)", "too_big_or_bad"),
        (529, "Overloaded", "retryable"),
        (400, "The model `m` has been decommissioned and is no longer supported.", "config"),
        (400, "No models loaded. Please load a model in the developer page.", "config"),
        (400, "Authentication Error, Invalid proxy server token passed.", "config"),
        (400, "Failed to generate JSON. See 'failed_generation' for more details.", "bad_body"),
        (404, "No endpoints found that can handle the requested parameters.", "too_big_or_bad"),
        (404, "No endpoints found for some/model.", "config"),
    ],
)
def test_what_is_said_decides_where_the_status_does_not(
    status: int, message: str, fault: Fault
) -> None:
    """A quota that is a limit by the minute is waited out."""
    assert fault_of(status, Said(message), None) == fault


@pytest.mark.parametrize(
    ("message", "unfit"),
    [
        ("This response_format type is unavailable now: json_schema", "format"),
        ("'response_format.type' must be 'json_schema' or 'text'", "format"),
        ("Invalid schema for response_format: in (), a property is missing", "schema"),
        ("failed to parse grammar", "schema"),
        ("maximum context length is 9 tokens, 3 in the response_format schemas", None),
        ("Bad Request", None),
    ],
)
def test_a_format_a_schema_and_a_length_are_told_apart(message: str, unfit: str | None) -> None:
    """A text that is too long is counted with its schema."""
    assert Said(message).unfit == unfit


def shown(message: str, *texts: str) -> str:
    """A message as it is shown for a request with these texts."""
    return without_echoes(message, ["sk-canary"], texts)


@pytest.mark.parametrize(
    ("message", "text", "expected"),
    [
        ("Cannot read 'my parcel is late'.", "My parcel is late", "Cannot read '…'."),
        ("Cannot read 'parcel is la", "My parcel is late", "Cannot read '…"),
        ("Cannot read Bo here", "Bo", "Cannot read … here"),
        ("Both fail", "Bo", "Both fail"),
        (r'In "a \"b\" line\nnext one"', 'a "b" line\nnext one', 'In "…"'),
        (r"In zwei \u00dcbergr\u00f6\u00dfen", "zwei Übergrößen", "In …"),
        ("Key sk-canary is wrong", "x", "Key … is wrong"),
        ("<html><body>Bad</body>", "x", ""),
        ("\x1b[31mred\nline", "x", "[31mred line"),
    ],
)
def test_echoes_keys_and_pages_are_taken_out(message: str, text: str, expected: str) -> None:
    """Whole, in part, as JSON spells it, and whatever a terminal would obey."""
    assert shown(message, text) == expected


def test_a_long_message_is_cut() -> None:
    """At 300 characters."""
    assert len(cut("long " * 500)) == LONGEST_MESSAGE


def test_a_text_cannot_decide_what_a_refusal_means() -> None:
    """Its words are gone before anybody looks for words."""
    text = "my api key does not work, says response_format json_schema"
    line = shown(f"Bad request: {text}", text)
    assert fault_of(400, Said(line), None) == "too_big_or_bad"
    assert Said(line).unfit is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Incorrect API key: sk-a***********wxyz.", "Incorrect API key: …."),
        ("Your api key: ****wxyz is invalid", "Your api key: … is invalid"),
        ("Received = sk-...wxyz, not found", "Received = …, not found"),
        ("Wait... it is ***not*** there", "Wait... it is ***not*** there"),
    ],
)
def test_a_masked_key_is_taken_out_as_well(said: str, kept: str) -> None:
    """Servers show the ends of a key; other stars and dots stay."""
    assert without_echoes(said, ["sk-abcdefghijklmnopqrstuvwxyz"], []) == kept


def test_a_route_that_takes_no_format_is_one_that_refuses_it() -> None:
    """OpenRouter, where only routes are asked that know every field."""
    said = "No endpoints found that can handle the requested parameters."
    assert Said(said).unfit == "format"
