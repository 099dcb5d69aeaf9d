"""From a reply to answers: each record on its own, nothing guessed, nothing misplaced."""

from __future__ import annotations

import hashlib
import json
import math
import time
from typing import Any

import pytest
from pydantic import JsonValue

from assay.core.canonical import normalise
from assay.core.json_text import MAX_DEPTH
from assay.core.task import Rejected
from assay.core.values import Outcome, Reply
from assay.forms.chat_reply import judge, parse_strictly, unwrapped
from assay.functions.summarize import Summarize

from .builders import (
    NOW,
    ask,
    asked_alone,
    classify,
    echo_task,
    extract,
    forged_items,
    forged_text,
    honest,
    judged,
    listed,
    refused,
    seeded,
    task,
    values,
    yes_or_no,
)

TEXTS = tuple(f"text number {number}" for number in range(20))
ECHO = echo_task()


def word(text: str) -> str:
    """The one right answer of a text."""
    return "w" + hashlib.sha256(text.encode()).hexdigest()[:12]


RIGHT = {text: word(text) for text in TEXTS}


def test_an_answer_is_kept_with_who_gave_it_and_when() -> None:
    """The value is canonical JSON; the model is the one that answered, not the one asked."""
    sent = listed("fine")
    content = json.dumps({"answers": [{"id": sent.ids[0], "a": True}]})
    reply = Reply(content, "model-2", confidence={(sent.ids[0], "a"): 0.75})
    assert judge(sent, reply, NOW).answers == {
        ask("fine").key: Outcome("ok", "true", None, 0.75, "model-2", NOW)
    }


def test_each_question_of_a_record_is_judged_alone() -> None:
    """A bad label does not cost the good yes beside it."""
    sent = listed("fine", tasks=[yes_or_no("Is it hot?"), classify()])
    verdict = judged(sent, [{"id": sent.ids[0], "a": True, "b": "fair"}])
    assert len(verdict.answers) == 1
    assert list(verdict.rejected.values()) == ["bad_label: not one of the labels"]


def test_a_lacking_key_costs_only_itself() -> None:
    """Its message tells it from a lacking record."""
    sent = listed("fine", tasks=[yes_or_no("Is it hot?"), yes_or_no("Is it new?")])
    verdict = judged(sent, [{"id": sent.ids[0], "b": None}])
    assert [outcome.value for outcome in verdict.answers.values()] == ["null"]
    assert list(verdict.rejected.values()) == ["missing: the item lacks an answer"]


@pytest.mark.parametrize(
    "wrapping",
    [
        "@",
        " \n@\n ",
        "```json\n@\n```",
        "```\n@```",
        "<think>It is {} \n fine.</think>\n@",
        "<think></think>```json\n@\n```",
    ],
)
def test_c04_fences_and_one_leading_thought_are_taken_off(wrapping: str) -> None:
    """What is left is judged as if it had come bare."""
    sent = listed(*TEXTS, tasks=[ECHO])
    content = json.dumps({"answers": honest(sent, word)})
    assert values(sent, judged(sent, wrapping.replace("@", content))) == RIGHT


@pytest.mark.parametrize(
    "wrapping",
    [
        "Here you are: @",
        "@ I hope this helps.",
        "@@",
        "<think>hm</think><think>hm</think>@",
        "@<think>hm</think>",
        "<think>@",
        "``json\n@\n``",
        "// answers\n@",
    ],
)
def test_c04_prose_around_the_json_is_not_searched(wrapping: str) -> None:
    """The whole reply is asked again; no part of it is guessed at."""
    sent = listed(*TEXTS, tasks=[ECHO])
    content = json.dumps({"answers": honest(sent, word)})
    verdict = judged(sent, wrapping.replace("@", content))
    assert (verdict.answers, len(verdict.rejected)) == ({}, 20)
    assert verdict.note == "bad_json: not one JSON value"


@pytest.mark.parametrize(
    "content",
    ["null", "[]", "{}", '{"answers": null}', '{"answers": {"id": "abc"}}', '"answers"'],
)
def test_c04_json_without_a_list_of_answers_is_refused(content: str) -> None:
    """Whatever else it holds."""
    sent = listed("x")
    assert refused(sent, judged(sent, content)) == {"x": "bad_json: no list of answers"}


