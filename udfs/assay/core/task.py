"""Tasks: what is asked about a text, frozen, with the hash that names it."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar, TypedDict

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue

from assay.core.canonical import NORMALISER_VERSION, canonical_json, digest
from assay.core.redaction import checked_kinds, strange_mark

JsonSchema = dict[str, Any]


MOST_VALUES = 1_000
"""Longer lists in an answer are refused unread: no reply has room for more."""


class Rejected(ValueError):
    """An answer that is not one: the message says why, without quoting the text."""


class Unclear(Rejected):
    """An answer that says that there is no evidence for one."""


def wrong_argument(name: str, value: object, remedy: str) -> ValueError:
    """Return the error of a function's argument in the words of the macros, for validators."""
    shown = json.dumps(value, default=str)
    return ValueError(f"wrong `{name}` {shown}; {remedy}.")


class Example(BaseModel):
    """One worked example, `Example(text, answer)`: a text and the answer it should get."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    answer: JsonValue

    def __init__(self, *given: JsonValue, **named: JsonValue) -> None:
        super().__init__(**dict(zip(("text", "answer"), given, strict=False)), **named)


def _as_kinds(given: object) -> object:
    """Return what is to be redacted, checked; None, as macros have it, is nothing."""
    try:
        return () if given is None else checked_kinds(given)
    except ValueError as error:
        raise wrong_argument("redact", given, str(error)) from None


class Common(TypedDict, total=False):
    """What every task may be given; for type checkers."""

    instructions: str | None
    examples: Sequence[Example]
    model: str | None
    isolate: bool
    redact: Sequence[str]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A value of an answer with a closed list of labels.

    `fields` is the way to it in the answer, empty for the answer itself; `many` says that it is a
    list of them.
    """

    fields: tuple[str, ...]
    labels: frozenset[str]
    many: bool = False


class Task(BaseModel):
    """Base of all tasks; one subclass for each AI function, in `udfs/assay/functions/`.

    `model` overrides the model of the settings; `isolate` keeps each text in a request of its
    own; `redact` names kinds of values that are kept back beside those of the settings. None of
    these changes the question, so none is part of `prompt_hash`; the model is part of each ask's
    key, and so is the text, which has its marks by then.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    template_version: ClassVar[int]
    """Raised when the wording or the schema of the prompt changes: old answers then miss."""

    form: ClassVar[str] = "chat"
    """The kind of request that asks it, a name in `assay.forms.FORMS`."""

    needs_evidence: ClassVar[bool] = False
    """Whether sources are looked for before a text is asked about."""

    free_text: ClassVar[bool] = False
    """Whether an answer is in the model's own words, so that no golden row can be held to it."""

    beside: ClassVar[frozenset[str]] = frozenset({"model", "isolate", "redact"})
    """Arguments that say who is asked and how, and not what: no part of `prompt_hash`."""

    instructions: str | None = None
    examples: tuple[Example, ...] = ()
    model: str | None = None
    isolate: bool = False
    redact: Annotated[tuple[str, ...], BeforeValidator(_as_kinds)] = ()

    @property
    def kind(self) -> str:
        """The name of the function, `classify` for `ai_classify`."""
        return type(self).__name__.lower()

    @abstractmethod
    def answer_schema(self) -> JsonSchema:
        """Return the JSON schema of one answer, in the subset that strict mode knows."""

    @abstractmethod
    def question(self) -> str:
        """Return what the model is told to do for one record, in one or a few sentences."""

    # How it is put to a model that follows a schema: no other question, so not in `prompt_hash`

    def tight_schema(self, texts: Sequence[str]) -> JsonSchema:
        """Return the schema of one answer about any of `texts`, as narrow as they are known."""
        return self.answer_schema()

    def tight_question(self) -> str:
        """Return `question` as it fits `tight_schema`."""
        return self.question()

    def tightened(self, answer: JsonValue) -> JsonValue:
        """Return an answer, one of an example, as `tight_schema` has it."""
        return answer

    def loosened(self, raw: JsonValue) -> JsonValue:
        """Return what came in `tight_schema` as `accept` takes it; `Rejected` where it did not."""
        return raw

    @abstractmethod
    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Return the answer in its normal form, or raise `Rejected`; `text` is normalised."""

    @abstractmethod
    def output_tokens(self, text: str) -> int:
        """Return how many tokens an answer about `text` is expected to take at most."""

    def expires_at(self, answer: str, answered_at: str) -> str | None:
        """Return when an answer (canonical JSON) is to be checked again; None: it does not age."""
        return None

    def expected_characters(self, text: str) -> float:
        """Return how long an answer about `text` likely is, as JSON; for plans, not for limits."""
        return 3.0 * self.output_tokens(text)

    def in_words(self) -> str:
        """Return what is asked, in a few words for reports: no example, no instructions."""
        return ""

    def labelled(self) -> Iterator[Labelled]:
        """Yield the values of an answer whose labels are known: what reports may show of it."""
        yield from ()

    def shown(self, answer: str) -> str:
        """Return what SQL sees as the value of an answer (canonical JSON)."""
        return answer

    def further(self, answer: str | None, expires_at: str | None, *, stale: bool) -> str:
        """Return what else its envelope has, as members of a JSON object after a comma."""
        return ""

    @property
    def by_chunks(self) -> tuple[Task, int] | None:
        """What is asked about each chunk of a text, then about the answers, and a chunk's tokens.

        None for a task that is asked about whole texts.
        """
        return None

    @property
    def plain(self) -> bool:
        """Whether a bare value is text as it stands (SQL `VARCHAR`) and not JSON."""
        return False

    @property
    def quotes(self) -> bool:
        """Whether an answer holds quotes from its text: then `with_evidence` parts it."""
        return False

    def with_evidence(self, answer: JsonValue, text: str) -> tuple[JsonValue, JsonValue]:
        """Return an answer without its quotes, and page and quote in the place of each value.

        `text` is that of the row, as it came.
        """
        return answer, None

    @cached_property
    def prompt_hash(self) -> str:
        """The name of the question: 32 hex digits over all that shapes the prompt."""
        return digest(
            {
                "kind": self.kind,
                "template": self.template_version,
                "normaliser": NORMALISER_VERSION,
                "task": self.spec,
                "schema": self.answer_schema(),
            }
        )

    @property
    def spec(self) -> dict[str, Any]:
        """What is asked, as JSON has it; without who is asked, and in what company."""
        return self.model_dump(mode="json", exclude={*self.beside})

    @cached_property
    def handle(self) -> str:
        """The name of the whole task, with all that is no part of the question: 32 hex digits."""
        return digest([self.prompt_hash, *self.apart])

    @property
    def apart(self) -> tuple[JsonValue, ...]:
        """What tells tasks with the same question apart."""
        return self.model, self.isolate, *self.redact


def accepted(task: Task, raw: JsonValue, text: str) -> str:
    """Return the canonical JSON of the answer that `raw` is, ready to be stored.

    Whatever is wrong with it raises `Rejected`, also where `accept` raises something else: what
    cannot be judged costs its own record and never the run.
    """
    try:
        value = canonical_json(task.accept(raw, text))
        if not value.isascii():
            value.encode()
        _check_marks(value, text)
    except (Rejected, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours in one answer, too
        message = f"not judged: {type(error).__name__} in ai_{task.kind}; please report this"
        raise Rejected(message) from None
    return value


def _check_marks(value: str, text: str) -> None:
    if (wrong := strange_mark(value, text)) is not None:
        raise Rejected(wrong)
