"""Rejections: which records of a reply are to be asked again, alone, or given up. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from udfs import policy
from udfs.claims import Claim, Claims
from udfs.records import Ask, Judged, Request


@dataclass(frozen=True, slots=True)
class Rejections:
    """The asks of a reply that have no answer, by what becomes of them."""

    buried: list[Ask] = field(default_factory=list)
    again: list[Ask] = field(default_factory=list)
    alone: list[Ask] = field(default_factory=list)


def sort_rejected(
    request: Request, judged: Judged, claims: Claims, max_attempts: int
) -> Rejections:
    """Return what becomes of what a reply left without an answer; its claims count that."""
    sorted_ = Rejections()
    refused = (ask for ask in request.pack.asks if ask.key in judged.refused)
    for ask in refused if judged.refused else ():
        if (claim := claims.get(ask.key)) is None:
            continue
        match _after_rejection(claim, ask, request, judged, max_attempts):
            case policy.Bury():
                sorted_.buried.append(ask)
            case policy.Split():
                sorted_.alone.append(ask)
            case policy.Retry():
                sorted_.again.append(ask)
    return sorted_


def _after_rejection(
    claim: Claim, ask: Ask, request: Request, judged: Judged, max_attempts: int
) -> policy.Retry | policy.Split | policy.Bury:
    if ask.key in judged.lost:
        claim.losses += 1
    else:
        claim.rejections += 1
    return policy.after_rejection(
        rejections=claim.rejections,
        losses=claim.losses,
        records=len(request.pack.records),
        max_attempts=max_attempts,
    )
