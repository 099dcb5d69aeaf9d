"""`ai_embed`: a text as a vector, by which texts of like meaning are found."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, JsonValue, model_validator

from assay.core.task import JsonSchema, Task, wrong_argument
from assay.core.vectors import packed, unpacked


class Embed(Task):
    """The vector of each text: `dimensions` numbers, which the model and nobody else decides.

    An answer is the text of its float32 numbers, as `assay.core.vectors` packs them.
    """

    template_version: ClassVar[int] = 1
    form: ClassVar[str] = "embedding"
    free_text: ClassVar[bool] = True

    dimensions: Annotated[int, Field(ge=1, le=65_536)]

    @model_validator(mode="after")
    def _nothing_is_told(self) -> Self:
        if self.instructions is not None or self.examples:
            remedy = "a model of vectors is told nothing; leave it out"
            raise wrong_argument("instructions or examples", self.instructions, remedy)
        return self

    @property
    def plain(self) -> bool:
        """A packed vector is text as it stands."""
        return True

    def answer_schema(self) -> JsonSchema:
        """An array of numbers."""
        return {"type": "array", "items": {"type": "number"}}

    def question(self) -> str:
        """Nothing: the text alone is sent."""
        return ""

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Take so many finite numbers that are not all zero, as a list or as base64."""
        return packed(unpacked(raw, self.dimensions))

    def output_tokens(self, text: str) -> int:
        """None: a model of vectors writes nothing."""
        return 0

    def in_words(self) -> str:
        """How many numbers."""
        return f"{self.dimensions} numbers"
