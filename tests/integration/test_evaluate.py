"""`assay evaluate` from a file of golden rows to the figures, on a provider that we know."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from assay.cli.main import app
from assay.core.errors import CallError, ConfigError
from assay.core.settings import Settings
from assay.core.values import Request
from assay.hosts.dbt.sets import named_or_json
from assay.project.evaluation.evaluate import ExamPlan, evaluate
from assay.project.evaluation.golden_rows import GoldenSource
from assay.project.evaluation.scorecard import Figures, table
from assay.providers.fake import FakeProvider, answering

from .dbt.project import Project

Measure = Callable[..., Figures]

COLOURS = (
    "text,colour,lang\nthe sky,blue,en\ngrass,green,en\na frog,green,en\nder Himmel,blue,de\n"
)


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """Four texts and their colours."""
    path = tmp_path / "colours.csv"
    path.write_text(COLOURS)
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The defaults, with a store of the test's own."""
    return Settings(store=tmp_path / "store.sqlite")


@pytest.fixture
def measure(settings: Settings) -> Measure:
    """Evaluate a plan with a provider that answers `value(text)`."""

    def run(
        source: GoldenSource, kind: str, value: Callable[[str], Any], **options: Any
    ) -> Figures:
        provider = FakeProvider(answering(lambda record, _: value(record.text)))
        return evaluate(ExamPlan(source, kind, **options), settings, provider)  # type: ignore[arg-type]

    return run


def colour_of(text: str) -> str:
    """A model that knows two of the four texts, and never says green but of grass."""
    return "green" if text == "grass" else "blue"


def by_colour(path: Path, **more: Any) -> GoldenSource:
    """Where the colours are."""
    return GoldenSource(path, "text", "colour", **more)


def test_accuracy_and_macro_f1_of_a_classification(colours: Path, measure: Measure) -> None:
    """Three of four are right; blue has F1 4/5, green 2/3."""
    figures = measure(by_colour(colours), "classify", colour_of)

    assert (figures["rows"], figures["accuracy"]) == (4, 0.75)
    assert figures["macro_f1"] == pytest.approx((4 / 5 + 2 / 3) / 2)


def test_figures_by_slice(colours: Path, measure: Measure) -> None:
    """Each language has its own figures, which add up."""
    figures = measure(by_colour(colours, by="lang"), "classify", colour_of)

    shown = {name: (part["rows"], part["accuracy"]) for name, part in figures["by"].items()}
    assert shown == {"de": (1, 1.0), "en": (3, pytest.approx(2 / 3))}


def test_nothing_is_bought_twice(colours: Path, measure: Measure) -> None:
    """The second evaluation asks nobody, has the same figures and says no speed."""
    first = measure(by_colour(colours), "classify", colour_of)
    second = measure(by_colour(colours), "classify", colour_of)

    assert (first["from_store"], first["asked"], first["requests"]) == (0, 4, 1)
    assert (second["from_store"], second["asked"], second["requests"]) == (4, 0, 0)
    assert (second["accuracy"], second["texts_per_second"]) == (first["accuracy"], None)


def test_examples_are_not_measured(colours: Path, settings: Settings) -> None:
    """One example a label leaves two rows, and the model is shown exactly the other two."""
    provider = FakeProvider(answering(lambda record, _: colour_of(record.text)))
    figures = evaluate(ExamPlan(by_colour(colours), "classify", examples=1), settings, provider)

    shown = {example.text for example in provider.requests[0].pack.questions[0].task.examples}
    assert (figures["rows"], figures["examples"]) == (2, 2)
    assert shown.isdisjoint(provider.texts)


def test_a_sample_is_drawn_with_the_seed(colours: Path, settings: Settings) -> None:
    """The same seed asks about the same rows."""
    providers = [FakeProvider(answering(lambda *_: "blue")) for _ in range(2)]
    plan = ExamPlan(by_colour(colours), "classify", limit=2, seed=5)
    for number, provider in enumerate(providers):
        own = settings.model_copy(update={"store": settings.store.parent / f"store.{number}"})
        evaluate(plan, own, provider)

    assert len(providers[0].texts) == 2
    assert sorted(providers[0].texts) == sorted(providers[1].texts)


