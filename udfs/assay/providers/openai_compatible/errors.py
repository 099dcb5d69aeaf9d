"""What a server says of a request that it turns down: its words, and what they mean. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from assay.core.canonical import clean
from assay.core.errors import Fault, Unfit

LONGEST_MESSAGE = 300
"""Characters of a server's message that are kept."""

_LONGEST_READ = 1000
_LONGEST_CODE = 40
_ECHO = 12
"""So many characters in a row that a text has as well are taken for an echo of it."""

_HIDDEN = "…"

_MASKED = re.compile(r"[\w.-]*(?:\*{3,}|\.{3})(?:[\w*.-]*[\w*])?")
"""A word of which a server shows the ends alone."""

_END = 3
"""So many characters of a secret at the end of a masked word tell whose it is."""

_QUOTA_CODES = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "credit_exhausted", "budget_exceeded"}
)
_QUOTA_WORDS = re.compile(
    r"crossed budget|exceeded (?:your |the |their )?budget|budget (?:has been |is )?exceeded"
    r"|over budget|insufficient (?:balance|credits?|funds)|credit balance is too low"
    r"|credit limit exceeded|not enough credits",
    re.IGNORECASE,
)
"""LiteLLM's budgets (429), DeepSeek's balance and Together's limit (402), Anthropic's credit
(400); a gateway may say them under another status."""

_CONFIG_CODES = frozenset(
    {"no_db_connection", "invalid_api_key", "model_not_found", "model_decommissioned"}
)
_CONFIG_WORDS = re.compile(
    r"api[ _-]key|no connected db|invalid model|model not exist|not a valid model"
    r"|model [^ ]{1,100} (?:does not exist|is not found|not found|has been decommissioned)"
    r"|authentication (?:error|fails)|no models? loaded",
    re.IGNORECASE,
)
"""Gemini and LiteLLM say 400 for a wrong key; Mistral, DeepSeek, OpenRouter and LiteLLM for a
model that they do not have, Groq for one that it has no more, LM Studio before one is loaded."""

_MISSHAPEN_WORDS = re.compile("failed_generation|json_validate_failed", re.IGNORECASE)
"""Groq takes a format, and says 400 where what its model wrote did not keep to it."""

_ROUTED_WORDS = re.compile("endpoints found that .{0,40}requested parameters", re.IGNORECASE)
"""OpenRouter says 404 where no route takes the format."""

_FORMAT_WORDS = re.compile(
    r"response_?format|json_?schema|json_?object|structured.?output|grammar|guided|schema",
    re.IGNORECASE,
)
_SCHEMA_WORDS = re.compile(
    r"invalid schema|grammar|additional_?properties|\$ref|\$defs|propert(?:y|ies)"
    r"|too (?:many|complex)|nest|enum|keyword",
    re.IGNORECASE,
)
"""What is said of one schema; another one may be taken."""

_LENGTH_WORDS = re.compile(
    r"context|too (?:long|large)|maximum [a-z ]*(?:length|tokens)|reduce the length", re.IGNORECASE
)
"""What is too long is counted with its schema: that is said of it, and it is not at fault."""

_RETRYABLE = frozenset({408, 409, 425, 429, 499})
_TOO_BIG_OR_BAD = frozenset({400, 413, 422})
_ERROR_STATUS = re.compile("[45][0-9][0-9]")


@dataclass(frozen=True, slots=True)
class Said:
    """The words of an error: its message, and its codes, short words all of them.

    `statuses` are the HTTP statuses that it names.
    """

    message: str = ""
    codes: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()

    @property
    def code(self) -> str | None:
        """The code, or else the type."""
        return next(iter(self.codes), None)

    @property
    def is_quota(self) -> bool:
        """Whether they say that no credit is left."""
        return not _QUOTA_CODES.isdisjoint(self.codes) or bool(_QUOTA_WORDS.search(self.message))

    @property
    def is_config(self) -> bool:
        """Whether they name the key or the model."""
        known = not _CONFIG_CODES.isdisjoint(self.codes)
        return known or bool(_CONFIG_WORDS.search(self.message))

    @property
    def is_misshapen(self) -> bool:
        """Whether they say that the model failed to keep to the form, which was taken."""
        return bool(_MISSHAPEN_WORDS.search(" ".join([*self.codes, self.message])))

    @property
    def is_unrouted(self) -> bool:
        """Whether they say that nobody behind a gateway takes the fields of the request."""
        return bool(_ROUTED_WORDS.search(self.message))

    @property
    def unfit(self) -> Unfit:
        """What they say not to take of how a reply is wanted."""
        if self.is_unrouted:
            return "format"
        if _FORMAT_WORDS.search(self.message) is None or _LENGTH_WORDS.search(self.message):
            return None
        return "schema" if _SCHEMA_WORDS.search(self.message) else "format"


