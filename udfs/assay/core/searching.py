"""Who looks for evidence, as data: what the rest of the house must know of each by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module

_known: dict[str, EvidenceTraits] = {}

_ROOM = "assay.evidence"
"""The package that makes them known."""


@dataclass(frozen=True, slots=True)
class EvidenceTraits:
    """What there is to know of a provider of evidence.

    `needs` are the settings without which it cannot search; `costs` says that a search may cost
    money, `searches` that it looks anywhere at all.
    """

    name: str
    about: str
    needs: tuple[str, ...] = ()
    costs: bool = False
    searches: bool = True


def make_known(providers: Mapping[str, EvidenceTraits]) -> None:
    """Let settings name these."""
    _known.update(providers)


def evidence_traits(name: str) -> EvidenceTraits:
    """Return the traits of a provider of evidence; `ValueError` names those that there are."""
    if not _known:
        import_module(_ROOM)
    if (found := _known.get(name)) is not None:
        return found
    message = f"there is no provider of evidence {name!r}; give one of {', '.join(sorted(_known))}"
    raise ValueError(message)
