"""Group C of the fault matrix: whole replies whose answer is not what was asked for."""

from __future__ import annotations

import json
import math
import threading
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from assay.faultd import ANY, FaultServer, Latency
from assay.project.counting import spend_of

from ..figures import Figure
from .conftest import OpenRoom
from .engine_room import (
    AMOUNT,
    CLASSIFY,
    LABELS,
    POISON,
    SCORE,
    SUMMARY,
    all_but,
    expected,
    paid_twice,
    sent_with,
    statuses,
    texts,
    values,
)

DAY = {"kind": "extract", "fields": [{"name": "day", "type": "date"}]}
COUNT = {"kind": "extract", "fields": [{"name": "count", "type": "integer"}]}
HALVINGS_OF_16 = 4
REASONS = {"bad_json", "missing:", "1 unknow"}
"""How the reasons begin; of an id that comes twice nobody knows which answer is meant."""


def sizes(server: FaultServer) -> list[int]:
    """How many records each request carried."""
    return [len(entry.texts) for entry in server.ledger.entries]


def amounts(given: list[str]) -> list[Any]:
    """What faultd's model answers to `AMOUNT`."""
    return expected(given, AMOUNT)


# --- refusals and stumps ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["refuse", "filter", "filter,how=azure"])
def test_c01_c03_a_refusal_costs_only_its_row(
    kind: str, server: FaultServer, room: OpenRoom
) -> None:
    """One of twenty: found by halving, and never asked again once it is alone."""
    outcomes = room(f"poison,kind={kind}", pack_records=20).ask(texts(20, poisoned=7))
    assert statuses(outcomes) == all_but(7, 20, "refused")
    assert "refused" in str(outcomes[7].error) or "content_filter" in str(outcomes[7].error)
    assert len(server.ledger.entries) <= 2 * math.ceil(math.log2(20)) + 1
    assert [len(entry.texts) for entry in sent_with(server, f"text 7 {POISON}")].count(1) == 1


def test_c01_a_refusal_is_final(server: FaultServer, room: OpenRoom) -> None:
    """The same text is not asked again by the next run: it would be refused again."""
    opened = room("refuse")
    opened.ask(["one text"])
    opened.begin("the next run")
    assert statuses(opened.ask(["one text"])) == ["refused"]
    assert len(server.ledger.entries) == 1


def test_c02_a_stump_is_never_parsed(server: FaultServer, room: OpenRoom) -> None:
    """Cut by the output limit: halved down to single rows, asked once more, unstored."""
    opened = room("length")
    outcomes = opened.ask(texts(4))
    assert statuses(outcomes) == ["invalid"] * 4
    assert {"output limit" in str(one.error) for one in outcomes} == {True}
    assert opened.rows("answers") == []
    assert sorted(sizes(server)) == [*[1] * 8, 2, 2, 4]


def test_c02_a_text_is_not_too_long_because_a_reply_was_cut(
    server: FaultServer, room: OpenRoom
) -> None:
    """A model that looped may not loop again: the next run asks, until there were four."""
    opened = room("length,times=2")
    assert statuses(opened.ask(["one text"])) == ["invalid"]
    opened.begin("the next run")
    assert values(opened.ask(["one text"])) == expected(["one text"])
    assert sizes(server) == [1, 1, 1]


def test_c02_a_long_answer_gets_the_room_that_it_needs(room: OpenRoom) -> None:
    """More than the usual limit holds, once it is alone."""
    task = {"kind": "extract", "fields": [{"name": "words", "type": "text", "many": True}]}
    with FaultServer(answer=lambda text, _: {"words": text.split() * 150}) as honest:
        opened = room(url=honest.url())
        outcomes = opened.ask(["one text", "two text"], task)
    assert statuses(outcomes) == ["ok"] * 2
    assert [row["outcome"] for row in opened.calls] == ["truncated"] * 3 + ["ok"] * 2


