"""What a request for vectors asks, and what a reply lists: one vector for each text."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from .chats import AskedRecord, Chat, Contract, digest
from .wire import BadRequestError

PATH = "/v1/embeddings"
DIMENSIONS = 8
"""How many numbers a vector has where the request does not say."""

MOST_TEXTS = 2048
NAME = "embedding"

Item = dict[str, Any]


def read_vectors(body: bytes, headers: Mapping[str, str]) -> Chat:
    """The request in `body`, each text a record by its place; raises BadRequestError."""
    document = _document(body)
    texts, model = document["input"], str(document.get("model", ""))
    return Chat(
        headers=headers,
        model=model,
        prompt="\n".join(texts),
        records=tuple(AskedRecord(at, text, digest(text)) for at, text in enumerate(texts)),
        contract=Contract({NAME: {}}, {NAME: digest(f"{model} {NAME}")}, {}, packed=False),
        prompt_chars=sum(map(len, texts)),
        max_tokens=0,
        body_bytes=len(body),
        fields={name: said for name, said in document.items() if name != "input"},
        schema={},
        says_json=False,
        vectors=int(document.get("dimensions") or DIMENSIONS),
    )


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
        texts = document["input"]
    except (ValueError, RecursionError, TypeError, LookupError):
        raise BadRequestError(400, "the request is no JSON object with an `input`") from None
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        raise BadRequestError(400, "`input` is to be a text that is not empty, or a list of them")
    if not 0 < len(texts) <= MOST_TEXTS:
        raise BadRequestError(400, f"`input` is to hold 1 to {MOST_TEXTS} texts")
    return {**document, "input": texts}


def vector_of(text: str, dimensions: int) -> list[float]:
    """The vector of a text: the same each time, of float32 numbers between -1 and 1."""
    drawn = hashlib.shake_128(text.encode("utf-8", "surrogatepass")).digest(2 * dimensions)
    return [number / 32768 for number in struct.unpack(f"<{dimensions}h", drawn)]


def items_of(chat: Chat) -> list[Item]:
    """What a good reply lists, with numbers."""
    return [
        {"object": NAME, "index": one.id, NAME: vector_of(one.text, chat.vectors)}
        for one in chat.records
    ]


def body_of(chat: Chat, items: Sequence[Item]) -> dict[str, Any]:
    """The body of a reply that lists this; numbers are written as the request wants them."""
    wants_base64 = chat.fields.get("encoding_format") == "base64"
    tokens = chat.prompt_tokens
    return {
        "object": "list",
        "data": [_encoded(item) for item in items] if wants_base64 else list(items),
        "model": chat.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _encoded(item: Item) -> Item:
    vector = item.get(NAME)
    if not isinstance(vector, list):
        return item
    packed = struct.pack(f"<{len(vector)}f", *vector)
    return item | {NAME: base64.b64encode(packed).decode()}
