"""Reviewing: which rows are chosen, what a key does, and what is in the golden file afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from assay.core.errors import ConfigError
from assay.core.project import Project
from assay.core.task import Task
from assay.functions.classify import Classify
from assay.functions.embed import Embed
from assay.functions.extract import Extract
from assay.functions.score import Score
from assay.functions.sentiment import Sentiment
from assay.functions.summarize import Summarize
from assay.functions.translate import Translate
from assay.hosts.dbt.lineage import Call
from assay.project.review.column import Column
from assay.project.review.desk import Desk
from assay.project.review.gold import advice, golden_file_of
from assay.project.review.golden_file import GoldenFile, JudgementLog
from assay.project.review.rows import Other, Row, Wish, choose, is_odd, with_reasons
from assay.project.review.terminal import ReviewTerminal

TOPIC = Classify(labels=["delivery", "refund", "other"])
NODE = {"name": "texts", "schema": "main", "alias": "texts"}
ROWS = [
    Row("9", "delivery", confidence=0.9, text="Where is it?"),
    Row("10", "refund", confidence=0.2, text="Money!"),
    Row("11", None, "refused", "no", text="..."),
]


def column(task: Task = TOPIC, *path: str) -> Column:
    """A column of a model that nothing holds against golden rows."""
    return Column(Call("texts", "topic", task, "body", "body", ""), NODE, path)


@pytest.fixture
def golden(tmp_path: Path) -> GoldenFile:
    """A seed that is not there yet."""
    return GoldenFile(tmp_path / "seeds" / "golden_texts.csv", "id", "topic")


def desk(golden: GoldenFile, rows: Iterable[Row] = ROWS) -> Desk:
    """A desk on the golden file."""
    return Desk(column(), list(rows), golden, JudgementLog(golden.path.with_name("log.jsonl")))


def reviewed(at: Desk, keys: str, *lines: str) -> tuple[str, str]:
    """What a person who presses these keys leaves, and what the terminal has said."""
    said: list[str] = []
    pressed, typed = iter(keys), iter(lines)
    session = ReviewTerminal(at, said.append, lambda: next(pressed, ""), lambda _: next(typed))
    session.run()
    return str(session.done), "\n".join(said)


# The golden file


def test_judgements_are_sorted_by_number_and_no_key_is_twice(golden: GoldenFile) -> None:
    """As a person would have typed them."""
    for key, answer in [("10", "refund"), ("9", "other"), ("a", "other"), ("9", "delivery")]:
        golden.put(key, answer)
    assert golden.path.read_text() == "id,topic\n9,delivery\n10,refund\na,other\n"


def test_what_else_is_in_the_file_stays(golden: GoldenFile) -> None:
    """Other columns, commas, quotes and line ends; a new label becomes a column."""
    golden.path.parent.mkdir()
    golden.path.write_bytes(b'id,note\r\n2,"a, ""b"""\r\n')
    golden.put("1", "refund")
    assert golden.path.read_bytes() == b'id,note,topic\r\n1,,refund\r\n2,"a, ""b""",\r\n'
    assert golden.judged() == {"1": "refund"}
    assert [file.name for file in golden.path.parent.iterdir()] == ["golden_texts.csv"]


def test_a_file_that_is_no_table_is_named(golden: GoldenFile) -> None:
    """And stays as it is."""
    golden.path.parent.mkdir()
    golden.path.write_text("name\n1,2,3\n")
    with pytest.raises(ConfigError, match=r"golden_texts\.csv is no CSV file with a column 'id'"):
        golden.put("1", "refund")
    assert golden.path.read_text() == "name\n1,2,3\n"


def test_a_file_that_cannot_be_read_is_named_with_its_remedy(golden: GoldenFile) -> None:
    """Another encoding, and a folder; an empty one is begun."""
    golden.path.parent.mkdir()
    golden.path.write_bytes(b"id,topic\n1,Sch\xf6n\n")
    with pytest.raises(ConfigError, match=r"golden_texts\.csv is not UTF-8 but probably CP1252"):
        golden.judged()
    with pytest.raises(ConfigError, match=r"seeds is a folder or a device; name a CSV file"):
        GoldenFile(golden.path.parent, "id", "topic").judged()
    golden.path.write_bytes(b"")
    golden.put("1", "refund")
    assert golden.path.read_text() == "id,topic\n1,refund\n"


def test_judgements_are_taken_back_one_after_the_other(golden: GoldenFile) -> None:
    """Also by another process; a row that was new goes."""
    desk(golden).correct("9", "refund")
    desk(golden).correct("9", "other")
    assert desk(golden).undo() == "9"
    assert golden.judged() == {"9": "refund"}
    assert desk(golden).undo() == "9"
    assert golden.path.read_text() == "id,topic\n"
    assert desk(golden).undo() is None


def test_what_somebody_has_written_since_is_not_taken_back(golden: GoldenFile) -> None:
    """It is theirs."""
    desk(golden).correct("9", "refund")
    golden.put("9", "delivery")
    with pytest.raises(ConfigError, match="says something else of 9"):
        desk(golden).undo()


