"""Spans: run → node → pack → attempt. Names of attributes: OpenTelemetry GenAI conventions."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from assay.core.events import (
    Ended,
    Event,
    GatherBegun,
    Gathered,
    PackOver,
    RunBegun,
    Sent,
    Stopped,
)
from assay.core.values import Ask, Attempt, Pack
from assay.telemetry.names import Attributes, described, of_reply

_FAILED = Status(StatusCode.ERROR)


class Spans:
    """Opens and ends the spans of a run; what is still open when it ends is ended then.

    A pack that carries texts of several nodes hangs below the first one and is linked to the
    others; texts of statements that did not gather hang below the run.
    """

    def __init__(self, tracer: Tracer, common: Attributes) -> None:
        self._tracer = tracer
        self._common = common
        self._run: Span | None = None
        self._nodes: dict[str, Span] = {}
        self._active: dict[str, int] = {}
        self._node_of: dict[bytes, str] = {}
        self._packs: dict[bytes, Span] = {}
        self._attempts: dict[str, Span] = {}

    def see(self, event: Event) -> None:
        """Open or end what `event` is about."""
        match event:
            case RunBegun(invocation_id):
                self.end()
                self._run = self._open("assay.run", None, {"assay.invocation_id": invocation_id})
            case GatherBegun(node):
                self._open_node(node)
            case Gathered(node, asks):
                self._assign(node, asks)
            case Sent():
                self._begin(event)
            case Ended():
                self._finish(event)
            case PackOver(pack):
                self._end_pack(pack)
            case Stopped(cause):
                self._stop(cause)

    def end(self) -> None:
        """End all that is open; a node when something of it happened last."""
        for span in (*self._attempts.values(), *self._packs.values()):
            span.end()
        for node, span in self._nodes.items():
            span.end(self._active[node])
        if self._run is not None:
            self._run.end()
        self._run = None
        for held in (self._nodes, self._active, self._node_of, self._packs, self._attempts):
            held.clear()

    def _assign(self, node: str, asks: Sequence[Ask]) -> None:
        """Asks that several nodes need belong to the first."""
        for ask in asks:
            self._node_of.setdefault(ask.key, node)

    def _stop(self, cause: str) -> None:
        if self._run is not None:
            self._run.set_attribute("error.type", cause)
            self._run.set_status(_FAILED)

    def _open_node(self, node: str) -> None:
        if node not in self._nodes:
            self._nodes[node] = self._open(f"assay.node {node}", self._run, {"assay.node": node})
        self._active[node] = time.time_ns()

    def _begin(self, sent: Sent) -> None:
        pack, attempt = sent.request.pack, sent.attempt
        if (place := _place(pack)) not in self._packs:
            self._packs[place] = self._open_pack(pack, attempt)
        about = described(self._common, attempt.model) | {
            "gen_ai.output.type": "json",
            "gen_ai.request.max_tokens": sent.request.max_output_tokens,
            "assay.attempt": attempt.attempt,
            "assay.records": attempt.records,
            "assay.asks": attempt.asks,
        }
        self._attempts[attempt.attempt_id] = self._open(
            f"chat {attempt.model}", self._packs[place], about, kind=SpanKind.CLIENT
        )

    def _open_pack(self, pack: Pack, attempt: Attempt) -> Span:
        nodes = dict.fromkeys(self._node_of.get(ask.key, "") for ask in pack.asks)
        spans = [self._nodes[node] for node in nodes if node in self._nodes]
        about: Attributes = {
            "assay.records": len(pack.records),
            "assay.asks": len(pack.asks),
            "assay.prompt_hashes": attempt.prompt_hashes,
        }
        links = [trace.Link(span.get_span_context()) for span in spans[1:]]
        parent = spans[0] if spans else self._run
        return self._open("assay.pack", parent, about, links=links)

    def _finish(self, ended: Ended) -> None:
        attempt = ended.attempt
        if (span := self._attempts.pop(attempt.attempt_id, None)) is None:
            return
        span.set_attributes(of_reply(attempt, ended.model))
        if attempt.outcome not in ("ok", "partial"):
            span.set_status(_FAILED)
        span.end()

    def _end_pack(self, pack: Pack) -> None:
        if (span := self._packs.pop(_place(pack), None)) is not None:
            span.end()
        for ask in pack.asks:
            if (node := self._node_of.get(ask.key)) in self._active:
                self._active[str(node)] = time.time_ns()

    def _open(
        self,
        name: str,
        parent: Span | None,
        attributes: Mapping[str, str | int | float],
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        links: list[trace.Link] | None = None,
    ) -> Span:
        context = None if parent is None else trace.set_span_in_context(parent)
        return self._tracer.start_span(
            name, context, kind=kind, attributes=attributes, links=links
        )


def _place(pack: Pack) -> bytes:
    """Name a pack while it is on its way: an ask travels in one pack at a time."""
    return pack.records[0].asks[0].key