@pytest.mark.parametrize("content", ["", '{"answers": [],}', "{'answers': []}", '{"answers": [}'])
def test_c04_nearly_json_is_refused(content: str) -> None:
    """Trailing commas and single quotes are not mended."""
    with pytest.raises(Rejected, match="not one JSON value"):
        parse_strictly(content)


def test_c05_missing_ids_cost_only_themselves() -> None:
    """Eighteen of twenty answers are kept; exactly two are to be asked again."""
    sent = listed(*TEXTS, tasks=[ECHO])
    verdict = judged(sent, honest(sent, word)[1:-1])
    assert values(sent, verdict) == {text: RIGHT[text] for text in TEXTS[1:-1]}
    assert list(refused(sent, verdict)) == [TEXTS[0], TEXTS[-1]]


@pytest.mark.parametrize("second", ["good", " Good ", "GOOD"])
def test_c06_answers_to_one_id_that_agree_are_one(second: str) -> None:
    """The same value once both are read, as a model gives that repeats itself; it is noted."""
    sent = listed("one", "two", tasks=[classify("good", "bad")])
    items = honest(sent, lambda _: "good")
    verdict = judged(sent, [*items, items[0] | {"a": second}, items[0]])
    assert values(sent, verdict) == {"one": "good", "two": "good"}
    assert verdict.note == "1 record answered more than once, the same each time"


@pytest.mark.parametrize("second", [{"a": "bad"}, {"a": "neither"}, {"a": None}, {"a": 1}, {}])
def test_c06_answers_to_one_id_that_do_not_agree_are_none(second: dict[str, Any]) -> None:
    """Which of two is meant nobody knows, also where only one of them is valid; others stand."""
    sent = listed("one", "two", tasks=[classify("good", "bad")])
    items = honest(sent, lambda _: "good")
    for both in (
        [items[0], {"id": sent.ids[0]} | second],
        [{"id": sent.ids[0]} | second, items[0]],
    ):
        verdict = judged(sent, [*both, items[1]])
        assert values(sent, verdict) == {"two": "good"}
        assert refused(sent, verdict) == {
            "one": "missing: the reply has several items for this record, and they do not agree"
        }
        assert verdict.lost == {sent.pack.records[0].asks[0].key}


def test_c06_of_two_questions_the_one_on_which_all_agree_is_answered() -> None:
    """Each is judged by itself."""
    sent = listed("one", tasks=[classify("good", "bad"), classify("red", "blue")])
    id_, (first, second) = sent.ids[0], sent.pack.records[0].asks
    said = {sent.letters[0]: "good", sent.letters[1]: "red"}
    verdict = judged(sent, [{"id": id_} | said, {"id": id_} | said | {sent.letters[1]: "blue"}])
    assert (list(verdict.answers), list(verdict.rejected)) == ([first.key], [second.key])


def test_c06_true_and_one_are_two_answers() -> None:
    """Python holds them for equal; a yes-or-no question takes one of them."""
    sent = listed("one", tasks=[task("filter")])
    items = [{"id": sent.ids[0], "a": said} for said in (True, 1)]
    assert judged(sent, items).answers == {}


@pytest.mark.parametrize("seed", range(5))
def test_c07_reordered_answers_land_on_their_own_rows(seed: int) -> None:
    """0 of 2,000 records a seed are misplaced, in any order."""
    rng = seeded(seed)
    texts = [f"text {number}" for number in range(2000)]
    sent = listed(*texts, tasks=[ECHO])
    verdict = judged(sent, rng.sample(honest(sent, word), len(texts)))
    assert values(sent, verdict) == {text: word(text) for text in texts}
    assert verdict.note is None


def test_c08_unknown_ids_beside_a_whole_reply_are_ignored_and_noted() -> None:
    """Everything that was asked is there."""
    sent = listed(*TEXTS, tasks=[ECHO])
    verdict = judged(sent, [{"id": "zzzz", "a": "x"}, *honest(sent, word), {"id": "yyyy"}])
    assert values(sent, verdict) == RIGHT
    assert verdict.note == "2 unknown ids"


