"""Sources that were found for a text as evidence, and what kind of host each is of. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from assay.core.canonical import canonical_json, clean
from assay.core.redaction import MARK, Redaction

_LONGEST_QUERY = 300


@dataclass(frozen=True, slots=True)
class FoundSource:
    """What a search has found: where, its title, its text (or what of it fits), and when (UTC)."""

    url: str
    title: str
    text: str
    fetched_at: str

    def cut(self, characters: int) -> FoundSource:
        """Return it with at most so many characters of text, and without invisible ones."""
        text = clean(self.text)[:characters]
        return FoundSource(clean(self.url)[:2000], clean(self.title)[:300], text, self.fetched_at)


class Evidenced(str):
    """A text as it is asked about once sources are found: JSON of both, and both as they were.

    Of a type of its own, so that no text of a table can pass for one.
    """

    text: str
    sources: tuple[FoundSource, ...]

    @classmethod
    def of(cls, text: str, sources: Sequence[FoundSource]) -> Self:
        """Return a text with its sources, which are numbered from 1 on."""
        made = cls(canonical_json(_as_read(text, sources)))
        made.text, made.sources = text, tuple(sources)
        return made

    def as_read(self) -> dict[str, Any]:
        """Return what a model reads."""
        return _as_read(self.text, self.sources)


def _as_read(text: str, sources: Sequence[FoundSource]) -> dict[str, Any]:
    numbered = [
        {"source": number, "title": one.title, "url": one.url, "text": one.text}
        for number, one in enumerate(sources, start=1)
    ]
    return {"asked_about": text, "sources": numbered}


def redacted(sources: Sequence[FoundSource], text: str, redaction: Redaction) -> list[FoundSource]:
    """Return sources with marks in the place of what `redaction` takes out of any text.

    They are numbered on from those of `text`, which is redacted already: a mark of a source is
    never one of the row, whose value would be put in its place. What looks like a mark on a page
    is taken out. A URL that holds such a value is cut to its host.
    """
    if not redaction.kinds:
        return [*sources]
    said = [[MARK.sub(" ", one.title), MARK.sub(" ", one.text)] for one in sources]
    _, *marked = json.loads(redaction.text(canonical_json([text, *said])))
    return [
        replace(one, url=_redacted_url(one.url, redaction), title=title, text=words)
        for one, (title, words) in zip(sources, marked, strict=True)
    ]


def _redacted_url(url: str, redaction: Redaction) -> str:
    parts = urlsplit(url)
    said = " ".join([parts.path, parts.query, parts.fragment])
    holds = redaction.values(unquote(said).replace("/", " ").replace("=", " "))
    return f"{parts.scheme}://{parts.netloc}/" if holds else url


def text_alone(text: str) -> str:
    """Return a text as its row has it."""
    return text.text if isinstance(text, Evidenced) else text


def query_of(text: str) -> str:
    """Return what is searched for: a text, or the values of a record, one after the other.

    Marks of redaction find nothing, and are left out.
    """
    try:
        record = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        record = None
    if isinstance(record, dict):
        text = " ".join(str(value) for value in record.values() if value not in (None, ""))
    return " ".join(MARK.sub(" ", text).split())[:_LONGEST_QUERY]


def name_in(text: str) -> str:
    """Return the name that a text is about: the first value of a record, or the text."""
    try:
        record = json.loads(text) if text.startswith("{") else None
    except (ValueError, RecursionError):
        record = None
    if isinstance(record, dict):
        return next((str(value) for value in record.values() if value not in (None, "")), "")
    return text


def source_row(source: FoundSource, quote: str) -> Mapping[str, str]:
    """Return a source as an answer keeps it."""
    said = asdict(source)
    return {"url": said["url"], "title": said["title"], "quote": quote}


def is_at(url: str, host: str) -> bool:
    """Whether a URL is at a host or below it; a word without a dot is any part of its name."""
    try:
        name = (urlsplit(url).hostname or "").casefold()
    except ValueError:
        return False
    host = host.casefold()
    if "." not in host:
        return host in name.split(".")
    return name == host or name.endswith(f".{host}")
