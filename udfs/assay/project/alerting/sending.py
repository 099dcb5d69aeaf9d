"""Sending an alert: one POST, tried a few times within seconds; the URL is in no message."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

SECONDS = 5.0
"""Patience with one attempt."""

WAITS = (0.5, 2.0)
"""Seconds before the second attempt and the third."""

_TOO_MANY, _SERVER = 429, 500


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An alert goes to the host that was named, and to no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


def send(
    url: str, body: Mapping[str, Any], sleep: Callable[[float], None] = time.sleep
) -> str | None:
    """Send `body` as JSON; return why it could not be sent, or None where it was.

    What may pass is tried again: no connection, HTTP 429, HTTP 5xx.
    """
    trouble, again = _attempt(url, body)
    for wait in WAITS:
        if not again:
            break
        sleep(wait)
        trouble, again = _attempt(url, body)
    return None if trouble is None else f"{host(url)}: {trouble}"


def host(url: str) -> str:
    """Return the host of a webhook; the rest of its URL is the secret."""
    return urlsplit(url).hostname or ""


def _attempt(url: str, body: Mapping[str, Any]) -> tuple[str | None, bool]:
    """Send once; return what went wrong, and whether to try again."""
    request = urllib.request.Request(  # noqa: S310 - the setting takes https and loopback alone
        url,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "User-Agent": "assay"},
    )
    try:
        with _OPENER.open(request, timeout=SECONDS):
            return None, False
    except urllib.error.HTTPError as error:
        error.close()
        return f"HTTP {error.code}", error.code == _TOO_MANY or error.code >= _SERVER
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", error)
        return f"no connection ({type(reason).__name__})", True
