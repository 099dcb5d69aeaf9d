"""A receiver of OTLP over HTTP on loopback: it decodes the protobuf that it is sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

MESSAGES: dict[str, Any] = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
}


class Receiver:
    """Keeps every export: `spans`, `metrics`, `headers`; `status` and `hang` are its faults."""

    def __init__(self, status: int = 200, hang: float = 0.0) -> None:
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.received: list[tuple[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(status, hang))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """The base endpoint."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def spans(self) -> list[Any]:
        """All spans, in the order in which they came."""
        return [
            span
            for path, message in self.received
            if path == "/v1/traces"
            for resource in message.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def metrics(self) -> dict[str, Any]:
        """Each metric by its name, as it was exported last."""
        return {
            metric.name: metric
            for path, message in self.received
            if path == "/v1/metrics"
            for resource in message.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def resources(self) -> list[dict[str, Any]]:
        """The attributes of who exported, for each export."""
        return [
            attributes(part.resource)
            for path, message in self.received
            for part in (
                message.resource_spans if path == "/v1/traces" else message.resource_metrics
            )
        ]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        wrong: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self, status: int, hang: float) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.headers.append(dict(self.headers.items()))
                receiver.bodies.append(body)
                receiver.received.append((self.path, MESSAGES[self.path].FromString(body)))
                time.sleep(hang)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler


def attributes(thing: Any) -> dict[str, Any]:
    """The attributes of a span, a data point or a resource as plain values."""
    return {item.key: _plain(item.value) for item in thing.attributes}


def points(metric: Any) -> list[Any]:
    """The data points of a metric of any kind."""
    return list(getattr(metric, metric.WhichOneof("data")).data_points)


def named(spans: list[Any], start: str) -> list[Any]:
    """The spans whose names start so."""
    return [span for span in spans if span.name.startswith(start)]


def _plain(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))


def walk(spans: list[Any], span: Any) -> Iterator[str]:
    """The names from a span up to its root."""
    by_id = {one.span_id: one for one in spans}
    while span is not None:
        yield span.name
        span = by_id.get(span.parent_span_id)
