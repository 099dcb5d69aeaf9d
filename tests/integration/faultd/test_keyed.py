"""Keyed replies: one property for each record's id, bare where there is one question."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assay.faultd import FaultServer

from .client import LABELS, TEXTS, post, request_of

LABEL = {"type": "string", "enum": LABELS}


def keyed(form: dict[str, Any], ids: list[str]) -> dict[str, Any]:
    """A response format with one required property for each id."""
    schema = {
        "type": "object",
        "properties": {key: {"$ref": "#/$defs/answer"} for key in ids},
        "required": ids,
        "additionalProperties": False,
        "$defs": {"answer": form},
    }
    return {"type": "json_schema", "json_schema": {"name": "answers", "schema": schema}}


IDS = [f"k{at}f" for at in range(len(TEXTS))]
SEVERAL = {
    "type": "object",
    "properties": {"a": LABEL, "b": {"type": "boolean"}},
    "required": ["a", "b"],
    "additionalProperties": False,
}


def content(server: FaultServer, form: dict[str, Any], scenario: str | None = None) -> str:
    """What the model says to the texts under a keyed schema of this form."""
    body = request_of(TEXTS) | {"response_format": keyed(form, IDS)}
    heard = post(f"{server.url(scenario)}/chat/completions", body)
    return str(heard.json["choices"][0]["message"]["content"])


def test_one_question_is_answered_right_under_the_id(server: FaultServer) -> None:
    """No inner name: a label for each id, and each is booked as paid."""
    said = json.loads(content(server, LABEL))
    assert list(said) == IDS
    assert set(said.values()) <= set(LABELS)
    assert server.summary()["paid_answers"] == len(TEXTS)


def test_an_answer_that_is_an_object_is_bare_too(server: FaultServer) -> None:
    """Fields of one question are no names of several."""
    fields = {"order_number": {"type": ["string", "null"]}, "city": {"type": ["string", "null"]}}
    form = {"type": "object", "properties": fields, "required": list(fields)}
    said = json.loads(content(server, form))
    assert all(set(item) == set(fields) for item in said.values())
    assert server.summary()["paid_answers"] == len(TEXTS)


def test_several_questions_have_their_names(server: FaultServer) -> None:
    """As in the list form, and the same answers as there."""
    said = json.loads(content(server, SEVERAL))
    assert all(set(item) == {"a", "b"} for item in said.values())
    assert server.summary()["paid_answers"] == 2 * len(TEXTS)


def test_the_question_is_the_same_in_both_forms(server: FaultServer) -> None:
    """A text asked in two forms was paid twice, and the bill says so."""
    rules = {"role": "system", "content": "Answer about each record.\na: the label"}
    bare = {"role": "system", "content": "Answer about each record.\nthe label"}
    listed = request_of(TEXTS, {"a": LABEL})
    listed["messages"][0] = rules
    short = request_of(TEXTS) | {"response_format": keyed(LABEL, IDS)}
    short["messages"][0] = bare
    for body in (listed, short):
        post(f"{server.url(None)}/chat/completions", body)
    assert server.summary()["paid_more_than_once"] == len(TEXTS)


@pytest.mark.parametrize("scenario", ["dupkeys", "doubled"])
@pytest.mark.parametrize("form", [LABEL, SEVERAL], ids=["bare", "several"])
def test_a_doubled_id_or_name_stays_doubled(
    server: FaultServer, scenario: str, form: dict[str, Any]
) -> None:
    """What a careless parser would hide is on the wire."""
    names: list[list[str]] = []

    def seen(pairs: list[tuple[str, Any]]) -> None:
        names.append([name for name, _ in pairs])

    json.loads(content(server, form, scenario), object_pairs_hook=seen)
    assert any(len(each) > len(set(each)) for each in names)


@pytest.mark.parametrize("scenario", ["missing", "extra", "shuffled", "shifted", "forged"])
def test_ids_go_wrong_as_in_a_list(server: FaultServer, scenario: str) -> None:
    """The scenarios of records and ids are played in this shape, too."""
    said = list(json.loads(content(server, LABEL, scenario)))
    assert said != IDS


def test_a_shape_that_is_told_in_words_counts_as_a_schema(server: FaultServer) -> None:
    """For servers that take none: the rules say it in a line of their own."""
    shape = {"type": "object", "additionalProperties": LABEL}
    rules = f"Answer about each record.\nReply in this JSON Schema: {json.dumps(shape)}\nthe label"
    body = request_of(TEXTS) | {"response_format": {"type": "json_object"}}
    body["messages"][0]["content"] = rules
    heard = post(f"{server.url(None)}/chat/completions", body)
    said = json.loads(heard.json["choices"][0]["message"]["content"])
    assert list(said) == IDS
    assert set(said.values()) <= set(LABELS)