def test_rows_without_gold_are_left_out(tmp_path: Path, measure: Measure) -> None:
    """What nobody labelled cannot be right or wrong."""
    path = tmp_path / "some.csv"
    path.write_text("text,colour\nthe sky,blue\nwater,\ngrass,green\n")
    figures = measure(by_colour(path), "classify", colour_of)

    assert (figures["rows"], figures["unlabelled"]) == (2, 1)


def test_failed_rows_are_wrong_and_reported_apart(colours: Path, settings: Settings) -> None:
    """A row that the model refuses has no answer: accuracy falls, and the status is named."""

    def refuse_grass(request: Request) -> Any:
        if "grass" in [record.text for record in request.pack.records]:
            raise CallError("refused", "The model will not answer.")
        return answering(lambda record, _: colour_of(record.text))(request)

    alone = settings.model_copy(update={"pack_records": 1})
    figures = evaluate(ExamPlan(by_colour(colours), "classify"), alone, FakeProvider(refuse_grass))

    assert figures["statuses"] == {"ok": 3, "refused": 1}
    assert (figures["accuracy"], figures["answered_share"]) == (0.5, 0.75)


def test_blank_texts_are_skipped(tmp_path: Path, measure: Measure) -> None:
    """A blank text is no question; its row counts as not answered."""
    path = tmp_path / "blank.jsonl"
    rows = [{"text": " ", "colour": "blue"}, {"text": "grass", "colour": "green"}]
    path.write_text("\n".join(map(json.dumps, rows)))
    figures = measure(by_colour(path), "classify", colour_of)

    assert (figures["statuses"], figures["accuracy"]) == ({"skipped": 1, "ok": 1}, 0.5)


def test_out_of_scope_has_its_own_figures(colours: Path, measure: Measure) -> None:
    """One of two frogs is caught, and nothing else is called green."""
    figures = measure(by_colour(colours), "classify", colour_of, other="green")

    scope = {"label": "green", "rows": 2, "recall": 0.5, "precision": 1.0}
    assert figures["out_of_scope"] == scope


def test_sentiment_maps_scores_and_reports_unknown_apart(tmp_path: Path, measure: Measure) -> None:
    """0.05 is positive, 0.04 neutral; null is wrong in accuracy and left out among judged."""
    path = tmp_path / "feelings.csv"
    path.write_text("text,label\ngood,1\nbad,0\nok,neutral\nhmm,positive\n")
    score = {"good": 0.05, "bad": -0.6, "ok": 0.04, "hmm": None}
    figures = measure(GoldenSource(path, "text", "label"), "sentiment", score.__getitem__)

    assert (figures["accuracy"], figures["accuracy_judged"]) == (0.75, 1.0)
    assert figures["unknown"] == 1


def test_extract_counts_exact_values(tmp_path: Path, measure: Measure) -> None:
    """Of three gold values one is found, one is wrong, one is missed: P 1/2, R 1/3, F1 2/5."""
    path = tmp_path / "slots.jsonl"
    slots = [{"type": "city", "value": "Graz"}, {"type": "day", "value": "Monday"}]
    slots.append({"type": "people", "value": "4"})
    path.write_text(json.dumps({"text": "a table in Graz on Monday for 4", "slots": slots}))
    found = {"city": "Graz", "day": "on Monday", "people": None}
    source = GoldenSource(path, "text", "slots", structured=True)
    figures = measure(source, "extract", lambda _: found)

    assert (figures["precision"], figures["recall"]) == (0.5, pytest.approx(1 / 3))
    assert (figures["micro_f1"], figures["accuracy"]) == (pytest.approx(0.4), 0.0)