@pytest.mark.parametrize(
    "finish", ["length", "LENGTH", "max_tokens", "model_length", "incomplete"]
)
def test_c02_a_server_says_in_its_own_words_that_it_has_cut(
    finish: str, server: FaultServer, room: OpenRoom
) -> None:
    """Whatever the word, the reply is a stump; asked once more it is whole."""
    asked = ["one text"]
    opened = room(f"ramble,finish={finish},first=1")
    assert values(opened.ask(asked)) == expected(asked)
    assert [row["outcome"] for row in opened.calls] == ["truncated", "ok"]


def test_c02_halves_of_a_stump_are_answered(room: OpenRoom) -> None:
    """A pack that was too much at once is not too much in parts."""
    asked = texts(4)
    assert values(room("length,first=1").ask(asked)) == expected(asked)


# --- the right answer in the wrong dress --------------------------------------------------------


@pytest.mark.parametrize("scenario", ["fences", "think"])
def test_c04_fences_and_one_thought_are_taken_off(
    scenario: str, server: FaultServer, room: OpenRoom
) -> None:
    """Nothing is asked again."""
    asked = texts(4)
    assert values(room(scenario).ask(asked)) == expected(asked)
    assert len(server.ledger.entries) == 1


@pytest.mark.parametrize("scenario", ["prose", "trailingcomma", "plain", "dupkeys"])
def test_c04_c15_c16_anything_else_is_asked_again_once(
    scenario: str, server: FaultServer, room: OpenRoom
) -> None:
    """All of it, since none of it was taken; the ledger says what was wrong."""
    asked = texts(4)
    opened = room(f"{scenario},first=1")
    assert values(opened.ask(asked)) == expected(asked)
    assert sizes(server) == [4, 4]
    assert [row["outcome"] for row in opened.calls] == ["partial", "ok"]
    assert str(opened.calls[0]["error"])[:8] in REASONS


@pytest.mark.parametrize("scenario", ["prose", "trailingcomma", "plain", "dupkeys"])
def test_c04_c15_c16_what_never_fits_is_given_up(
    scenario: str, server: FaultServer, room: OpenRoom
) -> None:
    """Together, together again, each alone: then every row is a dead letter, with a reason."""
    opened = room(scenario)
    outcomes = opened.ask(texts(4))
    assert statuses(outcomes) == ["invalid"] * 4
    assert sorted(sizes(server)) == [1, 1, 1, 1, 4, 4]
    assert {str(one.error)[:8] for one in outcomes} <= REASONS
    assert opened.rows("answers") == []


# --- which record an answer belongs to ----------------------------------------------------------


def test_c05_only_what_is_missing_is_asked_again(server: FaultServer, room: OpenRoom) -> None:
    """Two of twenty: eighteen are kept, two go out again, none is NULL."""
    asked = texts(20)
    outcomes = room("missing,first=1", pack_records=20).ask(asked)
    assert values(outcomes) == expected(asked)
    assert (sizes(server), paid_twice(server)) == ([20, 2], 0)


def test_c06_of_two_answers_to_one_id_that_differ_neither_is_taken(
    server: FaultServer, room: OpenRoom
) -> None:
    """That record is asked again; the others keep their answers."""
    asked = texts(8)
    outcomes = room("doubled,first=1", pack_records=8).ask(asked, AMOUNT)
    assert values(outcomes) == amounts(asked)
    assert sizes(server) == [8, 1]


@pytest.mark.parametrize("rows", [2000, pytest.param(100_000, marks=pytest.mark.whole)])
def test_c07_a_shuffled_reply_misplaces_nothing(rows: int, room: OpenRoom, figure: Figure) -> None:
    """Every answer lands on its own row."""
    asked = texts(rows)
    given = values(room("shuffled", pack_records=50, max_in_flight=16).ask(asked, AMOUNT))
    misplaced = sum(got != wanted for got, wanted in zip(given, amounts(asked), strict=True))
    figure(rows=rows, misplaced=misplaced)
    assert misplaced == 0


