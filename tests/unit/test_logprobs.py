"""Confidence out of log probabilities: of made replies, token by token."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from assay.core.values import Request
from assay.providers.openai_compatible.logprobs import confidences, has_closed

from .builders import request, task

LABELS = task("classify", labels=[{"name": "delivery"}, {"name": "returns"}, {"name": "größe"}])
ASPECTS = task("sentiment", aspects=["price", "taste"])

Others = Mapping[str, float]
Piece = tuple[str | bytes, float, Others]


def token(text: str | bytes, chance: float) -> dict[str, Any]:
    """A token as a server names it."""
    spelled = text.encode() if isinstance(text, str) else text
    named = spelled.decode("utf-8", "replace")
    return {"token": named, "logprob": math.log(chance), "bytes": list(spelled)}


def told(*pieces: Piece) -> dict[str, Any]:
    """`logprobs` of a reply: each token with its chance and those of others."""
    return {
        "content": [
            token(text, chance)
            | {"top_logprobs": [token(text, chance), *(token(*one) for one in others.items())]}
            for text, chance, others in pieces
        ]
    }


def sure(text: str | bytes) -> Piece:
    """A token that could be no other."""
    return text, 1.0, {}


def listed(sent: Request, *answers: Sequence[Piece]) -> tuple[Piece, ...]:
    """The reply as a list of items, with these tokens as answers to its only question."""
    items: list[Piece] = [sure('{"answers":[')]
    for at, (id_, answer) in enumerate(zip(sent.ids, answers, strict=True)):
        items += [sure(f'{"," if at else ""}{{"id":"{id_}","a":'), *answer, sure("}")]
    return (*items, sure("]}"))


def keyed(sent: Request, *answers: Sequence[Piece]) -> tuple[Piece, ...]:
    """The reply as an object with a bare answer under each id."""
    items: list[Piece] = []
    for at, (id_, answer) in enumerate(zip(sent.ids, answers, strict=True)):
        items += [sure(f'{"," if at else "{"}"{id_}":'), *answer]
    return (*items, sure("}"))


def content_of(pieces: Sequence[Piece]) -> str:
    """What the model said."""
    parts = [text.encode() if isinstance(text, str) else text for text, _, _ in pieces]
    return b"".join(parts).decode()


def found(sent: Request, pieces: Sequence[Piece]) -> list[float | None]:
    """The confidence of each record's first answer."""
    known = confidences(sent, content_of(pieces), told(*pieces))
    return [known.get((id_, "a")) for id_ in sent.ids]


@pytest.mark.parametrize("form", [listed, keyed])
def test_each_record_has_the_chance_of_its_label_among_the_labels(form: Any) -> None:
    """In both forms of a reply; what is no label does not count."""
    sent = request("one", "two", tasks=[LABELS])
    first = [('"del', 0.6, {'"ret': 0.2, '"I': 0.2}), sure('ivery"')]
    second = [sure('"'), ("ret", 0.3, {"del": 0.3, "no": 0.4}), sure('urns"')]
    assert found(sent, form(sent, first, second)) == [0.75, 0.5]


def test_tokens_of_the_same_label_count_together() -> None:
    """However the vocabulary cuts it."""
    sent = request("one", tasks=[LABELS])
    said = [('"del', 0.5, {'"delivery"': 0.3, '"returns': 0.2}), sure('ivery"')]
    assert found(sent, keyed(sent, said)) == [pytest.approx(0.8)]


def test_a_token_that_decides_nothing_yet_is_left_out() -> None:
    """Nobody knows where a bare quote would have gone."""
    sent = request("one", tasks=[LABELS])
    said = [('"del', 0.5, {'"': 0.4, '"ret': 0.1}), sure('ivery"')]
    assert found(sent, keyed(sent, said)) == [pytest.approx(5 / 6, abs=1e-6)]


def test_labels_that_begin_alike_are_told_apart_where_they_part() -> None:
    """The walk has two steps that decide."""
    names = ["product_quality", "product_advice", "service"]
    sent = request("one", tasks=[task("classify", labels=[{"name": name} for name in names])])
    said = [
        ('"product', 0.8, {'"service': 0.2}),
        sure("_"),
        ("quality", 0.5, {"advice": 0.5}),
        sure('"'),
    ]
    assert found(sent, keyed(sent, said)) == [pytest.approx(0.4)]


def test_a_token_may_begin_before_the_answer_and_end_after_it() -> None:
    """`:"` and `"}` are single tokens in many vocabularies."""
    sent = request("one", tasks=[LABELS])
    pieces = [
        sure(f'{{"{sent.ids[0]}"'),
        (': "ret', 0.6, {': "del': 0.3, ":\n": 0.1}),
        ('urns"}', 0.9, {'urn"': 0.1}),
    ]
    assert found(sent, pieces) == [pytest.approx(2 / 3, abs=1e-6)]


def test_a_token_may_end_within_a_character() -> None:
    """Bytes of UTF-8 are what vocabularies cut."""
    sent = request("one", tasks=[LABELS])
    size = '"größe"'.encode()
    said = [(size[:4], 0.7, {'"del': 0.2, '"ret': 0.1}), sure(size[4:])]
    assert found(sent, keyed(sent, said)) == [pytest.approx(0.7)]


