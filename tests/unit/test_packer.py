"""The backlog: texts wait with all their questions and leave in packs within the limits."""

from __future__ import annotations

from assay.core.values import Pack
from assay.engine.queue import Backlog, group_key, pack_of

from .builders import ask, classify, pack, task, yes_or_no

HOT = yes_or_no("Is it hot?")
NEW = yes_or_no("Is it new?")
ALONE = task(isolate=True)


def backlog(*texts: str, records: int = 4, tokens: int = 10_000) -> Backlog:
    """A backlog with ripe asks about these texts."""
    waiting = Backlog({"chat": (records, tokens)})
    [waiting.add(ask(text), ripe=True) for text in texts]
    return waiting


def texts_of(taken: Pack | None) -> list[str]:
    """The texts of a pack, in order; none without one."""
    return [record.text for record in taken.records] if taken else []


def drained(waiting: Backlog) -> list[list[str]]:
    """The texts of all packs, taken with `flush` until nothing is left."""
    return [texts_of(taken) for taken in iter(lambda: waiting.take(flush=True), None)]


def test_a_pack_that_is_not_full_waits_for_a_flush() -> None:
    """More texts may come."""
    waiting = backlog("a", "b", "c")
    assert waiting.take(flush=False) is None
    assert texts_of(waiting.take(flush=True)) == ["a", "b", "c"]


def test_what_was_left_without_an_answer_rides_with_the_next_pack() -> None:
    """It costs no request of its own while others wait, and does not wait for the last of them."""
    waiting = backlog("a", "b", "c", "d")
    waiting.add_again(ask("x"), "not valid")
    assert drained(waiting) == [["x", "a", "b", "c"], ["d"]]


def test_a_full_pack_leaves_at_once_oldest_first() -> None:
    """What came later waits for the next."""
    waiting = backlog("a", "b", "c", "d", "e")
    assert texts_of(waiting.take(flush=False)) == ["a", "b", "c", "d"]
    assert (waiting.take(flush=False), len(waiting)) == (None, 1)


def test_tokens_fill_a_pack_as_well() -> None:
    """Three texts of 40 tokens are more than 100: two leave together."""
    waiting = backlog("a" * 132, "b" * 132, "c" * 132, tokens=100)
    assert [len(texts) for texts in drained(waiting)] == [2, 1]


def test_a_pack_may_be_filled_to_the_last_token() -> None:
    """132 bytes are 34 tokens, and six more for the record around them."""
    assert drained(backlog("a" * 132, "b" * 132, tokens=80)) == [["a" * 132, "b" * 132]]


def test_enough_tokens_leave_without_a_flush() -> None:
    """Whatever the number of records."""
    assert texts_of(backlog("x" * 400, tokens=100).take(flush=False)) == ["x" * 400]


def test_a_text_over_the_limit_leaves_alone() -> None:
    """It is not dropped, and takes nobody with it."""
    waiting = backlog("a", "b" * 4000, "c", tokens=100)
    assert drained(waiting) == [["a"], ["b" * 4000], ["c"]]


def test_questions_about_one_text_leave_in_one_record() -> None:
    """That is what makes a second column cheap."""
    waiting = Backlog({"chat": (4, 1000)})
    waiting.add(ask("a", HOT), ripe=False)
    waiting.add(ask("a", NEW), ripe=True)
    taken = waiting.take(flush=True)
    assert taken is not None
    assert {one.question.task for one in taken.asks} == {HOT, NEW}
    assert (len(taken.records), len(waiting)) == (1, 0)


def test_a_question_that_comes_while_its_text_waits_joins_it() -> None:
    """A ripe text changes its lane and stays ripe; the question asked twice is one."""
    waiting = backlog("a", "b")
    waiting.add(ask("a", HOT), ripe=False)
    waiting.add(ask("a", HOT), ripe=False)
    packs = [waiting.take(flush=True), waiting.take(flush=True)]
    assert [len(taken.asks) for taken in packs if taken] == [1, 2]


