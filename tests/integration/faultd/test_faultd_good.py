"""The good path: a healthy model, seen through the OpenAI SDK and bare."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

import openai
import pytest

from assay.faultd import FaultServer, answer

from .client import LABELS, PROPERTIES, TEXTS, Ask, post, request_of


def client_of(url: str) -> openai.OpenAI:
    """The SDK with nothing of its own between us and the wire."""
    return openai.OpenAI(base_url=url, api_key="unused", max_retries=0, timeout=60)


def test_the_sdk_gets_one_answer_for_each_record(server: FaultServer) -> None:
    """Ids come back as they were asked, in the order of the records."""
    with client_of(server.url()) as client:
        reply = client.chat.completions.create(**request_of(TEXTS))
    answers = json.loads(reply.choices[0].message.content or "")["answers"]
    assert [item["id"] for item in answers] == ["k0f", "k1f", "k2f", "k3f"]
    assert [set(item) for item in answers] == [{"id", "a", "n", "s"}] * 4


def test_a_label_is_chosen_by_the_hash_of_the_text(ask: Ask) -> None:
    """Anyone can compute the right label of a text."""
    expected = [LABELS[int(hashlib.sha256(text.encode()).hexdigest(), 16) % 3] for text in TEXTS]
    assert [item["a"] for item in ask().answers] == expected


def test_the_sdk_lists_the_stub_model(server: FaultServer) -> None:
    """GET /v1/models works, under a scenario path too."""
    with client_of(server.url("s500")) as client:
        assert [model.id for model in client.models.list()] == ["stub"]


def test_usage_counts_four_characters_a_token(ask: Ask) -> None:
    """Prompt tokens count messages and schema, completion tokens the content."""
    body = request_of(TEXTS)
    schema = json.dumps(body["response_format"]["json_schema"]["schema"], separators=(",", ":"))
    chars = sum(len(said["content"]) for said in body["messages"]) + len(schema)
    heard = ask()
    assert heard.json["usage"]["prompt_tokens"] == math.ceil(chars / 4)
    assert heard.json["usage"]["completion_tokens"] == math.ceil(len(heard.content) / 4)


def test_the_reply_names_model_fingerprint_and_request(ask: Ask) -> None:
    """What ledgers of clients want is there."""
    heard = ask()
    assert (heard.json["model"], heard.json["system_fingerprint"]) == ("stub", "fp_faultd")
    assert heard.headers["x-request-id"] == "req_00000000"


def test_a_plain_chat_gets_a_short_text(server: FaultServer) -> None:
    """Without records and schema there is still an answer."""
    body = {"model": "stub", "messages": [{"role": "user", "content": "hi"}]}
    assert post(f"{server.url()}/chat/completions", body).content == "faultd is listening."


def test_a_schema_without_records_is_filled_from_the_prompt(server: FaultServer) -> None:
    """A start-up probe with a schema of its own gets an object of that shape."""
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "probe", "schema": schema}}
    said = [{"role": "user", "content": "probe"}]
    body = {"model": "stub", "messages": said, "response_format": wanted}
    heard = post(f"{server.url()}/chat/completions", body)
    assert isinstance(json.loads(heard.content)["ok"], bool)


def test_the_answer_function_can_be_replaced() -> None:
    """A test decides what the model says."""
    with FaultServer(answer=lambda text, _: text.upper()) as server:
        body = request_of(["one", "two"], {"v": {"type": "string"}})
        heard = post(f"{server.url()}/chat/completions", body)
    assert [item["v"] for item in heard.answers] == ["ONE", "TWO"]


def test_a_broken_answer_function_is_named() -> None:
    """An exception in a test's function comes back as faultd's own bug, not as silence."""
    with FaultServer(answer=lambda *_: 1 / 0) as broken:
        heard = post(f"{broken.url()}/chat/completions", request_of(["one"]))
    assert (heard.status, heard.json["error"]["code"]) == (500, "faultd_bug")


def test_a_reply_over_the_token_limit_is_cut(ask: Ask) -> None:
    """As a real server does: finish_reason length, nothing paid."""
    heard = ask(max_completion_tokens=5)
    assert heard.json["choices"][0]["finish_reason"] == "length"
    assert len(heard.content) == 20


SCHEMAS: list[tuple[dict[str, Any], Any]] = [
    ({"enum": ["x", "y"]}, lambda said: said in ("x", "y")),
    ({"const": 7}, lambda said: said == 7),
    ({"type": "number", "minimum": -1, "maximum": 1}, lambda said: -1 <= said <= 1),
    ({"type": "integer", "minimum": 3, "maximum": 5}, lambda said: said in (3, 4, 5)),
    ({"type": "integer", "minimum": 0, "maximum": 50, "multipleOf": 10}, lambda n: n % 10 == 0),
    ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, lambda said: 0 < said <= 1),
    ({"type": "boolean"}, lambda said: isinstance(said, bool)),
    ({"type": "string"}, lambda said: said in TEXTS[0].split()),
    ({"type": "string", "maxLength": 2}, lambda said: len(said) <= 2),
    ({"type": "string", "minLength": 9}, lambda said: len(said) >= 9 and said in TEXTS[0]),
    ({"type": "string", "format": "date"}, lambda said: said.startswith("2024-")),
    ({"type": "string", "description": "YYYY-MM-DDTHH:MM:SS"}, lambda said: len(said) == 19),
    ({"type": "array", "items": {"type": "string"}}, lambda said: len(said) <= 2),
    ({"type": "array", "minItems": 2, "items": {"enum": [1, 2]}}, lambda n: sorted(n) == [1, 2]),
    ({"type": "object", "properties": PROPERTIES}, lambda said: set(said) == set(PROPERTIES)),
    ({"type": ["integer", "null"]}, lambda said: said is None or isinstance(said, int)),
    ({"anyOf": [{"type": "null"}, {"type": "boolean"}]}, lambda said: said in (None, True, False)),
    ({"type": "null"}, lambda said: said is None),
]


@pytest.mark.parametrize(("schema", "fits"), SCHEMAS)
def test_the_stub_answers_every_kind_of_schema(schema: dict[str, Any], fits: Any) -> None:
    """The value obeys the schema, and is the same again."""
    said = answer(TEXTS[0], schema)
    assert fits(said)
    assert answer(TEXTS[0], schema) == said


RECORD = json.dumps({"name": "Ann", "city": "paris", "age": 7})


def test_a_change_to_a_record_names_a_column_and_its_value() -> None:
    """So that the stub's answers about records hold up when they are checked."""
    text = {"type": "string"}
    change = {"type": "object", "properties": {"field": text, "from": text, "to": text}}
    said = answer(RECORD, {"type": "object", "properties": {"changes": change}})["changes"]
    assert said["from"] == str(json.loads(RECORD)[said["field"]])


def test_some_texts_get_null_where_null_is_allowed() -> None:
    """Nullable values are null now and then, not always."""
    said = [answer(f"text {at}", {"type": ["string", "null"]}) for at in range(100)]
    assert 3 < said.count(None) < 30


def test_local_references_are_followed(ask: Ask) -> None:
    """Schemas of pydantic, with $defs, are understood."""
    body = request_of(["one"], {"v": {"$ref": "#/$defs/Mood"}})
    schema = body["response_format"]["json_schema"]["schema"]
    schema["$defs"] = {"Mood": {"type": "string", "enum": ["calm"]}}
    heard = ask(texts=["one"], response_format=body["response_format"])
    assert heard.answers == [{"id": "k0f", "v": "calm"}]
