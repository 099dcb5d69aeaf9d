"""`ai_classify`: one label, or several, out of a closed list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Annotated, ClassVar, Self, Unpack

from pydantic import BaseModel, BeforeValidator, ConfigDict, JsonValue, model_validator

from assay.core.canonical import nfc
from assay.core.task import Common, JsonSchema, Labelled, Rejected, Task, wrong_argument

FEWEST_LABELS = 2


def fold(label: str) -> str:
    """Return the form in which two spellings of a label count as equal."""
    return nfc(label).strip().casefold()


def same_label(raw: JsonValue, labels: tuple[str, ...]) -> str:
    """Return the first of `labels` that `raw` spells, or raise `Rejected`; nothing fuzzier."""
    if isinstance(raw, str) and (label := _folded(labels).get(fold(raw))) is not None:
        return label
    message = "bad_label: not one of the labels"
    raise Rejected(message)


@lru_cache(maxsize=256)
def _folded(labels: tuple[str, ...]) -> dict[str, str]:
    return {fold(label): label for label in reversed(labels)}


class Label(BaseModel):
    """One label and, where given, what it means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str | None = None


Labels = Sequence[str] | Sequence[Label] | Mapping[str, str | None]


def _as_labels(given: object) -> object:
    """Return labels as they are written in Python in the form of `Label`."""
    if isinstance(given, Mapping):
        return [{"name": name, "description": said} for name, said in given.items()]
    if isinstance(given, list | tuple):
        return [{"name": one} if isinstance(one, str) else one for one in given]
    return given


class Classify(Task):
    """Choose one of `labels` (or any number of them with `multi`) for each text.

    `labels` are names, or a mapping of names to what they mean.
    """

    template_version: ClassVar[int] = 1

    labels: Annotated[tuple[Label, ...], BeforeValidator(_as_labels)]
    multi: bool = False

    if TYPE_CHECKING:  # lists and mappings are as good as tuples of models

        def __init__(
            self, *, labels: Labels, multi: bool = False, **common: Unpack[Common]
        ) -> None: ...

    @model_validator(mode="after")
    def _labels_differ(self) -> Self:
        names = [fold(label.name) for label in self.labels]
        if len(names) < FEWEST_LABELS or len(set(names)) < len(names) or not all(names):
            given = [label.name for label in self.labels]
            remedy = "give at least two labels, different ones and none of them blank"
            raise wrong_argument("labels", given, remedy)
        return self

    @cached_property
    def _by_fold(self) -> dict[str, str]:
        return {fold(label.name): label.name for label in self.labels}

    @cached_property
    def _answer_tokens(self) -> int:
        longest = max(len(label.name) for label in self.labels) // 3 + 2
        return longest * min(len(self.labels), 4) if self.multi else longest

    @property
    def plain(self) -> bool:
        """One label is text as it stands; several are a JSON list."""
        return not self.multi

    def answer_schema(self) -> JsonSchema:
        """An enumerated string, or an array of them."""
        one: JsonSchema = {"type": "string", "enum": [label.name for label in self.labels]}
        return {"type": "array", "items": one} if self.multi else one

    def question(self) -> str:
        """Say whether one or all fitting labels are wanted, and what each means."""
        meanings = [f"{label.name}: {label.description}" for label in self.labels]
        described = any(label.description for label in self.labels)
        listed = "\n".join(meanings) if described else ""
        how = (
            "all labels that fit, none if none does" if self.multi else "the label that fits best"
        )
        return f"{how}{'. ' + listed if listed else ''}"

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Take labels of the list only, equal after NFC, trim and case folding."""
        if not self.multi:
            return self._known(raw)
        if not isinstance(raw, list):
            message = "not a list of labels"
            raise Rejected(message)
        chosen = {self._known(label) for label in raw}
        return [label.name for label in self.labels if label.name in chosen]

    def output_tokens(self, text: str) -> int:
        """The longest label, or a few of them."""
        return self._answer_tokens

    def in_words(self) -> str:
        """How many labels, and which."""
        names = [label.name for label in self.labels]
        return f"{len(names)} labels: {', '.join(names)}"

    def labelled(self) -> Iterator[Labelled]:
        """The answer itself."""
        yield Labelled((), frozenset(label.name for label in self.labels), self.multi)

    def expected_characters(self, text: str) -> float:
        """A label of mean length in quotes; with `multi`, mostly one and sometimes two."""
        mean = sum(len(label.name) for label in self.labels) / len(self.labels) + 2
        return 2 + 1.5 * (mean + 1) if self.multi else mean

    def _known(self, raw: JsonValue) -> str:
        if isinstance(raw, str) and (name := self._by_fold.get(fold(raw))) is not None:
            return name
        message = "bad_label: not one of the labels"
        raise Rejected(message)
