"""What a dialect makes of a request (does it take it?) and of a good reply (how it is worded)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .chats import Chat
from .dialect import Dialect
from .plays import Play
from .wire import HttpRequest, frame

BAD_KEY = "wrong"
"""The key that every server knows to be none."""

NO_CREDIT = "broke"
"""The key of an account whose money is gone."""

NO_MODEL = "nosuch"
"""The model that no server has."""

UNSURE = "UNSURE"
"""A text that makes a model unsure of its whole reply, as log probabilities show."""

_SURE, _EVEN = (-0.1, -2.4), (-0.7, -0.7)
"""The log probabilities of what is said and of what was almost said."""

THOUGHT = 'The text is short. Maybe {"answers": []}? No, each record gets one.'

USD_PER_TOKEN = 0.000001

_BOUNDS = ("minLength", "maxLength", "minItems", "maxItems")
"""Keywords that Azure's structured outputs do not take, nor OpenAI's of fine-tuned models."""

_OF_THE_FRAME = frozenset({"server", "date", "content-type", "content-length"})
"""Headers that each frame makes itself."""


def spoken_root(dialect: Dialect, path: str) -> str:
    """A path with the dialect's root as `/v1`; blank where it does not begin with that root."""
    found = re.match(rf"{dialect.root or dialect.base}(?=/|$)", path)
    return f"/v1{path[found.end() :]}" if found else ""


def refusal(dialect: Dialect, request: HttpRequest, chat: Chat) -> Play | None:
    """The error that this server sends instead of an answer; None when it takes the request."""
    wrong = next(_complaints(dialect, request, chat), None)
    return None if wrong is None else said_no(dialect, *wrong)


def door(dialect: Dialect, request: HttpRequest) -> Play | None:
    """The error for a key that is none; None for one that is let in."""
    wrong = next(_at_the_door(dialect, request), None)
    return None if wrong is None else said_no(dialect, *wrong)


def said_no(dialect: Dialect, status: int, message: str, code: str = "") -> Play:
    """An error in the words and the shape of this server."""
    body = json.dumps(dialect.error(status, message, code)).encode()
    return Play((frame(status, body),), status=status, name=f"{dialect.name}_{status}")


def _complaints(
    dialect: Dialect, request: HttpRequest, chat: Chat
) -> Iterator[tuple[int, str, str]]:
    """What is wrong with a request, as status, message and code."""
    yield from _at_the_door(dialect, request)
    if chat.model.startswith(NO_MODEL):
        status, message, code = dialect.no_model
        yield status, message.format(chat.model), code
    yield from _fields(dialect, chat)
    yield from _wanted_format(dialect, chat)


def _at_the_door(dialect: Dialect, request: HttpRequest) -> Iterator[tuple[int, str, str]]:
    parts = urlsplit(request.path)
    given = parse_qs(parts.query)
    if "/deployments/" in parts.path and any(name not in given for name in dialect.query):
        yield 404, "Resource not found", "404"
    if dialect.key_header:
        key = request.headers.get(dialect.key_header, "").removeprefix("Bearer ").strip()
        if not key or key == BAD_KEY:
            yield dialect.bad_key
        if key == NO_CREDIT and dialect.no_credit is not None:
            yield dialect.no_credit


def _fields(dialect: Dialect, chat: Chat) -> Iterator[tuple[int, str, str]]:
    for name in chat.fields:
        if dialect.unknown_status and name not in dialect.knows:
            yield dialect.unknown_status, dialect.unknown_field.format(name), name
        models, said = dialect.refuses.get(name), chat.fields[name]
        given = said is not None and said is not False  # a temperature of 0 is given
        if models is not None and given and re.search(models, chat.model):
            yield 400, f"Unsupported parameter: '{name}' is not supported with this model.", name


def _wanted_format(dialect: Dialect, chat: Chat) -> Iterator[tuple[int, str, str]]:
    kind = chat.format
    if kind and dialect.format_of(kind, chat.model) == "refused":
        yield 400, dialect.no_format.format(kind), "invalid_request_error"
    if kind == "json_object" and dialect.wants_word_json and not chat.says_json:
        said = "'messages' must contain the word 'json' in some form, to use 'json_object'."
        yield 400, said, "invalid_request_error"
    if kind == "json_schema" and dialect.strict and (where := _loose_part(chat.schema)):
        said = f"Invalid schema for response_format: in {where}, an object must be closed and all"
        yield 400, f"{said} its properties required.", "invalid_json_schema"
    if kind == "json_schema" and dialect.strict and (bound := _bound_in(chat.schema)):
        said = f"Invalid schema for response_format: '{bound}' is not permitted."
        yield 400, said, "invalid_json_schema"


def _loose_part(schema: Any, where: str = "the root") -> str:
    """Where a schema has an object that strict mode does not take; blank for nowhere."""
    if isinstance(schema, list):
        return next((found for part in schema if (found := _loose_part(part, where))), "")
    if not isinstance(schema, Mapping):
        return ""
    if schema.get("type") == "object" and not _is_closed(schema):
        return where
    parts = ((part, name) for name, part in schema.items())
    return next((found for part, name in parts if (found := _loose_part(part, name))), "")


