"""What was asked and what was paid, exactly, in memory: the side of the vendor."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from .chats import Chat, digest
from .plays import Parts, Play

SENT, CUT, GONE, OPEN = "sent", "cut", "gone", "open"
"""Whole reply handed over; cut short by the scenario; client left before the end; under way."""

Question = tuple[str, str]
"""Digest of a record's text, digest of the question: model, meaning and schema of a property."""

SECRET_HEADERS = frozenset({"authorization", "api-key", "x-api-key", "cookie"})


@dataclass(slots=True)
class Entry:
    """One request; times are monotonic seconds, `status` is 0 until a status line was sent.

    `bytes_sent` is what the kernel took; where the client was gone it is the least it took. A
    request of a `batch` came in a file and was answered in one.
    """

    sequence: int
    started: float
    scenario: str
    records: tuple[Any, ...]
    text_hashes: tuple[str, ...]
    properties: tuple[str, ...]
    prompt_chars: int
    prompt_tokens: int
    body_bytes: int
    headers: Mapping[str, str]
    questions: tuple[str, ...]
    texts: tuple[str, ...] = ()
    played: str = ""
    status: int = 0
    outcome: str = OPEN
    ended: float = 0.0
    bytes_sent: int = 0
    completion_tokens: int = 0
    billed: bool = False
    sound: tuple[int, ...] = ()
    partly: Parts = ()
    unread: bool = False
    batch: str = ""

    def as_json(self) -> dict[str, Any]:
        """The entry as a JSON object."""
        return {part.name: getattr(self, part.name) for part in fields(self)}


