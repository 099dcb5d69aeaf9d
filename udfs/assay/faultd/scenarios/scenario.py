"""What a scenario is, and the decorator that makes one out of a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType

from ..plays import Play, PlayedCall

Player = Callable[[PlayedCall], Play]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named way to answer; `defaults` lists every parameter that it takes.

    A `packed` scenario shapes answers to records; chats without records get the good reply.
    An `open_ended` one takes any further parameter.
    """

    name: str
    rows: str
    about: str
    play: Player
    defaults: Mapping[str, str]
    packed: bool = False
    open_ended: bool = False


def scenario(
    rows: str, *, packed: bool = False, open_ended: bool = False, **defaults: str
) -> Callable[[Player], Scenario]:
    """Make a function a scenario that plays these rows of the fault matrix."""

    def made(player: Player) -> Scenario:
        about = (player.__doc__ or "").strip().splitlines()[0]
        name = player.__name__.rstrip("_")
        return Scenario(name, rows, about, player, defaults, packed, open_ended)

    return made


def scenarios_in(module: ModuleType) -> list[Scenario]:
    """The scenarios that a module defines, in its own order."""
    return [item for item in vars(module).values() if isinstance(item, Scenario)]
