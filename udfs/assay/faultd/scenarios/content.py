"""Group C: well-framed replies whose answer is not what was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from .. import answers as stub
from .. import replies
from ..chats import compact
from ..plays import Play, PlayedCall
from .scenario import scenario
from .values import labelled, part_at, place_of, spoilt_at

Item = dict[str, Any]

NO = "I'm sorry, but I can't help with that."


# --- refusals, filters, cut answers -------------------------------------------------------------


def _body(call: PlayedCall, content: Any, finish: str | None = "stop", **message: Any) -> Play:
    tokens = replies.good(call).completion_tokens
    return replies.send(
        call, replies.completion(call, content, tokens, finish, **message), tokens=tokens
    )


@scenario("C01")
def refuse(call: PlayedCall) -> Play:
    """Refuses: `refusal` is set and content is null."""
    return _body(call, None, refusal=NO)


@scenario("C01", marker="POISON")
def refusetext(call: PlayedCall) -> Play:
    """Refuses only packs in which a record's text contains `marker`."""
    return refuse.play(call) if marked(call) else replies.good(call)


def marked(call: PlayedCall) -> bool:
    """Whether a record's text contains the parameter `marker`."""
    return any(call.text("marker") in record.text for record in call.chat.records)


@scenario("C02", keep="0.5")
def length(call: PlayedCall) -> Play:
    """Stops in the middle of the answer with finish_reason length."""
    content = replies.written(call, call.answers())
    return replies.say(call, content[: int(len(content) * call.number("keep"))], finish="length")


@scenario("C13")
def contentnull(call: PlayedCall) -> Play:
    """Sends null content with finish_reason stop and no refusal."""
    return _body(call, None)


@scenario("C03", how="finish")
def filter_(call: PlayedCall) -> Play:
    """Ends with finish_reason content_filter, or (how=azure) with Azure's status 400."""
    if call.text("how") != "azure":
        return _body(call, "", "content_filter")
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}}
    said = "The response was filtered due to the prompt triggering content management policy."
    body = replies.error_body(400, said, "content_filter", innererror=inner, status=400)
    return replies.raw(call, 400, json.dumps(body).encode())


# --- the right answer in the wrong dress --------------------------------------------------------


def _dressed(call: PlayedCall, form: str, *, sound: bool) -> Play:
    content = form.replace("{}", replies.written(call, call.answers()))
    return replies.say(call, content, sound=replies.everyone(call) if sound else ())


@scenario("C04", packed=True)
def fences(call: PlayedCall) -> Play:
    """Wraps the answer in a Markdown fence."""
    return _dressed(call, "```json\n{}\n```", sound=True)


@scenario("C04", packed=True)
def think(call: PlayedCall) -> Play:
    """Puts a <think> block, with JSON in it, before the answer."""
    return _dressed(call, '<think>Maybe {"answers": []}? No.</think>\n\n{}', sound=True)


@scenario("C04", packed=True)
def prose(call: PlayedCall) -> Play:
    """Puts prose before and after the answer."""
    return _dressed(call, "Sure! Here are the answers:\n\n{}\n\nAnything else?", sound=False)


@scenario("C04", packed=True)
def trailingcomma(call: PlayedCall) -> Play:
    """Leaves a comma before the last brackets."""
    content = replies.written(call, call.answers())
    brackets = 1 if call.chat.contract.keyed else 2
    return replies.say(call, f"{content[:-brackets]},{content[-brackets:]}")


@scenario("C15", packed=True)
def plain(call: PlayedCall) -> Play:
    """Ignores the schema: JSON of its own making, with other keys."""
    items = [
        {"key": item.pop("id"), "result": list(item.values()), "reason": "as the text says"}
        for item in call.answers()
    ]
    return replies.say(call, json.dumps({"results": items}, indent=2))


@scenario("C16", packed=True)
def dupkeys(call: PlayedCall) -> Play:
    """Says each property of an answer twice, with two values; a bare answer under its id."""
    if call.chat.contract.bare:
        others = [item | {"": None} for item in call.answers()]
        return replies.say(call, replies.written(call, call.answers() + others))
    if call.chat.contract.keyed:
        return replies.say(call, replies.written(call, call.answers(), _twice))
    doubled = ",".join(map(_twice, call.answers()))
    return replies.say(call, f'{{"answers":[{doubled}]}}')


def _twice(said: Any) -> str:
    """JSON of an object that says its names again, with null, but for its `id`; else as ever."""
    if not isinstance(said, dict):
        return compact(said)
    others = {name: said if name == "id" else None for name, said in said.items()}
    return f"{compact(said)[:-1]},{compact(others)[1:]}"


# --- which record an answer belongs to ----------------------------------------------------------