def said_in(body: Any) -> Said:
    """Return what the body of an error says, or an error inside another body.

    Vendors put it under `error`, flat, as a list of one, as bare text, or with the detail of a
    message in an object.
    """
    if isinstance(body, list):
        body = next(iter(body), None)
    if isinstance(body, dict) and body.get("error"):
        body = body["error"]
    if isinstance(body, str):
        return Said(body)
    if not isinstance(body, dict):
        return Said()
    named = (body.get("code"), body.get("type"), body.get("status"))
    return Said(
        " ".join(_texts([body.get("message") or body.get("detail"), body.get("metadata")])),
        tuple(word for one in named if (word := _word(one)) is not None),
        tuple(int(str(one)) for one in named if _ERROR_STATUS.fullmatch(str(one))),
    )


def fault_of(status: int, said: Said, should_retry: str | None) -> Fault:
    """Return the class of an HTTP status above 299, with the server's own word on retrying.

    A 429 is about the account, so it is waited out whatever else is said. A 403 may come from a
    guard in front of the endpoint that takes offence at one text; whether it does, or refuses
    everything, shows in what becomes of others.
    """
    if (told := _told_fault(status, said)) is not None:
        return told
    if status == HTTPStatus.TOO_MANY_REQUESTS or should_retry == "true":
        return "retryable"
    passing = status in _RETRYABLE or (
        status >= HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.NOT_IMPLEMENTED
    )
    if passing and should_retry != "false":
        return "retryable"
    if passing or (status in _TOO_BIG_OR_BAD and not said.is_config):
        return "too_big_or_bad"
    return "config"


def _told_fault(status: int, said: Said) -> Fault | None:
    """Return the class that words tell, or a status that leaves no doubt; None for neither."""
    if said.is_quota or status == HTTPStatus.PAYMENT_REQUIRED:
        return "quota"
    if status == HTTPStatus.BAD_REQUEST and said.is_misshapen:
        return "bad_body"
    if status == HTTPStatus.NOT_FOUND and said.is_unrouted:
        return "too_big_or_bad"
    if "content_filter" in said.codes or status == HTTPStatus.FORBIDDEN:
        return "refused"
    return None


def without_echoes(message: str, secrets: Iterable[str], texts: Iterable[str]) -> str:
    """Return a message in one line, without the secrets and what it shares with a text.

    A text that stands in it as a whole is taken out, and every stretch of `_ECHO` characters that
    one has, also as JSON and Python spell it. A page of HTML says nothing.
    """
    line = " ".join(clean(message[:_LONGEST_READ]).split())
    if line.startswith("<"):
        return ""
    for secret in filter(None, secrets):
        line = _without_secret(line, secret)
    forms = {form for text in texts for form in _spelled(text)} - {""}
    hidden = {*_stretches(_folded(line), "\0".join(forms)), *_whole(_folded(line), forms)}
    kept = (_HIDDEN if place in hidden else letter for place, letter in enumerate(line))
    return re.sub(f"{_HIDDEN}+", _HIDDEN, "".join(kept))


def _without_secret(line: str, secret: str) -> str:
    """Return a line without a secret, be it whole or masked with its ends showing."""
    line = line.replace(secret, _HIDDEN)
    ends = (secret[:_END], secret[-_END:])
    masked = {word for word in _MASKED.findall(line) if any(end in word for end in ends)}
    for word in masked:
        line = line.replace(word, _HIDDEN)
    return line


def cut(line: str) -> str:
    """Return a line of at most `LONGEST_MESSAGE` characters."""
    return line if len(line) <= LONGEST_MESSAGE else f"{line[: LONGEST_MESSAGE - 1]}{_HIDDEN}"


def _spelled(text: str) -> Iterator[str]:
    """Yield a text as a message may have it: as it is, and as JSON and Python spell it."""
    for one in (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
        yield _folded(" ".join(one.split()))
    yield _folded(" ".join(repr(text)[1:-1].split()))


def _folded(text: str) -> str:
    """Return a text of the same length in lower case."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(each.lower() if len(each.lower()) == 1 else each for each in text)


def _stretches(line: str, haystack: str) -> Iterator[int]:
    """Yield the places in a line of each stretch that the haystack has."""
    for start in range(len(line) - _ECHO + 1):
        if line[start : start + _ECHO] in haystack:
            yield from range(start, start + _ECHO)


def _whole(line: str, forms: Iterable[str]) -> Iterator[int]:
    """Yield the places in a line of each form that is shorter than a stretch."""
    for form in forms:
        if len(form) < _ECHO:
            for found in re.finditer(rf"(?<!\w){re.escape(form)}(?!\w)", line):
                yield from range(*found.span())


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts of a message: itself, or those that an object or a list has in it."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name in ("detail", "msg", "message", "loc", "raw"):
            yield from _texts(value.get(name))
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _word(said: Any) -> str | None:
    """Return a short word, in which no echo of ours can hide; None for anything else.

    Some say the status again, and some "None".
    """
    short = isinstance(said, str) and len(said) <= _LONGEST_CODE
    telling = short and said.replace("_", "").isalnum() and said != "None" and not said.isdigit()
    return said if telling else None