def test_extract_reads_gold_from_structs_and_json_text(tmp_path: Path, measure: Measure) -> None:
    """A Parquet struct and JSON in a CSV say the same."""
    parquet, csv = tmp_path / "gold.parquet", tmp_path / "gold.csv"
    row = "select 'Graz for 4' as text, {'city': 'Graz', 'people': 4, 'day': null} as gold"
    duckdb.execute(f"copy ({row}) to '{parquet}' (format parquet)")
    csv.write_text('text,gold\nGraz for 4,"{""city"": ""Graz"", ""people"": ""4""}"\n')
    asked = {"fields": {"city": "text", "people": "integer"}}
    answer = {"city": "Graz", "people": 4}
    figures = [
        measure(
            GoldenSource(path, "text", "gold", structured=True),
            "extract",
            lambda _: answer,
            **asked,
        )
        for path in (parquet, csv)
    ]

    assert [part["micro_f1"] for part in figures] == [1.0, 1.0]


def test_gold_may_be_in_a_second_file(tmp_path: Path, measure: Measure) -> None:
    """Rows belong together by the columns that both files have."""
    texts, golds = tmp_path / "texts.csv", tmp_path / "golds.csv"
    texts.write_text("id,text\n1,the sky\n2,grass\n3,water\n")
    golds.write_text("id,colour\n2,green\n1,blue\n")
    figures = measure(by_colour(texts, join=golds), "classify", colour_of)

    assert (figures["rows"], figures["accuracy"]) == (2, 1.0)