def test_c08_unknown_and_missing_ids_put_the_whole_reply_in_doubt() -> None:
    """It could be a shift: nothing of it is taken."""
    sent = listed(*TEXTS, tasks=[ECHO])
    verdict = judged(sent, [*honest(sent, word)[1:], {"id": "zzzz", "a": "x"}])
    assert (verdict.answers, len(verdict.rejected)) == ({}, 20)
    assert verdict.note == "1 unknown and 1 missing id"


def test_c09_shifted_ids_misplace_nothing() -> None:
    """Ids that a model counts up from ours are not ours."""
    sent = listed(*TEXTS, tasks=[ECHO])
    items = [item | {"id": f"{item['id'][:-1]}0"} for item in honest(sent, word)]
    verdict = judged(sent, items)
    assert (verdict.answers, len(verdict.rejected)) == ({}, 20)


@pytest.mark.parametrize("number", [0, 1])
def test_c09_ids_by_position_misplace_nothing(number: int) -> None:
    """A model that numbers its answers has not answered."""
    sent = listed(*TEXTS, tasks=[ECHO])
    items = [item | {"id": str(place + number)} for place, item in enumerate(honest(sent, word))]
    assert judged(sent, items).answers == {}


@pytest.mark.parametrize("id_", [True, 1, 1.5, None, [], ["abc"], {"id": "abc"}, {}])
def test_c12_an_id_that_is_no_string_is_unknown(id_: Any) -> None:
    """It breaks nothing, and beside a whole reply it is only noted."""
    sent = listed(*TEXTS, tasks=[ECHO])
    verdict = judged(sent, [*honest(sent, word), {"id": id_, "a": "x"}])
    assert values(sent, verdict) == RIGHT
    assert verdict.note == "1 unknown id"


@pytest.mark.parametrize("item", ["abc", None, 5, [], ["abc", "x"]])
def test_c12_an_item_that_is_no_object_is_no_answer(item: Any) -> None:
    """The objects beside it are."""
    sent = listed(*TEXTS, tasks=[ECHO])
    assert values(sent, judged(sent, [item, *honest(sent, word)])) == RIGHT


@pytest.mark.parametrize("raw", ["NaN", "-Infinity", "1e999", "9" * 5_000, "-" + "9" * 5_000])
def test_c12_a_number_that_is_none_costs_its_own_record(raw: str) -> None:
    """Python's parser would take constants that JSON lacks, and stops at very long integers."""
    sent = listed("bad", "good", tasks=[task("sentiment")])
    items = ",".join(
        f'{{"id":"{id_}","a":{said}}}' for id_, said in zip(sent.ids, (raw, "0.5"), strict=True)
    )
    verdict = judged(sent, f'{{"answers":[{items}]}}')
    assert values(sent, verdict) == {"good": 0.5}
    assert refused(sent, verdict) == {"bad": "not a number from -1 to 1"}


@pytest.mark.parametrize("raw", ["NaN", "Infinity", "-Infinity"])
def test_c12_constants_that_json_lacks_are_refused(raw: str) -> None:
    """Python's parser would take them."""
    with pytest.raises(Rejected, match="not one JSON value"):
        parse_strictly(raw)


