"""Group C: well-framed replies whose answer is not what was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from .. import answers as stub
from .. import replies
from ..chats import compact
from ..plays import Call, Play
from .scenario import scenario

Item = dict[str, Any]
Fits = Callable[[Mapping[str, Any]], bool]
Place = tuple[str, ...]

NO = "I'm sorry, but I can't help with that."
EACH = "[]"
INFINITY = "@@1e999@@"


# --- refusals, filters, cut answers -------------------------------------------------------------


def _body(call: Call, content: Any, finish: str | None = "stop", **message: Any) -> Play:
    tokens = replies.good(call).completion_tokens
    return replies.send(
        call, replies.completion(call, content, tokens, finish, **message), tokens=tokens
    )


@scenario("C01")
def refuse(call: Call) -> Play:
    """Refuses: `refusal` is set and content is null."""
    return _body(call, None, refusal=NO)


@scenario("C01", marker="POISON")
def refusetext(call: Call) -> Play:
    """Refuses only packs in which a record's text contains `marker`."""
    return refuse.play(call) if marked(call) else replies.good(call)


def marked(call: Call) -> bool:
    """Whether a record's text contains the parameter `marker`."""
    return any(call.text("marker") in record.text for record in call.chat.records)


@scenario("C02", keep="0.5")
def length(call: Call) -> Play:
    """Stops in the middle of the answer with finish_reason length."""
    content = compact({"answers": call.answers()})
    return replies.say(call, content[: int(len(content) * call.number("keep"))], finish="length")


@scenario("C03", how="finish")
def filter_(call: Call) -> Play:
    """Ends with finish_reason content_filter, or (how=azure) with Azure's status 400."""
    if call.text("how") != "azure":
        return _body(call, "", "content_filter")
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}}
    said = "The response was filtered due to the prompt triggering content management policy."
    body = replies.error_body(400, said, "content_filter", innererror=inner, status=400)
    return replies.raw(call, 400, json.dumps(body).encode())


# --- the right answer in the wrong dress --------------------------------------------------------


def _dressed(call: Call, form: str, *, sound: bool) -> Play:
    content = form.replace("{}", compact({"answers": call.answers()}))
    return replies.say(call, content, sound=replies.everyone(call) if sound else ())


@scenario("C04", packed=True)
def fences(call: Call) -> Play:
    """Wraps the answer in a Markdown fence."""
    return _dressed(call, "```json\n{}\n```", sound=True)


@scenario("C04", packed=True)
def think(call: Call) -> Play:
    """Puts a <think> block, with JSON in it, before the answer."""
    return _dressed(call, '<think>Maybe {"answers": []}? No.</think>\n\n{}', sound=True)


@scenario("C04", packed=True)
def prose(call: Call) -> Play:
    """Puts prose before and after the answer."""
    return _dressed(call, "Sure! Here are the answers:\n\n{}\n\nAnything else?", sound=False)


@scenario("C04", packed=True)
def trailingcomma(call: Call) -> Play:
    """Leaves a comma before the last brackets."""
    content = compact({"answers": call.answers()})
    return replies.say(call, f"{content[:-2]},]}}")


@scenario("C15", packed=True)
def plain(call: Call) -> Play:
    """Ignores the schema: JSON of its own making, with other keys."""
    items = [
        {"key": item.pop("id"), "result": list(item.values()), "reason": "as the text says"}
        for item in call.answers()
    ]
    return replies.say(call, json.dumps({"results": items}, indent=2))


@scenario("C16", packed=True)
def dupkeys(call: Call) -> Play:
    """Says each property of an answer twice, with two values."""
    doubled = [f"{compact(item)[:-1]},{compact(_others(item))[1:]}" for item in call.answers()]
    return replies.say(call, f'{{"answers":[{",".join(doubled)}]}}')


def _others(item: Item) -> Item:
    return {name: said if name == "id" else None for name, said in item.items()}


# --- which record an answer belongs to ----------------------------------------------------------


