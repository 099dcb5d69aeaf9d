"""What a reply of the Responses API says that it found, by whom. Pure.

`output` has a `web_search_call` for each search, with the pages that it saw in `action.sources`
where they are asked for, and a `message` whose `output_text` has a `url_citation` for each page
that it cites: `url`, `title`, and from where to where in the text the citation goes.
(https://platform.openai.com/docs/guides/tools-web-search)
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from assay.core.sources import FoundSource

_LINK = re.compile(r"\s*\(?\[[^\]\n]*\]\([^)\s]*\)\)?")
"""A citation as it is written into the text: a link in Markdown."""


def sources_in(reply: Any, fetched_at: str) -> list[FoundSource]:
    """Return the pages that a reply cites, each with what it says of them, in order.

    None where nothing was searched for: then the model has answered from memory, whatever it
    cites. A page that is cited and was not among those that the search saw is left out.
    """
    items = [*_mappings(reply, "output")]
    searches = [item for item in items if item.get("type") == "web_search_call"]
    if not any(search.get("status", "completed") == "completed" for search in searches):
        return []
    seen = {_page(url) for search in searches for url in _seen(search)}
    said: defaultdict[str, list[str]] = defaultdict(list)
    titles: dict[str, str] = {}
    for url, title, passage in _cited(items):
        if passage and (not seen or _page(url) in seen):
            titles.setdefault(url, title)
            said[url].append(passage)
    return [
        FoundSource(url, titles[url], " ".join(dict.fromkeys(passages)), fetched_at)
        for url, passages in said.items()
    ]


def _cited(items: list[Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """Yield URL, title and the passage of each citation."""
    for item in items:
        for part in _mappings(item, "content") if item.get("type") == "message" else ():
            text = part.get("text")
            if not isinstance(text, str):
                continue
            for one in _mappings(part, "annotations"):
                url, title = one.get("url"), one.get("title")
                is_web = isinstance(url, str) and url.startswith(("http://", "https://"))
                if one.get("type") == "url_citation" and is_web:
                    passage = _passage(text, one.get("start_index"), one.get("end_index"))
                    yield str(url), title if isinstance(title, str) else "", passage


def _passage(text: str, start: Any, end: Any) -> str:
    """Return the lines of `text` that a citation stands in, without the citations themselves."""
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start <= end:
        return ""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    return _LINK.sub("", text[first : len(text) if last < 0 else last]).strip(" -*\t")


def _seen(search: Mapping[str, Any]) -> Iterator[str]:
    action = search.get("action")
    for source in _mappings(action, "sources") if isinstance(action, Mapping) else ():
        if isinstance(source.get("url"), str):
            yield source["url"]


def _page(url: str) -> str:
    """Return a URL without what a vendor adds to it: query, fragment, slash at the end."""
    return re.split(r"[?#]", url, maxsplit=1)[0].rstrip("/").casefold()


def _mappings(holder: Any, name: str) -> Iterator[Mapping[str, Any]]:
    found = holder.get(name) if isinstance(holder, Mapping) else None
    if isinstance(found, list):
        yield from (one for one in found if isinstance(one, Mapping))
