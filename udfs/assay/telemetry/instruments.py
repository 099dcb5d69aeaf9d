"""Instruments: durations, tokens, money, requests in flight, answers, failures, store hits."""

from __future__ import annotations

from opentelemetry.metrics import Meter

from assay.core.clock import now_utc
from assay.core.events import (
    Ended,
    Event,
    GivenUp,
    LookedUp,
    RunBegun,
    Sent,
    Streamed,
    stored_before,
)
from assay.core.values import Attempt
from assay.telemetry.names import Attributes, described, of_answer

_SECONDS = [0.01 * 2**power for power in range(14)]
_TOKENS = [4.0**power for power in range(14)]
"""The buckets that the GenAI conventions ask for."""


class Instruments:
    """Counts what a run does; safe to call from any thread."""

    def __init__(self, meter: Meter, common: Attributes) -> None:
        self._common = common
        self._begun = now_utc()
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "How long one request took.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Tokens of one request, as the reply says.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._cost = meter.create_counter("assay.cost", "{USD}", "What requests have cost.")
        self._in_flight = meter.create_up_down_counter(
            "assay.requests.in_flight", "{request}", "Requests that were sent and have not ended."
        )
        self._answers = meter.create_counter("assay.answers", "{answer}", "Answers accepted.")
        self._failures = meter.create_counter("assay.failures", "{ask}", "Asks given up.")
        self._hits = meter.create_counter(
            "assay.store.hits", "{answer}", "Answers that the store knew."
        )

        self._batches = meter.create_histogram(
            "assay.stream.batch.duration",
            "s",
            "How long one batch of a stream took, from taking it to its commit.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._streamed = meter.create_counter(
            "assay.stream.messages", "{message}", "Messages that a stream has done with."
        )
        self._lag = meter.create_gauge(
            "assay.stream.lag", "{message}", "Messages that wait in the partitions of a stream."
        )
        self._oldest = meter.create_gauge(
            "assay.stream.oldest", "s", "How old the oldest message of a batch was at its end."
        )

    def see(self, event: Event) -> None:
        """Count what `event` is about."""
        match event:
            case RunBegun():
                self._begun = now_utc()
            case Sent(attempt=attempt):
                self._in_flight.add(1, described(self._common, attempt.model))
            case Ended(attempt, model):
                self._ended(attempt, model)
            case GivenUp(failures):
                for failure in failures:
                    about = {"gen_ai.request.model": failure.model, "error.type": failure.status}
                    self._failures.add(1, about)
            case LookedUp(question, found=found) if found:
                about = {"gen_ai.request.model": question.model}
                self._hits.add(stored_before(self._begun, found), about)

            case Streamed():
                self._batch(event)

    def _batch(self, batch: Streamed) -> None:
        about = {"assay.node": batch.model}
        self._batches.record(batch.seconds, about)
        self._lag.set(batch.lag, about)
        self._oldest.set(batch.oldest_seconds, about)
        for kind, count in batch.sent.items():
            self._streamed.add(count, about | {"assay.stream.end": kind})

    def _ended(self, attempt: Attempt, model: str | None) -> None:
        asked = described(self._common, attempt.model)
        self._in_flight.add(-1, asked)
        about = asked | of_answer(attempt, model)
        self._duration.record(attempt.latency_seconds or 0.0, about)
        self._answers.add(attempt.answers, {"gen_ai.request.model": attempt.model})
        self._cost.add(attempt.cost_usd or 0.0, asked)
        tokens = {"input": attempt.input_tokens, "output": attempt.output_tokens}
        for kind, count in tokens.items():
            if count is not None:
                self._tokens.record(count, about | {"gen_ai.token.type": kind})
