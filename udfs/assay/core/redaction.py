"""Redaction: marks such as `[EMAIL_1]` in the place of what a text says of people, and back. Pure.

A text with its marks is what is asked about: what is hashed, sent and stored. What each mark
stands for is in no file: whoever has the text of the row finds it again.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from assay.core.canonical import canonical_json, normalise
from assay.core.personal_data import FINDERS, Span

KINDS = tuple(sorted(FINDERS))
"""What can be redacted."""

_NAME = rf"(?:{'|'.join(KINDS)})_[0-9]{{1,9}}"
MARK = re.compile(rf"\[({'|'.join(KINDS).upper()})_[0-9]{{1,9}}\]")
_LIKE_A_MARK = re.compile(rf"\[?\b{_NAME}\b\]?", re.IGNORECASE)
_MAY_HOLD_ANY = re.compile("[@0-9]")
_LEAF = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|-?[0-9][0-9.eE+-]*')
"""A text or a number of JSON; a text before a colon is a name."""

COPY_MARKS = (
    "Marks such as [EMAIL_1] in a text stand for values: copy them unchanged, or not at all."
)
"""What a model is told where a text of its request has marks."""


def checked_kinds(given: object) -> tuple[str, ...]:
    """Return kinds, from a list or with commas between, each once and in one order.

    Raises `ValueError` that names what is no kind, and the nearest.
    """
    if isinstance(given, str):
        given = [part.strip() for part in given.split(",")]
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        message = f"give a list of kinds; there are {', '.join(KINDS)}"
        raise ValueError(message)
    for kind in filter(None, given):
        if kind not in FINDERS:
            near = difflib.get_close_matches(kind, KINDS, n=1, cutoff=0.0)[0]
            message = (
                f"nothing is known of {kind!r}; did you mean {near!r}? "
                f"There are {', '.join(KINDS)}"
            )
            raise ValueError(message)
    return tuple(kind for kind in FINDERS if kind in given)


Kinds = Annotated[tuple[str, ...], BeforeValidator(checked_kinds)]
"""What is redacted, in the order in which the rules are tried."""


class Redacting(BaseModel):
    """The setting that says what no text may hold when it leaves."""

    redact: Kinds = Field(
        default=(),
        description="What is [replaced by numbered marks](how-to/redact.md) in every text before "
        "it is hashed, sent or stored, with commas between; unset means nothing.",
    )


@dataclass(slots=True)
class _Marking:
    """The marks of one text as they are given out: the same value has the same one."""

    kinds: tuple[str, ...]
    taken: frozenset[str]
    given: dict[tuple[str, str], str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def mark(self, text: str) -> str:
        """Return `text` with marks."""
        parts, at = [], 0
        for start, end, kind in _spans(text, self.kinds):
            parts += [text[at:start], self._mark_of(kind, text[start:end])]
            at = end
        return "".join([*parts, text[at:]]) if parts else text

    def _mark_of(self, kind: str, value: str) -> str:
        """Return the mark of a value: the next number that stands nowhere in the text."""
        while (mark := self.given.get((kind, value), "")) == "":
            self.counts[kind] = self.counts.get(kind, 0) + 1
            if (name := f"[{kind.upper()}_{self.counts[kind]}]") not in self.taken:
                self.given[kind, value] = name
        return mark


@dataclass(frozen=True, slots=True)
class Redaction:
    """The rules of some kinds, for texts that are normalised; the one of no kind changes none."""

    kinds: tuple[str, ...] = ()

    def text(self, raw: str) -> str:
        """Return a text as it is asked about: normalised, with marks; blank if it is blank."""
        normal = normalise(raw)
        return self._marked(normal)[0] if self.kinds else normal

    def values(self, raw: str) -> dict[str, str]:
        """Return what each mark in `text(raw)` stands for."""
        return self._marked(normalise(raw))[1]

    def restored(self, answer: str, raw: str) -> str:
        """Return an answer, as canonical JSON, with the values of the text it is about.

        A mark that stood in the text already stays what it is.
        """
        if not self.kinds or MARK.search(answer) is None:
            return answer
        values = self.values(raw)
        return canonical_json(_replaced(json.loads(answer), values)) if values else answer

    def _marked(self, normal: str) -> tuple[str, dict[str, str]]:
        if _MAY_HOLD_ANY.search(normal) is None:
            return normal, {}
        taken = frozenset(found[0] for found in MARK.finditer(normal))
        marking = _Marking(self.kinds, taken)
        marked = _in_leaves(normal, marking.mark) if _is_json(normal) else marking.mark(normal)
        return marked, {mark: value for (_, value), mark in marking.given.items()}


NO_REDACTION = Redaction()


@cache
def redaction_of(*wanted: tuple[str, ...]) -> Redaction:
    """Return the rules of all kinds that anybody wants: nobody takes off what another asks for.

    Raises `ValueError` for what is no kind: nothing is ever left out without a word.
    """
    every = {kind for kinds in wanted for kind in kinds}
    return Redaction(tuple(sorted(every, key=[*FINDERS].index)))


def redactions(raw: str) -> list[Redaction]:
    """Return every redaction under which a text may have been asked about, none of them first.

    What changes nothing in the text is not among them.
    """
    held = tuple(kind for kind in FINDERS if Redaction((kind,)).values(raw))
    chosen = (some for count in range(len(held) + 1) for some in combinations(held, count))
    return [Redaction(some) for some in chosen]


def forms(raw: str) -> list[str]:
    """Return a text in every form in which it may have been asked about, unredacted first."""
    return list(dict.fromkeys(one.text(raw) for one in redactions(raw)))


def has_marks(text: str) -> bool:
    """Whether a text holds a mark."""
    return "[" in text and MARK.search(text) is not None


def kinds_of_marks(text: str) -> Iterator[str]:
    """Yield the kind of each different mark in a text."""
    yield from (mark[1 : mark.index("_")].lower() for mark in {m[0] for m in MARK.finditer(text)})


def strange_mark(answer: str, text: str) -> str | None:
    """Return what is wrong with the marks of an answer about `text`; None where nothing is.

    What only looks like a mark is one where it is spelled almost as one of the text.
    """
    if "_" not in answer or not (said := set(_LIKE_A_MARK.findall(answer))):
        return None
    held = set(_LIKE_A_MARK.findall(text))
    for mark in said - held:
        whole = f"[{mark.strip('[]').upper()}]"
        if whole in held:
            return "a mark that is not copied unchanged"
        if mark == whole:
            return "a mark that the text does not have"
    return None


def _spans(text: str, kinds: tuple[str, ...]) -> list[tuple[int, int, str]]:
    """Return what is to be replaced, in its order; what one kind has, no later one sees."""
    found: list[tuple[int, int, str]] = []
    for kind in kinds:
        spans = list(FINDERS[kind](text))
        found += [(start, end, kind) for start, end in spans]
        text = _without(text, spans)
    return sorted(found)


def _without(text: str, spans: Sequence[Span]) -> str:
    """Return a text of the same length with something that no rule takes in the place of parts."""
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start], "\0" * (end - start)]
        at = end
    return "".join([*parts, text[at:]]) if parts else text


def _is_json(text: str) -> bool:
    """Whether a text is a JSON object or array, as that of a list of columns is."""
    if text[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _in_leaves(text: str, mark: Callable[[str], str]) -> str:
    """Return JSON with its texts and numbers marked; names, and what has no mark, as they are."""

    def leaf(found: re.Match[str]) -> str:
        if found[2] is not None:
            return found[0]
        value = json.loads(found[1]) if found[1] else found[0]
        marked = mark(value)
        return found[0] if marked == value else json.dumps(marked, ensure_ascii=False)

    return _LEAF.sub(leaf, text)


def _replaced(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, str):
        return MARK.sub(lambda found: values.get(found[0], found[0]), value)
    if isinstance(value, list):
        return [_replaced(part, values) for part in value]
    if isinstance(value, dict):
        return {name: _replaced(part, values) for name, part in value.items()}
    return value
