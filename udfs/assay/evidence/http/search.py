"""Searches by one GET each; the sources are read out of whatever shape the JSON has."""

from __future__ import annotations

import asyncio
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from email.message import Message
from http import HTTPStatus
from urllib.parse import quote

from assay.core.clock import now_utc
from assay.core.endpoint import host_of
from assay.core.errors import CallError, ConfigError, Fault
from assay.core.settings import Settings
from assay.core.sources import FoundSource
from assay.evidence.http.shapes import sources_in

_MOST_BYTES = 4 * 1024 * 1024
_WRONG_SET_UP = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """What is asked about goes to the host that was named, and to no other."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)


class HttpEvidence:
    """Asks one server."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.evidence_url or ""
        self._seconds = settings.deadline_seconds
        headers = settings.evidence_headers or {}
        self._headers = {name: value.get_secret_value() for name, value in headers.items()}
        self.host = host_of(self._url)

    async def find(self, query: str, limit: int) -> Sequence[FoundSource]:
        """Return what the server finds; see the contract."""
        body = await asyncio.to_thread(self._get, self._url.replace("{query}", quote(query, "")))
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            message = "The search server sent no JSON; ask it for JSON in `ASSAY_EVIDENCE_URL`."
            raise CallError("bad_body", message, maybe_paid=True) from None
        return sources_in(found, now_utc())[:limit]

    async def close(self) -> None:
        """Nothing is open between searches."""

    def _get(self, url: str) -> bytes:
        headers = {"Accept": "application/json", "User-Agent": "assay", **self._headers}
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - https or loopback
        try:
            with _OPENER.open(request, timeout=self._seconds) as response:
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
            message = (
                f"The search server {self.host} turns searches down (HTTP {status}); check "
                "`ASSAY_EVIDENCE_URL` and `ASSAY_EVIDENCE_HEADERS`."
            )
            return ConfigError(message, status=status)
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


def open_evidence(settings: Settings) -> HttpEvidence:
    """Return the search server of the settings."""
    return HttpEvidence(settings)