def test_c08_answers_that_nobody_asked_for_are_ignored_and_counted(
    server: FaultServer, room: OpenRoom
) -> None:
    """Everything that was asked for is there, so it is taken."""
    asked = texts(4)
    opened = room("extra,n=3")
    assert values(opened.ask(asked, AMOUNT)) == amounts(asked)
    assert (sizes(server), opened.calls[0]["error"]) == ([4], "3 unknown ids")


@pytest.mark.parametrize("scenario", ["forged", "shifted", "boolid"])
def test_c08_c09_c12_g02_ids_that_are_not_ours_put_the_whole_reply_in_doubt(
    scenario: str, server: FaultServer, room: OpenRoom
) -> None:
    """Unknown and missing at once: nothing is taken, the whole pack is asked again."""
    asked = texts(8)
    opened = room(f"{scenario},first=1", pack_records=8)
    assert values(opened.ask(asked, AMOUNT)) == amounts(asked)
    assert (sizes(server), opened.calls[0]["answers"]) == ([8, 8], 0)


@pytest.mark.parametrize("scenario", ["shifted", "forged"])
def test_c09_a_shift_that_goes_on_ends_in_dead_letters(scenario: str, room: OpenRoom) -> None:
    """Never in a wrong row."""
    opened = room(scenario)
    assert statuses(opened.ask(texts(6), AMOUNT)) == ["invalid"] * 6
    assert opened.rows("answers") == []


def test_c10_swapped_answers_cannot_be_seen_unless_a_record_is_alone(room: OpenRoom) -> None:
    """What is not promised, written down; `isolate` rules it out."""
    asked = texts(4)
    opened = room("swapped")
    swapped = values(opened.ask(asked, AMOUNT))
    alone = values(opened.ask(asked, AMOUNT | {"isolate": True, "instructions": "alone"}))
    assert swapped == [amounts(asked)[place] for place in (1, 0, 3, 2)]
    assert alone == amounts(asked)


# --- values outside what was allowed ------------------------------------------------------------


@pytest.mark.parametrize("label", ["something else entirely", " ", "Lieferung", "deliver"])
def test_c11_a_label_outside_the_set_is_never_bent_to_fit(label: str, room: OpenRoom) -> None:
    """Asked again, then given up with the reason `bad_label`; a blank is no label either."""
    outcomes = room(f"badlabel,label={label}").ask(texts(2))
    assert statuses(outcomes) == ["invalid"] * 2
    assert {str(one.error)[:9] for one in outcomes} == {"bad_label"}


def test_c11_one_wrong_label_is_asked_again_alone(server: FaultServer, room: OpenRoom) -> None:
    """The others keep their answers."""
    asked = texts(4)
    assert values(room("badlabel,n=1,first=1").ask(asked)) == expected(asked)
    assert sizes(server) == [4, 1]


def test_c11_case_and_outer_blanks_are_forgiven(room: OpenRoom) -> None:
    """The value is the label as it was written in the task."""
    asked = texts(4)
    assert values(room("caselabel").ask(asked)) == expected(asked)


@pytest.mark.parametrize("scenario", ["strnum", "nan", "inf", "localenum"])
def test_c12_c22_a_number_is_a_number(scenario: str, room: OpenRoom) -> None:
    """Not text, not NaN, not infinite, not 1,5; asked again it may be one."""
    spoilt = room(f"{scenario},first=1")
    asked = texts(4)
    assert values(spoilt.ask(asked, AMOUNT)) == amounts(asked)


@pytest.mark.parametrize(
    ("task", "said"),
    [
        (SCORE, "0.5"),
        (SCORE, True),
        (SCORE, 0.5),
        (SCORE, 11),
        (SCORE, -11),
        (COUNT, {"count": 1.5}),
        (COUNT, {"count": "1.000"}),
        (COUNT, {"count": True}),
        (COUNT, {"count": 2**63}),
        (AMOUNT, {"amount": "1,5"}),
        (AMOUNT, {"amount": float("nan")}),
        (DAY, {"day": "2026-02-30"}),
        (DAY, {"day": "30.01.2026"}),
    ],
)
def test_c12_c22_what_does_not_fit_the_type_is_given_up(
    task: dict[str, Any], said: Any, room: OpenRoom
) -> None:
    """However often the model says so, it is never stored."""
    with FaultServer(answer=lambda _text, _schema: said) as stubborn:
        opened = room(url=stubborn.url())
        assert statuses(opened.ask(["one text"], task)) == ["invalid"]
        assert len(stubborn.ledger.entries) == 2
    assert opened.rows("answers") == []


