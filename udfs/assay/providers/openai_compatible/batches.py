"""The Batch API in OpenAI's shape: a file goes up, a batch is made of it, files come down."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx2

from assay.core.batches import BatchLine, BatchState
from assay.core.errors import AssayError, CallError, ConfigError
from assay.core.settings import Settings
from assay.core.values import Reply, Request
from assay.providers.openai_compatible.batch_reading import (
    MARK,
    id_of,
    line_of,
    rows_of,
    split,
    state_of,
)
from assay.providers.openai_compatible.body import body_of
from assay.providers.openai_compatible.client import EndpointClient
from assay.providers.openai_compatible.errors import said_in
from assay.providers.openai_compatible.profiles import ServerProfile
from assay.providers.openai_compatible.reading import ReplyReader, value_of

_PAGE = 100
_MOST_PAGES = 1000
_LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}
"""What JSON leaves as it is in a string, and some take for the end of a line."""

_MADE_PERHAPS = frozenset({408, 409, 499})
"""With these, or 500 and more, there may be a batch although the server did not say so."""


class OpenAIBatches:
    """The batches of one endpoint and one key; the contract is `providers.contract.Batches`."""

    def __init__(
        self,
        settings: Settings,
        profile: ServerProfile,
        client: EndpointClient,
        reader: ReplyReader,
    ) -> None:
        self._settings, self._profile = settings, profile
        self._client, self._reader = client, reader

    def line(self, custom_id: str, request: Request) -> bytes:
        """Return the line that asks `request`, with the body that the wire would carry."""
        asked = {
            "custom_id": custom_id,
            "method": "POST",
            "url": self._profile.batch_path,
            "body": body_of(request, self._profile, self._settings),
        }
        line = json.dumps(asked, ensure_ascii=False, separators=(",", ":"))
        return line.translate(_LINE_ENDS).encode() + b"\n"

    async def submit(self, lines: Sequence[bytes], mark: str) -> BatchState:
        """Upload a file of these lines and make a batch of it."""
        file = await self._upload(lines, mark)
        wanted = {
            "input_file_id": file,
            "endpoint": self._profile.batch_path,
            "completion_window": "24h",
            "metadata": {MARK: mark},
        }
        response = await self._client.post(self._client.address("batches"), wanted, mark)
        if response.is_success:
            return self._state_in(response)
        error = self._reader.other_error(response, "the batch")
        if isinstance(error, CallError) and _may_be_made(response.status_code):
            error.maybe_paid = True
        else:
            with suppress(AssayError):
                await self._delete(file)
        raise error

    async def known(self) -> list[BatchState]:
        """Return all batches with a mark of Assay's."""
        rows = [row async for row in self._listed("batches")]
        states = [
            state for row in rows if (state := state_of(row, self._reader.unquoted)) is not None
        ]
        return [state for state in states if state.mark is not None]

    async def look(self, batch_id: str) -> BatchState | None:
        """Return how a batch is; None where there is none such."""
        response = await self._client.get(self._batch(batch_id))
        return self._state_there(response)

    async def lines(self, state: BatchState) -> AsyncIterator[BatchLine]:
        """Yield the lines of the output file, then those of the error file."""
        for kind, file in (("output", state.output_file), ("error", state.error_file)):
            if file is not None:
                async for line in self._lines_of(kind, file):
                    yield line

    def read(self, line: BatchLine, request: Request) -> Reply:
        """Return the reply in a line, or raise what `send` would have raised for it."""
        if line.status is None:
            raise self._unanswered(line, request)
        if line.status < HTTPStatus.MULTIPLE_CHOICES:
            return self._reader.reply(line.body, {}, request, request_id=line.request_id)
        raise self._reader.error(line.status, line.body, {}, request)

    async def cancel(self, batch_id: str) -> BatchState | None:
        """Ask for a batch to end; one that has ended stays as it is."""
        url = self._batch(batch_id, "/cancel")
        response = await self._client.post(url, {}, f"cancel-{batch_id}")
        if response.status_code in (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT):
            return await self.look(batch_id)
        return self._state_there(response)

    async def tidy(self, state: BatchState) -> None:
        """Delete the files of a batch."""
        for file in (state.input_file, state.output_file, state.error_file):
            if file is not None:
                await self._delete(file)

    async def discard(self, mark: str) -> None:
        """Delete the files that were uploaded under a mark."""
        name = _name(mark)
        left = [row async for row in self._listed("files", purpose="batch")]
        for file in (id_of(row) for row in left if row.get("filename") == name):
            if file is not None:
                await self._delete(file)

    # --- calls ----------------------------------------------------------------------------------

    async def _upload(self, lines: Sequence[bytes], mark: str) -> str:
        url, fields = self._client.address("files"), {"purpose": "batch"}
        try:
            response = await self._client.upload(url, fields, _name(mark), lines)
        except CallError as error:
            error.maybe_paid = False  # a file asks nothing yet
            raise
        if response.status_code == HTTPStatus.NOT_FOUND:
            message = f"{self._client.host} has no Batch API (HTTP 404 for a file)."
            raise ConfigError(f"{message} Leave `ASSAY_BATCH` off there.", status=404)
        if not response.is_success:
            raise self._reader.other_error(response, "the file of a batch")
        file = id_of(value_of(response.content))
        if file is None:
            raise self._unreadable("file")
        return file

    async def _delete(self, file: str) -> None:
        response = await self._client.delete(self._file(file))
        if not response.is_success and response.status_code != HTTPStatus.NOT_FOUND:
            raise self._reader.other_error(response, "to delete a file")

    async def _listed(self, path: str, **query: str) -> AsyncIterator[dict[str, Any]]:
        """Yield all rows of a list, page by page."""
        behind: dict[str, str] = {}
        for _ in range(_MOST_PAGES):
            url = self._client.address(path, **query, limit=str(_PAGE), **behind)
            response = await self._client.get(url)
            if not response.is_success:
                raise self._reader.other_error(response, f"the list of {path}")
            found = value_of(response.content)
            rows = rows_of(found)
            for row in rows:
                yield row
            last = id_of(rows[-1]) if rows else None
            if last is None or not found.get("has_more") or behind == {"after": last}:
                return
            behind = {"after": quote(last, safe="")}

    async def _lines_of(self, kind: str, file: str) -> AsyncIterator[BatchLine]:
        async with self._client.download(self._file(file, "/content")) as found:
            if not isinstance(found, httpx2.Response):
                async for number, text in split(found):
                    yield line_of(text, f"Line {number} of the {kind} file")
            elif found.status_code == HTTPStatus.NOT_FOUND:
                yield BatchLine(custom_id=None, note=f"The {kind} file is gone (HTTP 404).")
            else:
                raise self._reader.other_error(found, f"the {kind} file of a batch")

    def _batch(self, batch_id: str, then: str = "") -> str:
        return self._client.address(f"batches/{quote(batch_id, safe='')}{then}")

    def _file(self, file: str, then: str = "") -> str:
        return self._client.address(f"files/{quote(file, safe='')}{then}")

    # --- what they bring ------------------------------------------------------------------------

    def _state_there(self, response: httpx2.Response) -> BatchState | None:
        if response.status_code == HTTPStatus.NOT_FOUND:
            return None
        if not response.is_success:
            raise self._reader.other_error(response, "to tell of a batch")
        return self._state_in(response)

    def _state_in(self, response: httpx2.Response) -> BatchState:
        state = state_of(value_of(response.content), self._reader.unquoted)
        if state is None:
            raise self._unreadable("batch")
        return state

    def _unreadable(self, what: str) -> CallError:
        message = (
            f"{self._client.host} tells of a {what} in words that are not JSON, or has no id."
        )
        return CallError("bad_body", message, maybe_paid=what == "batch")

    def _unanswered(self, line: BatchLine, request: Request) -> Exception:
        """Return the error of a line that holds no reply."""
        if line.unserved:
            message = "The batch ended before this request was asked."
            return CallError("retryable", message)
        if said_in(line.body).is_quota:
            return self._reader.error(HTTPStatus.TOO_MANY_REQUESTS, line.body, {}, request)
        code = said_in(line.body).code or "no code"
        message = f"The batch has no reply to this request ({code})."
        return CallError("retryable", message, maybe_paid=True)


def _may_be_made(status: int) -> bool:
    return status in _MADE_PERHAPS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _name(mark: str) -> str:
    """Return the name of the file that is uploaded under a mark."""
    return f"{MARK}-{mark}.jsonl"
