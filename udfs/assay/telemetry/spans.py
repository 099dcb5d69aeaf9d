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
    RunOver,
    Sent,
    Stopped,
)
from assay.core.values import Ask, Attempt, Pack
from assay.telemetry.names import Attributes, described, of_reply

_FAILED = Status(StatusCode.ERROR)

_Node = tuple[str, str]
"""The run that gathers, and what it gathers for."""


class Spans:
    """Opens and ends the spans of runs; what is still open when one ends is ended then.

    A pack that carries texts of several nodes hangs below the first one and is linked to the
    others; texts of statements that did not gather hang below the run.
    """

    def __init__(self, tracer: Tracer, common: Attributes) -> None:
        self._tracer = tracer
        self._common = common
        self._runs: dict[str, Span] = {}
        self._nodes: dict[_Node, Span] = {}
        self._active: dict[_Node, int] = {}
        self._node_of: dict[bytes, str] = {}
        self._packs: dict[bytes, Span] = {}
        self._attempts: dict[str, Span] = {}

    def see(self, event: Event) -> None:
        """Open or end what `event` is about."""
        match event:
            case RunBegun() | RunOver() | Stopped():
                self._see_run(event)
            case GatherBegun(origin, run_id):
                self._open_node((run_id, origin))
            case Gathered(origin, asks):
                self._assign(origin, asks)
            case Sent():
                self._begin(event)
            case Ended():
                self._finish(event)
            case PackOver(pack):
                self._end_pack(pack)

    def _see_run(self, event: RunBegun | RunOver | Stopped) -> None:
        match event:
            case RunBegun(run_id):
                self._runs[run_id] = self._open("assay.run", None, {"assay.invocation_id": run_id})
            case RunOver(run_id):
                self._end_run(run_id)
            case Stopped(cause, run_id):
                self._stop(cause, run_id)

    def end(self) -> None:
        """End all that is open."""
        for run_id in list(self._runs):
            self._end_run(run_id)

    def _end_run(self, run_id: str) -> None:
        """End all that is open of a run; a node when something of it happened last.

        What no run is left for, such as a pack that was stopped, ends with the last of them.
        """
        for node in [node for node in self._nodes if node[0] == run_id]:
            self._nodes.pop(node).end(self._active.pop(node))
        if len(self._runs) == 1:
            for span in (*self._attempts.values(), *self._packs.values()):
                span.end()
            for held in (self._node_of, self._packs, self._attempts):
                held.clear()
        if (run := self._runs.pop(run_id, None)) is not None:
            run.end()

    def _assign(self, origin: str, asks: Sequence[Ask]) -> None:
        """Asks that several nodes need belong to the first."""
        for ask in asks:
            self._node_of.setdefault(ask.key, origin)

    def _stop(self, cause: str, run_id: str) -> None:
        if (run := self._runs.get(run_id)) is not None:
            run.set_attribute("error.type", cause)
            run.set_status(_FAILED)

    def _open_node(self, node: _Node) -> None:
        run_id, name = node
        if node not in self._nodes:
            parent = self._runs.get(run_id)
            self._nodes[node] = self._open(f"assay.node {name}", parent, {"assay.node": name})
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
        run_id = attempt.invocation_id
        nodes = dict.fromkeys((run_id, self._node_of.get(ask.key, "")) for ask in pack.asks)
        spans = [self._nodes[node] for node in nodes if node in self._nodes]
        about: Attributes = {
            "assay.records": len(pack.records),
            "assay.asks": len(pack.asks),
            "assay.prompt_hashes": attempt.prompt_hashes,
        }
        links = [trace.Link(span.get_span_context()) for span in spans[1:]]
        parent = spans[0] if spans else self._runs.get(run_id)
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
        names = {self._node_of.get(ask.key) for ask in pack.asks}
        for node in self._active:
            if node[1] in names:
                self._active[node] = time.time_ns()

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
