"""`ai_verify`: fields held against evidence that was looked for, with quotes; or nothing."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, Unpack

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, model_validator

from assay.core import grounding
from assay.core.canonical import canonical_json, clean
from assay.core.clock import iso
from assay.core.sources import Evidenced, FoundSource, is_at, source_row
from assay.core.task import Common, JsonSchema, Labelled, Rejected, Task, Unclear, wrong_argument
from assay.functions import extract

_LEAST_QUOTE = 3
"""Fewer letters and digits are no quote: they stand in any text."""

_MOST_QUOTES = 20


class Kind(BaseModel):
    """A kind of evidence: its hosts (none: all others), and days until the next check."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    hosts: tuple[str, ...] = ()
    days: int


KINDS = (
    Kind(
        name="social",
        hosts=("instagram", "facebook", "tiktok", "linktr.ee", "twitter", "x.com"),
        days=30,
    ),
    Kind(
        name="listing",
        hosts=(
            *("ubereats", "doordash", "skipthedishes", "yelp", "tripadvisor", "google"),
            *("foursquare", "opentable", "restaurantji", "yellowpages"),
        ),
        days=30,
    ),
    Kind(name="own_site", days=180),
)
"""What kinds of evidence there are where a call names none."""


def _as_kinds(given: object) -> object:
    """Return kinds that are written as a mapping by name in the form of `Kind`."""
    if not isinstance(given, Mapping):
        return given
    return [
        {"name": name, **(said if isinstance(said, Mapping) else {"days": said})}
        for name, said in given.items()
    ]


