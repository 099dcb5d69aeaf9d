"""From a reply to answers: each record judged on its own, nothing guessed. Pure."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from assay.core.canonical import is_clean, is_plain
from assay.core.json_text import MAX_DEPTH, depth, whole
from assay.core.plural import counted
from assay.core.task import Rejected, Task, Unclear, accepted
from assay.core.values import Ask, Judged, Outcome, Reply, Request
from assay.forms.one_value import the_one_value, without_thoughts

Item = dict[str, Any]

MAX_ANSWER_CHARACTERS = 100_000
"""Longer answers are not stored: no task asks for one."""

_TOO_LONG = f"too_long: more than {MAX_ANSWER_CHARACTERS} characters"

_NO_LIST = "bad_json: no list of answers"
_NOTHING_BY_ID = "bad_json: no answers by id"

_FENCE = re.compile(r"\A```[a-zA-Z]*\n(.*)\n?```\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Doubled:
    """Stands for a JSON object that gave one of its keys twice, with different values."""

    pairs: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Stands for a value that was not in the form that was asked for."""

    reason: str


class _Missing(Rejected):
    """The reply has no item for the record that could be judged."""


def judge(request: Request, reply: Reply, answered_at: str) -> Judged:
    """Return what of `reply` is an answer to `request`, and why the rest is not.

    Ids that nobody asked about are noted; with ids missing at the same time the whole reply is
    in doubt (a shift looks like this), so none of it is taken. Several items for one record are
    one answer where all of them give the same valid value, and none otherwise.
    """
    try:
        items = _items(request, reply)
    except Rejected as error:
        return replace(_nothing(request, str(error)), unreadable=True)
    by_id: defaultdict[str | None, list[Item]] = defaultdict(list)
    for id_, item in items:
        by_id[id_].append(item)
    unknown = [id_ for id_ in by_id if id_ not in request.ids]
    missing = [id_ for id_ in request.ids if id_ not in by_id]
    if unknown and missing:
        return _nothing(
            request, f"{len(unknown)} unknown and {counted(len(missing), 'missing id')}"
        )
    judged = _judge_records(request, reply, by_id, answered_at)
    notes = [counted(len(unknown), "unknown id")] if unknown else []
    if agreed := len(items) > len(by_id) and _agreeing(request, by_id, judged):
        notes.append(f"{counted(agreed, 'record')} answered more than once, the same each time")
    plain = "\\" not in reply.content and is_plain(reply.content)
    if marred := 0 if plain else sum(_is_marred(by_id.get(id_, ())) for id_ in request.ids):
        notes.append(f"{counted(marred, 'answer')} cleaned of invisible characters")
    return replace(judged, note="; ".join(notes) or None)


def unwrapped(content: str) -> str:
    """Return `content` without leading thoughts and without code fences."""
    content = without_thoughts(content).strip()
    fenced = _FENCE.match(content)
    return fenced.group(1) if fenced else content


def parse_strictly(content: str, *, constants: bool = False) -> Any:
    """Return the JSON value of `content`; `Rejected` for anything a careful parser must refuse.

    Doubled keys are marked, over-deep nesting and trailing text are refused, and so are NaN and
    the infinities unless `constants` lets them through. Numbers beyond a double are infinite.
    """
    if depth(content) > MAX_DEPTH:
        message = "bad_json: nested too deep"
        raise Rejected(message)
    try:
        return (_LENIENT if constants else _STRICT).decode(content)
    except (ValueError, RecursionError):
        message = "bad_json: not one JSON value"
        raise Rejected(message) from None


def _items(request: Request, reply: Reply) -> list[tuple[str | None, Item]]:
    """Return what a reply says, item by item, each with the id that it is about.

    An object has them under their ids, and an id that comes twice is two items. A list is taken
    in its own mode alone: its scales are others.
    """
    mode = reply.mode or request.mode
    told = mode in ("object", "prompt")  # the shape is in words, and nothing enforces it
    text = the_one_value(reply.content) if told else unwrapped(reply.content)
    value = parse_strictly(text, constants=True)  # a NaN costs its own record
    if mode == "listed":
        return [(_id(item), item) for item in _list(value) if isinstance(item, dict)]
    pairs = [pair for pair in _pairs(value) if pair[0] != "answers"]
    if not pairs:
        raise Rejected(_NOTHING_BY_ID)
    return [(id_, _tight_item(request, said)) for id_, said in pairs]


def _list(value: Any) -> list[Any]:
    """Return the list of a reply that has one."""
    if isinstance(value, dict) and isinstance(items := value.get("answers"), list):
        return items
    raise Rejected(_NO_LIST)


def _pairs(value: Any) -> Iterable[tuple[str, Any]]:
    """Return the names and values of an object, a name that was given twice twice."""
    if isinstance(value, _Doubled):
        return value.pairs
    return value.items() if isinstance(value, dict) else ()


def _tight_item(request: Request, said: Any) -> Item:
    """Return what stands under an id as an item, each value as its task takes it."""
    if len(request.letters) == 1 or isinstance(said, _Doubled):
        said = dict.fromkeys(request.letters, said)
    named = said if isinstance(said, dict) else {}
    tasks = dict(zip(request.letters, request.pack.questions, strict=True))
    return {name: _loosened(tasks[name].task, raw) for name, raw in named.items() if name in tasks}


