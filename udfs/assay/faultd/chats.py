"""What a chat-completions request asks: its records, its questions and its size."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .answers import Schema
from .dialect import Dialect
from .wire import BadRequestError

CHARS_PER_TOKEN = 4
MAX_REF_DEPTH = 8

_SHORT_NAME = re.compile(r"[a-z]\d*")
"""How the questions of a keyed reply are called where there are several."""

_TOLD_SCHEMA = re.compile(r"^.*JSON Schema: (\{.*\})\n", re.MULTILINE)
"""A line of the rules that says the shape of the reply, for servers that take no schema."""


@dataclass(frozen=True, slots=True)
class AskedRecord:
    """One record of a pack; `digest` is the start of the text's sha256."""

    id: Any
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class Contract:
    """What is asked about each record: property name to schema, property name to hash.

    The reply is a list of items with an `id`, or (`keyed`) an object with a property for each id:
    the answers by their names, or where there is one question its bare answer, under the name "".
    """

    properties: Mapping[str, Schema]
    questions: Mapping[str, str]
    schema: Schema
    packed: bool
    keyed: bool = False

    @property
    def bare(self) -> bool:
        """Whether the answer to the one question stands right under the record's id."""
        return tuple(self.properties) == ("",)


NO_CONTRACT = Contract({}, {}, {}, packed=False)


@dataclass(frozen=True, slots=True)
class Chat:
    """One chat request, read; `max_tokens` is 0 when the client set no limit.

    `fields` is the body without its messages, `schema` the one on the wire, be it followed or not.
    Where it asks for `vectors` instead, that is how many numbers each has.
    """

    headers: Mapping[str, str]
    model: str
    prompt: str
    records: tuple[AskedRecord, ...]
    contract: Contract
    prompt_chars: int
    max_tokens: int
    body_bytes: int
    fields: Mapping[str, Any]
    schema: Schema
    says_json: bool
    vectors: int = 0

    @property
    def format(self) -> str:
        """The wanted format of the reply; blank for text."""
        wanted = self.fields.get("response_format")
        kind = str(wanted.get("type", "")) if isinstance(wanted, dict) else ""
        return "" if kind == "text" else kind

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


def read_chat(body: bytes, headers: Mapping[str, str], dialect: Dialect) -> Chat:
    """The request in `body`; raises BadRequestError when it is no chat request.

    What the model is told to do is the schema on the wire, where the dialect enforces it.
    """
    document = _document(body)
    contents = [_text_of(message) for message in document["messages"]]
    serialised = _serialised_schema(document)
    model = str(document.get("model", ""))
    followed = serialised if dialect.format_of("json_schema", model) == "enforced" else ""
    prompt = _last_user_text(document["messages"], contents)
    rules = "\n".join(text for text in contents if text is not prompt)
    records = _records(prompt)
    first = str(records[0].id) if records else ""
    contract = _contract(model, followed, rules, first)
    return Chat(
        headers=headers,
        model=model,
        prompt=prompt,
        records=records,
        contract=contract,
        prompt_chars=sum(map(len, contents)) + len(serialised),
        max_tokens=next((int(document[name]) for name in dialect.limits if document.get(name)), 0),
        body_bytes=len(body),
        fields={name: said for name, said in document.items() if name != "messages"},
        schema=json.loads(serialised) if serialised and dialect.strict else {},
        says_json=any("json" in text.casefold() for text in contents),
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


def _contract(model: str, serialised: str, rules: str, first: str) -> Contract:
    """What is asked, by the schema on the wire or else by the one that the rules tell."""
    if serialised:
        return read_contract(model, serialised, rules, first)
    told = _TOLD_SCHEMA.search(rules)
    if told is None:
        return NO_CONTRACT
    return read_contract(model, told[1], rules.replace(told[0], ""), first)


@lru_cache(maxsize=1024)
def read_contract(model: str, serialised: str, rules: str, first: str = "") -> Contract:
    """The questions in a serialised schema; `rules` may say what their names stand for.

    `first` is the id of the first record: a schema that has it as a property is `keyed`.
    """
    root = json.loads(serialised)
    schema = _inlined(root, root, 0)
    keyed = _keyed_form(schema, first)
    fields = _listed_fields(schema) if keyed is None else keyed
    asked = {name: field for name, field in fields.items() if name != "id"}
    meanings = meanings_of(tuple(asked), rules)
    hashes = {
        name: digest(f"{model}\x1f{meanings[name]}\x1f{json.dumps(field, sort_keys=True)}")
        for name, field in asked.items()
    }
    packed = keyed is not None or "id" in fields
    return Contract(asked, hashes, schema, packed=packed, keyed=keyed is not None)


def _listed_fields(schema: Schema) -> Mapping[str, Schema]:
    """The properties of an item in a list of answers; none where the schema has no such list."""
    answers = schema.get("properties", {}).get("answers", {})
    fields: Mapping[str, Schema] = answers.get("items", {}).get("properties", {})
    return fields


def _keyed_form(schema: Schema, first: str) -> Mapping[str, Schema] | None:
    """What stands under each record's id, by name; None where the schema has no ids."""
    either = schema.get("properties", {}).get(first), schema.get("additionalProperties")
    form = next((part for part in either if isinstance(part, Mapping)), None)
    if form is None or not first:
        return None
    names = form.get("properties", {})
    several = len(names) > 1 and all(map(_SHORT_NAME.fullmatch, names))
    return dict(names) if several else {"": form}


def meanings_of(names: tuple[str, ...], rules: str) -> dict[str, str]:
    """What each property stands for, so that a question is known again under another short name.

    That is the lines of `rules` from `name: ...` to the next property's, without the name; where
    there are none, it is the name. The one question of a bare answer is all lines but the first.
    """
    lines = rules.split("\n")
    if names == ("",):
        return {"": "\n".join(lines[1:]).replace('"answer":', '"":')}
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
    named = line.startswith((f"{name}:", f"{name} "))
    bare = line.removeprefix(name).removeprefix(":").lstrip(" ") if named else line
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