class Verify(Task):
    """Answer `asked` about each text by sources that are looked for, in `fields`.

    Every answer cites sources that were found, with a quote that stands in them; without one
    there is none, and the status is `unclear`. `kinds` say by the host of the first source that
    is cited what kind of evidence it is, and after how many days it is looked for again; they are
    no part of the question.
    """

    template_version: ClassVar[int] = 1
    form: ClassVar[str] = "evidence"
    beside: ClassVar[frozenset[str]] = Task.beside | {"kinds"}
    needs_evidence: ClassVar[bool] = True

    asked: str
    fields: Annotated[tuple[extract.Field, ...], BeforeValidator(extract.as_fields)]
    kinds: Annotated[tuple[Kind, ...], BeforeValidator(_as_kinds)] = KINDS
    isolate: bool = True

    if TYPE_CHECKING:  # mappings are as good as tuples of models

        def __init__(
            self,
            *,
            asked: str,
            fields: extract.Fields,
            kinds: Sequence[Kind] | Mapping[str, Any] = KINDS,
            **common: Unpack[Common],
        ) -> None: ...

    @model_validator(mode="after")
    def _arguments_fit(self) -> Self:
        if not self.asked.strip():
            raise wrong_argument("question", self.asked, "give a question as text")
        names = [kind.name for kind in self.kinds]
        if len(set(names)) < len(names) or [k.name for k in self.kinds[:-1] if not k.hosts]:
            remedy = "give different names, and hosts for each but the last"
            raise wrong_argument("kinds", names, remedy)
        if not self.kinds or self.kinds[-1].hosts or any(kind.days < 1 for kind in self.kinds):
            remedy = "give each at least one day, and one without hosts at the end"
            raise wrong_argument("kinds", names, remedy)
        _ = self._reader
        return self

    @cached_property
    def _reader(self) -> extract.Extract:
        return extract.Extract(fields=self.fields, grounded=False)

    @property
    def apart(self) -> tuple[JsonValue, ...]:
        """The kinds, too."""
        return (*super().apart, [kind.model_dump(mode="json") for kind in self.kinds])

    def answer_schema(self) -> JsonSchema:
        """The fields, each nullable, and the quotes."""
        quote = _closed({"source": {"type": "integer"}, "quote": {"type": "string"}})
        evidence = {"type": "array", "items": quote}
        return _closed({"fields": self._reader.answer_schema(), "evidence": evidence})

    def question(self) -> str:
        """The question, where the answer is to come from, and what shows it."""
        lines = [f"{one.name}: {one.description}" for one in self.fields if one.description]
        what = (
            f"{self.asked} Answer from the numbered sources alone: fields, each null unless a "
            "source says it of what is asked about, and evidence, for each source that says it "
            "its number and a quote copied from its text word for word; [] if none does"
        )
        return "\n".join([what, *lines])

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Check the fields, and that each quote stands in a source that was found."""
        if not isinstance(text, Evidenced):
            message = "no sources were looked for"
            raise Rejected(message)
        if not isinstance(raw, dict) or set(raw) != {"fields", "evidence"}:
            message = "not an object with fields and evidence"
            raise Rejected(message)
        fields = self._reader.accept(raw["fields"], text)
        cited = [_cited(one, text.sources) for one in _quotes(raw["evidence"])]
        if not cited or not isinstance(fields, dict) or not any(map(_is_said, fields.values())):
            message = "The sources that were found do not say it."
            raise Unclear(message)
        first, _ = cited[0]
        return {
            "fields": fields,
            "evidence": [dict(source_row(*one)) for one in cited],
            "evidence_kind": self._kind_of(first).name,
            "verified_at": min(source.fetched_at for source, _ in cited),
        }

    def expires_at(self, answer: str, answered_at: str) -> str | None:
        """So many days after the evidence was found as its kind has."""
        said = json.loads(answer)
        days = {kind.name: kind.days for kind in self.kinds}[said["evidence_kind"]]
        found_at = datetime.datetime.fromisoformat(said["verified_at"])
        return iso(found_at.replace(tzinfo=datetime.UTC) + datetime.timedelta(days=days))

    def shown(self, answer: str) -> str:
        """The fields."""
        return canonical_json(json.loads(answer)["fields"])

    def further(self, answer: str | None, expires_at: str | None, *, stale: bool) -> str:
        """When it was verified, by what, and when it is again."""
        said = json.loads(answer) if answer else {"evidence_kind": None, "evidence": []}
        more = {
            "verified_at": said.get("verified_at"),
            "evidence_kind": said["evidence_kind"] or "none",
            "evidence": said["evidence"],
            "recheck_at": expires_at,
            "stale": stale,
        }
        return "," + canonical_json(more)[1:-1]

    def output_tokens(self, text: str) -> int:
        """The fields and some quotes."""
        return self._reader.output_tokens(text) + 300

    def in_words(self) -> str:
        """The question."""
        return self.asked

    def labelled(self) -> Iterator[Labelled]:
        """The fields with a list of labels."""
        for found in self._reader.labelled():
            yield Labelled(("fields", *found.fields), found.labels, found.many)

    def _kind_of(self, source: FoundSource) -> Kind:
        fits = (kind for kind in self.kinds if any(is_at(source.url, host) for host in kind.hosts))
        return next(fits, self.kinds[-1])


def _closed(properties: Mapping[str, Any]) -> JsonSchema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [*properties],
        "additionalProperties": False,
    }


def _quotes(raw: JsonValue) -> list[JsonValue]:
    if isinstance(raw, list) and len(raw) <= _MOST_QUOTES:
        return raw
    message = f"evidence is no list of at most {_MOST_QUOTES} quotes"
    raise Rejected(message)


def _cited(raw: JsonValue, sources: tuple[FoundSource, ...]) -> tuple[FoundSource, str]:
    """Return the source that is cited, and the quote as the source spells it."""
    if not isinstance(raw, dict) or set(raw) != {"source", "quote"}:
        message = "evidence is no list of objects with source and quote"
        raise Rejected(message)
    number, quote = raw["source"], raw["quote"]
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= len(sources):
        message = "not_grounded: cites a source that was not found"
        raise Rejected(message)
    source = sources[number - 1]
    said = clean(quote).strip() if isinstance(quote, str) else ""
    if sum(map(str.isalnum, said)) < _LEAST_QUOTE:
        message = "not_grounded: a source is cited without a quote"
        raise Rejected(message)
    spelled = grounding.Source(f"{source.title}\n{source.text}").spelling(said)
    if spelled is None:
        message = "not_grounded: a quote does not stand in the source that is cited"
        raise Rejected(message)
    return source, spelled


def _is_said(value: JsonValue) -> bool:
    return value is not None and value != []
