"""A hosted search, `POST /v1/responses` with the tool `web_search`, honest and not.

A reply has an item for each search, with the pages it saw, and a message with a line and a
citation for each page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .plays import Play
from .wire import BadRequestError, frame

PATH = "/v1/responses"
TOOL = "web_search"
Results = Sequence[Mapping[str, Any]]


def read(body: bytes) -> tuple[str, str]:
    """What is searched for, and by which model; raises BadRequestError for another request."""
    try:
        document = json.loads(body)
        tools = [tool["type"] for tool in document["tools"]]
        query, model = document["input"], document["model"]
    except (ValueError, RecursionError, TypeError, LookupError):
        raise BadRequestError(400, "the request has no `model`, `input` and `tools`") from None
    if TOOL not in tools or not isinstance(query, str):
        raise BadRequestError(400, f"faultd plays the tool `{TOOL}` alone, and `input` as text")
    return query, str(model)


def honest(results: Results, model: str) -> Play:
    """It searches, and cites each page that it saw."""
    return _reply(model, [_searched(results), _message(results)])


def memory(results: Results, model: str) -> Play:
    """It does not search, says the same from memory, and cites pages for it."""
    return _reply(model, [_message(results)])


def uncited(results: Results, model: str) -> Play:
    """It searches, and says what it found without a citation."""
    said = _message(results)
    said["content"][0]["annotations"] = []
    return _reply(model, [_searched(results), said])


def foreign(results: Results, model: str) -> Play:
    """It cites pages that its search has not seen."""
    elsewhere = [
        {**one, "url": f"https://foreign.example.com/{at}"} for at, one in enumerate(results)
    ]
    return _reply(model, [_searched(results), _message(elsewhere)])


PLAYS: Mapping[str, Callable[[Results, str], Play]] = {
    play.__name__: play for play in (memory, uncited, foreign)
}
"""How a hosted search plays apart from what is found, by name."""


def _searched(results: Results) -> dict[str, Any]:
    sources = [{"type": "url", "url": one["url"]} for one in results]
    action = {"type": "search", "query": "faultd", "sources": sources}
    return {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": action}


def _message(results: Results) -> dict[str, Any]:
    """A line for each page, with its citation as a link in it."""
    text, annotations = "", []
    for one in results:
        link = f"([{one['title']}]({one['url']}))"
        start = len(text) + len(one["content"]) + 1
        text += f"{one['content']} {link}\n"
        place = {"start_index": start, "end_index": start + len(link)}
        cited = {"type": "url_citation", "url": one["url"], "title": one["title"]}
        annotations.append(cited | place)
    part = {
        "type": "output_text",
        "text": text or "No page is about it.",
        "annotations": annotations,
    }
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": [part]}


def _reply(model: str, output: list[dict[str, Any]]) -> Play:
    usage = {"input_tokens": 900, "output_tokens": 60, "total_tokens": 960}
    body = {"id": "resp_1", "object": "response", "status": "completed", "model": model}
    return Play((frame(200, json.dumps(body | {"output": output, "usage": usage}).encode()),))
