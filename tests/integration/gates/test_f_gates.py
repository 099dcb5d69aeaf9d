"""Group F of the faults: gates in the DAG, none of them ever vacuous."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest

from ..dbt.project import REPOSITORY, Project
from ..figures import keep
from .story import (
    CANARY,
    MODELS,
    ROWS,
    Told,
    expect,
    in_set,
    load_notes,
    not_null,
    put_file,
    put_gates,
    put_good_suites,
    put_suite,
    told,
)

MILLION = """
    create schema raw;
    create table raw.notes as
    select
        range as id,
        case range % 8 when 0 then null when 1 then 'rope' else 'tent' end as label,
        'customer' || range || '@example.org' as mail,
        (range % 10000)::decimal(10, 2) / 100 as amount,
        timestamp '2025-01-01' + to_minutes(range % 500000) as at
    from range(1000000)
"""
GOOD = [*["tent"] * 60, *["boot"] * 39, None]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Three layers with a gate each; every build of this module goes through it."""
    project = Project(tmp_path_factory.mktemp("gates"), MODELS)
    put_gates(project)
    put_good_suites(project)
    load_notes(project, *GOOD)
    return project


@pytest.fixture(scope="module")
def green(project: Project) -> Told:
    """The first build: everything is as expected."""
    return told(project)


@pytest.fixture(scope="module")
def silver_red(project: Project, green: Told) -> Told:
    """Then twenty rows come whose label nobody knows, and two expectations that raise."""
    load_notes(project, *GOOD, *[CANARY] * 20)
    put_suite(
        project,
        "silver/topics",
        ROWS,
        not_null("topic_value", 0.5),
        in_set("topic_value", "tent", "boot", mostly=0.9),
        expect("column_values_to_be_between", column="topic_value", min_value=1),
        expect("column_most_common_value_to_be_in_set", column="odd", value_set=["x"]),
        not_null("odd"),
        columns={
            "topic_value": "topic.value",
            "odd": "case when topic.value like 'canary%' then topic.value end",
        },
    )
    return told(project)


@pytest.fixture(scope="module")
def gold_red(project: Project, silver_red: Told) -> Told:
    """Then the rows are good again, but gold is asked for more than there is."""
    load_notes(project, *GOOD)
    put_good_suites(project)
    put_suite(project, "gold/topic_counts", ROWS, not_null("topic"), minimum_evaluated=3)
    return told(project)