class Clumsy(Summarize):
    """A function whose author did not think of everything."""

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Raise what a text names, or answer what no store can hold."""
        errors = {"deep": RecursionError, "big": OverflowError, "odd": ValueError, "key": KeyError}
        if text in errors:
            raise errors[text](raw)
        bad: dict[str, JsonValue] = {"nan": math.nan, "half": "\ud800"}
        return bad.get(text, raw)


def test_c20_whatever_a_function_raises_costs_its_own_record() -> None:
    """The message names the kind of error and holds nothing of the answer."""
    sent = listed("deep", "big", "odd", "key", "nan", "half", "fine", tasks=[Clumsy()])
    verdict = judged(sent, honest(sent, lambda text: f"secret of {text}"))
    assert values(sent, verdict) == {"fine": "secret of fine"}
    told = "not judged: {} in ai_clumsy; please report this"
    names = ("RecursionError", "OverflowError", "ValueError", "KeyError", "ValueError")
    reasons = [told.format(name) for name in (*names, "UnicodeEncodeError")]
    assert list(refused(sent, verdict).values()) == reasons


@pytest.mark.parametrize("raw", ['"' + "a" * 100_001 + '"', "[" + '"",' * 100_001 + '""]'])
def test_c21_an_answer_that_is_too_long_is_refused_before_it_is_read(raw: str) -> None:
    """By the length of what was said: no work is done on megabytes."""
    verdict = asked_alone(raw, Clumsy(), text="deep")
    assert [*verdict.rejected.values()] == ["too_long: more than 100000 characters"]


def test_c12_constants_are_let_through_where_they_are_asked_for() -> None:
    """The provider reads usage so: a NaN there is unknown, not a failure."""
    assert str(parse_strictly('{"cost": NaN}', constants=True)) == "{'cost': nan}"


@pytest.mark.parametrize(
    ("raw", "type_"),
    [
        ('["0.500"]', "integer"),
        ("[1e999]", "number"),
        (f"[1{'0' * 400}]", "number"),
        (f"[1{'0' * 5000}]", "number"),
        ("[1.5]", "integer"),
        ("[1e300]", "integer"),
        ("[true]", "integer"),
        ("[9223372036854775808]", "integer"),
        ('["yes"]', "boolean"),
        ("[1]", "boolean"),
    ],
)
def test_c12_values_of_another_type_are_refused(raw: str, type_: str) -> None:
    """Whatever JSON can spell, a field takes its own type only and nothing raises."""
    verdict = asked_alone(raw, extract({"name": "x", "type": type_}, single=True))
    assert (verdict.answers, len(verdict.rejected)) == ({}, 1)


@pytest.mark.parametrize(
    ("raw", "type_"),
    [('["1,5"]', "number"), ('["2026-02-30"]', "date"), ('["13/02/2026"]', "date")],
)
def test_c22_locale_decimals_and_impossible_dates_are_refused(raw: str, type_: str) -> None:
    """They are asked again, and never cast."""
    verdict = asked_alone(raw, extract({"name": "x", "type": type_}, single=True))
    assert list(verdict.rejected.values()) == [f"field 'x' is not of type {type_}"]


@pytest.mark.parametrize("raw", ['"Good "', '"gut"', '"good!"', "0", "null"])
def test_c11_only_a_label_of_the_set_is_stored(raw: str) -> None:
    """In the task's own spelling."""
    verdict = asked_alone(raw, classify("good", "bad"))
    stored = [outcome.value for outcome in verdict.answers.values()]
    assert stored == (['"good"'] if raw == '"Good "' else [])


@pytest.mark.parametrize("raw", ['{"x": "some", "x": "text"}', '{"x": ["1"], "x": ["1", "1"]}'])
def test_c16_an_answer_that_gives_a_key_twice_is_refused(raw: str) -> None:
    """Which of the two was meant nobody knows."""
    verdict = asked_alone(raw, extract({"name": "x"}))
    assert list(verdict.rejected.values()) == ["bad_json: a key is given twice"]


def test_c16_a_key_that_is_given_twice_with_one_value_is_given_once() -> None:
    """Nothing is guessed: both say the same, to the letter."""
    verdict = asked_alone('{"x": "some", "x": "some"}', extract({"name": "x"}))
    stored = [outcome.value for outcome in verdict.answers.values()]
    assert stored == ['{"x":"some"}']


def test_c16_a_doubled_key_deep_in_an_answer_is_found() -> None:
    """In a list in an object, too."""
    raw = '{"n": [{"field": "x", "field": "y"}], "s": 5}'
    verdict = asked_alone(raw, task("assess"))
    assert list(verdict.rejected.values()) == ["bad_json: a key is given twice"]


def test_c16_an_item_that_gives_a_key_twice_costs_only_itself() -> None:
    """The items beside it stand."""
    sent = listed("one", "two", tasks=[ECHO])
    one, two = sent.ids
    content = (
        f'{{"answers": [{{"id": "{one}", "a": "x", "a": "y"}}, {{"id": "{two}", "a": "z"}}]}}'
    )
    verdict = judged(sent, content)
    assert (values(sent, verdict), list(refused(sent, verdict))) == ({"two": "z"}, ["one"])


