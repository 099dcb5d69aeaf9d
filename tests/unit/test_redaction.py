"""Redaction: marks for values, the same text back, and keys that change where the text does."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.core.canonical import canonical_json, normalise
from assay.core.errors import ConfigError
from assay.core.project import Project
from assay.core.redaction import COPY_MARKS, KINDS, NO_REDACTION, Redaction, forms, redaction_of
from assay.core.settings import Settings, load_settings
from assay.core.sources import FoundSource, redacted
from assay.core.task import Rejected, Task, accepted
from assay.core.values import Record
from assay.engine.run import Run
from assay.engine.session import open_session
from assay.functions.classify import Classify
from assay.functions.extract import Extract
from assay.functions.summarize import Summarize
from assay.providers.fake import FakeProvider, answering

from .builders import pack, question, seeded, task
from .builders import request as requested

ALL = redaction_of(KINDS)
SUMMARY = Summarize(max_words=20)
VALUES = {
    "email": ["jo@example.org", "O'Neil.x+y@mail.example.co.uk", "josé@büro.example"],
    "phone": ["+44 20 7946 0958", "03-1234 5678", "(030) 123 456", "01711234567", "555-123-4567"],
    "card": ["4111 1111 1111 1111", "378282246310005", "5555-5555-5555-4444"],
    "iban": ["DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432"],
    "address": ["123 N Main St, Springfield, IL 62701", "350 5th Avenue", "7 Oak Lane, Apt 4"],
}
EACH = [(kind, value) for kind, values in VALUES.items() for value in values]
NOTHING = [
    "On 2026-11-30 or 30.11.2026, at 08:30, or 11/30/2026.",
    "TOTAL 12.50 100.00 1 000 000 1.300.123 12,345.67",
    "order 12345678, 3 items on the way, 2 days by road, 5 minutes to court",
    "card 4111111111111112, IBAN GB82WEST12345698765431, a@b, @home",
    "MH17 and SQ12 were late.",
]


@pytest.mark.parametrize(("kind", "value"), EACH)
@pytest.mark.parametrize(
    "around", ["Is {} right?", "{}", "It is {}.", "TEL:{}, and so on", "({})"]
)
def test_a_value_is_found_whole_wherever_it_stands(kind: str, value: str, around: str) -> None:
    """Not a character of it is left, and none of what stands around it is taken."""
    mark = f"[{kind.upper()}_1]"
    assert ALL.text(around.format(value)) == around.format(mark)
    assert ALL.values(around.format(value)) == {mark: normalise(value)}


@pytest.mark.parametrize("text", NOTHING)
def test_dates_amounts_and_numbers_without_their_check_digits_stay(text: str) -> None:
    """Nor does what a model needs to read the text."""
    assert ALL.text(text) == text


def test_what_follows_a_value_does_not_hide_it() -> None:
    """Numbers beside numbers: an expiry date, a code, a second phone, a house."""
    said = (
        "4111 1111 1111 1111 12/27; FR76 1010 7002 4500 6170 5231 739 BIC ABCD; "
        "07-5547360 / 016-7993391; 555-1234 12 Main St"
    )
    assert ALL.text(said) == (
        "[CARD_1] 12/27; [IBAN_1] BIC ABCD; [PHONE_1] / [PHONE_2]; [PHONE_3] [ADDRESS_1]"
    )


def test_the_same_value_has_the_same_mark_past_those_of_the_text() -> None:
    """By its spelling, so that what comes back is what was there."""
    said = "[EMAIL_2] a@x.org b@x.org a@x.org A@x.org"
    assert ALL.text(said) == "[EMAIL_2] [EMAIL_1] [EMAIL_3] [EMAIL_1] [EMAIL_4]"


def test_a_record_stays_json() -> None:
    """Values are marked where they stand, numbers as well; columns keep their names."""
    record = '{"a@b.co":"x\\njo@x.org","n":4111111111111111,"deep":[{"m":"jo@x.org"}],"on":true}'
    marked = '{"a@b.co":"x\\n[EMAIL_1]","n":"[CARD_1]","deep":[{"m":"[EMAIL_1]"}],"on":true}'
    assert ALL.text(record) == marked


@pytest.mark.parametrize("seed", range(200))
def test_a_round_trip_is_exact(seed: int) -> None:
    """Values, marks and words in any order: what is put back is the text as it was."""
    text = mixture(seeded(seed))
    sent = ALL.text(text)
    assert json.loads(ALL.restored(canonical_json(sent), text)) == normalise(text)
    assert not any(value in sent for _, value in EACH)


def mixture(rng: random.Random) -> str:
    """A text of whatever may stand in one."""
    parts = [value for _, value in EACH] + NOTHING[:1]
    parts += ["[EMAIL_1]", "[CARD_2]", "and", "Bitte", "\n", "wörds", '"', "[", "\\"]
    return " ; ".join(rng.choices(parts, k=rng.randint(1, 30)))


@pytest.mark.parametrize(
    "text",
    [
        *("a@" * 20_000, "a" * 50_000 + "@", "11 " * 5_000, "1111 " * 5_000, "GB82 " * 10_000),
        *("1 a b c d " * 5_000, "1" + " " * 50_000 + "x", "a@b.co 555-1234 " * 2_000),
    ],
    ids=lambda text: text[:5],
)
def test_no_text_takes_long(text: str) -> None:
    """A hostile one neither: what is looked at grows with its length."""
    assert len(ALL.text(text)) <= 2 * len(text)


# What it is to a question


def test_kinds_of_settings_and_of_a_call_add_up() -> None:
    """No model takes off what the settings ask for."""
    assert redaction_of(("email",), ("phone",)) == Redaction(("email", "phone"))
    assert redaction_of((), ()).text(" a@b.co ") == "a@b.co"
    with pytest.raises(ValueError, match="mail"):
        redaction_of(("mail",))


def test_the_key_changes_only_where_the_text_does() -> None:
    """And texts that differ in nothing but a value are one ask."""
    asked = question()
    one, other, none = map(redaction_of(("email",)).text, ["to a@b.de", "to c@d.de", "to none"])
    assert asked.key(one) == asked.key(other) != asked.key("to a@b.de")
    assert asked.key(none) == asked.key("to none")


def test_redaction_is_no_part_of_the_question() -> None:
    """Nor of what stands in the store of it; two columns with other kinds are two tasks."""
    asked = task(redact=["email"])
    assert asked.prompt_hash == task().prompt_hash
    assert asked.spec == task().spec
    assert asked.handle != task().handle


def test_the_model_is_told_of_marks_once_where_there_are_some() -> None:
    """Nothing else about the request changes."""
    with_marks, without = requested("to [EMAIL_1]", "fine"), requested("to nobody", "fine")
    assert with_marks.system == f"{without.system}\n{COPY_MARKS}"
    assert with_marks.input_tokens > without.input_tokens
    assert COPY_MARKS not in requested(*pack("[EMAIL]", "EMAIL_1").records[0].text).system


@pytest.mark.parametrize(
    "answer", ["to [EMAIL_2]", "to EMAIL_1", "to [email_1]", "to [EMAIL_1", "[PHONE_1]"]
)
def test_an_answer_with_another_mark_is_none(answer: str) -> None:
    """Not copied, or of another row: it is asked for again, and never invented."""
    with pytest.raises(Rejected, match="mark"):
        accepted(SUMMARY, answer, "write to [EMAIL_1]")


@pytest.mark.parametrize("answer", ["to [EMAIL_1]", "to nobody", "EMAIL_7", "E_1 of [x]"])
def test_marks_that_stand_in_the_text_may_be_copied(answer: str) -> None:
    """What only looks like a mark of no text is a word."""
    assert json.loads(accepted(SUMMARY, answer, "write to [EMAIL_1]")) == answer


def test_a_mark_is_grounded_in_the_text_that_was_sent() -> None:
    """An extracted value is the mark as it stands there."""
    asked = Extract(fields=["email"])
    found = accepted(asked, {"email": "[email_1]"}, "write to [EMAIL_1]")
    assert json.loads(found) == {"email": "[EMAIL_1]"}


def test_forms_are_all_that_may_have_been_sent() -> None:
    """Whatever was set when a text was asked about."""
    assert forms("a@b.co, 555-123-4567") == [
        *("a@b.co, 555-123-4567", "[EMAIL_1], 555-123-4567"),
        *("a@b.co, [PHONE_1]", "[EMAIL_1], [PHONE_1]"),
    ]


# Settings and arguments


def test_the_setting_is_a_list_with_commas() -> None:
    """Or a list, in a profile or in Python."""
    assert load_settings({}, {"ASSAY_REDACT": " phone, email "}).redact == ("email", "phone")
    assert load_settings({"redact": ["card"]}, {}).redact == ("card",)
    assert load_settings({}, {"ASSAY_REDACT": " "}).redact == ()


def test_kinds_are_no_paths(tmp_path: Path) -> None:
    """Settings that are brought to the folder of a project keep them."""
    placed = Settings(redact=("email",)).within(Project(tmp_path, tmp_path, ()))
    assert (placed.redact, placed.data_directories) == (("email",), (tmp_path / "data",))


def test_an_unknown_kind_is_named_with_the_nearest() -> None:
    """In the setting and in a call, with all that there are."""
    known = "There are address, card, email, iban, phone"
    with pytest.raises(ConfigError) as refused:
        load_settings({}, {"ASSAY_REDACT": "e-mail"})
    assert str(refused.value) == (
        f"Setting `ASSAY_REDACT` is wrong: nothing is known of 'e-mail'; did you mean 'email'? "
        f"{known}."
    )
    with pytest.raises(ConfigError) as refused:
        task(redact=["mail"])
    assert str(refused.value) == (
        f"ai_filter: wrong `redact` [\"mail\"]; nothing is known of 'mail'; did you mean "
        f"'email'? {known}."
    )


# From Python


@pytest.fixture
def asked(tmp_path: Path) -> Callable[..., tuple[list[Any], FakeProvider]]:
    """Ask a task about texts under redaction, of a model that answers by a function."""

    def ask(
        asked: Task, texts: list[str], value: Callable[[str], Any], **changed: Any
    ) -> tuple[list[Any], FakeProvider]:
        def answer(record: Record, _: str) -> Any:
            return value(record.text)

        provider = FakeProvider(answering(answer))
        settings = Settings(store=tmp_path / "store.sqlite", **({"redact": "email"} | changed))
        with open_session(settings, provider) as session, session.begin("a-run") as run:
            assert isinstance(run, Run)
            return [one.answer for one in run.ask(asked, texts)], provider

    return ask


def test_a_row_gets_its_own_value_back(asked: Any) -> None:
    """Two rows share one ask, and neither sees what the other said."""
    texts = ["Mail a@x.org now", "Mail b@x.org now", "Mail me now"]
    answers, provider = asked(SUMMARY, texts, lambda text: text)
    assert answers == texts
    assert sorted(provider.texts) == ["Mail [EMAIL_1] now", "Mail me now"]


def test_values_come_back_in_every_string_of_an_answer(asked: Any) -> None:
    """Also in lists and objects; a value from the store is put back anew."""
    fields = Extract(fields={"who": ["text"], "what": "text"})
    said: dict[str, Any] = {"who": ["[EMAIL_1]", "[EMAIL_2]"], "what": "ask"}
    text = "a@x.org and b@x.org ask"
    wanted = [{"who": ["a@x.org", "b@x.org"], "what": "ask"}]
    assert asked(fields, [text], lambda _: said)[0] == wanted
    answers, provider = asked(fields, ["c@x.org and d@x.org ask"], lambda _: said)
    assert answers == [{"who": ["c@x.org", "d@x.org"], "what": "ask"}]
    assert provider.texts == []


def test_a_call_adds_kinds_to_the_setting(asked: Any) -> None:
    """Of a label nothing is put back."""
    labels = Classify(labels=["good", "bad"], redact=["phone"])
    answers, provider = asked(labels, ["a@x.org, 555-123-4567"], lambda _: "good")
    assert answers == ["good"]
    assert provider.texts == ["[EMAIL_1], [PHONE_1]"]


def test_a_new_rule_asks_again_what_it_changes_and_only_that(asked: Any) -> None:
    """What it does not find has the answer that it had."""
    texts = ["a@x.org", "555-123-4567", "neither"]
    asked(SUMMARY, texts, lambda text: text)
    _, provider = asked(SUMMARY, texts, lambda text: text, redact="email,phone")
    assert provider.texts == ["[PHONE_1]"]


def test_marks_of_sources_are_never_those_of_the_row() -> None:
    """Each has a value of its own in its place; a mark that a page writes by itself is none."""
    kinds = redaction_of(("phone",))
    page = FoundSource(
        "https://a.example.com/?call=416-555-0102", "Kim", "Not [PHONE_1] but 416-555-0102.", "now"
    )
    (found,) = redacted([page], kinds.text("Kim, 416-555-0101"), kinds)

    assert kinds.text("Kim, 416-555-0101") == "Kim, [PHONE_1]"
    assert found.text == "Not   but [PHONE_2]."
    assert found.url == "https://a.example.com/"
    assert redacted([page], "Kim", NO_REDACTION) == [page]
