"""A request of a batch as JSON, and back again, for whoever harvests it. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.core.errors import ConfigError
from assay.core.values import Ask, Pack, Question, Record, Request
from assay.engine.claims import Claim
from assay.forms import form_of
from assay.functions import parse_task
from assay.store import BatchPack, BatchRow

_OF_PACK = ("attempt", "bisecting", "forgiven", "room", "complaint", "expiries", "seal")

Counts = tuple[int, int, int]
"""What replies made of an ask so far: `rejections`, `losses` and `losses_alone` of its claim."""

_NOTHING: Counts = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Kept:
    """A request as it was put into a batch, and what its asks had met before, by key."""

    request: Request
    counts: Mapping[bytes, Counts]


def pack_of(
    custom_id: str,
    request: Request,
    seal: str,
    headroom: int,
    reserved_usd: float | None,
    claim_of: Callable[[bytes], Claim | None],
) -> BatchPack:
    """Return a request, composed with `seal` and `headroom`, as it is kept until it is over."""
    pack = request.pack
    body = {
        **{name: getattr(pack, name) for name in _OF_PACK},
        "faults": pack.faults,
        "questions": [
            (one.task.prompt_hash, one.task.model, one.task.isolate) for one in pack.questions
        ],
        "records": [record.text for record in pack.records],
        "ids": request.ids,
        "counts": [[_counts(claim_of(ask.key)) for ask in one.asks] for one in pack.records],
        "mode": request.mode,
        "headroom": headroom,
        "run": seal,
    }
    keys = [ask.key for ask in pack.asks]
    return BatchPack(custom_id, keys, reserved_usd, json.dumps(body, ensure_ascii=False))


@dataclass(slots=True)
class Unpacker:
    """Makes requests again of the packs of a batch; `specs` is kind and JSON by prompt hash."""

    batch: BatchRow
    specs: Mapping[str, tuple[str, str]]
    _questions: dict[tuple[Any, ...], Question] = field(default_factory=dict)

    def unpack(self, pack: BatchPack) -> Kept | None:
        """Return the request; None where all its texts were forgotten, or its task is unknown."""
        body = json.loads(pack.body)
        try:
            questions = [self._question(*named) for named in body["questions"]]
        except (ConfigError, KeyError):
            return None
        records = tuple(
            Record(text, tuple(Ask(one.key(text), one, text) for one in questions))
            for text in body["records"]
        )
        if not records:
            return None
        again = Pack(
            records, faults=tuple(body["faults"]), **{name: body[name] for name in _OF_PACK}
        )
        request = form_of(again).compose(
            again, body["headroom"], body["mode"], body["run"], tuple(body["ids"])
        )
        counts = {
            ask.key: tuple(said)
            for record, counted in zip(records, body["counts"], strict=True)
            for ask, said in zip(record.asks, counted, strict=True)
        }
        return Kept(request, counts)

    def _question(self, prompt_hash: str, model: str | None, isolate: bool) -> Question:
        named = (prompt_hash, model, isolate)
        if named not in self._questions:
            kind, spec = self.specs[prompt_hash]
            said = {**json.loads(spec), "kind": kind, "model": model, "isolate": isolate}
            task = parse_task(json.dumps(said))
            if task.prompt_hash != prompt_hash:
                raise KeyError(prompt_hash)
            self._questions[named] = Question(task, self.batch.model, self.batch.host)
        return self._questions[named]


def _counts(claim: Claim | None) -> Counts:
    if claim is None:
        return _NOTHING
    return claim.rejections, claim.losses, claim.losses_alone