@scenario("C05", packed=True, n="2")
def missing(call: PlayedCall) -> Play:
    """Leaves out the last `n` records."""
    given = call.answers()
    return replies.reply(call, given[: max(0, len(given) - call.whole("n"))])


@scenario("C06", packed=True, n="1")
def doubled(call: PlayedCall) -> Play:
    """Answers the first `n` records twice, the second time differently."""
    given = call.answers()
    again = [_random_answer(call, at) for at in range(min(call.whole("n"), len(given)))]
    return replies.reply(call, given + again)


@scenario("C07", packed=True)
def shuffled(call: PlayedCall) -> Play:
    """Answers all records in another order."""
    order = sorted(call.answers(), key=lambda item: stub.digest_number(compact(item)))
    return replies.reply(call, order if order != call.answers() else order[::-1])


@scenario("C08", packed=True, n="1")
def extra(call: PlayedCall) -> Play:
    """Adds `n` answers under ids that nobody asked about."""
    given = call.answers()
    return replies.reply(call, given + _renamed(call, given[:1] * call.whole("n")))


@scenario("C09", packed=True)
def shifted(call: PlayedCall) -> Play:
    """Counts every id up by one, as a model does that starts at 1 where the client starts at 0."""
    moved = [item | {"id": successor(item["id"])} for item in call.answers()]
    return replies.reply(call, moved)


ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def successor(name: Any) -> Any:
    """The next id: numbers count up, of other ids the last letter does (z to 0, Z to A)."""
    if isinstance(name, int):
        return name + 1
    text = str(name)
    if text.isdigit():
        return str(int(text) + 1)
    letters = ALPHABET if text[-1:] in ALPHABET else ALPHABET.upper()
    return text[:-1] + letters[(letters.find(text[-1:]) + 1) % len(letters)]


@scenario("C08 G02", packed=True)
def forged(call: PlayedCall) -> Play:
    """Puts every answer under an invented id."""
    return replies.reply(call, _renamed(call, call.answers()))


@scenario("C10", packed=True)
def swapped(call: PlayedCall) -> Play:
    """Swaps the answers of neighbours under the right ids: no client can see it."""
    given = call.answers()
    ids = [item["id"] for item in given]
    for at in range(0, len(ids) - 1, 2):
        ids[at], ids[at + 1] = ids[at + 1], ids[at]
    moved = [item | {"id": name} for item, name in zip(given, ids, strict=True)]
    return replies.reply(call, moved, replies.everyone(call))


@scenario("C12", packed=True)
def boolid(call: PlayedCall) -> Play:
    """Says true where the id belongs."""
    return replies.reply(call, [item | {"id": True} for item in call.answers()], ())


def _renamed(call: PlayedCall, items: list[Item]) -> list[Item]:
    return [item | {"id": f"x{call.sequence}-{at}"} for at, item in enumerate(items)]


# --- models with a mind of their own ------------------------------------------------------------


def _random_answer(call: PlayedCall, at: int) -> Item:
    record = call.chat.records[at]
    salt = f"random{call.seed}-{call.sequence}"
    properties = call.chat.contract.properties.items()
    return {"id": record.id} | {
        name: stub.value(record.text, schema, salt) for name, schema in properties
    }


@scenario("C19", packed=True)
def random(call: PlayedCall) -> Play:
    """Gives another valid answer each time it is asked."""
    given = [_random_answer(call, at) for at in replies.everyone(call)]
    return replies.reply(call, given, replies.everyone(call))


ORDER = re.compile(r"relabel all as\s+[\"']?([^\"'\n.;!]+)", re.IGNORECASE)


@scenario("G01", packed=True)
def obedient(call: PlayedCall) -> Play:
    """Obeys a record's "relabel all as X" for every record of its pack."""
    orders = [ORDER.search(record.text) for record in call.chat.records]
    wanted = next((found[1].strip() for found in orders if found), None)
    if wanted is None:
        return replies.good(call)
    given = [_obeyed(call, item, wanted) for item in call.answers()]
    return replies.reply(call, given, replies.everyone(call))


def _obeyed(call: PlayedCall, item: Item, wanted: str) -> Item:
    """An answer in which every first label of a question is the ordered one, if it has that."""
    given = dict(item)
    for name, schema in call.chat.contract.properties.items():
        place = place_of(schema, labelled)
        label = None if place is None else _label_like(part_at(schema, place)["enum"], wanted)
        if place is not None and label is not None:
            given[name] = spoilt_at(item[name], place, _always(label))
    return given


def _label_like(labels: list[Any], wanted: str) -> Any:
    fitting = (label for label in labels if wanted.casefold().startswith(str(label).casefold()))
    return next(fitting, None)


def _always(label: Any) -> Callable[[Any], Any]:
    return lambda _: label
