"""The embedded provider: a text that a model cannot bear costs only itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from assay.providers.local.models.judgement import Judgement
from assay.providers.local.provider import LocalProvider, judged_each

from .builders import request, task

DEEP = '{"a":' + "[" * 1_200 + "]" * 1_200 + "}"


def length(texts: Sequence[str]) -> list[Judgement]:
    """A judge that fails at one text, and so at every batch with it."""
    if "bad" in texts:
        raise RecursionError
    return [Judgement(len(text), 1.0) for text in texts]


def test_c20_a_judge_that_fails_at_one_text_answers_the_others() -> None:
    """No answer is made up for the one."""
    found = judged_each(length, ["a", "bad", "ccc"])
    assert [one and one.value for one in found] == [1, None, 3]


def test_memory_that_runs_out_is_nothing_of_a_text() -> None:
    """It goes up: nobody may be told that the text was at fault."""

    def full(_texts: Sequence[str]) -> list[Judgement]:
        raise MemoryError

    with pytest.raises(MemoryError):
        judged_each(full, ["a"])


@pytest.mark.parametrize("odd", [DEEP, "no record", "[]", "{"])
def test_a12_a_text_that_is_no_record_leaves_the_others_assessed(odd: str) -> None:
    """Its answer is null, which the function refuses with the reason."""
    sent = request('{"a": "b"}', odd, '{"a": null}', tasks=[task("assess")])
    reply = asyncio.run(LocalProvider().send(sent))
    said: list[Any] = [item["a"] for item in json.loads(reply.content)["answers"]]
    assert [one and one["category"] for one in said] == ["complete", None, "empty"]