@dataclass(slots=True)
class Bill:
    """All requests of one server since its start or its last reset.

    `paid`, `lost` and `unsound` count, per question, the good answers handed over in whole, the
    billed ones that did not get across, and the billed ones that came in a reply of no use.
    """

    keep_texts: bool = False
    entries: list[Entry] = field(default_factory=list)
    paid: Counter[Question] = field(default_factory=Counter)
    lost: Counter[Question] = field(default_factory=Counter)
    unsound: Counter[Question] = field(default_factory=Counter)
    in_flight: int = 0
    max_in_flight: int = 0

    def open(self, chat: Chat, scenario: str, now: float, batch: str = "") -> Entry:
        """Book a request that has arrived in whole, on the wire or in a batch."""
        entry = Entry(
            sequence=len(self.entries),
            started=now,
            scenario=scenario,
            records=tuple([record.id for record in chat.records]),
            text_hashes=tuple([record.digest for record in chat.records]),
            properties=tuple(chat.contract.properties),
            prompt_chars=chat.prompt_chars,
            prompt_tokens=chat.prompt_tokens,
            body_bytes=chat.body_bytes,
            headers=_without_secrets(chat.headers),
            questions=tuple(chat.contract.questions.values()),
            texts=tuple([record.text for record in chat.records]) if self.keep_texts else (),
            batch=batch,
        )
        self.entries.append(entry)
        if not batch:
            self.in_flight += 1
            self.max_in_flight = max(self.max_in_flight, self.in_flight)
        return entry

    def close(self, entry: Entry, play: Play, sent: int, now: float, *, gone: bool) -> None:
        """Book how a request ended: `sent` bytes handed over, or the client `gone` before."""
        if not entry.batch:
            self.in_flight -= 1
        entry.ended = now
        entry.played = play.name
        entry.bytes_sent = sent
        entry.status = play.status if sent else 0
        entry.outcome = GONE if gone else SENT if play.whole else CUT
        entry.billed = play.billed
        entry.completion_tokens = play.completion_tokens
        if entry.outcome == SENT:
            entry.sound, entry.partly = play.sound, play.partly
        if play.billed:
            self._book(entry)

    def _book(self, entry: Entry) -> None:
        sound, partly = frozenset(entry.sound), frozenset(entry.partly)
        missed = self.unsound if entry.outcome == SENT else self.lost
        asked = tuple(zip(entry.properties, entry.questions, strict=True))
        for at, text_hash in enumerate(entry.text_hashes):
            for name, question in asked:
                tally = self.paid if at in sound or (at, name) in partly else missed
                tally[text_hash, question] += 1

    def summary(self) -> dict[str, Any]:
        """The totals as one JSON object."""
        ended = [entry for entry in self.entries if entry.outcome != OPEN]
        billed = [entry for entry in ended if entry.billed]
        return {
            "requests": len(self.entries),
            "by_status": _tally(str(entry.status) for entry in ended),
            "by_outcome": _tally(entry.outcome for entry in ended),
            "by_scenario": _tally(entry.played for entry in ended),
            **self._record_totals(ended),
            **self._question_totals(),
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            **_time_totals(
                [entry for entry in self.entries if not entry.batch],
                [entry for entry in ended if not entry.batch],
            ),
            "input_tokens": sum(entry.prompt_tokens for entry in billed),
            "output_tokens": sum(entry.completion_tokens for entry in billed),
            "input_chars": sum(entry.prompt_chars for entry in billed),
            "body_bytes": sum(entry.body_bytes for entry in self.entries),
            **self._batch_totals(billed),
        }

    def _batch_totals(self, billed: list[Entry]) -> dict[str, int]:
        """What of the totals came in batches, and so costs half."""
        halved = [entry for entry in billed if entry.batch]
        return {
            "batch_requests": sum(1 for entry in self.entries if entry.batch),
            "batch_input_tokens": sum(entry.prompt_tokens for entry in halved),
            "batch_output_tokens": sum(entry.completion_tokens for entry in halved),
        }

    def _record_totals(self, ended: list[Entry]) -> dict[str, int]:
        billed = [entry for entry in ended if entry.billed]
        sent = [entry for entry in billed if entry.outcome == SENT]
        unanswered = [entry for entry in ended if entry.outcome != SENT]
        return {
            "records": sum(len(entry.records) for entry in self.entries),
            "paid_records": sum(len(entry.sound) for entry in sent),
            "unsound_records": sum(len(entry.records) - len(entry.sound) for entry in sent),
            "lost_records": sum(len(entry.records) for entry in billed)
            - sum(len(entry.records) for entry in sent),
            "unread_records": sum(len(entry.records) for entry in ended if entry.unread),
            "unanswered_requests": len(unanswered),
            "unanswered_records": sum(len(entry.records) for entry in unanswered),
        }

    def _question_totals(self) -> dict[str, int]:
        return {
            "paid_answers": self.paid.total(),
            "distinct_paid": len(self.paid),
            "distinct_paid_texts": len({text_hash for text_hash, _ in self.paid}),
            "paid_more_than_once": sum(1 for count in self.paid.values() if count > 1),
        }

    def lines(self) -> Iterator[str]:
        """Every request as one line of JSON."""
        return (json.dumps(entry.as_json(), ensure_ascii=True) for entry in self.entries)

    def paid_for(self, text: str) -> int:
        """How often this text was handed over with a good answer: the highest of its questions."""
        wanted = digest(text)
        counts = [times for (text_hash, _), times in self.paid.items() if text_hash == wanted]
        return max(counts, default=0)


def _time_totals(entries: list[Entry], ended: list[Entry]) -> dict[str, float | None]:
    first = min((entry.started for entry in entries), default=None)
    last = max((entry.ended for entry in ended), default=None)
    return {
        "work_seconds": sum(entry.ended - entry.started for entry in ended),
        "first_request_at": first,
        "last_reply_at": last,
        "span_seconds": 0.0 if first is None or last is None else last - first,
    }


def _tally(names: Iterator[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    if SECRET_HEADERS.isdisjoint(headers):
        return dict(headers)
    return {
        name: f"sha256:{digest(said)}" if name in SECRET_HEADERS else said
        for name, said in headers.items()
    }
