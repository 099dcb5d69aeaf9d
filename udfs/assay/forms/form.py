"""A form: how one kind of request is put, foreseen and read. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assay.core.values import Judged, Pack, Reply, Request


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of request.

    `compose` makes the request of a pack, with so many output tokens left for thinking;
    `expected_output_tokens` is how many a pack likely takes, for plans and not for limits;
    `judge` takes a reply apart, with the time of the answers in UTC as ISO text.
    """

    compose: Callable[[Pack, int], Request]
    expected_output_tokens: Callable[[Pack], int]
    judge: Callable[[Request, Reply, str], Judged]
