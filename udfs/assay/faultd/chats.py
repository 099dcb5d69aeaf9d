"""What a chat-completions request asks: its records, its questions and its size."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .answers import Schema
from .wire import BadRequestError

CHARS_PER_TOKEN = 4
MAX_REF_DEPTH = 8


@dataclass(frozen=True, slots=True)
class AskedRecord:
    """One record of a pack; `digest` is the start of the text's sha256."""

    id: Any
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class Contract:
    """What is asked about each record: property name to schema, property name to hash."""

    properties: Mapping[str, Schema]
    questions: Mapping[str, str]
    schema: Schema
    packed: bool


NO_CONTRACT = Contract({}, {}, {}, packed=False)


@dataclass(frozen=True, slots=True)
class Chat:
    """One chat request, read; `max_tokens` is 0 when the client set no limit."""

    headers: Mapping[str, str]
    model: str
    prompt: str
    records: tuple[AskedRecord, ...]
    contract: Contract
    prompt_chars: int
    max_tokens: int
    body_bytes: int

    @property
    def prompt_tokens(self) -> int:
        """What the prompt is billed as."""
        return tokens_of(self.prompt_chars)


def tokens_of(chars: int) -> int:
    """Tokens billed for so many characters."""
    return math.ceil(chars / CHARS_PER_TOKEN)


def digest(text: str) -> str:
    """The first 16 hex digits of the sha256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def compact(document: Any) -> str:
    """JSON without blanks, letters as they are."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def read_chat(body: bytes, headers: Mapping[str, str]) -> Chat:
    """The request in `body`; raises BadRequestError when it is no chat request."""
    document = _document(body)
    contents = [_text_of(message) for message in document["messages"]]
    serialised = _serialised_schema(document)
    model = str(document.get("model", ""))
    prompt = _last_user_text(document["messages"], contents)
    rules = "\n".join(text for text in contents if text is not prompt)
    contract = read_contract(model, serialised, rules) if serialised else NO_CONTRACT
    return Chat(
        headers=headers,
        model=model,
        prompt=prompt,
        records=_records(prompt),
        contract=contract,
        prompt_chars=sum(map(len, contents)) + len(serialised),
        max_tokens=int(document.get("max_completion_tokens") or document.get("max_tokens") or 0),
        body_bytes=len(body),
    )


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequestError(400, "the request body is not JSON") from None
    messages = document.get("messages") if isinstance(document, dict) else None
    if not isinstance(messages, list) or not all(isinstance(said, dict) for said in messages):
        raise BadRequestError(400, "the request has no list of `messages`")
    if document.get("stream"):
        raise BadRequestError(400, "faultd does not stream; leave out `stream`")
    return dict(document)


def _text_of(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _last_user_text(messages: list[dict[str, Any]], contents: list[str]) -> str:
    said = zip(reversed(messages), reversed(contents), strict=True)
    return next((text for message, text in said if message.get("role") == "user"), "")


def _serialised_schema(document: Mapping[str, Any]) -> str:
    wanted = document.get("response_format")
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        return ""
    schema = (wanted.get("json_schema") or {}).get("schema")
    if isinstance(schema, dict) and schema.get("type") != "object" and "$ref" not in schema:
        raise BadRequestError(400, "the schema of the answer is not of type `object`")
    return compact(schema) if isinstance(schema, dict) else ""


def _records(prompt: str) -> tuple[AskedRecord, ...]:
    try:
        pack = json.loads(prompt) if prompt.startswith("{") else {}
    except (ValueError, RecursionError):
        return ()
    records = pack.get("records")
    if not isinstance(records, list):
        return ()
    return tuple(_record(item) for item in records if isinstance(item, dict))


def _record(item: Mapping[str, Any]) -> AskedRecord:
    text = item.get("text", "")
    text = text if isinstance(text, str) else compact(text)
    return AskedRecord(item.get("id"), text, digest(text))


@lru_cache(maxsize=1024)
def read_contract(model: str, serialised: str, rules: str) -> Contract:
    """The questions in a serialised schema; `rules` may say what their names stand for."""
    root = json.loads(serialised)
    schema = _inlined(root, root, 0)
    answers = schema.get("properties", {}).get("answers", {})
    fields = answers.get("items", {}).get("properties", {})
    asked = {name: field for name, field in fields.items() if name != "id"}
    meanings = meanings_of(tuple(asked), rules)
    hashes = {
        name: digest(f"{model}\x1f{meanings[name]}\x1f{json.dumps(field, sort_keys=True)}")
        for name, field in asked.items()
    }
    return Contract(asked, hashes, schema, packed="id" in fields)


def meanings_of(names: tuple[str, ...], rules: str) -> dict[str, str]:
    """What each property stands for, so that a question is known again under another short name.

    That is the lines of `rules` from `name: ...` to the next property's, without the name; where
    there are none, it is the name.
    """
    lines = rules.split("\n")
    starts = {name: _line_of(name, lines) for name in names}
    ends = sorted({*starts.values(), len(lines)})
    return {
        name: _block(name, lines[start : next(end for end in ends if end > start)])
        for name, start in starts.items()
    }


def _line_of(name: str, lines: list[str]) -> int:
    """Where a property is explained; -1 for nowhere."""
    return next((at for at, line in enumerate(lines) if line.startswith(f"{name}: ")), -1)


def _block(name: str, lines: list[str]) -> str:
    explained = bool(lines) and lines[0].startswith(f"{name}: ")
    return "\n".join(_nameless(line, name) for line in lines) if explained else name


def _nameless(line: str, name: str) -> str:
    bare = line.removeprefix(name) if line.startswith((f"{name}:", f"{name} ")) else line
    return bare.replace(f'"{name}":', '"":')


def _inlined(part: Any, root: Mapping[str, Any], depth: int) -> Any:
    """`part` with every local $ref replaced by what it points at."""
    if isinstance(part, list):
        return [_inlined(item, root, depth) for item in part]
    if not isinstance(part, dict):
        return part
    reference = part.get("$ref")
    if isinstance(reference, str):
        target = root.get("$defs", {}).get(reference.rsplit("/", 1)[-1], {})
        return _inlined(target, root, depth + 1) if depth < MAX_REF_DEPTH else {"type": "null"}
    return {name: _inlined(item, root, depth) for name, item in part.items() if name != "$defs"}
