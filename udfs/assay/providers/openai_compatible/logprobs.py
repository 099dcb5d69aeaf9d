"""How sure a model was: from the log probabilities of a reply's tokens to confidences. Pure.

An answer out of a closed list is a walk down the tree of the list's spellings. At each of its
tokens the server names the likeliest others; those that leave the tree are no answer, so they do
not count, and the chance of the step is that of its branch among the branches. The product of the
steps is the probability of the answer among the answers that could have been.
"""

from __future__ import annotations

import json
import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from assay.core.task import JsonSchema
from assay.core.values import Request

OTHERS = 10
"""How many other tokens are asked for at each place: the reply grows by them."""

ASKED_FOR = {"logprobs": True, "top_logprobs": OTHERS}
"""The fields of a request that ask for log probabilities."""

_BLANKS = re.compile(r"[ \t\n\r]*")
_AFTER_A_VALUE = " \t\n\r,]}"
_DECODER = json.JSONDecoder()
_BARE_VALUES: Mapping[str, tuple[Any, ...]] = {"boolean": (True, False), "null": (None,)}

Place = tuple[str, str]
"""The id of a record and the short name of a question."""


class _Token(NamedTuple):
    """A token with its probability and those of others in its place, by their texts."""

    text: str
    chances: Mapping[str, float]


class _Spoken(NamedTuple):
    """What a model said: the whole text, its tokens, and where each begins.

    Texts hold a character for each byte of their UTF-8, as tokens may end within a character.
    """

    text: str
    tokens: Sequence[_Token]
    starts: Sequence[int]

    def over(self, start: int, end: int) -> Iterator[tuple[int, _Token]]:
        """Yield the tokens of a part of the text, each with where it begins."""
        first = bisect_right(self.starts, start) - 1
        for at, token in zip(self.starts[first:], self.tokens[first:], strict=True):
            if at >= end:
                return
            if token.text:
                yield at, token


def has_closed(request: Request) -> bool:
    """Whether any question of a request has answers out of a closed list."""
    return any(_is_closed(one.task.answer_schema()) for one in request.pack.questions)


def _is_closed(schema: JsonSchema) -> bool:
    """Whether an answer of this schema is out of a list, or an object of such answers."""
    parts = schema.get("properties")
    if isinstance(parts, dict) and parts:
        return all(_is_closed(part) for part in parts.values())
    return bool(_spellings(schema))


def confidences(request: Request, content: str, found: Any) -> dict[Place, float]:
    """Return the probability of each answer of `content` that is out of a closed list.

    `found` is what the reply has as `logprobs`. An answer is left out where that does not tell:
    open ones, lists, labels spelled otherwise, and everything where it is not as documented.
    """
    try:
        spoken = _spoken(found["content"])
        at = _where(spoken.text, content)
        schemas = {
            letter: question.task.answer_schema()
            for letter, question in zip(request.letters, request.pack.questions, strict=True)
        }
        sure = {
            place: _confidence(schemas[place[1]], spoken, start, end)
            for place, start, end in _answers(request, spoken.text, at)
        }
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
        return {}
    return {place: round(chance, 6) for place, chance in sure.items() if chance is not None}


# The reply: where is which answer?


def _spoken(said: Any) -> _Spoken:
    tokens = [_Token(_text(one), _chances(one)) for one in said]
    starts, at = [], 0
    for token in tokens:
        starts.append(at)
        at += len(token.text)
    return _Spoken("".join(token.text for token in tokens), tokens, starts)


def _text(said: Mapping[str, Any]) -> str:
    """Return a token, a character for each of its bytes."""
    given = said.get("bytes")
    return _by_bytes(said["token"]) if given is None else bytes(given).decode("latin-1")


def _by_bytes(text: str) -> str:
    return text.encode("utf-8", "replace").decode("latin-1")


def _chances(said: Mapping[str, Any]) -> dict[str, float]:
    """Return probabilities by text, the one of the token itself among them."""
    others = said.get("top_logprobs") or ()
    return {_text(one): _chance(one["logprob"]) for one in (*others, said)}


def _chance(logprob: float) -> float:
    chance = math.exp(min(logprob, 0.0))
    return chance if chance > 0 else 0.0  # NaN as well


def _where(spoken: str, content: str) -> int:
    """Return where the JSON of `content` begins in what was spoken; thoughts come before it."""
    answer = content.rpartition("</think>")[2]
    json_text = _by_bytes(answer[answer.index("{") : answer.rindex("}") + 1])
    _DECODER.decode(json_text)
    return spoken.rindex(json_text)