def test_unknown_money_is_not_zero(colours: Path, tmp_path: Path) -> None:
    """A model without a price has an unknown cost, in JSON and in the table."""
    settings = Settings(
        provider="openai",
        base_url="http://127.0.0.1:9/v1",
        model="unpriced",
        api_key=SecretStr("none"),
        store=tmp_path / "store.sqlite",
    )
    provider = FakeProvider(answering(lambda record, _: colour_of(record.text)))
    figures = evaluate(ExamPlan(by_colour(colours), "classify"), settings, provider)

    assert (figures["cost_usd"], figures["input_tokens"]) == (None, 10)
    assert "Cost            unknown for 1 request;" in table(figures)


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        ({"text": "body"}, {}, "no column 'body'; there are text, colour, lang"),
        ({"data": Path("no.csv")}, {}, "There is no file 'no.csv'"),
        ({"where": "hue = 1"}, {}, "--where 'hue = 1' failed: Binder Error"),
        ({"where": "false"}, {}, "Of 0 rows none has a value in 'colour'"),
        ({}, {"labels": ["red", "blue"]}, "The gold label 'green' is not among the labels"),
        (
            {},
            {"other": "oos"},
            "--other 'oos' is no label of the gold rows; they have blue",
        ),
        ({}, {"examples": 2}, "none is left to measure; lower --examples"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(
    colours: Path, measure: Measure, source: dict[str, Any], options: dict[str, Any], said: str
) -> None:
    """The message names what is wrong and what there is."""
    given: dict[str, Any] = {"data": colours, "text": "text", "label": "colour"} | source
    with pytest.raises(ConfigError) as caught:
        measure(GoldenSource(**given), "classify", colour_of, **options)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_set_goes_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a model; a name that is none lists what there is."""
    project = Project(tmp_path)
    project.set_sets(labels={"hue": ["blue", "green"]})
    project.set_sets(fields={"gear": "what they own"})
    project.set_variables(ai_labels={"tone": {"warm": "red"}})
    monkeypatch.chdir(tmp_path)

    assert named_or_json("labels", "hue") == ["blue", "green"]
    gear = {"type": ["text"], "description": "what they own"}
    assert named_or_json("fields", "gear") == {"gear": gear}
    with pytest.raises(ConfigError, match="no set of this project; there are: tone, hue; add it"):
        named_or_json("labels", "hues")


def test_the_command_prints_json_and_leaves_no_store(
    colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--fresh answers with the embedded provider and leaves `ASSAY_STORE` alone."""
    monkeypatch.setenv("ASSAY_STORE", str(tmp_path / "real.sqlite"))
    options = ["--text", "text", "--label", "colour", "--task", "classify", "--fresh", "--json"]
    ran = CliRunner().invoke(app, ["evaluate", "--data", str(colours), *options])

    figures = json.loads(ran.stdout)
    assert (figures["rows"], figures["statuses"]) == (4, {"ok": 4})
    assert not (tmp_path / "real.sqlite").exists()


def test_the_table_names_each_figure(colours: Path, measure: Measure) -> None:
    """What a person reads: rows, accuracy with its interval, what was asked, the cost."""
    lines = table(measure(by_colour(colours, by="lang"), "classify", colour_of)).splitlines()

    assert "Accuracy        0.750 (0.301 to 0.954)" in lines
    assert "From the store  0 rows" in lines
    assert "  de: 1 row, accuracy 1.000 (0.207 to 1.000)" in lines


CANARY = "CANARY-7f3a"
UNREADABLE: dict[str, tuple[bytes, str]] = {
    "cp1252.csv": (
        f"text,colour\ngood,x\n{CANARY} b\u00e9d,y\n".encode("cp1252"),
        "(Windows, Western Europe); mend it with `iconv -f CP1252",
    ),
    "cp1252.jsonl": (
        f'{{"text": "{CANARY} b\u00e9d"}}'.encode("cp1252"),
        "is not UTF-8 but probably CP1252",
    ),
    "utf16.csv": (
        f"text,colour\n{CANARY},x\n".encode("utf-16"),
        "is not UTF-8 but probably UTF-16",
    ),
    "empty.csv": (b"", "is empty; fetch it again, or leave it out"),
    "blank.json": (b" \n\n", "is empty"),
    "packed.csv": (b"\x1f\x8b\x08\x00" + bytes(range(256)), "is packed by gzip"),
    "table.csv": (b"PK\x03\x04" + bytes(range(256)), "is a ZIP archive that was cut off"),
    "page.parquet": (
        f"<html>{CANARY}</html>".encode(),
        "is an HTML page, not Parquet",
    ),
    "other.parquet": (CANARY.encode() * 9, "is no Parquet file"),
    "cut.parquet": (b"PAR1" + CANARY.encode() * 9, "is Parquet that was cut off; fetch it again"),
    "broken.json": (
        f'{{"text": "{CANARY}'.encode(),
        "Malformed JSON at byte",
    ),
    "broken.jsonl": (
        f'{{"text": "a"}}\n{{"text": {CANARY}}}\n'.encode(),
        "write one JSON value a line, or one list of objects",
    ),
    "ragged.csv": (
        f"text,colour\na,b\n{CANARY},3,4,5\n".encode(),
        "none has a name: the first line was not taken for names",
    ),
}
"""Files, and what is said of them."""


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_gets_one_line_with_the_reason(
    name: str, tmp_path: Path, measure: Measure
) -> None:
    """And the remedy; nothing of a row, and its name once, but for the command."""
    content, said = UNREADABLE[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        measure(by_colour(path), "classify", colour_of)
    message = str(caught.value)
    assert said in message
    assert CANARY not in message
    assert "\n" not in message
    assert message.partition("iconv")[0].partition("or name it")[0].count(name) <= 1


def test_a_folder_is_no_file(tmp_path: Path, measure: Measure) -> None:
    """Nor is a pipe, which might never end."""
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name, said in {"folder.csv": "a folder", "pipe.csv": "a pipe or a device"}.items():
        with pytest.raises(ConfigError, match=f"is {said}; name a file"):
            measure(by_colour(tmp_path / name), "classify", colour_of)


def test_a_condition_that_fails_at_a_row_does_not_show_it(colours: Path, measure: Measure) -> None:
    """What is said of names and syntax is."""
    with pytest.raises(ConfigError, match="failed: ConversionException at a row, which is not"):
        measure(by_colour(colours, where="text::int > 3"), "classify", colour_of)
    with pytest.raises(ConfigError, match='failed: Binder Error: Referenced column "nope"'):
        measure(by_colour(colours, where="nope = 1"), "classify", colour_of)
