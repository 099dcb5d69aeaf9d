"""Where search servers put their results, and what they call the parts of one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assay.core.sources import FoundSource

_LISTS = ("results", "items", "organic", "organic_results", "web", "webPages", "value", "data")
"""SearXNG and Tavily say `results`, Google `items`, Serper `organic`, Brave `web.results`, Bing
`webPages.value`."""

_URLS = ("url", "link", "href")
_TITLES = ("title", "name")
_TEXTS = ("raw_content", "content", "text", "description", "snippet", "summary", "body")


def sources_in(found: Any, fetched_at: str) -> list[FoundSource]:
    """Return the results in a reply that have a URL and a text, in their order, each URL once."""
    sources: dict[str, FoundSource] = {}
    for result in _results(found):
        url, text = _first(result, _URLS), _first(result, _TEXTS)
        if url.startswith(("http://", "https://")) and text:
            title = _first(result, _TITLES)
            sources.setdefault(url, FoundSource(url, title, text, fetched_at))
    return [*sources.values()]


def _results(found: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(found, list):
        yield from (one for one in found if isinstance(one, Mapping))
    elif isinstance(found, Mapping):
        for name in _LISTS:
            if isinstance(found.get(name), list | Mapping):
                yield from _results(found[name])
                return


def _first(result: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """Return the first text that a result has under one of these names."""
    said = (result.get(name) for name in names)
    return next((one.strip() for one in said if isinstance(one, str) and one.strip()), "")
