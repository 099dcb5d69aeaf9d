"""Profiles: which kind of server a host is, and what is sent to it; what is stated counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from assay.core.errors import ConfigError
from assay.core.settings import Settings, load_settings
from assay.core.values import Mode
from assay.faultd import DIALECTS
from assay.providers.openai_compatible.body import body_of, check_extra
from assay.providers.openai_compatible.profiles import PROFILES, profile_of, thinks

from .builders import request

BASE: dict[str, Any] = {"provider": "openai", "model": "stub", "base_url": "http://127.0.0.1/v1"}


def settings(**given: Any) -> Settings:
    """Settings of an endpoint with a key."""
    return load_settings(BASE | given, {"OPENAI_API_KEY": "sk-canary"})


def body(model: str = "stub", mode: Mode = "keyed", **given: Any) -> dict[str, Any]:
    """The body of a small request under these settings."""
    made = settings(**given)
    sent = replace(request("fine", model=model), mode=mode)
    return body_of(sent, profile_of(made.endpoint, made.profile), made)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://mine.openai.azure.com/openai/v1", "azure"),
        ("https://api.anthropic.com/v1", "anthropic"),
        ("https://generativelanguage.googleapis.com/v1beta/openai", "gemini"),
        ("https://api.mistral.ai/v1", "mistral"),
        ("https://api.deepseek.com", "deepseek"),
        ("https://api.groq.com/openai/v1", "groq"),
        ("https://api.together.xyz/v1", "together"),
        ("https://openrouter.ai/api/v1", "openrouter"),
        ("http://localhost:11434/v1", "ollama"),
        ("http://127.0.0.1:1234/v1", "lmstudio"),
        ("http://[::1]:4000/v1", "litellm"),
        ("http://127.0.0.1:8080/v1", "generic"),
        ("https://api.openai.com.example.org/v1", "generic"),
    ],
)
def test_the_host_tells_which_server_it_is(url: str, name: str) -> None:
    """And what is stated counts before it."""
    assert profile_of(url, None).name == name
    assert profile_of(url, "vllm").name == "vllm"


def test_each_profile_is_played_by_faultd() -> None:
    """So that the tests ask every one."""
    assert set(PROFILES) == set(DIALECTS)


def test_a_profile_that_is_none_is_refused_with_all_of_them() -> None:
    """By the settings, before anything is sent."""
    with pytest.raises(ConfigError, match="`ASSAY_PROFILE` is 'opnai'; there are: openai, azure"):
        settings(profile="opnai")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        *dict.fromkeys(("gpt-5-mini", "o3", "openai/gpt-5", "gemini-2.5-pro"), True).items(),
        *dict.fromkeys(("openai/gpt-oss-20b", "Qwen/Qwen3-8B", "magistral-small"), True).items(),
        *dict.fromkeys(("gpt-4o", "gpt-50", "o1x", "my-gpt-5", "", "gemini-2.0"), False).items(),
    ],
)
def test_which_models_think_is_known_by_their_names(model: str, expected: bool) -> None:
    """They get room for it, wherever they are served."""
    assert thinks(model) is expected
    assert (settings().headroom_for(model) > 0) is expected


def test_nothing_is_sent_that_is_not_set() -> None:
    """Four fields, and the limit by the name that most servers know."""
    assert set(body()) == {"model", "messages", "response_format", "max_tokens"}
    assert "max_completion_tokens" in body("gpt-5-mini")
    assert "max_completion_tokens" in body(profile="openai")
    assert "cap" in body(output_limit_name="cap")


def test_each_mode_has_its_format() -> None:
    """And the last one none."""
    assert body()["response_format"]["type"] == "json_schema"
    assert body(mode="object")["response_format"] == {"type": "json_object"}
    assert "response_format" not in body(mode="prompt")


def test_a_stated_format_is_the_only_one() -> None:
    """Whatever the profile knows."""
    assert settings().manner_of("stub").modes == ("keyed", "listed", "object", "prompt")
    assert settings(profile="anthropic").manner_of("stub").modes == ("prompt",)
    stated = settings(profile="anthropic", response_format="json_object")
    assert stated.manner_of("stub").modes == ("object",)


def test_temperature_and_effort_go_to_those_who_take_them() -> None:
    """A model that thinks refuses the one, Mistral and OpenAI's others refuse the other."""
    given: dict[str, Any] = {"temperature": "0", "reasoning_effort": "low"}
    assert (body(**given)["temperature"], body(**given)["reasoning_effort"]) == (0, "low")
    assert "temperature" not in body("gpt-5-mini", **given)
    assert body("gpt-5-mini", profile="openai", **given)["reasoning_effort"] == "low"
    assert "reasoning_effort" not in body("gpt-4.1", profile="openai", **given)
    assert "reasoning_effort" not in body(profile="mistral", **given)


def test_further_fields_are_added_but_for_those_that_are_ours() -> None:
    """Each with the setting that is there for it."""
    assert body(extra_body='{"safe_prompt": true}')["safe_prompt"] is True
    with pytest.raises(ConfigError, match="'temperature', which is `ASSAY_TEMPERATURE`"):
        check_extra({"temperature": 1})


@pytest.mark.parametrize("name", ["headers", "extra_body"])
@pytest.mark.parametrize("said", ["hush", "[1]", '"hush"', '{"hush": '])
def test_what_is_no_object_is_refused_without_quoting_it(name: str, said: str) -> None:
    """There may be a secret in it."""
    with pytest.raises(ConfigError, match=f"ASSAY_{name.upper()}.*JSON object") as refused:
        settings(**{name: said})
    assert "hush" not in str(refused.value)


def test_secrets_are_not_in_what_settings_print() -> None:
    """Neither the values of headers nor the further fields."""
    made = settings(headers='{"X-Key": "hush"}', extra_body='{"user": "hush"}')
    assert "hush" not in repr(made)
