"""The ladder: in which mode each model is asked. Where a server refuses one, the next is taken."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from itertools import dropwhile
from typing import Protocol

from assay.core.errors import CallError, ConfigError
from assay.core.settings import Settings
from assay.core.values import Mode, Request
from assay.engine.smallest import smallest_request

Try = Callable[[Request], Awaitable[CallError | None]]
"""Sends a request of no pack once; returns what it met, None where it was served."""

TOLD: dict[Mode, str] = {
    "keyed": "a JSON schema with a key for each record",
    "listed": "a JSON schema with a list",
    "object": "any JSON object, the shape in words",
    "prompt": "the shape in words alone",
}
"""Each mode as people are told of it."""

SCHEMAS: tuple[Mode, ...] = ("keyed", "listed")

_log = logging.getLogger("assay")


class RungMemory(Protocol):
    """Where it is kept in which mode a model stands, beyond the process."""

    def rungs(self, settings: Settings) -> Mapping[str, Mode]:
        """Return what is known, by model."""

    def stands(self, settings: Settings, model: str, mode: Mode) -> None:
        """Keep what was found out."""


class Ladder:
    """Where each model stands, as far as it is known from before; the loop alone uses it.

    A mode that was served once is not in doubt any more, but for a server that says in words
    that it does not take the form of a reply.
    """

    def __init__(self, settings: Settings, memory: RungMemory) -> None:
        self._settings, self._memory = settings, memory
        self._standing = dict(memory.rungs(settings))
        self._known = set(self._standing)
        self._served: set[str] = set()
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def mode(self, model: str) -> Mode:
        """The mode in which a model is asked."""
        return self._standing.get(model) or self._settings.manner_of(model).modes[0]

    def holds(self, request: Request) -> None:
        """The server served `request`."""
        if request.mode == self.mode(request.model):
            self._served.add(request.model)

    def is_settled(self, model: str) -> bool:
        """Whether a model is known to be served in its mode: now, or of late."""
        return model in self._served or model in self._known

    def stands(self, request: Request) -> None:
        """The server took `request`, which is kept beyond the process."""
        self.holds(request)
        self._memory.stands(self._settings, request.model, request.mode)

    async def explains(self, request: Request, error: CallError, try_out: Try) -> bool:
        """Whether `request` was turned down for its mode, and its pack is to be asked again.

        Before anything was served in this mode, the smallest request of all tells: where it is
        served, the pack is to blame. Raises `ConfigError` where that is not served in any mode.
        """
        model = request.model
        async with self._asking[model]:
            if request.mode != self.mode(model):
                return True
            if error.unfit and (lower := self._lower(model, error)):
                return self._takes(model, lower[0], error)
            if model in self._served:
                return False
            return await self._is_found_out(request, error, try_out)

    async def _is_found_out(self, request: Request, error: CallError, try_out: Try) -> bool:
        """Whether the smallest request is served in the last mode only, and not in this one."""
        model, task = request.model, request.pack.questions[0].task
        met = await try_out(smallest_request(self._settings, model, self.mode(model), task))
        if met is None:
            self._served.add(model)
        if met is None or met.fault != "too_big_or_bad":
            return False
        last = self._settings.manner_of(model).modes[-1]
        if last != self.mode(model):
            met = await try_out(smallest_request(self._settings, model, last, task))
        if met is None:
            return self._takes(model, last, error)
        if met.fault != "too_big_or_bad":
            return False
        message = (
            f"{error} Not even the smallest request is taken, so the set-up is wrong. "
            f"{self._settings.traits.check}"
        )
        raise ConfigError(message, status=error.status)

    def _lower(self, model: str, error: CallError) -> list[Mode]:
        """The modes below, of another format where that is what the server does not take."""
        standing = self.mode(model)
        _, *lower = dropwhile(standing.__ne__, self._settings.manner_of(model).modes)
        of_schemas = error.unfit == "format" and standing in SCHEMAS
        return [mode for mode in lower if not (of_schemas and mode in SCHEMAS)]

    def _takes(self, model: str, mode: Mode, error: CallError) -> bool:
        """Ask a model in another mode from here on, and say so."""
        standing, self._standing[model] = self.mode(model), mode
        self._served.discard(model)
        self._known.discard(model)
        self._memory.stands(self._settings, model, mode)
        _log.warning(
            "%s does not take %s for model %r; it is asked by %s from here on. (%s)",
            self._settings.endpoint,
            TOLD[standing],
            model,
            TOLD[mode],
            error,
        )
        return True