@pytest.mark.parametrize("provider", ["openai", "local"])
def test_c20_a12_a_record_that_is_too_deep_costs_only_itself(
    provider: str, room: OpenRoom
) -> None:
    """It is a dead letter that says why; its pack keeps the answers that were paid."""
    sound = {
        "quality_score": 9,
        "missing_fields": [],
        "normalizations": [],
        "category": "complete",
    }
    records = [json.dumps({"payload": [place]}) for place in range(8)]
    records[5] = '{"payload":' + "[" * 1_200 + "]" * 1_200 + "}"
    with FaultServer(answer=lambda _text, _schema: sound) as honest:
        opened = room(url=honest.url(), provider=provider)
        outcomes = opened.ask(records, {"kind": "assess"})
        assert statuses(outcomes) == all_but(5, 8, "invalid")
        assert opened.dead == ["invalid"]
        assert paid_twice(honest) <= 1  # the one itself: asked once more, as any without an answer
    assert str(outcomes[5].error).startswith("the record is nested deeper than 64 levels; leave")


def test_c22_a_day_that_does_not_exist_is_asked_again(room: OpenRoom) -> None:
    """And the right one is taken."""
    opened = room("baddate,first=1")
    assert statuses(opened.ask(texts(4), DAY)) == ["ok"] * 4
    assert opened.calls[0]["outcome"] == "partial"


# --- completions out of shape -------------------------------------------------------------------


def test_c13_null_content_is_asked_for_once_more(server: FaultServer, room: OpenRoom) -> None:
    """Then the row is given up; the ledger calls it `empty`."""
    opened = room("contentnull", max_attempts=4)
    assert statuses(opened.ask(["one text"])) == ["invalid"]
    assert [row["outcome"] for row in opened.calls] == ["empty", "empty"]


@pytest.mark.parametrize("scenario", ["choicesnull", "nochoices", "twochoices"])
def test_c14_there_is_exactly_one_choice_and_it_is_text(
    scenario: str, server: FaultServer, room: OpenRoom
) -> None:
    """Anything else is asked for once more, and never guessed at."""
    opened = room(scenario, max_attempts=4)
    assert statuses(opened.ask(["one text"])) == ["transport"]
    assert [row["outcome"] for row in opened.calls] == ["provider_error"] * 2


@pytest.mark.parametrize("scenario", ["frweird", "frnull", "contentlist"])
def test_c14_an_odd_finish_reason_and_parts_are_accepted_with_a_whole_answer(
    scenario: str, server: FaultServer, room: OpenRoom
) -> None:
    """Nothing is asked again."""
    asked = texts(4)
    assert values(room(scenario).ask(asked)) == expected(asked)
    assert len(server.ledger.entries) == 1


@pytest.mark.parametrize("scenario", ["nousage", "nanusage"])
def test_c17_an_unknown_cost_is_counted_apart(scenario: str, room: OpenRoom) -> None:
    """The row is answered; the sum stays a number, and says how much it does not cover."""
    opened = room(scenario, model="gpt-4.1-nano")
    assert statuses(opened.ask(texts(8))) == ["ok"] * 8
    spent = spend_of(opened.store, "a-run")
    assert (spent.cost_usd, spent.unknown_cost, spent.output_tokens) == (0.0, 2, 0)


def test_c18_the_model_that_answered_is_on_record(room: OpenRoom) -> None:
    """With each row, so that a change inside a table can be seen."""
    opened = room("modelchange,after=1,to=newer", max_in_flight=1)
    outcomes = opened.ask(texts(8))
    stored = sorted(row["answered_by"] for row in opened.rows("answers"))
    assert [one.model for one in outcomes] == ["stub"] * 4 + ["newer"] * 4
    assert stored == ["newer"] * 4 + ["stub"] * 4


