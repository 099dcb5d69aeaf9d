"""The phrases a text is about, without a trained model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .embedder import Embedder, exact_product
from .text import word_set
from .values import Found

_STOP_WORDS = word_set(
    "a about above after again all also am an and any are aren't as at be because been before "
    "being below between both but by can can't could couldn't did didn't do does doesn't doing "
    "don't down during each even ever every few for from further get gets getting go going got "
    "had hadn't has hasn't have haven't having he her here hers him his how however i i'd i'll "
    "i'm i've if in into is isn't it it's its itself just let like lot lots made make makes many "
    "may me might more most much must my myself need never no nor not now of off often on once "
    "one only or other our ours out over own please quite rather really same she should so some "
    "something still such than thank thanks that that's the their theirs them then there there's "
    "these they they're this those though through to too two under until up upon us very want "
    "wants was wasn't we we're were weren't what when where which while who whom why will with "
    "within without won't would wouldn't yes yet you you'd you'll you're your yours hi hello dear "
    "regards always usually sometimes mostly maybe perhaps currently recently new good great bad "
    "nice well way thing things anything everything time times first last next day days love "
    "loves enjoy enjoys interested prefer hobby hobbies interests interest including etc based "
    "looking look find try tried using use used said say know think see come came take took "
    "became become seems seem work works working live lives living years year old since ago "
    "together around back today yesterday tomorrow"
)
_TOKEN = re.compile(r"[^\W_]+(?:[-'\u2019&][^\W_]+)*|[^\w\s]|\n")
_LONGEST_PHRASE = 4
_MOST_CANDIDATES = 400


def keyphrases(text: str) -> list[Found]:
    """Runs of up to four words between stop words and punctuation, in order, each once."""
    runs: list[list[re.Match[str]]] = [[]]
    for token in _TOKEN.finditer(text):
        if _carries_meaning(token[0]):
            runs[-1].append(token)
        elif runs[-1]:
            runs.append([])
    found = [
        Found(run[0].start(), run[-1].end(), text[run[0].start() : run[-1].end()])
        for run in runs
        if 0 < len(run) <= _LONGEST_PHRASE
    ]
    return _each_once(found)[:_MOST_CANDIDATES]


def ranked(
    embedder: Embedder, found: Sequence[Found], text: str, asked: str
) -> list[tuple[float, Found]]:
    """`found` with their nearness (cosine) to `asked`, or to the whole text if that is blank."""
    phrases = embedder.embed([text[one.start : one.end] for one in found])
    near = exact_product(phrases, embedder.embed([asked or text]))[:, 0]
    return [(float(score), one) for score, one in zip(near, found, strict=True)]


def _carries_meaning(token: str) -> bool:
    return token[0].isalnum() and len(token) > 1 and token.lower() not in _STOP_WORDS


def _each_once(found: Sequence[Found]) -> list[Found]:
    first: dict[str, Found] = {}
    for one in found:
        first.setdefault(str(one.value).lower(), one)
    return list(first.values())
