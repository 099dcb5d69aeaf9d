"""Group V: replies to requests for vectors that are out of shape; chats get the good reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from .. import replies
from .. import vectors as stub
from ..plays import Play, PlayedCall
from .scenario import Player, scenario


def _of_vectors(play: Player) -> Player:
    """Let a player shape what lists vectors, and nothing else."""

    @wraps(play)
    def played(call: PlayedCall) -> Play:
        return play(call) if call.chat.vectors else replies.good(call)

    return played


@scenario("V01", n="1")
@_of_vectors
def vlength(call: PlayedCall) -> Play:
    """Gives the first `n` texts (0: all) a vector that is a number too short."""
    return _spoilt(call, lambda vector: vector[:-1])


@scenario("V02", n="1")
@_of_vectors
def vnan(call: PlayedCall) -> Play:
    """Puts NaN into the vectors of the first `n` texts (0: all)."""
    return _spoilt(call, lambda vector: [float("nan"), *vector[1:]])


@scenario("V03", n="1")
@_of_vectors
def vzero(call: PlayedCall) -> Play:
    """Gives the first `n` texts (0: all) a vector of zeros."""
    return _spoilt(call, lambda vector: [0.0] * len(vector))


@scenario("V04", n="1")
@_of_vectors
def vtext(call: PlayedCall) -> Play:
    """Gives the first `n` texts (0: all) a text that is no base64 for a vector."""
    return _spoilt(call, lambda _: "no vector!")


@scenario("V05")
@_of_vectors
def vshuffled(call: PlayedCall) -> Play:
    """Lists the vectors in the reverse order, each with its own index."""
    return replies.vectors(call, stub.items_of(call.chat)[::-1], replies.everyone(call))


@scenario("V06")
@_of_vectors
def vfewer(call: PlayedCall) -> Play:
    """Leaves the vector of the last text out."""
    return replies.vectors(call, stub.items_of(call.chat)[:-1], replies.everyone(call)[:-1])


@scenario("V07")
@_of_vectors
def vmore(call: PlayedCall) -> Play:
    """Adds a vector with an index that no text has."""
    items = stub.items_of(call.chat)
    return replies.vectors(
        call, [*items, items[0] | {"index": len(items)}], replies.everyone(call)
    )


@scenario("V08")
@_of_vectors
def vtwice(call: PlayedCall) -> Play:
    """Gives the first text two different vectors."""
    items = stub.items_of(call.chat)
    again = items[0] | {stub.NAME: [-one for one in items[0][stub.NAME]]}
    return replies.vectors(call, [*items, again], replies.everyone(call)[1:])


@scenario("V09")
@_of_vectors
def vplaces(call: PlayedCall) -> Play:
    """Counts the indexes from 1 on, so that one is unknown and one is missing."""
    items = [item | {"index": item["index"] + 1} for item in stub.items_of(call.chat)]
    return replies.vectors(call, items, ())


@scenario("V10")
@_of_vectors
def vnumbers(call: PlayedCall) -> Play:
    """Gives lists of numbers, whatever encoding was asked for."""
    fields = {**call.chat.fields, "encoding_format": "float"}
    plain = replace(call, chat=replace(call.chat, fields=fields))
    return replies.good(plain)


def _spoilt(call: PlayedCall, spoil: Callable[[Any], Any]) -> Play:
    """The good reply with the first `n` vectors (0: all) spoilt."""
    most = call.whole("n") or len(call.chat.records)
    items = [
        item | {stub.NAME: spoil(item[stub.NAME])} if at < most else item
        for at, item in enumerate(stub.items_of(call.chat))
    ]
    return replies.vectors(call, items, replies.everyone(call)[most:])
