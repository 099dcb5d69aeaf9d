"""What a server's reply says: an answer, or the error that it stands for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import httpx2

from assay.core.canonical import scrub
from assay.core.errors import CallError, ConfigError, Fault, QuotaError
from assay.core.settings import Settings
from assay.core.task import Rejected
from assay.core.usage import NOTHING_SAID
from assay.core.values import Reply, Request
from assay.forms.chat_reply import parse_strictly
from assay.providers.openai_compatible import embeddings
from assay.providers.openai_compatible.errors import (
    Said,
    cut,
    fault_of,
    said_in,
    without_echoes,
)
from assay.providers.openai_compatible.headers import retry_after_seconds, stated_pace
from assay.providers.openai_compatible.logprobs import confidences
from assay.providers.openai_compatible.profiles import ServerProfile
from assay.providers.openai_compatible.traits import TRAITS
from assay.providers.openai_compatible.usage import usage_of

_MAYBE_BILLED = frozenset({408, 499, 502, 504, 524})
"""What stands between us and the model gave up waiting for it, and it may have worked."""

_CUT = frozenset({"length", "model_length", "max_tokens", "max_output_tokens", "incomplete"})
"""Reasons to finish, in lower case, that say the answer was cut."""

_MOST_CHARACTERS = 200
_QUOTED = re.compile(r"""(?:(?<!\w)|\b[bru])(["'`]).*\1|[{\[].*""")
"""From the first quote to the last one, and what may be JSON; an apostrophe is no quote."""

_SERVERS_OWN = HTTPStatus.INTERNAL_SERVER_ERROR
"""From here on an error is the server's own, and says nothing of what it was asked."""


class ReplyReader:
    """Reads what one endpoint says, on the wire or in a file.

    No message holds the key, another secret or a text.
    """

    def __init__(self, settings: Settings, profile: ServerProfile, key: str) -> None:
        self._settings, self._profile, self._host = settings, profile, settings.endpoint
        kept = (settings.headers or {}).values()
        self._secrets = (key, *(one.get_secret_value() for one in kept))

    def reply(
        self, found: Any, headers: Mapping[str, str], request: Request, *, request_id: Any = None
    ) -> Reply:
        """Return the reply in the body of a 200, or raise for one that holds none.

        The error says what it cost.
        """
        if not isinstance(found, dict):
            raise _unusable("provider_error", "HTTP 200 with a body that is not a JSON object.")
        with self._costed(found, headers, request):
            choice = _only_choice(found)
            content = _content(choice, request)
        told = choice.get("logprobs") if self._settings.logprobs else None
        confidence = confidences(request, content, told)
        said = self._replied(found, headers, request, request_id)
        return replace(said, content=content, confidence=confidence)

    def vectors(
        self, found: dict[str, Any], headers: Mapping[str, str], request: Request
    ) -> Reply:
        """Return the reply in the body of a 200 that lists vectors, or raise as `reply` does."""
        with self._costed(found, headers, request):
            _refuse_error(found)
            if (listed := embeddings.listed(found)) is None:
                raise _unusable("provider_error", "HTTP 200 without a list of vectors.")
        said = self._replied(found, headers, request)
        return replace(said, vectors=listed, usage=replace(said.usage, output_tokens=0))

    @contextmanager
    def _costed(
        self, found: dict[str, Any], headers: Mapping[str, str], request: Request
    ) -> Iterator[None]:
        """Let what is raised within say what it cost; raise for an error in the body."""
        usage = usage_of(found, headers)
        try:
            if (status := _status_inside(found.get("error"))) is not None:
                raise self.error(status, found, headers, request)
            yield
        except CallError as error:
            error.usage = usage
            error.maybe_paid = error.maybe_paid or usage != NOTHING_SAID
            raise

    def _replied(
        self,
        found: dict[str, Any],
        headers: Mapping[str, str],
        request: Request,
        request_id: Any = None,
    ) -> Reply:
        """Return what a body and its headers say beside what was asked for."""
        return Reply(
            content="",
            model=short_text(found.get("model")) or request.model,
            usage=usage_of(found, headers),
            http_status=200,
            request_id=short_text(request_id or headers.get("x-request-id")),
            headers=_telling(headers),
            requests_per_minute=stated_pace(headers) if self._profile.paced else None,
        )

    def error(
        self, status: int, body: Any, headers: Mapping[str, str], request: Request
    ) -> Exception:
        """Return the error that a status and a body stand for, as the answer to `request`."""
        texts = (each.text for each in request.pack.records)
        what = f"the request for model {request.model!r}"
        said = self._without_echoes(said_in(body), texts)
        return self._error(status, said, headers, what)

    def other_error(self, response: httpx2.Response, what: str) -> Exception:
        """Return the error that a reply stands for, as the answer to `what` was asked: a batch."""
        said = self._without_echoes(said_in(value_of(response.content)), ())
        said = replace(said, message=self.unquoted(said.message))
        return self._error(response.status_code, said, response.headers, what)

    def _error(self, status: int, said: Said, headers: Mapping[str, str], what: str) -> Exception:
        words = f": {cut(said.message)}" if said.message and status < _SERVERS_OWN else ""
        fault = fault_of(status, said, headers.get("x-should-retry"))
        if fault == "quota":
            message = f"{self._host} says that the account's quota is used up (HTTP {status})"
            return QuotaError(
                f"{_sentence(message + words)} Add credit, then run again: it goes on where it "
                "stopped.",
                status=status,
            )
        if fault == "config":
            message = f"{self._host} refused {what} (HTTP {status})"
            return ConfigError(f"{_sentence(message + words)} {TRAITS.check}", status=status)
        code = f" ({said.code})" if said.code else ""
        return CallError(
            fault,
            _sentence(f"HTTP {status} from {self._host}{code}{words}"),
            status=status,
            retry_after_seconds=retry_after_seconds(headers),
            maybe_paid=status in _MAYBE_BILLED or fault == "bad_body",
            unfit=said.unfit if fault == "too_big_or_bad" else None,
        )

    def unquoted(self, message: str) -> str:
        """Return the words of a server about something whose texts are not at hand, cut.

        What stands in quotes or brackets may be one of them; the name of the model is none.
        """
        line = without_echoes(message, self._secrets, ())
        if (model := self._settings.model) is not None:
            line = re.sub(f"""(["'`]){re.escape(model)}\\1""", lambda _: model, line)
        return cut(_QUOTED.sub("…", line))

    def _without_echoes(self, said: Said, texts: Iterable[str]) -> Said:
        return replace(said, message=without_echoes(said.message, self._secrets, texts))


def value_of(body: bytes) -> Any:
    """Return what the body of an error holds: JSON, or else its text."""
    text = body.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _sentence(said: str) -> str:
    return said if said.endswith((".", "!", "?")) else f"{said}."


def json_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`; the messages give its length, never its content."""
    try:
        found = parse_strictly(body.decode(), constants=True)
    except (UnicodeDecodeError, Rejected):
        message = f"HTTP 200 with a body of {len(body)} bytes that is not JSON."
        raise _unusable("bad_body", message) from None
    if isinstance(found, dict):
        return found
    message = f"HTTP 200 with a body of {len(body)} bytes that is not a JSON object."
    raise _unusable("provider_error", message)


def _refuse_error(found: dict[str, Any]) -> None:
    if found.get("error"):  # some servers say that there is none with {}, "" or false
        code = said_in(found["error"]).code or "no code"
        raise _unusable("provider_error", f"HTTP 200 with an error inside ({code}).")


def _only_choice(found: dict[str, Any]) -> dict[str, Any]:
    _refuse_error(found)
    choices = found.get("choices")
    if isinstance(choices, list) and len(choices) == 1 and isinstance(choices[0], dict):
        return choices[0]
    raise _unusable("provider_error", "HTTP 200 without exactly one choice.")


def _content(choice: dict[str, Any], request: Request) -> str:
    """Return the text of the one choice; refusals and stumps are faults, not text."""
    message = choice.get("message")
    if not isinstance(message, dict):
        raise _unusable("provider_error", "HTTP 200 without a message.")
    finish = choice.get("finish_reason")
    if message.get("refusal") or finish == "content_filter":
        raise _unusable("refused", "The model or its content filter refused.")
    if isinstance(finish, str) and finish.lower() in _CUT:
        raise _unusable("truncated", _cut_at(request.max_output_tokens))
    content = _text_of(message.get("content"))
    if content is None or content == "":
        raise _unusable("empty", "HTTP 200 without content.")
    if not isinstance(content, str):
        raise _unusable("provider_error", "HTTP 200 with content that is not text.")
    return scrub(content)


def _text_of(content: Any) -> Any:
    """Return the text of a content in parts, without what was thought; any other as it is."""
    if not isinstance(content, list):
        return content
    parts = [part for part in content if isinstance(part, dict) and part.get("type") == "text"]
    return "".join(part["text"] for part in parts if isinstance(part.get("text"), str))


def _cut_at(tokens: int) -> str:
    return (
        f"The reply hit the output limit ({tokens} tokens): the model repeats itself, or thinks. "
        "For a model that thinks set `ASSAY_REASONING_TOKENS`; or choose another."
    )


def _unusable(fault: Fault, message: str) -> CallError:
    """Return the error of a 200 without an answer: the model worked, so it will be billed."""
    return CallError(fault, message, status=200, maybe_paid=True)


def _status_inside(error: Any) -> int | None:
    """Return the HTTP status that an error object under status 200 stands for, if it names one."""
    if not isinstance(error, dict):
        return None
    said = said_in(error)
    return HTTPStatus.TOO_MANY_REQUESTS if said.is_quota else next(iter(said.statuses), None)


def _telling(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that tell of the server, cut to what can be shown."""
    return {
        name.lower(): value[:_MOST_CHARACTERS]
        for name, value in headers.items()
        if name.lower() == "date" or name.lower().startswith("x-ratelimit-")
    }


def short_text(said: Any) -> str | None:
    """Return what a server says as a short text that can be stored; None for anything else."""
    return scrub(said)[:_MOST_CHARACTERS] if isinstance(said, str) and said else None
