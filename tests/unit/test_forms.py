"""Forms: a task names how it is put; the engine knows no more than that."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest

from assay.core.task import Task
from assay.engine.queue import pack_of
from assay.forms import FORMS, form_of
from assay.functions import FUNCTIONS
from assay.functions.filter import Filter

from .builders import ask, pack, yes_or_no

ENGINE = Path(__file__).parents[2] / "udfs" / "assay" / "engine"


class Embedded(Filter):
    """A question of another form about the same text."""

    form: ClassVar[str] = "vector"


@pytest.mark.parametrize("function", FUNCTIONS.values())
def test_every_function_has_a_form(function: type[Task]) -> None:
    """One of those that there are."""
    assert function.form in FORMS


def test_a_pack_is_put_in_the_form_of_its_questions() -> None:
    """As it is foreseen and read."""
    assert form_of(pack("a", tasks=[yes_or_no("Is it?")])) is FORMS["chat"]


def test_questions_of_two_forms_never_share_a_request() -> None:
    """Not even about the same text."""
    asks = [
        ask("a", yes_or_no("Hot?")),
        ask("a", Embedded(asked="Hot?")),
        ask("a", yes_or_no("New?")),
    ]
    packs = pack_of(asks)
    assert [[one.task.form for one in each.questions] for each in packs] == [
        ["chat", "chat"],
        ["vector"],
    ]


def test_the_engine_asks_the_form_and_no_kind_of_request() -> None:
    """Another one is a module in `forms` and a line."""
    sources = [path.read_text(encoding="utf-8") for path in ENGINE.glob("*.py")]
    assert not any("forms.chat" in source for source in sources)
