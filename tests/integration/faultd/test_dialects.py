"""Dialects: each vendor's server takes, refuses and words what its documentation says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assay.faultd import DIALECTS, FaultServer
from assay.faultd.dialects import dialect_named

from .client import LABELS, TEXTS, Heard, post, request_of

SHAPE = {"type": "object", "additionalProperties": {"type": "string", "enum": LABELS}}
TOLD = f"Label each record. Reply in JSON.\nAs JSON Schema: {json.dumps(SHAPE)}\nthe label"
KEY = {"Authorization": "Bearer secret", "api-key": "secret"}


def asked(name: str, headers: dict[str, str] = KEY, query: str = "", **more: Any) -> Heard:
    """What the server of this dialect says to a small pack."""
    with FaultServer(dialect=DIALECTS[name]) as server:
        body = {key: said for key, said in (request_of(TEXTS) | more).items() if said is not None}
        return post(f"{server.url()}/chat/completions{query}", body, headers=headers)


def told(kind: str | None) -> dict[str, Any]:
    """A request that says the shape in words, with this format."""
    messages = request_of(TEXTS)["messages"]
    messages[0]["content"] = TOLD
    return {"messages": messages, "response_format": kind and {"type": kind}}


REFUSE_SCHEMA = {"deepseek", "groq", "together", "generic"}
"""For the model `stub`; two of them take it for models of their lists."""


@pytest.mark.parametrize("name", DIALECTS)
def test_a_schema_is_followed_refused_or_passed_over(name: str) -> None:
    """The list form is good JSON where it is enforced; 400 where it is not known."""
    heard = asked(name)
    assert heard.status == (400 if name in REFUSE_SCHEMA else 200)
    if name == "anthropic":
        with pytest.raises(ValueError, match="Expecting value"):
            json.loads(heard.content)
    elif heard.status == 200:
        assert len(heard.answers) == len(TEXTS)


@pytest.mark.parametrize("name", DIALECTS)
def test_every_server_answers_where_the_shape_is_told(name: str) -> None:
    """Without a format, as the last resort for any of them."""
    content = asked(name, **told(None)).content
    answers = json.loads(content[content.rindex("{") : content.rindex("}") + 1])
    assert set(answers.values()) <= set(LABELS)


@pytest.mark.parametrize("name", DIALECTS)
def test_json_object_is_known_but_to_lmstudio(name: str) -> None:
    """Whoever asks LM Studio for it gets its own words, as a bare text."""
    heard = asked(name, **told("json_object"))
    assert heard.status == (400 if name == "lmstudio" else 200)
    if name == "lmstudio":
        assert heard.json == {"error": "'response_format.type' must be 'json_schema' or 'text'"}


@pytest.mark.parametrize("name", ["openai", "azure", "deepseek", "groq"])
def test_json_object_wants_the_word(name: str) -> None:
    """A prompt that does not say it is refused."""
    heard = asked(name, response_format={"type": "json_object"})
    assert heard.status == 400
    assert "json" in json.dumps(heard.json)


def test_mistral_refuses_fields_that_it_does_not_have() -> None:
    """422 with the place of the field inside the message."""
    heard = asked("mistral", max_completion_tokens=50)
    assert heard.status == 422
    assert heard.json["message"]["detail"][0]["loc"] == ["body", "max_completion_tokens"]
    assert asked("mistral", max_tokens=5000).status == 200


def test_gemini_says_errors_as_a_list() -> None:
    """And names the field that it cannot find."""
    heard = asked("gemini", service_tier="flex")
    assert heard.status == 400
    assert 'Unknown name "service_tier"' in heard.json[0]["error"]["message"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("max_tokens", 5000), ("temperature", 0.1), ("temperature", 0), ("logprobs", True)],
)
def test_openais_thinking_models_refuse_what_others_take(field: str, value: Any) -> None:
    """Each with its code; the same field is taken by a model that does not think."""
    given: dict[str, Any] = {field: value}
    assert asked("openai", **given).status == 200
    heard = asked("openai", model="gpt-5-mini", **given)
    assert heard.status == 400
    assert heard.json["error"]["code"] == field


def test_openai_takes_strict_schemas_only() -> None:
    """An object that is not closed is refused; `additionalProperties` with a schema, too."""
    body = request_of(TEXTS)["response_format"]
    body["json_schema"]["schema"]["properties"]["answers"]["items"]["required"] = ["id"]
    assert asked("openai", response_format=body).json["error"]["code"] == "invalid_json_schema"


def test_a_limit_by_another_name_limits_nothing() -> None:
    """Ollama takes max_completion_tokens and goes on for as long as it likes."""
    assert asked("ollama", max_completion_tokens=1).json["choices"][0]["finish_reason"] == "stop"
    assert asked("ollama", max_tokens=1).json["choices"][0]["finish_reason"] == "length"


def test_azure_wants_its_header_and_with_a_deployment_its_version() -> None:
    """The v1 API needs no version; a bearer token is no key here."""
    assert asked("azure").status == 200
    assert asked("azure", headers={"Authorization": "Bearer secret"}).status == 401
    with FaultServer(dialect=DIALECTS["azure"]) as server:
        dated = server.url().replace("/v1", "/deployments/stub") + "/chat/completions"
        assert post(dated, request_of(TEXTS), headers=KEY).status == 404
        versioned = f"{dated}?api-version=2024-10-21"
        assert post(versioned, request_of(TEXTS), headers=KEY).status == 200


@pytest.mark.parametrize("name", [name for name, one in DIALECTS.items() if one.key_header])
def test_a_wrong_key_is_refused_in_the_servers_own_words(name: str) -> None:
    """401, but 400 where the vendor says 400."""
    heard = asked(name, headers={"Authorization": "Bearer wrong", "api-key": "wrong"})
    status, message, _ = DIALECTS[name].bad_key
    assert heard.status == status
    assert message in json.dumps(heard.json)


@pytest.mark.parametrize("name", DIALECTS)
def test_a_model_that_is_not_there(name: str) -> None:
    """404 or 400, and its name in the message where the vendor says it."""
    heard = asked(name, model="nosuch-1")
    assert heard.status in (400, 404)


@pytest.mark.parametrize(
    ("name", "model", "place"),
    [
        ("deepseek", "deepseek-reasoner", "reasoning_content"),
        ("vllm", "Qwen3-8B", "reasoning_content"),
        ("groq", "openai/gpt-oss-20b", "reasoning"),
    ],
)
def test_thoughts_stand_beside_the_answer(name: str, model: str, place: str) -> None:
    """The content itself is clean."""
    message = asked(name, model=model, **told("json_object")).json["choices"][0]["message"]
    assert message[place]
    assert json.loads(message["content"])


def test_magistral_answers_in_parts() -> None:
    """A part that thinks and one with the text."""
    parts = asked("mistral", model="magistral-small").json["choices"][0]["message"]["content"]
    assert [part["type"] for part in parts] == ["thinking", "text"]


def test_what_it_cost_and_what_was_cached() -> None:
    """In the usage, in a header, under another name."""
    assert asked("openrouter").json["usage"]["cost"] > 0
    assert float(asked("litellm").headers["x-litellm-response-cost"]) > 0
    assert asked("openai").json["usage"]["prompt_tokens_details"]["cached_tokens"] > 0
    assert asked("deepseek", **told("json_object")).json["usage"]["prompt_cache_hit_tokens"] > 0
    assert asked("llamacpp").json["model"] == "served.gguf"
    assert asked("litellm").headers["x-ratelimit-limit-requests"] == "600"


def test_log_probabilities_where_they_are_asked_for_and_known() -> None:
    """The tokens together are the content."""
    said = asked("vllm", logprobs=True, top_logprobs=2).json["choices"][0]
    tokens = [token["token"] for token in said["logprobs"]["content"]]
    assert "".join(tokens) == said["message"]["content"]
    assert asked("vllm").json["choices"][0]["logprobs"] is None
    assert asked("mistral").json["choices"][0]["logprobs"] is None


def test_models_are_listed_under_the_root() -> None:
    """As a client asks for them that has only the base URL."""
    for dialect in DIALECTS.values():
        with FaultServer(dialect=dialect) as server:
            heard = post(f"{server.url()}/models", {}, "GET", headers=KEY)
            assert [model["id"] for model in heard.json["data"]] == ["stub"]


def test_a_name_that_is_no_dialect_is_refused_with_all_of_them() -> None:
    """What the command line says."""
    with pytest.raises(ValueError, match=r"Unknown dialect 'opnai'; there are .*mistral"):
        dialect_named("opnai")
