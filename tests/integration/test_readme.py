"""The README taken at its word: its files, its models and its commands in a fresh project."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from pathlib import Path

import duckdb
import pytest

from .dbt.project import REPOSITORY, Project
from .gates.assay_line import Said, assay

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
UTTERANCES = (
    "I want to cancel the order that I placed this morning",
    "My card was charged twice, when do I get my refund?",
    "I cannot log in and the reset mail never comes",
    "Thanks, and have a nice day",
    "",
    "Thanks, and have a nice day",
)
FURTHER = "Please change my order to the larger size"


def section(title: str) -> str:
    """The text below a heading, to the next one."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.M | re.S)
    assert found is not None, f"README.md has no section {title!r}"
    return found[1]


def blocks(text: str, language: str) -> list[str]:
    """The code blocks of a language; the indentation of the list they stand in is taken off."""
    pattern = rf"^( *)```{language}\n(.*?)^ *```$"
    found = re.findall(pattern, text, re.M | re.S)
    return [
        "".join(line[len(indent) :] for line in code.splitlines(True)) for indent, code in found
    ]


def commands(text: str) -> list[list[str]]:
    """The calls of ./scripts in its shell blocks, as words and without comments."""
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith("./scripts/")]


def path_of(text: str, folder: str) -> str:
    """The first file below `models/` that the text names in this folder."""
    found = re.search(rf"`models/({folder}/\w+\.sql)`", text)
    assert found is not None
    return found[1]


OWN_FILE = section("Your own file in five minutes")
EXAMPLE = section("One example")


def played(project: Project, *words: str) -> Said:
    """Run `./scripts/build ...` or `./scripts/assay ...` without its set-up, in the project."""
    script, *arguments = words
    if script == "./scripts/build":
        arguments = ["build", *arguments]
    done = assay(project, *arguments)
    assert done.code == 0, done.out + done.err
    return done


def write_data(folder: Path, name: str, texts: tuple[str, ...]) -> None:
    """Write the texts as the column `utterance` of a file, in the format that its name says."""
    folder.mkdir(exist_ok=True)
    lines = folder / "source.jsonl"
    lines.write_text("".join(json.dumps({"utterance": text}) + "\n" for text in texts))
    if name.endswith(".jsonl"):
        lines.rename(folder / name)
        return
    form = "parquet" if name.endswith(".parquet") else "csv, header"
    duckdb.sql(f"copy (from read_json('{lines}')) to '{folder / name}' (format {form})")
    lines.unlink()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """The shipped project with all that the README tells people to write, and what it printed."""
    project = Project(tmp_path_factory.mktemp("readme")).add_shipped()
    write_data(project.root / "data", "mine.csv", UTTERANCES)
    labels, tests = blocks(OWN_FILE, "yaml")
    (golden,) = blocks(OWN_FILE, "csv")
    (file,) = re.findall(r"`(macros/shop/\w+[.]sql)`", OWN_FILE)
    (below,) = re.findall(r"below the line `(.*?)`", OWN_FILE)
    sets = (project.root / file).read_text(encoding="utf-8")
    assert sets.count(f"{below}\n") == 1
    (project.root / file).write_text(sets.replace(f"{below}\n", f"{below}\n{labels}"))
    bronze, silver = blocks(OWN_FILE, "sql")
    project.write(path_of(OWN_FILE, "bronze"), bronze)
    project.write(path_of(OWN_FILE, "silver"), silver)
    project.write(path_of(OWN_FILE, "silver").replace(".sql", ".yml"), tests)
    (named,) = re.findall(r"`(data/\w+_golden[.]csv)`", OWN_FILE)
    (project.root / named).write_text(golden, encoding="utf-8")
    (example,) = blocks(EXAMPLE, "sql")
    project.write(path_of(EXAMPLE, "silver"), example)
    (build,) = [words for words in commands(section("Two commands")) if words[0].endswith("build")]
    return project, played(project, *build).out


@pytest.fixture(scope="module")
def project(built: tuple[Project, str]) -> Project:
    """That project."""
    return built[0]


def test_the_first_build_prints_where_to_look(built: tuple[Project, str]) -> None:
    """And the query that it names works."""
    project, printed = built
    (look,) = [line for line in printed.splitlines() if line.startswith("Look ")]
    assert played(project, *shlex.split(look.removeprefix("Look"))).out.strip()


QUERIES = [words for words in commands(README) if words[:2] == ["./scripts/assay", "query"]]


