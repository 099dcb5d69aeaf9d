"""The form of `/v1/embeddings`: texts alone go out, vectors come back by their index. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from assay.core.plural import counted
from assay.core.task import Rejected, accepted
from assay.core.tokens import estimate_tokens
from assay.core.values import Ask, Judged, Mode, Outcome, Pack, Reply, Request

MOST_TOKENS = 200_000
"""Most estimated tokens of a request; OpenAI takes 300,000 of its own count."""


def compose(
    pack: Pack,
    headroom: int = 0,
    mode: Mode = "keyed",
    seal: str = "",
    ids: tuple[str, ...] = (),
) -> Request:
    """Return the request for the vectors of all texts of `pack`, whose ids are their places."""
    return Request(
        pack=pack,
        ids=tuple(map(str, range(len(pack.records)))),
        letters=(),
        system="",
        user="",
        schema={},
        max_output_tokens=0,
        idempotency_key=pack.seal,
        input_tokens=sum(estimate_tokens(record.text) for record in pack.records),
        mode=mode,
    )


def expected_output_tokens(pack: Pack) -> int:
    """Return 0: nothing is written."""
    return 0


def judge(request: Request, reply: Reply, answered_at: str) -> Judged:
    """Return the vectors of `reply`, each judged alone, and why the other texts have none.

    A vector belongs to the text that its `index` names. Where one names no text while a text has
    none, all are in doubt and none is taken; two under one index are none.
    """
    by_place = _by_place(reply.vectors)
    places = range(len(request.pack.records))
    unknown = [place for place in by_place if place not in places]
    missing = [place for place in places if place not in by_place]
    if unknown and missing:
        why = f"{len(unknown)} unknown and {len(missing)} missing of its indexes"
        return _nothing(request, why)
    answers: dict[bytes, Outcome] = {}
    rejected: dict[bytes, str] = {}
    for place, record in enumerate(request.pack.records):
        for ask in record.asks:
            try:
                value = _only(ask, by_place.get(place, []))
            except Rejected as error:
                rejected[ask.key] = str(error)
                continue
            answers[ask.key] = Outcome("ok", value, model=reply.model, answered_at=answered_at)
    lost = frozenset(ask.key for place in missing for ask in request.pack.records[place].asks)
    note = counted(len(unknown), "unknown index") if unknown else None
    return Judged(answers, rejected, lost, note=note)


def _by_place(vectors: Any) -> dict[Any, list[Any]]:
    """Return what a reply lists by index; what has no whole number as one is under None."""
    found: defaultdict[Any, list[Any]] = defaultdict(list)
    for item in vectors:
        place = item.get("index") if isinstance(item, dict) else None
        whole = isinstance(place, int) and not isinstance(place, bool)
        found[place if whole else None].append(item)
    return dict(found)


def _only(ask: Ask, items: list[Any]) -> str:
    if len(items) != 1:
        message = "two vectors for one text" if items else "missing: no vector for this text"
        raise Rejected(message)
    return accepted(ask.question.task, items[0].get("embedding"), ask.text)


def _nothing(request: Request, reason: str) -> Judged:
    rejected = {ask.key: reason for ask in request.pack.asks}
    return Judged({}, rejected, frozenset(rejected), note=reason)
