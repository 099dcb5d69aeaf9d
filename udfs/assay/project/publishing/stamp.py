"""What a published file says of itself: when it was published, and what it holds. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something was published, which table it is, and the hash of its content."""

    at: datetime.datetime
    hashes: Mapping[str, str]
    """By table; a file holds one, the manifest of a publication all of gold."""

    @property
    def table(self) -> str | None:
        """The one table that it holds; None where there are more."""
        return next(iter(self.hashes)) if len(self.hashes) == 1 else None


def stamp_of(content: object) -> Stamp | None:
    """Return what the JSON of a file says of itself; None where it says nothing of the kind.

    `{"published_at", "table", "content_hash"}` is what a file for a site has, `{"published_at",
    "tables": {name: {"content_hash"}}}` a publication's manifest. A time has its zone.
    """
    if not isinstance(content, Mapping):
        return None
    try:
        at = datetime.datetime.fromisoformat(content["published_at"])
        if "tables" in content:
            hashes = {
                str(name): str(one["content_hash"]) for name, one in content["tables"].items()
            }
        else:
            hashes = {str(content["table"]): str(content["content_hash"])}
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    return Stamp(at, hashes) if at.tzinfo else None
