"""The fake provider: a function from a request to a reply, with a memory of what it was asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from assay.core.values import Record, Reply, Request, Usage

Answer = Callable[[Request], Reply]


class FakeProvider:
    """Answers with `answer`; `requests` lists what it was sent, in order."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.requests: list[Request] = []

    async def send(self, request: Request) -> Reply:
        """Return (or raise) what the function does."""
        self.requests.append(request)
        return self._answer(request)

    async def close(self) -> None:
        """Nothing is held."""

    @property
    def texts(self) -> list[str]:
        """Every text that was sent, as often as it was."""
        return [record.text for request in self.requests for record in request.pack.records]


def answering(value: Callable[[Record, str], Any]) -> Answer:
    """Return a function that answers each record's each short key with `value(record, key)`."""

    def answer(request: Request) -> Reply:
        items = [
            {"id": id_} | {key: value(record, key) for key in request.letters}
            for id_, record in zip(request.ids, request.pack.records, strict=True)
        ]
        content = json.dumps({"answers": items})
        return Reply(content, request.model, Usage(10, 5), mode="listed")

    return answer
