"""Groups A, C: answers with the right frame and a value that was not allowed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .. import answers as stub
from .. import replies
from ..plays import Play, PlayedCall
from .scenario import scenario

Item = dict[str, Any]
Fits = Callable[[Mapping[str, Any]], bool]
Place = tuple[str, ...]

EACH = "[]"
INFINITY = "@@1e999@@"


def place_of(schema: Mapping[str, Any], fits: Fits) -> Place | None:
    """The way to the first part of a schema that fits: property names, and EACH for items."""
    if fits(schema):
        return ()
    inner = dict(schema.get("properties", {}))
    if "items" in schema:
        inner[EACH] = schema["items"]
    for name, part in inner.items():
        way = place_of(part, fits)
        if way is not None:
            return (name, *way)
    return None


def part_at(schema: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
    """The part of a schema that lies at a place."""
    for name in place:
        schema = schema["items"] if name == EACH else schema["properties"][name]
    return schema


def spoilt_at(said: Any, place: Place, spoil: Callable[[Any], Any]) -> Any:
    """A value with what lies at `place` spoilt; an empty list gets a spoilt item."""
    if not place:
        return spoil(said)
    name, rest = place[0], place[1:]
    if name == EACH and isinstance(said, list):
        made = [spoilt_at(item, rest, spoil) for item in said or [None]]
        return made if made != [None] else []
    if isinstance(said, dict) and name in said:
        return said | {name: spoilt_at(said[name], rest, spoil)}
    return said


def _place(call: PlayedCall, fits: Fits) -> Place | None:
    return place_of({"properties": call.chat.contract.properties}, fits)


def _spoilt(call: PlayedCall, fits: Fits, spoil: Callable[[Any], Any]) -> list[Item]:
    """Answers whose first fitting value is spoilt in `n` records (0: all); good if none fits."""
    place = _place(call, fits)
    most = 0 if place is None else call.whole("n") or len(call.chat.records)
    return [
        spoilt_at(item, place or (), spoil) if at < most else item
        for at, item in enumerate(call.answers())
    ]


def labelled(schema: Mapping[str, Any]) -> bool:
    """Whether a value is one of a list of labels."""
    return "enum" in schema


def _numeric(schema: Mapping[str, Any]) -> bool:
    return bool({"number", "integer"} & _kinds(schema))


def _written(schema: Mapping[str, Any]) -> bool:
    return "string" in _kinds(schema) and not labelled(schema) and not _dated(schema)


def _dated(schema: Mapping[str, Any]) -> bool:
    return bool(stub.dated_form(schema))


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    kinds = schema.get("type", ())
    return {kinds} if isinstance(kinds, str) else set(kinds)


@scenario("C11", packed=True, n="0", label="something else entirely")
def badlabel(call: PlayedCall) -> Play:
    """Gives a label outside the set in `n` records (0: all)."""
    return replies.reply(call, _spoilt(call, labelled, lambda _: call.text("label")))


@scenario("C11", packed=True, n="0")
def caselabel(call: PlayedCall) -> Play:
    """Gives the right label in capitals with blanks around it."""
    given = _spoilt(call, labelled, lambda said: said and f"  {str(said).upper()} ")
    return replies.reply(call, given, replies.everyone(call))


@scenario("C12", packed=True, n="0")
def strnum(call: PlayedCall) -> Play:
    """Writes numbers as strings in `n` records (0: all)."""
    return replies.reply(call, _spoilt(call, _numeric, str))


@scenario("C12", packed=True, n="0")
def nan(call: PlayedCall) -> Play:
    """Writes NaN for numbers."""
    return replies.reply(call, _spoilt(call, _numeric, lambda _: float("nan")))


@scenario("C12", packed=True, n="0")
def inf(call: PlayedCall) -> Play:
    """Writes 1e999 for numbers, which overflows to infinity."""
    given = _spoilt(call, _numeric, lambda _: INFINITY)
    content = replies.written(call, given).replace(f'"{INFINITY}"', "1e999")
    return replies.compared(call, given, content)


@scenario("C22", packed=True, n="0")
def localenum(call: PlayedCall) -> Play:
    """Writes numbers with a decimal comma, as strings."""
    return replies.reply(call, _spoilt(call, _numeric, lambda _: "1,5"))


@scenario("C22", packed=True, n="0")
def baddate(call: PlayedCall) -> Play:
    """Gives the 30th of February as a date."""
    return replies.reply(call, _spoilt(call, _dated, lambda _: "2026-02-30"))


@scenario("C21", packed=True, size="1000000", n="1")
def big(call: PlayedCall) -> Play:
    """Gives `size` characters for a free text in `n` records (0: all)."""
    size = call.whole("size")
    return replies.reply(call, _spoilt(call, _written, lambda _: "blah " * (size // 5)))


@scenario("C21", packed=True, n="0")
def nulchar(call: PlayedCall) -> Play:
    """Puts a NUL into free texts."""
    given = _spoilt(call, _written, lambda said: said and f"{said}\0")
    return replies.reply(call, given, replies.everyone(call))


@scenario("C21", packed=True, n="0")
def tagchars(call: PlayedCall) -> Play:
    """Puts invisible tag characters (U+E0041, U+E007F) into free texts."""
    given = _spoilt(call, _written, lambda said: said and f"{said}\U000e0041\U000e007f")
    return replies.reply(call, given, replies.everyone(call))


def _encoded(said: Any, *, ascii_only: bool) -> str:
    return json.dumps(said, ensure_ascii=ascii_only, separators=(",", ":"))


@scenario("A13", packed=True, at="body", n="0")
def surrogate(call: PlayedCall) -> Play:
    """Ends a free text with a lone surrogate, escaped in the body or (at=content) inside."""
    given = _spoilt(call, _written, lambda said: said and f"{said}\ud83d")
    inside = call.text("at") == "content"
    content = replies.written(call, given, partial(_encoded, ascii_only=inside))
    return replies.say(call, content, sound=replies.everyone(call))