@pytest.mark.parametrize(
    ("said", "others", "expected"),
    [("true", {"false": 0.2, "null": 0.2}, 1 / 3), ("null", {"true": 0.1, "maybe": 0.5}, 0.5)],
)
def test_yes_and_no_are_labels_too(said: str, others: Others, expected: float) -> None:
    """And so is that the text does not tell."""
    sent = request("one")
    pieces = keyed(sent, [(said, 0.1 if said == "null" else 0.2, others)])
    assert found(sent, pieces) == [pytest.approx(expected, abs=1e-6)]


def test_an_object_of_labels_is_as_sure_as_all_of_them() -> None:
    """The product: that every aspect is right."""
    sent = request("one", tasks=[ASPECTS])
    said = [
        sure('{"price":'),
        ('"positive"', 0.8, {'"negative"': 0.2}),
        sure(',"taste":'),
        ('"mixed"', 0.5, {'"neutral"': 0.5}),
        sure("}"),
    ]
    assert found(sent, listed(sent, said)) == [pytest.approx(0.4)]


def test_several_questions_have_their_own() -> None:
    """Under an id, each by its short name; an open one has none."""
    sent = request("one", tasks=[task("summarize"), LABELS])
    pieces = [
        sure(f'{{"{sent.ids[0]}":{{"a":"short","b":'),
        ('"delivery"', 0.9, {'"returns"': 0.1}),
        sure("}}"),
    ]
    known = confidences(sent, content_of(pieces), told(*pieces))
    assert known == {(sent.ids[0], "b"): pytest.approx(0.9)}


def test_thoughts_and_prose_before_the_answer_do_not_count() -> None:
    """Nor does an answer that was only thought of."""
    sent = request("one", tasks=[LABELS])
    thought = json.dumps({sent.ids[0]: "returns"})
    answer = keyed(sent, [('"delivery"', 0.6, {'"returns"': 0.4})])
    pieces = [sure(f"<think>{thought}?</think>"), sure("Here:\n```json\n"), *answer, sure("\n```")]
    assert found(sent, pieces) == [pytest.approx(0.6)]


def test_thoughts_that_the_server_has_put_aside_do_not_count() -> None:
    """Its tokens have them, its content has not."""
    sent = request("one", tasks=[LABELS])
    answer = keyed(sent, [('"delivery"', 0.6, {'"returns"': 0.4})])
    known = confidences(sent, content_of(answer), told(sure("Well, {maybe}. "), *answer))
    assert list(known.values()) == [pytest.approx(0.6)]


def test_a_label_that_is_spelled_otherwise_has_none() -> None:
    """It is taken as an answer, case aside; its tokens are in no tree of ours."""
    sent = request("one", tasks=[LABELS])
    assert found(sent, keyed(sent, [sure('"Delivery"')])) == [None]


def test_what_the_server_was_sure_is_not_so_has_no_chance() -> None:
    """A sampled token may be one that was as good as impossible."""
    sent = request("one", tasks=[LABELS])
    pieces = keyed(sent, [('"delivery"', 1e-300, {'"returns"': 1.0})])
    logprobs = told(*pieces)
    logprobs["content"][1]["logprob"] = logprobs["content"][1]["top_logprobs"][0]["logprob"] = -1e9
    assert confidences(sent, content_of(pieces), logprobs) == {(sent.ids[0], "a"): 0.0}


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        {"content": None},
        {"content": [3]},
        {"content": [{"token": "{"}]},
        {"content": [{"token": None, "logprob": 0, "bytes": ["x"]}]},
        {"content": [{"token": "{", "logprob": None}]},
        {"content": [{"token": "something else", "logprob": -0.1}]},
        {"tokens": ["{"], "token_logprobs": [0]},
    ],
)
def test_what_is_not_as_documented_tells_nothing(given: Any) -> None:
    """No error, no guess."""
    sent = request("one", tasks=[LABELS])
    content = content_of(keyed(sent, [sure('"delivery"')]))
    assert confidences(sent, content, given) == {}


@pytest.mark.parametrize("content", ["", "no JSON", '{"a"', "}{", "[" * 100_000, '{"a":' * 50_000])
def test_content_that_is_no_answer_tells_nothing(content: str) -> None:
    """Nor does it take long, or end in an error of the parser."""
    sent = request("one", tasks=[LABELS])
    logprobs = {"content": [{"token": content + "}", "logprob": -0.1}]}
    assert confidences(sent, content + "}", logprobs) == {}


def test_tokens_without_bytes_are_read_as_text() -> None:
    """Some servers name no bytes."""
    sent = request("one", tasks=[LABELS])
    pieces = keyed(sent, [('"delivery"', 0.6, {'"returns"': 0.4})])
    logprobs = told(*pieces)
    for one in logprobs["content"]:
        for said in (one, *one["top_logprobs"]):
            said["bytes"] = None
    assert list(confidences(sent, content_of(pieces), logprobs).values()) == [pytest.approx(0.6)]


@pytest.mark.parametrize(
    ("tasks", "closed"),
    [
        ([LABELS], True),
        ([ASPECTS], True),
        ([task("filter", asked="Is it?")], True),
        ([task("summarize")], False),
        ([task("summarize"), LABELS], True),
    ],
)
def test_log_probabilities_are_asked_for_where_they_tell(tasks: list[Any], closed: bool) -> None:
    """They make every reply longer."""
    assert has_closed(request("one", tasks=tasks)) is closed
