"""What the Batch API says, read: batches as they stand, lists, lines of files. Pure."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Callable, Mapping
from http import HTTPStatus
from typing import Any

from assay.core.batches import BATCH_STATUSES, BatchLine, BatchState, BatchStatus
from assay.core.clock import iso
from assay.core.task import Rejected
from assay.forms.chat_reply import parse_strictly
from assay.providers.openai_compatible.errors import said_in
from assay.providers.openai_compatible.reading import short_text
from assay.providers.openai_compatible.transport import MAX_BODY_BYTES

MARK = "assay"
"""The name under which a batch carries our mark in its metadata."""

_UNSERVED = frozenset({"batch_expired", "batch_cancelled"})
_OTHER_WORDS: Mapping[str, BatchStatus] = {"canceled": "cancelled", "canceling": "cancelling"}


def state_of(row: Any, unquoted: Callable[[str], str]) -> BatchState | None:
    """Return the batch that a JSON value tells of; None for any other value.

    `unquoted` takes out of the server's words what may be a text.
    """
    batch_id = id_of(row)
    if batch_id is None:
        return None
    counts, metadata = row.get("request_counts"), row.get("metadata")
    counted = counts if isinstance(counts, dict) else {}
    return BatchState(
        id=batch_id,
        status=_status(row.get("status")),
        mark=short_text(metadata.get(MARK)) if isinstance(metadata, dict) else None,
        input_file=short_text(row.get("input_file_id")),
        output_file=short_text(row.get("output_file_id")),
        error_file=short_text(row.get("error_file_id")),
        total=_count(counted.get("total")),
        completed=_count(counted.get("completed")),
        failed=_count(counted.get("failed")),
        submitted_at=_moment(row.get("created_at")),
        expires_at=_moment(row.get("expires_at")),
        message=_why(row.get("errors"), unquoted),
    )


def rows_of(found: Any) -> list[dict[str, Any]]:
    """Return the rows of a list; none of what is no list."""
    listed = found.get("data") if isinstance(found, dict) else None
    return [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []


def id_of(row: Any) -> str | None:
    """Return the id of a row; None where it has none."""
    return short_text(row.get("id")) if isinstance(row, dict) else None


def _status(said: Any) -> BatchStatus:
    """Return a status; a word that nobody knows is of a batch that is under way."""
    word = str(said).lower()
    word = _OTHER_WORDS.get(word, word)
    return next((one for one in BATCH_STATUSES if one == word), "in_progress")


def _count(said: Any) -> int:
    return said if isinstance(said, int) and said >= 0 else 0


def _moment(said: Any) -> str | None:
    """Return unix seconds as UTC in ISO form; None for anything else."""
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    try:
        return iso(datetime.datetime.fromtimestamp(said, datetime.UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _why(errors: Any, unquoted: Callable[[str], str]) -> str:
    """Return why a batch failed: the first of its errors, with its code."""
    first = next(iter(rows_of(errors)), None)
    said = said_in(first if first is not None else errors)
    code = f"({said.code})" if said.code else ""
    return f"{unquoted(said.message)} {code}".strip()


async def split(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes]]:
    """Yield the lines of a file with their numbers; one beyond the cap is cut there."""
    number, rest = 1, bytearray()
    async for chunk in chunks:
        *whole, last = chunk.split(b"\n")
        for end in whole:
            yield number, bytes(rest + end)
            number, rest = number + 1, bytearray()
        if len(rest) <= MAX_BODY_BYTES:
            rest += last
    if rest:
        yield number, bytes(rest)


def line_of(text: bytes, where: str) -> BatchLine:
    """Return a line as it was read; one that says nothing has a note instead of a name."""
    torn = BatchLine(custom_id=None, note=f"{where} is torn, or no line of a batch.")
    try:
        found = parse_strictly(text.decode(), constants=True)
    except (UnicodeDecodeError, Rejected):
        return torn
    custom_id = found.get("custom_id") if isinstance(found, dict) else None
    if not isinstance(custom_id, str):
        return torn
    response, error = found.get("response"), found.get("error")
    if not isinstance(response, dict):
        unserved = said_in(error).code in _UNSERVED
        return BatchLine(custom_id=custom_id, body={"error": error}, unserved=unserved)
    return BatchLine(
        custom_id=custom_id,
        status=_count(response.get("status_code")) or HTTPStatus.OK,
        body=response.get("body"),
        request_id=short_text(response.get("request_id")),
    )