def _answers(request: Request, text: str, at: int) -> Iterator[tuple[Place, int, int]]:
    """Yield where each answer begins and ends: of a list of items, or of an object by ids.

    An object has the bare answer under an id where there is one question.
    """
    for name, start, end in _parts(text, at):
        if name == "answers":
            for _, item, _ in _parts(text, start):
                yield from _answers_of(request, _id_of(text, item), text, item)
        elif len(request.letters) == 1 and name in request.ids:
            yield (name, request.letters[0]), start, end
        else:
            yield from _answers_of(request, name, text, start)


def _answers_of(
    request: Request, id_: str, text: str, at: int
) -> Iterator[tuple[Place, int, int]]:
    if id_ in request.ids and text[at] == "{":
        for name, start, end in _parts(text, at):
            if name in request.letters:
                yield (id_, name), start, end


def _id_of(text: str, at: int) -> str:
    ids = [text[start:end] for name, start, end in _parts(text, at) if name == "id"]
    return str(json.loads(ids[0])) if ids else ""


def _parts(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Yield name, begin and end of each value of the JSON object or list at `at`, which is sound.

    Values of a list have no name.
    """
    named = text[at] == "{"
    at = _past_blanks(text, at + 1)
    while text[at] not in "]}":
        name = ""
        if named:
            name, at = _DECODER.raw_decode(text, at)
            at = _past_blanks(text, _past_blanks(text, at) + 1)
        _, end = _DECODER.raw_decode(text, at)
        yield name, at, end
        at = _past_blanks(text, end)
        at = _past_blanks(text, at + 1) if text[at] == "," else at


def _past_blanks(text: str, at: int) -> int:
    return _BLANKS.match(text, at).end()  # type: ignore[union-attr]  # matches nothing, too


# An answer: how sure?


def _confidence(schema: JsonSchema, spoken: _Spoken, start: int, end: int) -> float | None:
    """Return the probability of the answer between `start` and `end`; None where none is known.

    Of an object it is the product: that all of it is so.
    """
    if spoken.text[start] == "{":
        parts = schema.get("properties", {})
        chances = [
            _confidence(parts.get(name, {}), spoken, *place)
            for name, *place in _parts(spoken.text, start)
        ]
        known = [chance for chance in chances if chance is not None]
        return math.prod(known) if known and len(known) == len(chances) else None
    said, spellings = spoken.text[start:end], _spellings(schema)
    if said not in spellings:
        return None
    if not said.endswith('"'):
        end += 1  # what comes next says that a number or a word is over
    return math.prod(
        _step(token, said, spellings, spoken.text[start:at], spoken.text[at:start])
        for at, token in spoken.over(start, end)
    )


def _spellings(schema: JsonSchema) -> tuple[str, ...]:
    """Return how each answer of a closed list is spelled in JSON; nothing for an open one."""
    values = schema.get("enum")
    if values is None:
        kinds = schema.get("type", "")
        kinds = [kinds] if isinstance(kinds, str) else kinds
        closed = all(kind in _BARE_VALUES for kind in kinds)
        values = [value for kind in kinds if closed for value in _BARE_VALUES[kind]]
    return tuple(_by_bytes(json.dumps(value, ensure_ascii=False)) for value in values)


def _step(token: _Token, said: str, spellings: Sequence[str], before: str, lead: str) -> float:
    """Return the chance of one token's branch among all branches at its place.

    `before` is what was spelled before it, `lead` what of it is no part of the answer. Tokens that
    lead to the same answers count together; of one that leaves open what this one decides, nobody
    knows where it would have gone.
    """
    kept = _within(spellings, before + token.text[len(lead) :])
    same = others = 0.0
    for text, chance in token.chances.items():
        led = _within(spellings, before + text[len(lead) :]) if text.startswith(lead) else set()
        if led and led <= kept:
            same += chance
        elif led and not led & kept:
            others += chance
    return same / (same + others) if same else 0.0


def _within(spellings: Sequence[str], begun: str) -> set[str]:
    """Return the spellings that begin so, or that this is one of with what may follow it."""
    return {
        one
        for one in spellings
        if one.startswith(begun) or (begun.startswith(one) and begun[len(one)] in _AFTER_A_VALUE)
    }
