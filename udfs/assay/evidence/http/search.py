"""Searches by one GET each; the sources are read out of whatever shape the JSON has."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from assay.core.clock import now_utc
from assay.core.endpoint import host_of
from assay.core.settings import Settings
from assay.core.sources import FoundSource
from assay.evidence.http.shapes import sources_in
from assay.evidence.wire import Wire

_REMEDY = "check `ASSAY_EVIDENCE_URL`, which is to ask for JSON, and `ASSAY_EVIDENCE_HEADERS`"


class HttpEvidence:
    """Asks one server."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.evidence_url or ""
        self.host = host_of(self._url)
        headers = settings.evidence_headers or {}
        said = {name: value.get_secret_value() for name, value in headers.items()}
        self._wire = Wire(self.host, said, settings.deadline_seconds, _REMEDY)

    async def find(self, query: str, limit: int) -> Sequence[FoundSource]:
        """Return what the server finds; see the contract."""
        found = await self._wire.json(self._url.replace("{query}", quote(query, "")))
        return sources_in(found, now_utc())[:limit]

    async def close(self) -> None:
        """Nothing is open between searches."""


def open_evidence(settings: Settings) -> HttpEvidence:
    """Return the search server of the settings."""
    return HttpEvidence(settings)