@pytest.mark.parametrize("words", QUERIES, ids=lambda words: words[2][:60])
def test_every_query_of_the_readme_finds_something(project: Project, words: list[str]) -> None:
    """With rows in it, not only with a head."""
    assert played(project, *words).out.strip()
    assert project.rows(f"select count(*) > 0 from ({words[2]})") == [(True,)]


def test_the_queries_are_found() -> None:
    """A walk that finds none would find none broken."""
    assert len(QUERIES) >= 3


def test_the_example_gives_what_it_says(project: Project) -> None:
    """A label, a struct and a number for each customer."""
    types = project.types("silver.enriched_customers")
    assert types["predicted_segment"] == "VARCHAR"
    assert types["extracted_interests"].startswith("STRUCT(")
    assert types["sentiment_score"] == "DOUBLE"
    counts = "select count(*), count(predicted_segment) > 0 from silver.enriched_customers"
    customers = project.rows("select count(*) from bronze.stg_customers")[0][0]
    assert project.rows(counts) == [(customers, True)]


LABELS = {"order", "payment", "account", "other"}
OWN_ROWS = "select coalesce(body, ''), topic.value, topic.status from silver.silver_mine"


def test_your_own_file_is_answered(project: Project) -> None:
    """Each row has a label of yours; a blank one is skipped."""
    rows = project.rows(OWN_ROWS)
    assert sorted(body for body, _, _ in rows) == sorted(UTTERANCES)
    assert {status for _, _, status in rows} == {"ok", "skipped"}
    assert {label for _, label, status in rows if status == "ok"} <= LABELS


def test_the_answers_are_held_against_golden_rows(project: Project) -> None:
    """The last step: how many of the rows that are written down are right."""
    assert "test.assay.rows_accounted_silver_mine" in " ".join(ran(project))
    evaluate = commands(OWN_FILE)[-1]
    assert evaluate[:2] == ["./scripts/assay", "evaluate"]
    assert re.search(r"^accuracy +", played(project, *evaluate).out, re.M | re.I)


def ran(project: Project) -> list[str]:
    """The tests that the last build ran."""
    results = json.loads((project.root / "target" / "run_results.json").read_text())
    return [one["unique_id"] for one in results["results"]]


@pytest.mark.parametrize(
    ("name", "reader"), [("mine.jsonl", "read_json"), ("mine.parquet", "read_parquet")]
)
def test_other_formats_are_read_as_the_readme_says(
    project: Project, name: str, reader: str
) -> None:
    """With another row at the start, which alone is asked about."""
    texts = (f"{FURTHER} ({name})", *UTTERANCES)
    write_data(project.root / "data", name, texts)
    bronze, _ = blocks(OWN_FILE, "sql")
    assert f"`{reader}`" in OWN_FILE
    project.write(
        path_of(OWN_FILE, "bronze"),
        bronze.replace("read_csv", reader).replace("data/mine.csv", f"data/{name}"),
    )
    asks = "select coalesce(sum(asks), 0) from calls"
    ((before,),) = project.store_rows(asks)
    build, look, *_ = commands(OWN_FILE)
    played(project, *build)
    played(project, *look)
    assert project.store_rows(asks) == [(before + 1,)]
    assert sorted(body for body, _, _ in project.rows(OWN_ROWS)) == sorted(texts)


def test_rows_that_leave_the_file_leave_the_table(project: Project) -> None:
    """One of two that are alike, too; what stays keeps key and answer, and nobody is asked."""
    bronze, _ = blocks(OWN_FILE, "sql")
    project.write(path_of(OWN_FILE, "bronze"), bronze)
    shorter = UTTERANCES[1:-1]
    write_data(project.root / "data", "mine.csv", UTTERANCES)
    build, *_ = commands(OWN_FILE)
    played(project, *build)
    kept = "select id, topic from silver.silver_mine"
    before, calls = project.rows(kept), project.calls()
    write_data(project.root / "data", "mine.csv", shorter)
    said = played(project, *build)
    assert "2 of 6 rows of silver_mine are not in bronze_mine any more" in said.out + said.err
    assert sorted(body for body, _, _ in project.rows(OWN_ROWS)) == sorted(shorter)
    assert all(row in before for row in project.rows(kept))
    assert project.calls() == calls


def test_blocks_in_a_list_lose_its_indentation() -> None:
    """The helper of these tests, on a block like those of the README."""
    text = textwrap.indent("```sql\nselect\n    1\n```\n", "   ")
    assert blocks(text, "sql") == ["select\n    1\n"]