def test_c16_a_reply_that_gives_answers_twice_is_refused() -> None:
    """The last one does not win."""
    assert judged(listed("x"), '{"answers": [], "answers": []}').answers == {}


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (r'"no\u0000thing"', '"nothing"'),
        (r'"o\udb40\udc41k"', '"ok"'),
        (r'"\u202eok\u2069"', '"ok"'),
        (r'"\ud800ok"', '"\ufffdok"'),
    ],
)
def test_c21_hidden_characters_do_not_reach_the_store(raw: str, expected: str) -> None:
    """NUL, tags and direction marks go; a lone surrogate could not even be stored."""
    verdict = asked_alone(raw, ECHO)
    assert [outcome.value for outcome in verdict.answers.values()] == [expected]


@pytest.mark.parametrize("raw", [r'"\u0000"', r'"\udb40\udc41\u200b"'])
def test_c21_an_answer_of_hidden_characters_is_none(raw: str) -> None:
    """It is refused, not stored as a blank."""
    assert asked_alone(raw, ECHO).answers == {}


def test_c21_an_answer_of_a_megabyte_is_refused() -> None:
    """One word it may be, but no summary."""
    verdict = asked_alone(json.dumps("x" * 2**20), ECHO)
    assert list(verdict.rejected.values()) == ["too_long: more than 100000 characters"]


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000,
        '{"a":' * 1000,
        "[" * (MAX_DEPTH + 1),
        "[" + "[]," * 1000 + "[" * MAX_DEPTH,
    ],
)
def test_over_deep_json_is_refused_before_it_is_parsed(content: str) -> None:
    """The parser's stack is not ours to lose."""
    with pytest.raises(Rejected, match="nested too deep"):
        parse_strictly(content)


def test_brackets_in_strings_are_not_depth() -> None:
    """A text may be full of them, escaped quotes included."""
    text = '\\"[{' * 1000
    assert parse_strictly(json.dumps([text])) == [text]


def test_json_as_deep_as_allowed_is_parsed() -> None:
    """The limit itself is within the limit."""
    content = "[" * MAX_DEPTH + "]" * MAX_DEPTH
    assert json.dumps(parse_strictly(content)).replace(" ", "") == content


def test_a_string_that_never_ends_is_refused_in_no_time() -> None:
    """Megabytes of escaped quotes took hours once: the time is linear in the length."""
    started = time.process_time()
    with pytest.raises(Rejected, match="not one JSON value"):
        parse_strictly('"' + '\\"' * 500_000)
    assert time.process_time() - started < 2


def test_unwrapping_leaves_inner_fences_alone() -> None:
    """Only what encloses the whole reply goes."""
    assert unwrapped('```json\n{"a": "```"}\n```') == '{"a": "```"}\n'


@pytest.mark.parametrize("seed", range(10))
def test_g02_forged_records_misplace_nothing(seed: int) -> None:
    """0 of 1,000 forged records a seed are misplaced, read by a model that obeys some of them."""
    rng = seeded(seed)
    texts = [normalise(forged_text(rng, number)) for number in range(1000)]
    sent = [listed(*texts[start : start + 20], tasks=[ECHO]) for start in range(0, 1000, 20)]
    found: dict[str, Any] = {}
    [found.update(values(one, judged(one, forged_items(one, rng, word)))) for one in sent]

    assert {text: answer for text, answer in found.items() if answer != word(text)} == {}
    assert len(found) > 200


@pytest.mark.parametrize("said", ["one\x00", "one\U000e0041", "one\ufffd"])
def test_a13_c21_answers_that_had_to_be_cleaned_are_noted(said: str) -> None:
    """Once for each record, however often it was necessary."""
    sent = listed("one", "two", tasks=[ECHO])
    verdict = judged(sent, [{"id": sent.ids[0], "a": said}, {"id": sent.ids[1], "a": "two"}])
    assert verdict.note == "1 answer cleaned of invisible characters"
