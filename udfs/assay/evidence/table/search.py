"""Searches a relation: the rows that have most of the words, the rarest words first."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from assay.core.clock import now_utc
from assay.core.errors import ConfigError
from assay.core.settings import Settings
from assay.core.sources import FoundSource

_WORD = re.compile(r"\w+")
_NAME = re.compile(r'(?:[^\W\d]\w*|"[^"]+")(?:\.(?:[^\W\d]\w*|"[^"]+"))*')


class TableEvidence:
    """Reads the relation once, when it is first searched, and keeps an index of its words."""

    host = "warehouse"

    def __init__(self, settings: Settings) -> None:
        self._relation = settings.evidence_table or ""
        self._connect: Callable[[], Any] | None = None
        self._index: _Index | None = None
        self._lock = threading.Lock()

    def read_by(self, connect: Callable[[], Any]) -> None:
        """Read by what `connect` returns; what was read before is forgotten."""
        with self._lock:
            self._connect, self._index = connect, None

    async def find(self, query: str, limit: int) -> Sequence[FoundSource]:
        """Return the rows that have most of the query."""
        return await asyncio.to_thread(self._find, query, limit)

    async def close(self) -> None:
        """Nothing is open between searches."""

    def _find(self, query: str, limit: int) -> list[FoundSource]:
        with self._lock:
            if self._index is None:
                self._index = _Index(self._rows())
        return self._index.best(query, limit)

    def _rows(self) -> list[FoundSource]:
        if self._connect is None:
            message = "`ASSAY_EVIDENCE=table` is read by dbt alone; ask through a model."
            raise ConfigError(message)
        if not _NAME.fullmatch(self._relation):
            message = f"`ASSAY_EVIDENCE_TABLE` is {self._relation!r}; give a name: schema.table."
            raise ConfigError(message)
        columns = "url::varchar, coalesce(title::varchar, ''), text::varchar"
        sql = f"select {columns} from {self._relation} where url is not null and text is not null"  # noqa: S608
        try:
            found = self._connect().execute(sql).fetchall()
        except Exception as error:  # noqa: BLE001 - whatever the driver raises
            message = (
                f"The relation {self._relation} of `ASSAY_EVIDENCE_TABLE` cannot be read "
                f"({type(error).__name__}); build it first, with columns url, title and text."
            )
            raise ConfigError(message) from None
        now = now_utc()
        return [FoundSource(url, title, text, now) for url, title, text in found]


class _Index:
    """Rows by the words in them."""

    def __init__(self, rows: Sequence[FoundSource]) -> None:
        self._rows = rows
        self._places: defaultdict[str, set[int]] = defaultdict(set)
        for place, row in enumerate(rows):
            for word in _words(f"{row.title} {row.text}"):
                self._places[word].add(place)

    def best(self, query: str, limit: int) -> list[FoundSource]:
        """Return the rows with the rarest words of the query; a word of all rows counts least."""
        weights: Counter[int] = Counter()
        for word in _words(query):
            places = self._places.get(word, ())
            for place in places:
                weights[place] += 1 + len(self._rows) // len(places)
        ranked = sorted(weights.items(), key=lambda pair: (-pair[1], pair[0]))
        return [self._rows[place] for place, _ in ranked[:limit]]


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(text)}


def open_evidence(settings: Settings) -> TableEvidence:
    """Return the relation that the settings name."""
    return TableEvidence(settings)
