"""Rejections: which records of a reply are to be asked again, alone, or given up. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from assay.core.values import Ask, Judged, Request
from assay.engine import retry
from assay.engine.blame import Mishaps, most_in_a_row
from assay.engine.claims import Claim, Claims


@dataclass(frozen=True, slots=True)
class SortedRejections:
    """The asks of a reply that have no answer, by what becomes of them."""

    buried: list[Ask] = field(default_factory=list)
    again: list[Ask] = field(default_factory=list)
    alone: list[Ask] = field(default_factory=list)


class Rejections:
    """Counts for each open claim what replies made of it, and for each model what is usual.

    A reply without an answer to a record counts against the record only so far as it is worse
    luck than others had, who were answered in the end.
    """

    def __init__(self, claims: Claims, max_attempts: int) -> None:
        self._claims = claims
        self._max_attempts = max_attempts
        self._losses: defaultdict[str, Mishaps] = defaultdict(Mishaps)
        self._losses_alone: defaultdict[str, Mishaps] = defaultdict(Mishaps)

    def sort(self, request: Request, judged: Judged) -> SortedRejections:
        """Return what becomes of what a reply left without an answer; its claims count that."""
        self._learn(request, judged)
        sorted_ = SortedRejections()
        refused = (ask for ask in request.pack.asks if ask.key in judged.refused)
        for ask in refused if judged.refused else ():
            if (claim := self._claims.get(ask.key)) is None:
                continue
            match self._after(claim, request, judged):
                case retry.Bury():
                    sorted_.buried.append(ask)
                case retry.Split():
                    sorted_.alone.append(ask)
                case retry.Retry():
                    sorted_.again.append(ask)
        return sorted_

    def _learn(self, request: Request, judged: Judged) -> None:
        """Take note of how many replies those had lost who are answered now."""
        claims = [claim for key in judged.answers if (claim := self._claims.get(key)) is not None]
        if not claims:
            return
        self._losses[request.model].over(sum(claim.losses for claim in claims), len(claims))
        if len(request.pack.records) == 1:
            alone = sum(claim.losses_alone for claim in claims)
            self._losses_alone[request.model].over(alone, len(claims))

    def _after(
        self, claim: Claim, request: Request, judged: Judged
    ) -> retry.Retry | retry.Split | retry.Bury:
        records, model = len(request.pack.records), request.model
        if self._is_lost(claim.ask, model, judged):
            claim.losses += 1
            claim.losses_alone += records == 1
        else:
            claim.rejections += 1
        return retry.after_rejection(
            rejections=claim.rejections,
            losses=claim.losses,
            records=records,
            max_attempts=self._max_attempts,
            usual=self._usual(model),
        )

    def _is_lost(self, ask: Ask, model: str, judged: Judged) -> bool:
        """Whether a reply held no answer to `ask` at all, which says little of its record.

        One that cannot be read is the model's way to answer, until it has answered somebody.
        """
        if judged.unreadable:
            return self._losses[model].served > 0
        return ask.key in judged.lost

    def _usual(self, model: str) -> int:
        """Return so many losses as anybody may meet; alone there may be more of them."""
        return most_in_a_row(max(self._losses[model].share, self._losses_alone[model].share))
