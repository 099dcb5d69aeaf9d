"""From answers to plays: content, completion body, framed reply, vendor-like errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from .chats import compact, tokens_of
from .plays import Ending, Parts, Play, PlayedCall
from .vectors import body_of, items_of
from .wire import Headers, frame

Answers = Sequence[Mapping[str, Any]]

_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
SERVER_ERRORS = 500
_CODES = {401: "invalid_api_key", 404: "model_not_found", 429: "rate_limit_exceeded"}


def good(call: PlayedCall) -> Play:
    """The reply of a healthy model."""
    return replace(_healthy(call), name="good")


def _healthy(call: PlayedCall) -> Play:
    contract = call.chat.contract
    if call.chat.vectors:
        return vectors(call, items_of(call.chat), everyone(call))
    if contract.packed:
        return reply(call, call.answers(), everyone(call))
    if contract.schema:
        return say(call, compact(call.answer(call.chat.prompt, contract.schema)))
    return say(call, "faultd is listening.")


def vectors(call: PlayedCall, items: Sequence[dict[str, Any]], sound: tuple[int, ...]) -> Play:
    """A reply that lists these vectors."""
    return send(call, body_of(call.chat, items), tokens=0, sound=sound)


def everyone(call: PlayedCall) -> tuple[int, ...]:
    """The positions of all records."""
    return tuple(range(len(call.chat.records)))


def reply(call: PlayedCall, answers: Answers, sound: tuple[int, ...] | None = None) -> Play:
    """These answers as content; what is sound is found by comparing, unless it is given."""
    content = written(call, answers)
    if sound is not None:
        return say(call, content, sound=sound)
    return compared(call, answers, content)


def written(call: PlayedCall, answers: Answers, encode: Callable[[Any], str] = compact) -> str:
    """These answers in the shape that the request asks for; an id that comes twice stays twice."""
    if not call.chat.contract.keyed:
        return encode({"answers": answers})
    pairs = [f"{encode(_as_name(item))}:{encode(_under(call, item))}" for item in answers]
    return f"{{{','.join(pairs)}}}"


def _as_name(item: Mapping[str, Any]) -> str:
    name = item.get("id")
    return name if isinstance(name, str) else compact(name)


def _under(call: PlayedCall, item: Mapping[str, Any]) -> Any:
    """What stands under the id of an item in a keyed reply."""
    named = {name: said for name, said in item.items() if name != "id"}
    return named.get("") if call.chat.contract.bare else named


def compared(call: PlayedCall, answers: Answers, content: str) -> Play:
    """The content that stands for these answers; sound is what is said once, and well."""
    given: dict[str, list[Mapping[str, Any]]] = {}
    for item in answers:
        given.setdefault(compact(item.get("id")), []).append(item)
    sound: list[int] = []
    partly: list[tuple[int, str]] = []
    for at, good_item in enumerate(call.answers()):
        said = given.get(compact(good_item["id"]), [])
        right = _right_parts(good_item, said[0]) if len(said) == 1 else []
        if len(said) == 1 and len(right) == len(good_item) - 1:
            sound.append(at)
        else:
            partly += [(at, name) for name in right]
    return say(call, content, sound=tuple(sound), partly=tuple(partly))


def _right_parts(wanted: Mapping[str, Any], said: Mapping[str, Any]) -> list[str]:
    pairs = ((name, compact(good_value)) for name, good_value in wanted.items() if name != "id")
    return [name for name, good_value in pairs if compact(said.get(name)) == good_value]


def say(
    call: PlayedCall,
    content: str,
    *,
    sound: tuple[int, ...] = (),
    partly: Parts = (),
    finish: str | None = "stop",
) -> Play:
    """A completion with this content, cut where the client's token limit cuts it."""
    most = call.chat.max_tokens
    if most and tokens_of(len(content)) > most:
        content, sound, partly, finish = content[: most * 4], (), (), "length"
    tokens = tokens_of(len(content))
    play = send(call, completion(call, content, tokens, finish), tokens=tokens, sound=sound)
    return replace(play, partly=partly) if partly else play


def completion(
    call: PlayedCall, content: Any, tokens: int, finish: str | None = "stop", **message: Any
) -> dict[str, Any]:
    """The body of a chat completion; `message` adds fields to the assistant's message."""
    said = {"role": "assistant", "content": content, "refusal": None} | message
    choice = {"index": 0, "message": said, "logprobs": None, "finish_reason": finish}
    prompt_tokens = call.chat.prompt_tokens
    return {
        "id": f"chatcmpl-faultd-{call.sequence}",
        "object": "chat.completion",
        "created": call.created,
        "model": call.chat.model,
        "system_fingerprint": "fp_faultd",
        "choices": [choice],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": tokens,
            "total_tokens": prompt_tokens + tokens,
        },
    }


def send(
    call: PlayedCall,
    body: Any,
    *,
    tokens: int,
    sound: tuple[int, ...] = (),
    headers: Headers = (),
) -> Play:
    """A body (bytes, or what json.dumps takes) as a 200 that is billed."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    framed = frame(200, data, (request_id(call), *headers))
    return Play((framed,), billed=True, sound=sound, completion_tokens=tokens)


def request_id(call: PlayedCall) -> tuple[str, str]:
    """The header that names the request."""
    return ("x-request-id", f"req_{call.sequence:08x}")


def error_body(
    status: int, message: str, code: str | None = None, /, **more: Any
) -> dict[str, Any]:
    """An error object as OpenAI words it."""
    kind = _KINDS.get(
        status, "server_error" if status >= SERVER_ERRORS else "invalid_request_error"
    )
    said = {"message": message, "type": kind, "param": None, "code": code or _CODES.get(status)}
    return {"error": said | more}


def error(
    call: PlayedCall,
    status: int,
    message: str = "",
    *,
    code: str | None = None,
    headers: Headers = (),
) -> Play:
    """An error status with an error object."""
    body = error_body(status, message or f"faultd plays status {status}", code)
    return raw(call, status, json.dumps(body).encode(), headers=headers)


def raw(
    call: PlayedCall,
    status: int,
    body: bytes,
    *,
    headers: Headers = (),
    content_type: str = "application/json",
    billed: bool = False,
) -> Play:
    """Any body under any status; `billed` when a model would have worked for it."""
    framed = frame(status, body, (request_id(call), *headers), content_type=content_type)
    return Play((framed,), status=status, billed=billed)


def body_bytes(play: Play) -> tuple[bytes, bytes]:
    """Head (with its blank line) and body of a play that is one framed reply."""
    framed = b"".join(step for step in play.steps if isinstance(step, bytes))
    head, blank, body = framed.partition(b"\r\n\r\n")
    return head + blank, body


def lost(play: Play, *steps: bytes | float, ending: Ending) -> Play:
    """The billed work of `play`, of which the client gets only these steps."""
    return Play(
        steps,
        status=play.status,
        ending=ending,
        whole=False,
        billed=play.billed,
        completion_tokens=play.completion_tokens,
    )


def unreadable(call: PlayedCall, body: bytes, headers: Headers = ()) -> Play:
    """A well-framed 200 whose model worked and whose body is of no use."""
    return send(call, body, tokens=good(call).completion_tokens, headers=headers)
