"""Evidence: beside each value of an answer the passage of the text that says it. Pure.

A model is asked for the passage; that it stands in the text, and on which page, is found here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pydantic import JsonValue

from assay.core.canonical import clean, normalise
from assay.core.grounding import Source
from assay.core.lengths import text_of
from assay.core.pages import page_at
from assay.core.task import JsonSchema, Rejected

QUOTE_WORDS = 20
_MOST_CHARACTERS = 500
_PARTS = {"value", "quote"}
_FEED = "\f"


class Quoted(NamedTuple):
    """A value and the passage that says it; both None where the text has no value."""

    value: JsonValue
    quote: str | None

    def stored(self) -> JsonValue:
        """Return it as it stands in an answer."""
        return {"value": self.value, "quote": self.quote}


def quoted_schema(value: JsonSchema, *, nullable: bool, tight: bool) -> JsonSchema:
    """Return the schema of a value with its quote."""
    quote: dict[str, Any] = text_of(_MOST_CHARACTERS) if tight else {"type": "string"}
    if nullable:
        quote = quote | {"type": ["string", "null"]}
    return {
        "type": "object",
        "properties": {"value": value, "quote": quote},
        "required": ["value", "quote"],
        "additionalProperties": False,
    }


def quoted_of(raw: JsonValue, name: str) -> Quoted:
    """Return a value and its quote as a model gave them for a field; raises `Rejected`."""
    if not isinstance(raw, dict) or set(raw) != _PARTS:
        message = f"field {name!r} is not an object of value and quote"
        raise Rejected(message)
    quote = clean(raw["quote"]).strip() if isinstance(raw["quote"], str) else ""
    if len(quote) > _MOST_CHARACTERS:
        message = f"too_long: the quote of field {name!r} is longer than {QUOTE_WORDS} words"
        raise Rejected(message)
    return Quoted(raw["value"], quote or None)


class PagedText:
    """A text of a row, in which quotes have their page."""

    def __init__(self, text: str) -> None:
        self._text = _FEED.join(map(normalise, text.split(_FEED))) if _FEED in text else ""
        self._source = Source(self._text)

    def evidence(self, stored: Any) -> JsonValue:
        """Return page and quote of a value as it stands in an answer; None without a value.

        The page is that of the first place where the quote stands, None without pages.
        """
        quote = stored["quote"]
        if quote is None:
            return None
        place = self._source.place(quote) if self._text else None
        page = None if place is None else page_at(self._text, place[0])
        return {"page": page, "quote": quote}