@pytest.mark.parametrize("model", ["\ud83d", "m" * 100_000])
def test_c18_a_model_name_of_any_kind_can_be_stored(model: str, room: OpenRoom) -> None:
    """It is the server's text: encodable and short before it goes anywhere."""
    with FaultServer() as server:
        server.switch(f"modelchange,to={model}")
        (outcome,) = room(url=server.url()).ask(["one text"])
    assert outcome.status == "ok"
    assert len(outcome.model or "") <= 200


def test_c19_the_first_answer_to_a_text_stays(room: OpenRoom) -> None:
    """Eight threads ask a model that says something else each time: one answer, bought once."""
    asked = texts(20)
    seen: list[list[Any]] = []
    with FaultServer("random", latency=Latency(0.02)) as moody:
        opened = room(url=moody.url())
        threads = [
            threading.Thread(target=lambda: seen.append(values(opened.ask(asked, AMOUNT))))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        opened.begin("the next run")
        seen.append(values(opened.ask(asked, AMOUNT)))
        bill = moody.summary()
    assert len(seen) == 9
    assert all(one == other for one, other in pairwise(seen))
    assert (bill["distinct_paid"], bill["paid_more_than_once"]) == (20, 0)


@pytest.mark.parametrize(
    ("kind", "status"),
    [("s500", "transport"), ("s400", "invalid"), ("hang", "transport"), ("deep", "transport")],
)
def test_c20_a_poison_record_is_found_by_halving(
    kind: str, status: str, server: FaultServer, room: OpenRoom, figure: Figure
) -> None:
    """In at most 2·log2(16) + retries further requests; the other fifteen are answered."""
    asked = texts(16, poisoned=9)
    opened = room(f"poison,kind={kind}", pack_records=16, deadline_seconds=0.5)
    assert statuses(opened.ask(asked)) == all_but(9, 16, status)
    figure(records=16, requests=len(server.ledger.entries))
    assert len(server.ledger.entries) - 1 <= 2 * HALVINGS_OF_16 + 2
    assert paid_twice(server) == 0


def test_c21_an_answer_without_end_costs_only_its_row(server: FaultServer, room: OpenRoom) -> None:
    """A megabyte is cut by the output limit of the request, found by halving, and not stored."""
    outcomes = room("poison,kind=big,n=0").ask(texts(4, poisoned=2), SUMMARY)
    assert statuses(outcomes) == all_but(2, 4, "invalid")
    assert max(entry.bytes_sent for entry in server.ledger.entries) < 100_000


def test_c21_a_long_answer_of_a_server_without_limits_is_not_stored(room: OpenRoom) -> None:
    """Over 100,000 characters it is no answer, also where the output limit is ignored."""
    unlimited = replace(ANY, limits=())
    with FaultServer(answer=lambda _text, _schema: "blah " * 30_000, dialect=unlimited) as endless:
        opened = room(url=endless.url())
        assert statuses(opened.ask(["one text"], SUMMARY)) == ["invalid"]
    assert opened.rows("answers") == []


@pytest.mark.parametrize("scenario", ["nulchar", "tagchars"])
def test_c21_invisible_characters_are_taken_out_and_counted(scenario: str, room: OpenRoom) -> None:
    """The row is answered without them; the ledger says how many answers held some."""
    opened = room(scenario)
    given = values(opened.ask(texts(4), SUMMARY))
    assert all(value.isprintable() and value for value in given)
    assert opened.calls[0]["error"] == "4 answers cleaned of invisible characters"


def test_c11_labels_are_compared_in_one_unicode_form(room: OpenRoom) -> None:
    """`é` in two code points is `é`."""
    task = CLASSIFY | {"labels": [{"name": "caf\u00e9"}, *({"name": name} for name in LABELS)]}
    with FaultServer(answer=lambda _text, _schema: "cafe\u0301") as decomposed:
        (outcome,) = room(url=decomposed.url()).ask(["one text"], task)
    assert outcome.value == '"caf\u00e9"'
