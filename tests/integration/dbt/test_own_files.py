"""Files as people have them, in one project: what fails says why, the others are counted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ..gates.assay_line import Said, assay
from .project import Project

GERMAN = "id,text\n1,Schön – aber zu teuer\n2,„Nie wieder“\n"
FILES = {
    "cp1252.csv": GERMAN.encode("cp1252"),
    "late.csv": ("id,text\n" + "1,plain\n" * 30_000 + "2,schön\n").encode("latin-1"),
    "sjis.csv": "id,text\n1,とても良いですが高いです\n".encode("shift_jis"),
    "page.parquet": b"<!DOCTYPE html>\n<html><body>Sign in</body></html>\n",
    "ragged.csv": b"text,lang\nhello,en\nhello, you, there,en\n",
    "no_header.tsv": b"ham\tSee you at noon?\nspam\tCall now\nham\tIt came broken\n",
    "no_rows.csv": b"id,text\n",
    "empty.csv": b"",
    "error.csv": b'{"error": "not found, sorry", "code": 404}\n',
    "page.csv": b"<!DOCTYPE html>\n<html><body>Sign in</body></html>\n",
    "one.csv": b"text;lang\nhello;en\nhello; you; there;en\nfine;de\nwell;de\nso;de\n",
    "survey.csv": b"when,how do you like our shop?\n1,very\n2,not\n",
    "skipped.csv": b"text,lang\nhello,en\nhello, you, there,en\nnobody, was, here,en\n",
}
BRONZE = {
    "cp1252": "select * from read_csv('data/cp1252.csv')",
    "sjis": "select * from read_csv('data/sjis.csv')",
    "page": "select * from read_parquet('data/page.parquet')",
    "ragged": "select text from read_csv('data/ragged.csv')",
    "missing": "select * from read_csv('data/cp1253.csv')",
    "lossy": "select id, text as body from read_csv('data/cp1252.csv', ignore_errors = true)",
    "late": "select * from read_csv('data/late.csv', ignore_errors = true)",
    "no_header": """select "See you at noon?" as body from read_csv('data/no_header.tsv')""",
    "html": "select * from read_csv('data/page.csv')",
    "one": "select * from read_csv('data/one.csv')",
    "survey": "select * from read_csv('data/survey.csv', header = true)",
    "skipped": "select * from read_csv('data/skipped.csv')",
    "no_rows": "select id, text as body from read_csv('data/no_rows.csv')",
}
VIEWS = ("late", "page")
SILVER = """{{{{ config(materialized='table') }}}}

select body, {{{{ ai_classify('body', ['spam', 'ham']) }}}} as kind from {{{{ ref('bronze_{}') }}}}
"""
TESTS = """models:
  - name: silver_no_rows
    columns:
      - name: kind
        data_tests:
          - relationships: {arguments: {to: ref('silver_no_header'), field: kind}}
          - relationships: {arguments: {to: ref('bronze_no_rows'), field: body}}
"""


@dataclass(frozen=True)
class Built:
    """A project, and what one build of all of it printed."""

    project: Project
    said: Said

    def lines(self, word: str) -> list[str]:
        """The lines of the summary that begin with this word, without it."""
        lines = self.said.out.splitlines()
        return [line.split(maxsplit=1)[1] for line in lines if line.startswith(f"{word} ")]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """One build of everything, with the embedded provider."""
    project = Project(tmp_path_factory.mktemp("own"))
    (project.root / "data").mkdir()
    for name, data in FILES.items():
        (project.root / "data" / name).write_bytes(data)
    for name, sql in BRONZE.items():
        kind = "view" if name in VIEWS else "table"
        text = f"{{{{ config(materialized='{kind}') }}}}\n\n{sql}\n"
        project.write(f"bronze/bronze_{name}.sql", text)
    for name in ("no_header", "no_rows"):
        project.write(f"silver/silver_{name}.sql", SILVER.format(name))
    project.write("silver/silver_no_rows.yml", TESTS)
    return Built(project, assay(project, "build", "--no-use-colors"))


@pytest.mark.parametrize(
    "line",
    [
        "data/cp1252.csv is not UTF-8 but probably CP1252 (Windows, Western Europe); mend it with",
        "data/sjis.csv is not UTF-8 but probably CP932 (Japanese, Shift JIS); mend it with",
        "data/page.parquet is an HTML page, not Parquet",
        "data/ragged.csv: by ',' line 3 has 4 fields and the first line 2",
        "There is no file 'data/cp1253.csv'; did you mean 'data/cp1252.csv'?",
    ],
)
def test_a_file_that_cannot_be_read_is_a_line_of_dbt(built: Built, line: str) -> None:
    """In place of the reader's settings and hints, for tables and views."""
    assert built.said.code == 1
    assert f"\n  {line}" in built.said.out
    assert "Possible" not in built.said.out
    assert "Auto-Detected" not in built.said.out


def test_the_summary_says_what_came_in(built: Built) -> None:
    """Where rows are fewest, and what the others hold together, a view read to its end."""
    (sizes,) = built.lines("Bronze")

    assert sizes == "bronze_lossy 0 rows, 2 columns; 7 tables more with 30,011 rows"


