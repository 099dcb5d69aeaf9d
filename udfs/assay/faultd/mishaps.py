"""What goes wrong with batches, as data: how long they take, what becomes of files and lines."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from .scenarios.registry import UnknownScenarioError, number

_CHOICES = {
    "upload": ("", "cut", "lost", "500"),
    "create": ("", "500", "reset"),
    "download": ("", "cut"),
}


@dataclass(frozen=True, slots=True)
class BatchMishaps:
    """How a server plays batches; what is not named goes well.

    A batch takes so many `hours` of the server's clock, which stands still until somebody moves
    it: with 0 it is done when it is first looked at, with more than 24 it expires, and then as
    many lines are done as there was time for. `queued` tokens are the most that the open batches
    of a key may hold (0: any number). Of the lines that come back, the first `missing` are left
    out, the first `doubled` come twice, `foreign` ones that nobody asked for are added, all are
    `shuffled`, and the last one is `torn`. No list has more than `page` rows at once.
    The first `times` uploads, creations and downloads meet what `upload` (cut: nothing is kept and
    nothing said; lost: kept, and nothing said; 500), `create` (500, reset: of a batch that is
    made all the same) and `download` (cut in the middle) name.
    """

    hours: float = 0.0
    queued: int = 0
    missing: int = 0
    doubled: int = 0
    foreign: int = 0
    shuffled: bool = False
    torn: bool = False
    page: int = 100
    upload: str = ""
    create: str = ""
    download: str = ""
    times: int = 1


TAKES = tuple(
    f"{part.name}={'|'.join(filter(None, _CHOICES[part.name]))}"
    if part.name in _CHOICES
    else part.name
    for part in fields(BatchMishaps)
)
"""What a spec may name."""


def mishaps(spec: str) -> BatchMishaps:
    """Read `name=value,name`; raises UnknownScenarioError."""
    pairs = [part.strip().partition("=") for part in spec.split(",") if part.strip()]
    return BatchMishaps(**{name: _value(name, said) for name, _, said in pairs})


def _value(name: str, said: str) -> Any:
    kinds = {part.name: part.type for part in fields(BatchMishaps)}
    if name not in kinds or said not in _CHOICES.get(name, (said,)):
        message = f"Batches do not take {name}={said!r}; they take {', '.join(TAKES)}."
        raise UnknownScenarioError(message)
    if kinds[name] == "bool":
        return True
    if kinds[name] == "str":
        return said
    return number(said) if kinds[name] == "float" else int(number(said))