@scenario("C05", packed=True, n="2")
def missing(call: Call) -> Play:
    """Leaves out the last `n` records."""
    given = call.answers()
    return replies.reply(call, given[: max(0, len(given) - call.whole("n"))])


@scenario("C06", packed=True, n="1")
def doubled(call: Call) -> Play:
    """Answers the first `n` records twice, the second time differently."""
    given = call.answers()
    again = [_random_answer(call, at) for at in range(min(call.whole("n"), len(given)))]
    return replies.reply(call, given + again)


@scenario("C07", packed=True)
def shuffled(call: Call) -> Play:
    """Answers all records in another order."""
    order = sorted(call.answers(), key=lambda item: stub.digest_number(compact(item)))
    return replies.reply(call, order if order != call.answers() else order[::-1])


@scenario("C08", packed=True, n="1")
def extra(call: Call) -> Play:
    """Adds `n` answers under ids that nobody asked about."""
    given = call.answers()
    return replies.reply(call, given + _renamed(call, given[:1] * call.whole("n")))


@scenario("C09", packed=True)
def shifted(call: Call) -> Play:
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
def forged(call: Call) -> Play:
    """Puts every answer under an invented id."""
    return replies.reply(call, _renamed(call, call.answers()))


@scenario("C10", packed=True)
def swapped(call: Call) -> Play:
    """Swaps the answers of neighbours under the right ids: no client can see it."""
    given = call.answers()
    ids = [item["id"] for item in given]
    for at in range(0, len(ids) - 1, 2):
        ids[at], ids[at + 1] = ids[at + 1], ids[at]
    moved = [item | {"id": name} for item, name in zip(given, ids, strict=True)]
    return replies.reply(call, moved, replies.everyone(call))


@scenario("C12", packed=True)
def boolid(call: Call) -> Play:
    """Says true where the id belongs."""
    return replies.reply(call, [item | {"id": True} for item in call.answers()], ())


def _renamed(call: Call, items: list[Item]) -> list[Item]:
    return [item | {"id": f"x{call.sequence}-{at}"} for at, item in enumerate(items)]


# --- values outside what was allowed ------------------------------------------------------------


def place_of(schema: Mapping[str, Any], fits: Fits) -> Place | None:
    """The way to the first part of a schema that fits: property names, and EACH for items."""
    if fits(schema):
        return ()
    inner = dict(schema.get("properties", {}))
    if "items" in schema:
        inner[EACH] = schema["items"]
    for name, part in inner.items():
        way = place_of(part, fits)
        if way is not None:
            return (name, *way)
    return None


def part_at(schema: Mapping[str, Any], place: Place) -> Mapping[str, Any]:
    """The part of a schema that lies at a place."""
    for name in place:
        schema = schema["items"] if name == EACH else schema["properties"][name]
    return schema


def spoilt_at(said: Any, place: Place, spoil: Callable[[Any], Any]) -> Any:
    """A value with what lies at `place` spoilt; an empty list gets a spoilt item."""
    if not place:
        return spoil(said)
    name, rest = place[0], place[1:]
    if name == EACH and isinstance(said, list):
        made = [spoilt_at(item, rest, spoil) for item in said or [None]]
        return made if made != [None] else []
    if isinstance(said, dict) and name in said:
        return said | {name: spoilt_at(said[name], rest, spoil)}
    return said


def _place(call: Call, fits: Fits) -> Place | None:
    return place_of({"properties": call.chat.contract.properties}, fits)


def _spoilt(call: Call, fits: Fits, spoil: Callable[[Any], Any]) -> list[Item]:
    """Answers whose first fitting value is spoilt in `n` records (0: all); good if none fits."""
    place = _place(call, fits)
    most = 0 if place is None else call.whole("n") or len(call.chat.records)
    return [
        spoilt_at(item, place or (), spoil) if at < most else item
        for at, item in enumerate(call.answers())
    ]


def _labelled(schema: Mapping[str, Any]) -> bool:
    return "enum" in schema


def _numeric(schema: Mapping[str, Any]) -> bool:
    return bool({"number", "integer"} & _kinds(schema))


