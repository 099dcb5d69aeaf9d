"""A cascade: a task that a cheap model answers where it is sure enough, a dear one elsewhere."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, SerializeAsAny, model_validator

from assay.core.canonical import digest
from assay.core.task import Task, wrong_argument

MOST_SAMPLE = 100_000
_MOST_CHEAP = 2


def fewest_texts(alpha: float, delta: float) -> int:
    """Return how many texts without a difference the test wants to see, to accept anything."""
    return math.ceil(math.log(delta) / math.log1p(-alpha))


def _as_names(given: object) -> object:
    return [given] if isinstance(given, str) else given


class Cascade(BaseModel):
    """A task with who answers it: `Cascade(task, to="gpt-4.1", cheap="local", name="tickets")`.

    `cheap` is the provider `local`, a model of the endpoint, or two models that have to agree;
    where it is blank, the model of the task or else the embedded provider. With probability 1 -
    `delta` at most a share `alpha` of the texts that are left to it have an answer other than
    that of `to`; `sample` texts are drawn to find out. `name` tells one column from others with
    the same task, which are calibrated apart.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: SerializeAsAny[Task]
    to: str
    cheap: Annotated[tuple[str, ...], BeforeValidator(_as_names)] = ()
    alpha: float = 0.05
    delta: float = 0.05
    sample: int = 300
    name: str = ""

    if TYPE_CHECKING:

        def __init__(
            self,
            task: Task,
            *,
            to: str,
            cheap: str | tuple[str, ...] = (),
            alpha: float = 0.05,
            delta: float = 0.05,
            sample: int = 300,
            name: str = "",
        ) -> None: ...

    else:

        def __init__(self, task: Task, **named: Any) -> None:
            super().__init__(task=task, **named)

    @model_validator(mode="after")
    def _can_be_kept(self) -> Self:
        for name in ("alpha", "delta"):
            if not 0 < getattr(self, name) < 1:
                raise _wrong(name, getattr(self, name), "give a share between 0 and 1")
        fewest = fewest_texts(self.alpha, self.delta)
        if not fewest <= self.sample <= MOST_SAMPLE:
            remedy = f"give {fewest} to {MOST_SAMPLE} texts, or a greater `alpha` or `delta`"
            raise _wrong("sample", self.sample, remedy)
        if not self.to.strip():
            raise _wrong(
                "to", self.to, "name the model that is asked where the cheap one is unsure"
            )
        return self

    @model_validator(mode="after")
    def _one_cheap_side(self) -> Self:
        names = [name.strip() for name in self.cheap]
        if len(names) > _MOST_CHEAP or len({*names}) < len(names) or not all(names):
            raise _wrong("cheap", self.cheap, "name one model, or two different ones")
        if self.task.model is not None and names:
            raise _wrong("cheap", self.cheap, "`model` names the cheap one already: drop either")
        return self

    @model_validator(mode="after")
    def _one_closed_answer(self) -> Self:
        closed = list(self.task.labelled())
        if len(closed) != 1 or closed[0].fields or closed[0].many:
            remedy = "it is for ai_classify with one label and for ai_filter; drop it"
            raise wrong_argument("cascade", self.to, remedy)
        return self

    def task_for(self, model: str | None) -> Task:
        """Return the task as `model` is asked it."""
        return type(self.task).model_validate({**self.task.model_dump(), "model": model})

    @cached_property
    def handle(self) -> str:
        """The name of the cascade: 32 hex digits."""
        choice = [self.to, self.cheap, self.alpha, self.delta, self.sample, self.name]
        return digest([self.task.handle, *choice])


def _wrong(name: str, value: object, remedy: str) -> ValueError:
    return wrong_argument(f"cascade: {name}", value, remedy)
