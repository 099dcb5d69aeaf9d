"""`/v1/embeddings`: what is posted for a request of vectors, and what its reply lists."""

from __future__ import annotations

import re
from typing import Any

from assay.core.canonical import scrub
from assay.core.settings import Settings
from assay.core.values import Request

PATH = "embeddings"

_SHORTENED = re.compile(r"(.*/)?text-embedding-3")
"""Models that may be asked for less numbers than they have."""


def body_of(request: Request, settings: Settings) -> dict[str, Any]:
    """Return the JSON object that is posted: the texts in their order, the vectors as base64.

    A server that knows no base64 gives lists of numbers, which are taken as well.
    """
    body: dict[str, Any] = {
        "model": request.model,
        "input": [scrub(record.text) for record in request.pack.records],
        "encoding_format": "base64",
    }
    asked = settings.embedding_dimensions
    if asked and request.model == settings.embedding_model and _SHORTENED.match(request.model):
        body["dimensions"] = asked
    return body


def listed(found: dict[str, Any]) -> list[Any] | None:
    """Return what a reply lists; None where it lists nothing."""
    data = found.get("data")
    return data if isinstance(data, list) and data else None