def _written(schema: Mapping[str, Any]) -> bool:
    return "string" in _kinds(schema) and not _labelled(schema) and not _dated(schema)


def _dated(schema: Mapping[str, Any]) -> bool:
    return bool(stub.dated_form(schema))


def _kinds(schema: Mapping[str, Any]) -> set[str]:
    kinds = schema.get("type", ())
    return {kinds} if isinstance(kinds, str) else set(kinds)


@scenario("C11", packed=True, n="0", label="something else entirely")
def badlabel(call: Call) -> Play:
    """Gives a label outside the set in `n` records (0: all)."""
    return replies.reply(call, _spoilt(call, _labelled, lambda _: call.text("label")))


@scenario("C11", packed=True, n="0")
def caselabel(call: Call) -> Play:
    """Gives the right label in capitals with blanks around it."""
    given = _spoilt(call, _labelled, lambda said: said and f"  {str(said).upper()} ")
    return replies.reply(call, given, replies.everyone(call))


@scenario("C12", packed=True, n="0")
def strnum(call: Call) -> Play:
    """Writes numbers as strings in `n` records (0: all)."""
    return replies.reply(call, _spoilt(call, _numeric, str))


@scenario("C12", packed=True, n="0")
def nan(call: Call) -> Play:
    """Writes NaN for numbers."""
    return replies.reply(call, _spoilt(call, _numeric, lambda _: float("nan")))


@scenario("C12", packed=True, n="0")
def inf(call: Call) -> Play:
    """Writes 1e999 for numbers, which overflows to infinity."""
    given = _spoilt(call, _numeric, lambda _: INFINITY)
    content = compact({"answers": given}).replace(f'"{INFINITY}"', "1e999")
    return replies.compared(call, given, content)


@scenario("C22", packed=True, n="0")
def localenum(call: Call) -> Play:
    """Writes numbers with a decimal comma, as strings."""
    return replies.reply(call, _spoilt(call, _numeric, lambda _: "1,5"))


@scenario("C22", packed=True, n="0")
def baddate(call: Call) -> Play:
    """Gives the 30th of February as a date."""
    return replies.reply(call, _spoilt(call, _dated, lambda _: "2026-02-30"))