def test_a_closed_file_takes_corrections_and_no_new_row(tmp_path: Path) -> None:
    """Where a new row would say something to another test."""
    GoldenFile(tmp_path / "g.csv", "id", "topic").put("9", "other")
    closed = GoldenFile(tmp_path / "g.csv", "id", "topic", closed="Give that test `judged:`.")
    closed.put("9", "refund")
    with pytest.raises(ConfigError, match="judged"):
        closed.put("10", "refund")


# The desk


def test_only_an_answer_that_can_be_is_written(golden: GoldenFile) -> None:
    """A label of the list; no blank; no acceptance of what is not there."""
    at = desk(golden)
    with pytest.raises(ConfigError, match=r"'hum' is no answer of texts\.topic; it is one of"):
        at.correct("9", "hum")
    with pytest.raises(ConfigError, match="not blank"):
        at.correct("9", " ")
    with pytest.raises(ConfigError, match="11 has no answer to accept"):
        at.accept("11")
    with pytest.raises(ConfigError, match="no row '12'"):
        at.accept("12")
    assert not golden.path.exists()


@pytest.mark.parametrize(
    ("task", "path", "choices", "judged"),
    [
        (TOPIC, (), ("delivery", "refund", "other"), True),
        (Classify(labels=["a", "b"], multi=True), (), ("a", "b"), True),
        (Classify(labels=["a", "b|c"], multi=True), (), None, False),
        (Sentiment(), (), ("positive", "negative", "neutral", "unknown"), True),
        (Extract(fields={"a": "text", "b": ["x", "y"]}), ("a",), None, True),
        (Extract(fields={"a": "text", "b": ["x", "y"]}), ("b",), ("x", "y"), True),
        (Extract(fields={"a": ["text"]}), ("a",), None, False),
        (Summarize(), (), None, True),
        (Translate(to="English"), (), None, True),
        (Embed(dimensions=3), (), None, False),
        (Score(criterion="How urgent?", low=1, high=3), (), ("1", "2", "3"), True),
    ],
)
def test_what_can_be_right(
    task: Task, path: tuple[str, ...], choices: tuple[str, ...] | None, judged: bool
) -> None:
    """Of each kind of answer."""
    at = column(task, *path)
    assert (at.choices, at.can_be_judged) == (choices, judged)


@pytest.fixture
def several(tmp_path: Path) -> Desk:
    """A desk on answers of several labels."""
    task = Classify(labels=["delivery", "refund", "other"], multi=True)
    file = GoldenFile(tmp_path / "g.csv", "id", "topic", blank_says=True)
    rows = [Row("1", "delivery|refund"), Row("2", None), Row("3", "other")]
    return Desk(column(task), rows, file, JudgementLog(tmp_path / "log.jsonl"))


def test_several_labels_are_one_cell_in_the_order_of_the_question(several: Desk) -> None:
    """However they were typed; a wrong one is named; blank is no label."""
    assert several.correct("1", " refund | delivery|refund") == "delivery|refund"
    with pytest.raises(ConfigError, match=r"'hum' is no answer of texts\.topic; .* \| between"):
        several.correct("1", "refund|hum")
    assert several.accept("2") == ""
    assert several.golden.path.read_text() == "id,topic\n1,delivery|refund\n2,\n"
    shown = several.column.shown
    assert [shown(one) for one in ([], ["delivery", "other"])] == [None, "delivery|other"]


def test_keys_mark_labels_and_enter_writes_them(several: Desk) -> None:
    """Beginning with the answer; what is marked twice is out again."""
    done, said = reviewed(several, "13\raat", "")
    assert (several.golden.judged(), done[:6]) == (
        {"1": "refund|other", "2": "", "3": "other"},
        "3 gold",
    )
    assert "would be right: refund|other; Enter writes it" in said


def test_a_label_chooses_the_rows_that_have_it_among_others(several: Desk) -> None:
    """`--label refund`."""
    assert [row.key for row in choose(several.rows, Wish(label="refund"))] == ["1"]


def test_a_summary_is_accepted_or_typed_and_never_blank(tmp_path: Path) -> None:
    """The test that is advised compares words, and rows that nobody judged are left out."""
    of = column(Summarize())
    file = golden_file_of(of, {}, Project(tmp_path, tmp_path, (tmp_path,)), "id")
    at = Desk(of, [Row("1", "Late."), Row("2", None)], file, JudgementLog(tmp_path / "log"))
    assert (at.accept("1"), at.correct("2", "A parcel, too.")) == ("Late.", "A parcel, too.")
    for judge in (lambda: at.accept("2"), lambda: at.correct("1", " ")):
        with pytest.raises(ConfigError, match=r"no answer to accept|not blank"):
            judge()
    assert "kind: extract, judged: topic is not null, min_token_f1: 0.3" in str(advice(of, file))


