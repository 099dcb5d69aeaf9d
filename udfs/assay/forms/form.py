"""A form: how one kind of request is put, foreseen and read. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from assay.core.values import Judged, Mode, Pack, Reply, Request


class Compose(Protocol):
    """Makes the request of a pack; see `chat_request.compose`."""

    def __call__(
        self,
        pack: Pack,
        headroom: int = 0,
        mode: Mode = "keyed",
        seal: str = "",
        ids: tuple[str, ...] = (),
    ) -> Request:
        """Return the request."""


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of request.

    `compose` makes the request of a pack;
    `expected_output_tokens` is how many a pack likely takes, for plans and not for limits;
    `judge` takes a reply apart, with the time of the answers in UTC as ISO text.
    """

    compose: Compose
    expected_output_tokens: Callable[[Pack], int]
    judge: Callable[[Request, Reply, str], Judged]
