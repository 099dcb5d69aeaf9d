"""Group B: rate limits, quota, outages, slowness and rambling."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from .. import replies
from ..chats import tokens_of
from ..plays import Play, PlayedCall
from .scenario import scenario


@scenario("B01", ra="1", ms="")
def s429ra(call: PlayedCall) -> Play:
    """Answers 429 with `retry-after: <ra>` (any text, or date) and `retry-after-ms: <ms>`."""
    if call.text("ra") == "date":
        return radate.play(replace(call, params=radate.defaults))
    named = (("retry-after", call.text("ra")), ("retry-after-ms", call.text("ms")))
    headers = tuple((name, said) for name, said in named if said)
    return replies.error(call, 429, "Rate limit reached", headers=headers)


@scenario("B01", seconds="2")
def radate(call: PlayedCall) -> Play:
    """Answers 429 with Retry-After as an HTTP date `seconds` ahead (or behind)."""
    now = datetime.fromtimestamp(call.created, UTC)
    # Dates have whole seconds: one more keeps the wait from being shorter than asked.
    until = now + timedelta(seconds=call.number("seconds") + 1)
    headers = (("retry-after", format_datetime(until, usegmt=True)),)
    return replies.error(call, 429, "Rate limit reached", headers=headers)


@scenario("B03", status="429", code="insufficient_quota", type="")
def s429quota(call: PlayedCall) -> Play:
    """Answers that the quota is used up, as `code` or as `type`."""
    said = "You exceeded your current quota, please check your plan and billing details."
    kind = {"type": call.text("type")} if call.text("type") else {}
    body = replies.error_body(call.whole("status"), said, call.text("code"), **kind)
    return replies.raw(call, call.whole("status"), json.dumps(body).encode())


def _admitted(call: PlayedCall, cost: float, rate: float, burst: float) -> float:
    """Take `cost` from the token bucket; the seconds to wait when it does not hold so much."""
    memory = call.memory
    if memory.filled_at == 0.0:
        memory.level, memory.filled_at = burst, call.now
    memory.level = min(burst, memory.level + (call.now - memory.filled_at) * rate)
    memory.filled_at = call.now
    wanted = min(cost, burst)
    if memory.level >= wanted:
        memory.level -= wanted
        return 0.0
    return (wanted - memory.level) / rate


def _limited(call: PlayedCall, wait: float) -> Play:
    headers = (("retry-after", f"{wait:.3f}"),) if call.text("ra") == "yes" else ()
    return replies.error(call, 429, "Rate limit reached", headers=headers)


@scenario("B02 B12", rate="50", burst="", ra="")
def rate(call: PlayedCall) -> Play:
    """Answers 429 above `rate` requests a second (`burst` at once; ra=yes tells the wait)."""
    speed = call.number("rate")
    burst = float(call.text("burst") or max(1.0, speed))
    wait = _admitted(call, 1.0, speed, burst)
    return _limited(call, wait) if wait else replies.good(call)


@scenario("B02", rate="10000", burst="", ra="")
def ratetokens(call: PlayedCall) -> Play:
    """Answers 429 above `rate` prompt tokens a second (`burst` at once; ra=yes tells the wait)."""
    speed = call.number("rate")
    burst = float(call.text("burst") or speed)
    wait = _admitted(call, call.chat.prompt_tokens, speed, burst)
    return _limited(call, wait) if wait else replies.good(call)


@scenario("B04 B05 B12", t="0", d="1e9", status="503", ra="")
def outage(call: PlayedCall) -> Play:
    """Answers `status` from second `t` after its first request for `d` seconds, then well."""
    begin = call.number("t")
    if not begin <= call.elapsed() < begin + call.number("d"):
        return replies.good(call)
    headers = (("retry-after", call.text("ra")),) if call.text("ra") else ()
    return replies.error(call, call.whole("status"), "The service is down", headers=headers)


@scenario("B06", factor="20", plus="0", t="0", d="1e9")
def slow(call: PlayedCall) -> Play:
    """Multiplies latency by `factor` and adds `plus` seconds, from second `t` for `d` seconds."""
    play = replies.good(call)
    begin = call.number("t")
    if not begin <= call.elapsed() < begin + call.number("d"):
        return play
    steps = (call.number("plus"), *play.steps)
    return replace(play, steps=steps, slowdown=call.number("factor"), name="")


def _rate_headers(call: PlayedCall) -> dict[str, tuple[tuple[str, str], ...]]:
    names = ("x-ratelimit-remaining-requests", "x-ratelimit-remaining-tokens")
    resets = ("x-ratelimit-reset-requests", "x-ratelimit-reset-tokens")
    past = datetime.fromtimestamp(call.created - 3600, UTC).isoformat()
    filled = {"minus": "-1", "zero": "0", "text": "unlimited", "nan": "NaN"}
    values = {
        kind: tuple((name, said) for name in names + resets) for kind, said in filled.items()
    }
    values["past"] = tuple((name, past) for name in resets)
    values["anthropic"] = (
        ("anthropic-ratelimit-requests-remaining", "0"),
        ("anthropic-ratelimit-requests-reset", past),
        ("retry-after", "-1"),
    )
    values["huge"] = (("retry-after", "86400"), (resets[0], "100000h"))
    values["absent"] = ()
    return values


@scenario("B07", kind="")
def ratehdr(call: PlayedCall) -> Play:
    """Puts odd rate headers on a good reply: minus zero text nan past anthropic huge absent.

    Without a `kind` they come in turn.
    """
    choices = _rate_headers(call)
    turn = list(choices)[call.memory.seen % len(choices)]
    return _with_headers(replies.good(call), choices[call.text("kind") or turn])


def _with_headers(play: Play, headers: tuple[tuple[str, str], ...]) -> Play:
    head, body = replies.body_bytes(play)
    added = "".join(f"{name}: {said}\r\n" for name, said in headers).encode()
    return replace(play, steps=(head[:-2] + added + b"\r\n" + body,), name="")


@scenario("B10", finish="length", tokens="4096")
def ramble(call: PlayedCall) -> Play:
    """Fills up to the client's token limit (or `tokens`); finish=stop keeps the JSON whole."""
    most = call.chat.max_tokens or call.whole("tokens")
    content = replies.written(call, call.answers())
    if call.text("finish") == "stop" and tokens_of(len(content)) <= most:
        padded = content + " " * (most * 4 - len(content))
        return replies.say(call, padded, sound=replies.everyone(call))
    chatter = "and furthermore, as was said before, "
    rambling = content[:-2] + chatter * (most * 4 // len(chatter) + 1)
    return replies.say(call, rambling[: most * 4], finish=call.text("finish"))