def _loosened(task: Task, raw: Any) -> Any:
    try:
        return raw if isinstance(raw, _Doubled) else task.loosened(raw)
    except Rejected as error:
        return _Wrong(str(error))


def _nothing(request: Request, reason: str) -> Judged:
    rejected = {ask.key: reason for ask in request.pack.asks}
    return Judged({}, rejected, frozenset(rejected), note=reason)


def _id(item: dict[str, Any]) -> str | None:
    """Return the id of an item; None, which no record has, for anything but a string."""
    id_ = item.get("id")
    return id_ if isinstance(id_, str) else None


def _judge_records(
    request: Request,
    reply: Reply,
    by_id: Mapping[str | None, Sequence[Item]],
    answered_at: str,
) -> Judged:
    answers: dict[bytes, Outcome] = {}
    rejected: dict[bytes, str] = {}
    declined: dict[bytes, str] = {}
    unclear: dict[bytes, str] = {}
    lost: set[bytes] = set()
    for id_, record in zip(request.ids, request.pack.records, strict=True):
        items = by_id.get(id_, ())
        for key, ask in zip(request.letters, record.asks, strict=True):
            if (why := reply.declined.get((id_, key))) is not None:
                declined[ask.key] = why
                continue
            try:
                value = _agreed(ask, items, key)
            except Unclear as error:
                unclear[ask.key] = str(error)
                continue
            except Rejected as error:
                rejected[ask.key] = str(error)
                if isinstance(error, _Missing):
                    lost.add(ask.key)
                continue
            answers[ask.key] = Outcome(
                status="ok",
                value=value,
                confidence=reply.confidence.get((id_, key)),
                model=reply.model,
                answered_at=answered_at,
                expires_at=ask.question.task.expires_at(value, answered_at),
            )
    return Judged(answers, rejected, frozenset(lost), declined, unclear)


def _agreed(ask: Ask, items: Sequence[Item], key: str) -> str:
    """Return the one value that all items for a record give; which of several nobody knows."""
    if not items:
        message = "missing: the reply has no item for this record"
        raise _Missing(message)
    if len(items) == 1:
        return _accept(ask, items[0], key)
    different = {repr((key in item, item.get(key))): item for item in items}.values()
    try:
        values = {_accept(ask, item, key) for item in different}
    except Rejected:
        values = set()
    if len(values) == 1:
        return values.pop()
    message = "missing: the reply has several items for this record, and they do not agree"
    raise _Missing(message)


def _accept(ask: Ask, item: Item, key: str) -> str:
    if key not in item:
        message = "missing: the item lacks an answer"
        raise Rejected(message)
    raw = item[key]
    if isinstance(raw, _Wrong):
        raise Rejected(raw.reason)
    if _holds_doubled(raw):
        message = "bad_json: a key is given twice"
        raise Rejected(message)
    if _length(raw) > MAX_ANSWER_CHARACTERS:  # before any work is done on it
        raise Rejected(_TOO_LONG)
    value = accepted(ask.question.task, raw, ask.text)
    if len(value) > MAX_ANSWER_CHARACTERS:
        raise Rejected(_TOO_LONG)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Doubled:
    found = dict(pairs)
    if len(found) == len(pairs) or all(repr(found[name]) == repr(said) for name, said in pairs):
        return found
    return _Doubled(tuple(pairs))


def _holds_doubled(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_doubled(part) for part in value.values())
    if isinstance(value, list):
        return any(_holds_doubled(part) for part in value)
    return isinstance(value, _Doubled)


def _length(value: Any) -> int:
    """Return how many characters the texts in a value have, and how many other values it has."""
    if isinstance(value, dict):
        return sum(len(name) + _length(part) for name, part in value.items())
    if isinstance(value, list):
        return len(value) + sum(map(_length, value))
    return len(value) if isinstance(value, str) else 1


def _agreeing(request: Request, by_id: Mapping[str | None, Sequence[Item]], judged: Judged) -> int:
    """Return how many records have several items and an answer all the same."""
    return sum(
        len(by_id.get(id_, ())) > 1 and any(ask.key in judged.answers for ask in record.asks)
        for id_, record in zip(request.ids, request.pack.records, strict=True)
    )


def _is_marred(items: Sequence[Item]) -> bool:
    """Whether a text of an item was cleaned; one that is too long to be an answer was not."""
    return any(_length(item) <= MAX_ANSWER_CHARACTERS and not _is_clean(item) for item in items)


def _is_clean(value: Any) -> bool:
    """Whether all texts in a value are as they may be stored."""
    if isinstance(value, dict):
        return all(_is_clean(part) for part in value.values())
    if isinstance(value, list):
        return all(_is_clean(part) for part in value)
    return not isinstance(value, str) or is_clean(value)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


_STRICT = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=whole
)
_LENIENT = json.JSONDecoder(object_pairs_hook=_object, parse_int=whole)
"""Made once: `json.loads` makes one for each call, which takes longer than a short reply."""
