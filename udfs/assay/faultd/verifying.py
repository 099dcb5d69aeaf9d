"""A model that holds a text against sources: honest, and without them it says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VERIFIED = frozenset({"fields", "evidence"})
"""The properties of an answer that cites sources."""


def evidence_in(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each source in which what is asked about stands, with that as its quote."""
    asked, sources = str(record["asked_about"]), record["sources"]
    return [
        {"source": one["source"], "quote": asked}
        for one in sources
        if asked.casefold() in f"{one['title']} {one['text']}".casefold()
    ]