@pytest.fixture(scope="module")
def bronze_red(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """One bronze model for each way in which a suite could pass without having checked."""
    names = ["empty_suite", "empty_table", "all_null", "few", "errs", "no_file", "loose", "broken"]
    rows = {
        "empty_table": "where false",
        "all_null": "where label is null",
        "few": "where label in ('tent', 'boot')",
    }
    models = {
        f"bronze/{name}.sql": f"select * from raw.notes {rows.get(name, '')}" for name in names
    }
    silver = MODELS["silver/topics.sql"].replace("'notes'", "'few'")
    project = Project(tmp_path_factory.mktemp("vacuous"), models | {"silver/topics.sql": silver})
    put_gates(project, {"bronze": names})
    load_notes(project, *GOOD, CANARY)
    label = [not_null("label", 0.01), in_set("label", "tent", "boot")]
    put_suite(project, "bronze/empty_suite")
    put_suite(project, "bronze/empty_table", ROWS, *label)
    put_suite(project, "bronze/all_null", ROWS, *label)
    put_suite(project, "bronze/few", ROWS, *label, minimum_evaluated=102)
    put_suite(
        project, "bronze/loose", ROWS, not_null("label"), in_set("label", "tent", mostly=0.5)
    )
    put_suite(
        project,
        "bronze/errs",
        ROWS,
        not_null("no_such_column"),
        expect("column_values_to_be_between", column="amount", min_value=1),
    )
    put_file(project, "bronze/broken", "{")
    put_suite(project, "bronze/nobody_reads_this", ROWS)
    return told(project)


def line_of(story: Told, *words: str) -> str:
    """The line of the run's output that has all these words."""
    lines = [line for line in story.run.output.splitlines() if all(word in line for word in words)]
    assert lines, (words, story.run.output)
    return lines[0]


# One failing suite per layer


def test_f01_green_gates_let_everything_through(green: Told) -> None:
    """Every model is built and every result is in ops, none of them red."""
    assert green.run.code == 0, green.run.output
    assert green.red == []
    assert ("tent", 60) in green.gold


@pytest.mark.parametrize(
    ("story", "gate", "skipped"),
    [
        ("bronze_red", "gate_bronze", {"topics"}),
        ("silver_red", "gate_silver", {"topic_counts", "gate_gold", "published"}),
        ("gold_red", "gate_gold", {"published"}),
    ],
)
def test_f12_a_failing_suite_fails_the_build_and_skips_what_it_guards(
    request: pytest.FixtureRequest, story: str, gate: str, skipped: set[str]
) -> None:
    """In every layer; what is above the gate was built."""
    run = request.getfixturevalue(story).run
    assert run.code == 1, run.output
    assert run.statuses()[gate] == "error"
    assert {name for name, status in run.statuses().items() if status == "skipped"} == skipped


@pytest.mark.parametrize("story", ["silver_red", "gold_red"])
def test_f01_old_gold_is_still_readable(
    request: pytest.FixtureRequest, green: Told, story: str
) -> None:
    """What is published is what it was before."""
    assert request.getfixturevalue(story).gold == green.gold


def test_f12_results_of_a_failed_gate_are_on_record(silver_red: Told, project: Project) -> None:
    """In the store and in ops, although dbt rolled the gate's table back."""
    found = project.rows(
        "select gate, evaluated, unexpected, round(unexpected_share, 4), threshold, "
        "invocation_id, checked_at is not null from ops.ops_gate_results "
        "where is_red and gate = 'gate_silver' and column_name = 'topic_value' "
        "and reasons = ['failed']"
    )
    (invocation,) = set(re.findall(r'"invocation_id": "([0-9a-f-]{36})"', silver_red.sight)) & {
        row[5] for row in found
    }
    assert found == [("gate_silver", 119, 20, 0.1681, "mostly=0.9", invocation, True)]


def test_f12_a_red_line_says_what_and_what_to_do(silver_red: Told) -> None:
    """Gate, suite, expectation, column, counts, threshold, remedy."""
    line = line_of(silver_red, "gate_silver: suite topics", "in_set on topic_value")
    assert "20 of 119 values unexpected (16.81 %), at most 10 % allowed" in line
    assert "quality/suites/silver/topics.json" in line


# Never vacuous


def test_f03_a_model_without_a_suite_is_red(bronze_red: Told) -> None:
    """Whoever deletes a suite is told."""
    assert "no such file" in line_of(bronze_red, "gate_bronze: suite no_file")


def test_f03_a_suite_that_nothing_reads_is_red(bronze_red: Told) -> None:
    """Whoever takes a model out of the gate is told."""
    line = line_of(bronze_red, "gate_bronze: suite nobody_reads_this")
    assert "the gate does not read this model" in line


def test_f04_an_empty_suite_is_red(bronze_red: Told) -> None:
    """Great Expectations calls it a success."""
    assert "it expects nothing" in line_of(bronze_red, "gate_bronze: suite empty_suite")


def test_f05_an_empty_table_is_red(bronze_red: Told) -> None:
    """Whatever is expected of its values."""
    line = line_of(bronze_red, "suite empty_table", "in_set on label")
    assert "empty_table is empty, so nothing was checked" in line


def test_f06_an_all_null_column_is_red(bronze_red: Told) -> None:
    """Great Expectations finds no value that is not in the set."""
    line = line_of(bronze_red, "suite all_null", "in_set on label")
    assert "every value is NULL in 1 row, so nothing was checked" in line


def test_f04_fewer_values_than_the_minimum_are_red(bronze_red: Told) -> None:
    """Also where every one of them is as expected."""
    line = line_of(bronze_red, "suite few", "in_set on label")
    assert "evaluated 99, which is below the minimum of 102" in line


def test_f07_what_mostly_lets_through_is_counted(bronze_red: Told, green: Told) -> None:
    """The threshold stands beside the count, on the page and in ops, also where it is green."""
    assert re.search(r'in 50.% at least</span> <span class="count">60 of 100<', bronze_red.page)


def test_f08_an_error_is_told_apart_from_a_failure(bronze_red: Told) -> None:
    """A column that is missing, and bounds for a type that has none."""
    missing = line_of(bronze_red, "suite errs", "on no_such_column")
    raising = line_of(bronze_red, "suite errs", "to_be_between on amount")
    assert "errored: column 'no_such_column': BinderException" in missing
    assert "errored: column 'amount' is VARCHAR, which is no number and no time" in raising


def test_f08_a_file_that_is_no_suite_is_red(bronze_red: Told) -> None:
    """And the others are run all the same."""
    assert "it is not JSON" in line_of(bronze_red, "gate_bronze: suite broken")
    assert ("empty_table", "label", ["empty_table"]) in bronze_red.red


# Privacy and neighbours


@pytest.mark.parametrize("story", ["bronze_red", "silver_red"])
def test_f09_no_offending_value_is_kept(request: pytest.FixtureRequest, story: str) -> None:
    """Not in output, logs, artifacts, results, page or store."""
    seen: Told = request.getfixturevalue(story)
    assert "canary" not in seen.sight
    assert b"canary" not in seen.store


def test_f09_the_page_is_static_and_loads_nothing(silver_red: Told) -> None:
    """No script, no link, no picture, and a policy that would stop them."""
    assert (
        'content="default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;"'
        in silver_red.page
    )
    assert not re.search(r"https?:|<script|<link|<img|src=|href=|url\(", silver_red.page)


def test_f11_no_gate_opens_the_warehouse() -> None:
    """Frames come from dbt's own connection; a second one would find the file locked."""
    folder = REPOSITORY / "udfs/assay/project/gates"
    sources = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    assert "relation.project(" in sources
    assert not re.search(r"duckdb\.connect\([^)]|create_engine|read_parquet", sources)


@pytest.mark.whole
def test_f10_a_million_rows_and_ten_expectations_take_at_most_15_seconds(
    tmp_path: Path,
) -> None:
    """The whole gate inside dbt, the import of Great Expectations included."""
    project = Project(tmp_path, {"bronze/notes.sql": "select * from raw.notes"})
    put_gates(project, {"bronze": ["notes"]})
    put_suite(
        project,
        "bronze/notes",
        expect("table_row_count_to_be_between", min_value=1_000_000),
        not_null("id"),
        expect("column_values_to_be_unique", column="id"),
        not_null("label", 0.8),
        in_set("label", "tent", "boot", "rope"),
        expect("column_values_to_match_regex", column="mail", regex=r"^[^@]+@[^@]+\.[a-z]+$"),
        expect("column_value_lengths_to_be_between", column="mail", min_value=5, max_value=40),
        expect("column_values_to_be_between", column="amount", min_value=0, max_value=100),
        expect("column_mean_to_be_between", column="amount", min_value=40, max_value=60),
        expect("column_values_to_be_between", column="at", min_value="2025-01-01T00:00:00"),
        minimum_evaluated=800_000,
    )
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute(MILLION)
    run = project.dbt("build")
    assert run.code == 0, run.output
    seconds = run.results["gate_bronze"]["execution_time"]
    keep("f10_gate", {"rows": 1_000_000, "expectations": 10, "seconds": round(seconds, 1)})
    assert seconds <= 15


# The shipped suites


def test_f03_every_model_of_a_layer_is_in_its_gate_and_has_a_suite() -> None:
    """What a row gate keeps back is its own affair."""
    for layer in ("bronze", "silver", "gold"):
        gate = (REPOSITORY / "models" / layer / f"gate_{layer}.py").read_text(encoding="utf-8")
        models = {path.stem for path in (REPOSITORY / "models" / layer).glob("*.sql")}
        suites = {path.stem for path in (REPOSITORY / "quality/suites" / layer).glob("*.json")}
        assert set(re.findall(r'dbt\.ref\("(\w+)"\)', gate)) == models == suites


@pytest.mark.parametrize(("layer", "before"), [("silver", "bronze"), ("gold", "silver")])
def test_f01_every_model_waits_for_the_gate_before_it(layer: str, before: str) -> None:
    """Itself, or through a model of its own layer."""
    folder: Path = REPOSITORY / "models" / layer
    texts = {path.stem: path.read_text("utf-8") for path in folder.glob("*.sql")}
    behind = {name for name, text in texts.items() if f"ref('gate_{before}')" in text}
    for _ in texts:
        behind |= {
            name
            for name, text in texts.items()
            if behind & set(re.findall(r"ref\('(\w+)'\)", text))
        }
    assert behind == set(texts)


def test_suites_are_in_the_form_of_great_expectations() -> None:
    """What its own library writes and reads: name, meta, and expectations by type."""
    for path in (REPOSITORY / "quality" / "suites").rglob("*.json"):
        suite = json.loads(path.read_text(encoding="utf-8"))
        assert set(suite) == {"name", "meta", "expectations"}
        assert all(set(item) == {"type", "kwargs", "meta"} for item in suite["expectations"])