def test_what_golden_rows_cannot_hold_is_refused(golden: GoldenFile) -> None:
    """A vector, also by `--set`: nothing is written."""
    at = Desk(column(Embed(dimensions=3)), [Row("1", "x")], golden, JudgementLog(golden.path))
    with pytest.raises(ConfigError, match="looked at only"):
        at.correct("1", "y")
    assert not golden.path.exists()


def test_no_answer_is_not_accepted_as_nothing_to_find(tmp_path: Path) -> None:
    """Of a failed row NULL says nothing; what a person types does, and a real NULL is accepted."""
    file = GoldenFile(tmp_path / "g.csv", "id", "topic", blank_says=True)
    rows = [Row("1", None, "refused", "no"), Row("2", None)]
    at = Desk(
        column(Extract(fields={"a": "text"}), "a"), rows, file, JudgementLog(tmp_path / "log")
    )
    done, said = reviewed(at, "asa")
    assert (file.judged(), done[:6]) == ({"2": ""}, "1 gold")
    assert "1 has no answer to accept (refused)" in said
    keys = [part.split("t\xa0type")[0] for part in said.split("row ")[1:]]
    assert ["a\xa0nothing\xa0to\xa0find" in one for one in keys] == [False, True]
    assert at.correct("1", "") == ""


def test_the_advised_test_reads_several_labels(several: Desk) -> None:
    """As a list, so that their order says nothing."""
    said = str(advice(several.column, several.golden))
    assert "label: \"string_split(topic, '|')\", kind: extract" in said


def test_a_score_is_shown_as_the_word_that_gold_has() -> None:
    """The test compares so."""
    scores = [0.4, -0.4, 0.01, None]
    assert [column(Sentiment()).shown(one) for one in scores] == [
        "positive",
        "negative",
        "neutral",
        "unknown",
    ]


# The terminal


def test_keys_accept_correct_skip_go_back_and_end(golden: GoldenFile) -> None:
    """Back takes back what was said there."""
    done, said = reviewed(desk(golden), "ab3a1")
    assert golden.judged() == {"9": "other", "10": "refund", "11": "delivery"}
    assert done == "3 golden rows: 1 accepted, 2 corrected; 0 skipped."
    assert "texts.topic  1 of 3  row 9" in said
    assert "! refused: no" not in said


@pytest.mark.parametrize("end", ["q", "\x03", "\x04", ""])
def test_what_was_judged_is_kept_however_it_ends(golden: GoldenFile, end: str) -> None:
    """Ctrl-C and the end of the input among them."""
    done, _ = reviewed(desk(golden), f"as{end}")
    assert golden.judged() == {"9": "delivery"}
    assert done == "1 golden row: 1 accepted, 0 corrected; 1 skipped."


def test_a_wrong_key_or_word_changes_nothing(golden: GoldenFile) -> None:
    """The row stays, and what is wrong is said."""
    _, said = reviewed(desk(golden), "x9tt", "hum", "refund")
    assert golden.judged() == {"9": "refund"}
    assert "'hum' is no answer" in said


def test_nothing_in_a_text_moves_the_terminal(golden: GoldenFile) -> None:
    """Escapes and the marks that turn writing round are blanks."""
    row = Row("1", "other", text="a\x1b[2Jb\u202ec\nd", why=("\x1b]0;x\x07",))
    _, said = reviewed(desk(golden, [row]), "q")
    assert not {"\x1b", "\u202e", "\x07"} & set(said)
    assert "a [2Jb c\n  d" in said


# Which rows


def test_the_least_certain_come_first_and_what_has_no_figure_last() -> None:
    """Whatever their order was."""
    assert [row.key for row in choose(ROWS, Wish(low_confidence=True))] == ["10", "9", "11"]
    assert [row.key for row in choose(ROWS, Wish(1, low_confidence=True))] == ["10"]


def test_a_sample_is_the_same_each_time_and_another_with_another_seed() -> None:
    """Of what nobody has judged and what has a text."""
    many = [Row(str(at), "other", is_gold=at % 2 == 0, gold="other") for at in range(100)]
    many.append(Row("x", None, "skipped"))
    drawn = [[row.key for row in choose(many, Wish(5, seed=seed))] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert all(int(key) % 2 for key in drawn[0])


def test_rows_disagree_with_gold_another_prompt_or_model() -> None:
    """And say with whom."""
    wrong = Row("1", "other", gold="refund", is_gold=True)
    other = Row(
        "2", "other", others=(Other("m, prompt 1", "refund"), Other("n, prompt 1", "other"))
    )
    same = Row("3", "other", gold="other", is_gold=True)
    assert choose([wrong, same], Wish(disagree=True)) == [wrong]
    assert [is_odd(row) for row in (wrong, other, same)] == [True, True, False]
    assert with_reasons(wrong).why == ("gold says refund",)
    assert with_reasons(other).why == ("m, prompt 1 said refund",)


def test_a_label_or_keys_choose_rows() -> None:
    """Keys in their own order."""
    assert [row.key for row in choose(ROWS, Wish(label="refund"))] == ["10"]
    assert [row.key for row in choose(ROWS, Wish(keys=("10", "9", "no")))] == ["10", "9"]
