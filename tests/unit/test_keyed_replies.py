"""Replies that have answers under the ids of the records: as strict as those that are a list."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assay.core.values import Request
from assay.functions.extract import Extract
from assay.functions.sentiment import Sentiment

from .builders import classify, echo_task, judged, refused, request, values, yes_or_no

ECHO = echo_task()
BOTH = [yes_or_no("Is it hot?"), classify("good", "bad")]


def keyed(*pairs: tuple[str, Any]) -> str:
    """A JSON object of pairs, in which a name may come twice."""
    return "{" + ",".join(f"{json.dumps(name)}:{json.dumps(said)}" for name, said in pairs) + "}"


def under(sent: Request, *said: Any) -> str:
    """The content that says one value under each id."""
    return keyed(*zip(sent.ids, said, strict=True))


def test_one_question_is_answered_right_under_the_id() -> None:
    """Fences and a thought are taken off, as ever."""
    sent = request("one", "two", tasks=[ECHO])
    content = under(sent, "word", "another")
    assert values(sent, judged(sent, content)) == {"one": "word", "two": "another"}
    fenced = f"<think>{{}}</think>```json\n{content}\n```"
    assert values(sent, judged(sent, fenced)) == {"one": "word", "two": "another"}


def test_several_are_an_object_under_the_id() -> None:
    """Each is judged alone."""
    sent = request("fine", tasks=BOTH)
    verdict = judged(sent, under(sent, {"a": True, "b": "fair"}))
    assert [one.value for one in verdict.answers.values()] == ["true"]
    assert list(verdict.rejected.values()) == ["bad_label: not one of the labels"]


@pytest.mark.parametrize("said", ["good", True, ["good"], None, 3])
def test_what_is_no_object_of_several_answers_none_of_them(said: Any) -> None:
    """Nobody knows which one it would be."""
    sent = request("fine", tasks=BOTH)
    verdict = judged(sent, under(sent, said))
    assert set(verdict.rejected.values()) == {"missing: the item lacks an answer"}


def test_fields_of_one_question_are_not_taken_for_several() -> None:
    """Also where they are called like those."""
    asked = Extract(fields={"a": "text", "b": "text"})
    sent = request("the a and the b", tasks=[asked])
    assert values(sent, judged(sent, under(sent, {"a": "the a", "b": "the b"}))) == {
        "the a and the b": {"a": "the a", "b": "the b"}
    }


def test_a_missing_id_costs_only_itself() -> None:
    """It is asked again."""
    sent = request("one", "two", tasks=[ECHO])
    verdict = judged(sent, keyed((sent.ids[0], "word")))
    assert values(sent, verdict) == {"one": "word"}
    assert refused(sent, verdict) == {"two": "missing: the reply has no item for this record"}


def test_an_unknown_id_is_noted_and_with_a_missing_one_nothing_is_taken() -> None:
    """A shift looks like this."""
    sent = request("one", "two", tasks=[ECHO])
    more = judged(sent, keyed(*zip(sent.ids, ["x1", "x2"], strict=True), ("zzz", "x3")))
    assert (len(more.answers), more.note) == (2, "1 unknown id")
    shifted = judged(sent, keyed((sent.ids[0], "x1"), ("zzz", "x2")))
    assert (len(shifted.answers), shifted.note) == (0, "1 unknown and 1 missing id")


def test_an_id_that_comes_twice_counts_where_both_agree() -> None:
    """With two answers nobody knows which it is; its neighbour keeps its own."""
    sent = request("one", "two", tasks=[ECHO])
    first, second = sent.ids
    same = judged(sent, keyed((first, "x"), (second, "y"), (first, "x")))
    assert len(same.answers) == 2
    differ = judged(sent, keyed((first, "x"), (second, "y"), (first, "z")))
    assert values(sent, differ) == {"two": "y"}
    assert "do not agree" in refused(sent, differ)["one"]


def test_a_name_that_comes_twice_under_an_id_answers_nothing() -> None:
    """Of that record alone."""
    sent = request("one", "two", tasks=BOTH)
    doubled = '{"a":true,"a":false,"b":"good"}'
    content = f'{{"{sent.ids[0]}":{doubled},"{sent.ids[1]}":{{"a":true,"b":"good"}}}}'
    verdict = judged(sent, content)
    assert len(verdict.answers) == 2
    assert set(verdict.rejected.values()) == {"bad_json: a key is given twice"}


@pytest.mark.parametrize(
    "content",
    ["{}", "[]", '{"answers": {}}', '{"answers": [{"id": "abc", "a": "x"}]}', "null", '"abc"'],
)
def test_a_reply_without_ids_cannot_be_read(content: str) -> None:
    """The whole of it is in doubt."""
    sent = request("one", tasks=[ECHO])
    verdict = judged(sent, content)
    assert (verdict.unreadable, refused(sent, verdict)) == (
        True,
        {"one": "bad_json: no answers by id"},
    )


@pytest.mark.parametrize(
    ("said", "score"), [(-10, -1.0), (0, 0.0), (3, 0.3), (10, 1.0), (None, None)]
)
def test_a_score_comes_in_tenths(said: int | None, score: float | None) -> None:
    """And is kept from -1 to 1, as before."""
    sent = request("fine", tasks=[Sentiment()])
    assert values(sent, judged(sent, under(sent, said))) == {"fine": score}


def test_a_list_is_not_taken_for_what_was_asked() -> None:
    """A score of 1 is the best in a list, and next to nothing under an id."""
    sent = request("fine", tasks=[Sentiment()])
    assert judged(sent, [{"id": sent.ids[0], "a": 1}]).unreadable


@pytest.mark.parametrize("said", [0.5, 11, -11, "3", True, [3]])
def test_what_is_not_on_the_scale_is_refused(said: Any) -> None:
    """0.5 is that of another scale, and nobody knows of which."""
    sent = request("fine", tasks=[Sentiment()])
    verdict = judged(sent, under(sent, said))
    assert refused(sent, verdict) == {"fine": "not a whole number from -10 to 10"}