def _bound_in(schema: Any) -> str:
    """The first length that a schema states; blank where it states none."""
    if isinstance(schema, list):
        return next((found for part in schema if (found := _bound_in(part))), "")
    if not isinstance(schema, Mapping):
        return ""
    own = (name for name in _BOUNDS if isinstance(schema.get(name), int))
    return next(own, "") or _bound_in(list(schema.values()))


def _is_closed(schema: Mapping[str, Any]) -> bool:
    names = set(schema.get("properties", {}))
    return schema.get("additionalProperties") is False and set(schema.get("required", ())) == names


# --- replies ------------------------------------------------------------------------------------


def worded(dialect: Dialect, chat: Chat, play: Play) -> Play:
    """A completion as this server words it; every other play as it is."""
    if dialect.plain or not play.billed or play.status != HTTPStatus.OK or len(play.steps) != 1:
        return play
    framed = play.steps[0]
    head, _, body = framed.partition(b"\r\n\r\n") if isinstance(framed, bytes) else (b"", b"", b"")
    try:
        found = json.loads(body)
        message = found["choices"][0]["message"]
    except (ValueError, LookupError, TypeError):
        return play
    _word_content(dialect, chat, message)
    _word_rest(dialect, chat, found)
    again = frame(200, json.dumps(found).encode(), _headers(dialect, head, found))
    return replace(play, steps=(again,))


def _word_content(dialect: Dialect, chat: Chat, message: dict[str, Any]) -> None:
    content = message.get("content")
    if not isinstance(content, str):
        return
    if dialect.chatty and chat.contract.packed:
        content = f"Here is the JSON you asked for:\n\n```json\n{content}\n```\n\nAnything else?"
    if dialect.thinks(chat.model):
        if dialect.thinking == "tags":
            content = f"<think>{THOUGHT}</think>\n\n{content}"
        elif dialect.thinking == "parts":
            thought = {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]}
            message["content"] = [thought, {"type": "text", "text": content}]
            return
        else:
            message[dialect.thinking] = THOUGHT
    message["content"] = content


def _word_rest(dialect: Dialect, chat: Chat, found: dict[str, Any]) -> None:
    usage = found.get("usage") or {}
    half = int(usage.get("prompt_tokens", 0)) // 2
    if dialect.cached == "details":
        usage["prompt_tokens_details"] = {"cached_tokens": half}
    if dialect.cached == "hit":
        usage["prompt_cache_hit_tokens"] = half
    if dialect.cost == "usage":
        usage["cost"] = _cost(usage)
    if dialect.reports_model:
        found["model"] = dialect.reports_model
    if "service_tier" in dialect.knows and chat.fields.get("service_tier"):
        found["service_tier"] = chat.fields["service_tier"]
    if dialect.logprobs and chat.fields.get("logprobs"):
        labels = frozenset(_labels(chat.contract.properties))
        chances = _EVEN if any(UNSURE in record.text for record in chat.records) else _SURE
        tokens = _tokens(found["choices"][0]["message"], labels, chances)
        found["choices"][0]["logprobs"] = {"content": tokens}


def _tokens(
    message: Mapping[str, Any], labels: Collection[str], chances: tuple[float, float]
) -> list[dict[str, Any]]:
    """A token for each four characters, each with its log probability and one other."""
    content = str(message.get("content"))
    return [_token(content[at : at + 4], labels, chances) for at in range(0, len(content), 4)]


def _token(text: str, labels: Collection[str], chances: tuple[float, float]) -> dict[str, Any]:
    said, other = _said(text, chances[0]), _said(_rival(text, labels), chances[1])
    return said | {"top_logprobs": [said, other]}


def _said(text: str, logprob: float) -> dict[str, Any]:
    return {"token": text, "logprob": logprob, "bytes": list(text.encode("utf-8", "replace"))}


def _rival(text: str, labels: Collection[str]) -> str:
    """What the model had almost said: another label where one begins, else nothing of use."""
    head, quote, begun = text.rpartition('"')
    others = sorted(label for label in labels if not label.startswith(begun))
    if not begun or not others or len(others) == len(labels):
        return "?"
    return head + quote + others[0][: len(begun)]


def _labels(schema: Any) -> Iterator[str]:
    """Every text of every list of values in a schema."""
    if isinstance(schema, Mapping):
        yield from (value for value in schema.get("enum", ()) if isinstance(value, str))
    parts = schema.values() if isinstance(schema, Mapping) else schema
    if isinstance(schema, Mapping | list):
        for part in parts:
            yield from _labels(part)


def _cost(usage: Mapping[str, Any]) -> float:
    return round(float(usage.get("total_tokens", 0)) * USD_PER_TOKEN, 9)


def _headers(dialect: Dialect, head: bytes, found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The headers of the reply: those it had that are its own, the stated limits, the cost."""
    lines = [line.partition(": ") for line in head.decode("latin-1").split("\r\n")[1:]]
    kept = [(name, said) for name, _, said in lines if name not in _OF_THE_FRAME]
    headers = [*kept, *dialect.rate_headers.items()]
    if dialect.cost == "header":
        headers.append(("x-litellm-response-cost", str(_cost(found.get("usage") or {}))))
    return headers
