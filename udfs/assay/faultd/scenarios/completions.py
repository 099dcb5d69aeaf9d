"""Group C: completions out of shape: their choices, content, finish reason, usage or model."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from .. import replies
from ..plays import Play, PlayedCall
from .scenario import scenario

Item = dict[str, Any]


def _reshaped(call: PlayedCall, change: Callable[[Item], object], *, sound: bool) -> Play:
    """The good completion after `change` has altered its body."""
    play = replies.good(call)
    body = json.loads(replies.body_bytes(play)[1])
    change(body)
    kept = play.sound if sound else ()
    return replies.send(call, body, tokens=play.completion_tokens, sound=kept)


@scenario("C14")
def choicesnull(call: PlayedCall) -> Play:
    """Sends `choices: null`."""
    return _reshaped(call, lambda body: body.update(choices=None), sound=False)


@scenario("C14")
def nochoices(call: PlayedCall) -> Play:
    """Sends an empty list of choices."""
    return _reshaped(call, lambda body: body.update(choices=[]), sound=False)


@scenario("C14")
def twochoices(call: PlayedCall) -> Play:
    """Sends two choices."""
    return _reshaped(call, lambda body: body.update(choices=body["choices"] * 2), sound=False)


@scenario("C14")
def contentlist(call: PlayedCall) -> Play:
    """Sends the content as a list of parts."""

    def change(body: Item) -> None:
        message = body["choices"][0]["message"]
        message["content"] = [{"type": "text", "text": message["content"]}]

    return _reshaped(call, change, sound=False)


@scenario("C14", value="eos")
def frweird(call: PlayedCall) -> Play:
    """Sends a finish_reason that nobody documents (`value`) with a whole answer."""
    said = call.text("value")
    return _reshaped(call, lambda body: body["choices"][0].update(finish_reason=said), sound=True)


@scenario("C14")
def frnull(call: PlayedCall) -> Play:
    """Sends finish_reason null with a whole answer."""
    return _reshaped(call, lambda body: body["choices"][0].update(finish_reason=None), sound=True)


@scenario("C17")
def nousage(call: PlayedCall) -> Play:
    """Leaves out `usage`."""
    return _reshaped(call, lambda body: body.pop("usage"), sound=True)


@scenario("C17")
def nanusage(call: PlayedCall) -> Play:
    """Sends NaN for every number of `usage`."""

    def change(body: Item) -> None:
        body["usage"] = dict.fromkeys(body["usage"], float("nan"))

    return _reshaped(call, change, sound=True)


@scenario("B02", factor="5")
def dearer(call: PlayedCall) -> Play:
    """Reports `factor` times the prompt tokens, as for a script that its vocabulary lacks."""

    def change(body: Item) -> None:
        body["usage"]["prompt_tokens"] *= call.whole("factor")

    return _reshaped(call, change, sound=True)


@scenario("A08", error="{}")
def noerror200(call: PlayedCall) -> Play:
    """Puts an `error` that says nothing on a good reply, as some servers do."""
    said = json.loads(call.text("error"))
    return _reshaped(call, lambda body: body.update(error=said), sound=True)


@scenario("C18", to="", after="0")
def modelchange(call: PlayedCall) -> Play:
    """Answers as another model (`to`) with another fingerprint, after `after` requests."""
    if call.memory.seen < call.whole("after"):
        return replies.good(call)
    name = call.text("to") or f"{call.chat.model}-2026-11-01"
    return _reshaped(
        call, lambda body: body.update(model=name, system_fingerprint="fp_other"), sound=True
    )