def test_empty_tables_lost_lines_and_odd_headers_are_marked(built: Built) -> None:
    """Each with the page that says what to do."""
    page = "docs/how-to/your-own-files.md"

    assert sorted(line.split(";")[0] for line in built.lines("Empty")) == [
        "0 rows in bronze_lossy",
        "0 rows in bronze_no_rows",
    ]
    assert sorted(built.lines("Lost")) == [
        f"1 line of data/late.csv: bronze_late reads it with ignore_errors; see {page}",
        f"2 lines of data/cp1252.csv: bronze_lossy reads it with ignore_errors; see {page}",
    ]
    record, skipped = sorted(built.lines("Header"))
    assert record.startswith("data/no_header.tsv: ")
    assert "but ham, See you at noon? reads like a value" in record
    assert skipped.startswith("data/skipped.csv: the reader left out 2 lines and took line 3 for")


def test_what_was_read_and_is_something_else_is_odd(built: Built) -> None:
    """A page, and lines that became one column each; a header that is said to be one is fine."""
    page, one = sorted(built.lines("Odd"), reverse=True)

    assert page.startswith("data/page.csv is an HTML page, not CSV")
    assert one.startswith("data/one.csv: by ';' line 3 has 4 fields and the first line 2")
    assert "survey" not in "".join(built.lines("Header"))


def test_a_part_names_its_empty_input_and_runs_the_tests_it_can(built: Built) -> None:
    """Options of dbt go through as they are; bronze itself is not built here."""
    said = assay(built.project, "build", "--select", "silver_no_rows", "--full-refresh")
    lines = Built(built.project, said)

    assert said.code == 0, said.out + said.err
    assert lines.lines("Empty") == [
        "0 rows in bronze_no_rows; look at what it reads, and how (docs/how-to/your-own-files.md)"
    ]
    assert lines.lines("Asked") == ["nobody: 0 rows in bronze_no_rows"]
    assert lines.lines("Checked")[0].startswith("1 data test")
    (left,) = lines.lines("Left")
    assert left.startswith(
        "1 test that looks at models outside of this build as well: relationships_"
    )


def test_a_part_shows_the_last_model_that_asks(built: Built) -> None:
    """Where no gold was built; with the selection behind `--`, as ever."""
    said = assay(built.project, "build", "--", "--select", "+silver_no_header")

    assert said.code == 0, said.out + said.err
    assert Built(built.project, said).lines("Bronze") == [
        "bronze_no_header: 2 rows, 1 column (body)"
    ]
    assert Built(built.project, said).lines("Look") == [
        './scripts/assay query "from silver.silver_no_header limit 5"'
    ]


def test_dbt_itself_speaks_of_an_option_that_it_does_not_know(built: Built) -> None:
    """And `--help` is ours."""
    wrong = assay(built.project, "build", "--slect", "silver_no_rows")

    assert wrong.code == 2
    assert "No such option '--slect'" in wrong.err
    for ours in ("--help", "-h"):
        assert "Run dbt build, then print" in assay(built.project, "build", ours).out


def test_queries_are_told_the_same(built: Built) -> None:
    """By `assay query`, in one line."""
    said = assay(built.project, "query", "from read_csv('data/sjis.csv')")

    assert said.code == 2
    assert said.err.startswith("assay: data/sjis.csv is not UTF-8 but probably CP932")
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("path", ["seeds/mine.csv", "models/bronze/mine.yml"])
def test_a_seed_or_a_model_in_another_encoding_is_named(built: Built, path: str) -> None:
    """Before dbt starts, which would end in a traceback without a name."""
    file = built.project.root / path
    file.parent.mkdir(exist_ok=True)
    file.write_bytes("id,text\n1,schön\n".encode("latin-1"))
    said = assay(built.project, "build")
    file.unlink()

    assert said.code == 2
    assert f"assay: {path} is not UTF-8 but probably CP1252" in said.err


def test_a_bucket_among_the_folders_is_refused(built: Built) -> None:
    """It would have no effect."""
    folders = {"ASSAY_DATA_DIRECTORIES": "data,s3://bucket/x"}
    for words in (("build",), ("query", "select 1")):
        said = assay(built.project, *words, **folders)
        assert said.code == 2
        assert "`ASSAY_DATA_DIRECTORIES` is wrong: s3://bucket/x is no folder" in said.err


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("cp1252.csv", "is not UTF-8 but probably CP1252"),
        ("page.csv", "is an HTML page, not CSV"),
        ("empty.csv", "is empty"),
        ("error.csv", "is JSON, not CSV"),
    ],
)
def test_a_golden_file_that_is_something_else_is_told_why(
    built: Built, name: str, told: str
) -> None:
    """As every file is, also where the reader makes a column of it."""
    words = ("--data", f"data/{name}", "--text", "text", "--label", "id", "--task", "classify")
    said = assay(built.project, "evaluate", *words)

    assert said.code == 2
    assert said.err.startswith(f"assay: data/{name} {told}")


def test_the_paths_of_these_tests_exist() -> None:
    """The page that all messages name."""
    assert (Path(__file__).parents[3] / "docs/how-to/your-own-files.md").exists()
