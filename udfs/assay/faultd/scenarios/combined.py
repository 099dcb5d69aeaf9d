"""Scenarios made of others: a poison record, and a mix."""

from __future__ import annotations

from collections.abc import Mapping

from .. import replies
from ..answers import digest_number
from ..plays import Play, PlayedCall
from .content import marked
from .scenario import scenario


@scenario("C20 p04", kind="s500", marker="POISON", open_ended=True)
def poison(call: PlayedCall) -> Play:
    """Plays `kind` (any scenario, with its parameters) for packs whose text contains `marker`."""
    if not marked(call):
        return replies.good(call)
    own = {"kind", "marker"}
    further = {name: said for name, said in call.params.items() if name not in own}
    return call.delegate(kind_of(call.params), further)


def kind_of(params: Mapping[str, str]) -> str:
    """The scenario that a poison plays; a bare status stands for s<status>."""
    kind = params["kind"]
    return f"s{kind}" if kind.isdigit() else kind


@scenario("p01", open_ended=True)
def mix(call: PlayedCall) -> Play:
    """Plays each named scenario or group for its share: s500=0.05,hang=0.1,hang.seconds=2."""
    share = digest_number(str(call.memory.seen), f"mix{call.seed}") % 1_000_000 / 1_000_000
    for name, said in call.params.items():
        if "." in name:
            continue
        share -= float(said)
        if share < 0:
            prefix = f"{name}."
            further = {
                key.removeprefix(prefix): value
                for key, value in call.params.items()
                if key.startswith(prefix)
            }
            return call.delegate(name, further)
    return replies.good(call)
