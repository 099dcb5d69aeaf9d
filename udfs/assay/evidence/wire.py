"""One HTTP request of a search, sent once: its JSON, or an error in the words of the engine."""

from __future__ import annotations

import asyncio
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from typing import Any

from assay.core.errors import CallError, ConfigError, Fault

_MOST_BYTES = 4 * 1024 * 1024
_WRONG_SET_UP = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """What is asked about goes to the host that was named, and to no other."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)


@dataclass(frozen=True, slots=True)
class Wire:
    """The way to the server `host`; a reply may take `seconds`, and `remedy` says what to look at
    where the server turns searches down for good."""

    host: str
    headers: Mapping[str, str]
    seconds: float
    remedy: str

    async def json(self, url: str, body: object = None) -> Any:
        """Return the JSON of a GET or, with a `body`, of a POST.

        Raises `CallError` where this attempt failed, `ConfigError` where any other would.
        """
        said = await asyncio.to_thread(self._sent, url, body)
        try:
            return json.loads(said)
        except (ValueError, RecursionError):
            message = f"The search server sent no JSON; {self.remedy}."
            raise CallError("bad_body", message, maybe_paid=True) from None

    def _sent(self, url: str, body: object) -> bytes:
        headers = {"Accept": "application/json", "User-Agent": "assay", **self.headers}
        data = None
        if body is not None:
            data = json.dumps(body, ensure_ascii=False).encode()
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(url, data, headers)  # noqa: S310 - https or loopback
        try:
            with _OPENER.open(request, timeout=self.seconds) as response:
                return _whole(response)
        except urllib.error.HTTPError as error:
            error.close()
            raise self._refusal(error.code, error.headers) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            said = f"No reply from the search server {self.host} ({type(reason).__name__})."
            raise CallError("transport", said, silent=True) from None

    def _refusal(self, status: int, headers: Message) -> Exception:
        if status in _WRONG_SET_UP or status in range(300, 400):
            said = f"The search server {self.host} turns searches down (HTTP {status})"
            return ConfigError(f"{said}; {self.remedy}.", status=status)
        fault: Fault = "quota" if status == HTTPStatus.PAYMENT_REQUIRED else "retryable"
        wait = headers.get("Retry-After", "")
        seconds = float(wait) if wait.isdecimal() else None
        said = f"The search server {self.host} answers HTTP {status}."
        return CallError(fault, said, status=status, retry_after_seconds=seconds)


def _whole(response: http.client.HTTPResponse) -> bytes:
    body = response.read(_MOST_BYTES + 1)
    if len(body) > _MOST_BYTES:
        message = f"The search server sent more than {_MOST_BYTES} bytes."
        raise CallError("bad_body", message, maybe_paid=True)
    return body