@scenario("C21", packed=True, size="1000000", n="1")
def big(call: Call) -> Play:
    """Gives `size` characters for a free text in `n` records (0: all)."""
    size = call.whole("size")
    return replies.reply(call, _spoilt(call, _written, lambda _: "blah " * (size // 5)))


@scenario("C21", packed=True, n="0")
def nulchar(call: Call) -> Play:
    """Puts a NUL into free texts."""
    given = _spoilt(call, _written, lambda said: said and f"{said}\0")
    return replies.reply(call, given, replies.everyone(call))


@scenario("C21", packed=True, n="0")
def tagchars(call: Call) -> Play:
    """Puts invisible tag characters (U+E0041, U+E007F) into free texts."""
    given = _spoilt(call, _written, lambda said: said and f"{said}\U000e0041\U000e007f")
    return replies.reply(call, given, replies.everyone(call))


@scenario("A13", packed=True, at="body", n="0")
def surrogate(call: Call) -> Play:
    """Ends a free text with a lone surrogate, escaped in the body or (at=content) inside."""
    given = _spoilt(call, _written, lambda said: said and f"{said}\ud83d")
    inside = call.text("at") == "content"
    content = json.dumps({"answers": given}, ensure_ascii=inside, separators=(",", ":"))
    return replies.say(call, content, sound=replies.everyone(call))


# --- completions out of shape -------------------------------------------------------------------


def _reshaped(call: Call, change: Callable[[Item], object], *, sound: bool) -> Play:
    """The good completion after `change` has altered its body."""
    play = replies.good(call)
    body = json.loads(replies.body_bytes(play)[1])
    change(body)
    kept = play.sound if sound else ()
    return replies.send(call, body, tokens=play.completion_tokens, sound=kept)


@scenario("C13")
def contentnull(call: Call) -> Play:
    """Sends null content with finish_reason stop and no refusal."""
    return _body(call, None)


@scenario("C14")
def choicesnull(call: Call) -> Play:
    """Sends `choices: null`."""
    return _reshaped(call, lambda body: body.update(choices=None), sound=False)


@scenario("C14")
def nochoices(call: Call) -> Play:
    """Sends an empty list of choices."""
    return _reshaped(call, lambda body: body.update(choices=[]), sound=False)


@scenario("C14")
def twochoices(call: Call) -> Play:
    """Sends two choices."""
    return _reshaped(call, lambda body: body.update(choices=body["choices"] * 2), sound=False)


@scenario("C14")
def contentlist(call: Call) -> Play:
    """Sends the content as a list of parts."""

    def change(body: Item) -> None:
        message = body["choices"][0]["message"]
        message["content"] = [{"type": "text", "text": message["content"]}]

    return _reshaped(call, change, sound=False)


@scenario("C14", value="eos")
def frweird(call: Call) -> Play:
    """Sends a finish_reason that nobody documents (`value`) with a whole answer."""
    said = call.text("value")
    return _reshaped(call, lambda body: body["choices"][0].update(finish_reason=said), sound=True)


@scenario("C14")
def frnull(call: Call) -> Play:
    """Sends finish_reason null with a whole answer."""
    return _reshaped(call, lambda body: body["choices"][0].update(finish_reason=None), sound=True)


@scenario("C17")
def nousage(call: Call) -> Play:
    """Leaves out `usage`."""
    return _reshaped(call, lambda body: body.pop("usage"), sound=True)


@scenario("C17")
def nanusage(call: Call) -> Play:
    """Sends NaN for every number of `usage`."""

    def change(body: Item) -> None:
        body["usage"] = dict.fromkeys(body["usage"], float("nan"))

    return _reshaped(call, change, sound=True)


@scenario("C18", to="", after="0")
def modelchange(call: Call) -> Play:
    """Answers as another model (`to`) with another fingerprint, after `after` requests."""
    if call.memory.seen < call.whole("after"):
        return replies.good(call)
    name = call.text("to") or f"{call.chat.model}-2026-11-01"
    return _reshaped(
        call, lambda body: body.update(model=name, system_fingerprint="fp_other"), sound=True
    )


# --- models with a mind of their own ------------------------------------------------------------


def _random_answer(call: Call, at: int) -> Item:
    record = call.chat.records[at]
    salt = f"random{call.seed}-{call.sequence}"
    properties = call.chat.contract.properties.items()
    return {"id": record.id} | {
        name: stub.value(record.text, schema, salt) for name, schema in properties
    }


@scenario("C19", packed=True)
def random(call: Call) -> Play:
    """Gives another valid answer each time it is asked."""
    given = [_random_answer(call, at) for at in replies.everyone(call)]
    return replies.reply(call, given, replies.everyone(call))


ORDER = re.compile(r"relabel all as\s+[\"']?([^\"'\n.;!]+)", re.IGNORECASE)


@scenario("G01", packed=True)
def obedient(call: Call) -> Play:
    """Obeys a record's "relabel all as X" for every record of its pack."""
    orders = [ORDER.search(record.text) for record in call.chat.records]
    wanted = next((found[1].strip() for found in orders if found), None)
    if wanted is None:
        return replies.good(call)
    given = [_obeyed(call, item, wanted) for item in call.answers()]
    return replies.reply(call, given, replies.everyone(call))


def _obeyed(call: Call, item: Item, wanted: str) -> Item:
    """An answer in which every first label of a question is the ordered one, if it has that."""
    given = dict(item)
    for name, schema in call.chat.contract.properties.items():
        place = place_of(schema, _labelled)
        label = None if place is None else _label_like(part_at(schema, place)["enum"], wanted)
        if place is not None and label is not None:
            given[name] = spoilt_at(item[name], place, _always(label))
    return given


def _label_like(labels: list[Any], wanted: str) -> Any:
    fitting = (label for label in labels if wanted.casefold().startswith(str(label).casefold()))
    return next(fitting, None)


def _always(label: Any) -> Callable[[Any], Any]:
    return lambda _: label