def test_every_record_of_a_pack_carries_the_same_questions() -> None:
    """Texts with other questions wait in another lane."""
    waiting = backlog("a", "c")
    waiting.add(ask("b", HOT), ripe=True)
    assert drained(waiting) == [["a", "c"], ["b"]]


def test_models_do_not_share_a_pack() -> None:
    """One request asks one model."""
    waiting = Backlog({"chat": (4, 1000)})
    waiting.add(ask("a", task(model="m"), model="m"), ripe=True)
    waiting.add(ask("a", task(model="n"), model="n"), ripe=True)
    taken = [waiting.take(flush=True), waiting.take(flush=True)]
    assert [one.model for one in taken if one] == ["m", "n"]


def test_g01_an_isolated_text_leaves_alone_and_at_once() -> None:
    """No other row can be reached from it."""
    waiting = Backlog({"chat": (4, 1000)})
    waiting.add(ask("a", ALONE), ripe=True)
    waiting.add(ask("b", ALONE), ripe=True)
    taken = [texts_of(waiting.take(flush=False)), texts_of(waiting.take(flush=True))]
    assert taken == [["a"], ["b"]]


def test_only_ripe_texts_are_taken() -> None:
    """A text about which more is expected stays, even on a flush."""
    waiting = backlog("a")
    waiting.add(ask("b"), ripe=False)
    assert drained(waiting) == [["a"]]
    assert len(waiting) == 1


def test_ripening_lets_texts_go() -> None:
    """Texts that are ripe already, or gone, are no concern."""
    waiting = backlog("a")
    waiting.add(ask("b"), ripe=False)
    waiting.ripen([group_key(ask(text)) for text in ("a", "b", "gone")])
    assert drained(waiting) == [["a", "b"]]


def test_all_texts_ripen_at_once() -> None:
    """Nothing more is expected about any."""
    waiting = backlog("a")
    waiting.add(ask("b"), ripe=False)
    waiting.ripen_all()
    assert drained(waiting) == [["a", "b"]]


def test_a_text_that_was_taken_starts_again() -> None:
    """Its earlier questions are on their way and do not leave twice."""
    waiting = backlog("a")
    waiting.take(flush=True)
    waiting.add(ask("a", HOT), ripe=True)
    taken = waiting.take(flush=True)
    assert taken is not None
    assert [one.question.task for one in taken.asks] == [HOT]


def test_a_pack_that_comes_back_goes_out_first_and_as_it_is() -> None:
    """A retry keeps its records together and its count of attempts."""
    waiting = backlog("a", "b", "c", "d")
    again = pack("x", "y", attempt=3)
    waiting.add_pack(again)
    assert len(waiting) == 6
    assert waiting.take(flush=False) is again


def test_draining_takes_everything_out() -> None:
    """Ripe or not, packed or not; the backlog is as new."""
    waiting = backlog("a")
    waiting.add(ask("b"), ripe=False)
    waiting.add_pack(pack("x"))
    assert sorted(one.text for one in waiting.drain()) == ["a", "b", "x"]
    assert (len(waiting), waiting.take(flush=True)) == (0, None)


def test_asks_are_packed_by_what_is_still_open() -> None:
    """A text of which one question is answered does not carry it again."""
    packs = pack_of([ask("a", HOT), ask("b", HOT), ask("a", NEW), ask("c", HOT)])
    assert [(texts_of(one), len(one.questions)) for one in packs] == [(["a"], 2), (["b", "c"], 1)]


def test_g01_isolated_asks_stay_isolated_when_packed_again() -> None:
    """A retry is no reason to share a request."""
    packs = pack_of([ask("a", ALONE), ask("b", ALONE)])
    assert [texts_of(one) for one in packs] == [["a"], ["b"]]


def test_questions_stand_in_the_same_order_in_every_record() -> None:
    """However they came in: short keys depend on it."""
    mixed = [ask("a", HOT), ask("b", NEW), ask("b", HOT), ask("a", NEW), ask("a", classify())]
    two = [one for one in pack_of([*mixed, ask("b", classify())]) if len(one.records) == 2]
    orders = [[one.question.task for one in record.asks] for record in two[0].records]
    assert orders[0] == orders[1]
