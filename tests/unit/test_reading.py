"""What is said where DuckDB cannot read a file: real files, a real connection behind the fence."""

from __future__ import annotations

import bz2
import gzip
import io
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest

from assay.core.reach import Reach
from assay.hosts.duckdb.data_files import NEVER
from assay.hosts.duckdb.fence import enclose
from assay.hosts.duckdb.reading import MACROS, explained, explanation

GERMAN = "id,text\n1,Schön – aber zu teuer\n2,„Nie wieder“\n"
JAPANESE = "id,text\n1,とても良いですが高いです\n2,二度と買わない\n"
PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body></body></html>\n"
SECRET = "canary-51fe"


def archive(**members: str) -> bytes:
    """A ZIP with these members; an Excel workbook is one with a folder `xl`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, text in members.items():
            file.writestr(name.replace("__", "/"), text)
    return packed.getvalue()


FILES: Mapping[str, bytes] = {
    "cp1252.csv": GERMAN.encode("cp1252"),
    "latin 1's.csv": "id,text\n1,schön\n".encode("latin-1"),
    "late.csv": ("id,text\n" + "1,plain\n" * 30_000 + f"2,{SECRET} schön\n").encode("latin-1"),
    "sjis.csv": JAPANESE.encode("shift_jis"),
    "utf16.csv": GERMAN.encode("utf-16"),
    "utf16be.csv": b"\xfe\xff" + GERMAN.encode("utf-16-be"),
    "packed.csv.gz": gzip.compress(GERMAN.encode("cp1252")),
    "mixed.csv": GERMAN.encode() * 9 + "3,grün\n".encode("latin-1"),
    "latin.jsonl": '{"id": 1, "text": "schön"}\n'.encode("latin-1"),
    "utf16.jsonl": '{"id": 1, "text": "schön"}\n'.encode("utf-16"),
    "page.parquet": PAGE,
    "page.json": PAGE,
    "page.csv": PAGE,
    "zip.csv": archive(a="id,text"),
    "zip.parquet": archive(a="id,text"),
    "book.csv": archive(xl__workbook="<x/>"),
    "gzip.csv": gzip.compress(GERMAN.encode()),
    "bzip.csv": bz2.compress(GERMAN.encode()),
    "text.parquet": GERMAN.encode(),
    "cut.parquet": b"PAR1" + b"\x00" * 200,
    "table.csv": b"PAR1" + b"\x00" * 200 + b"PAR1",
    "json.csv": b'{"id": 1, "text": "a"}\n{"id": 2, "text": "b"}\n',
    "pointer.csv": b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 9\n",
    "report.csv": b"%PDF-1.7\n" + bytes(range(256)) * 9,
    "empty.csv": b"",
    "empty.parquet": b"",
    "ragged.csv": b"text,lang\nhello there,en\nhello, you, there, all,en\nfine,de\n",
    "no_header.tsv": b"ham\tSee you\nspam\tCall now\n",
    "typed.csv": b"id,text\n" + b"1,x\n" * 30_000 + f"{SECRET},y\n".encode(),
    "good.csv": GERMAN.encode(),
}
IN_ANOTHER_ENCODING = (
    ("read_csv('data/cp1252.csv')", "CP1252", "data/cp1252.csv"),
    ("'data/cp1252.csv'", "CP1252", "data/cp1252.csv"),
    ("read_csv('data/cp*.csv')", "CP1252", "data/cp1252.csv"),
    ("read_csv('data/cp1252.csv', encoding = 'latin-1')", "CP1252", "data/cp1252.csv"),
    ("read_csv('data/cp1252.csv', encoding = 'windows-1252')", "CP1252", "data/cp1252.csv"),
    ("read_text('data/cp1252.csv')", "CP1252", "data/cp1252.csv"),
    ("read_csv('data/latin 1''s.csv')", "CP1252", "'data/latin 1'\"'\"'s.csv'"),
    ("read_csv('data/late.csv')", "CP1252", "data/late.csv"),
    ("read_csv('data/sjis.csv')", "CP932", "data/sjis.csv"),
    ("read_csv('data/utf16.csv')", "UTF-16", "data/utf16.csv"),
    ("read_csv('data/utf16be.csv')", "UTF-16", "data/utf16be.csv"),
    ("read_json('data/latin.jsonl')", "CP1252", "data/latin.jsonl"),
    ("read_json('data/utf16.jsonl')", "UTF-16", "data/utf16.jsonl"),
)
SAID = (
    ("from read_parquet('data/page.parquet')", "is an HTML page, not Parquet"),
    ("from read_json('data/page.json')", "is an HTML page, not JSON"),
    ("select text from read_csv('data/page.csv')", "is an HTML page, not CSV"),
    ("from read_csv('data/zip.csv')", "is a ZIP archive; unpack it: unzip data/zip.csv -d data"),
    ("from read_parquet('data/zip.parquet')", "is a ZIP archive"),
    ("from read_csv('data/book.csv')", "is an Excel workbook; save its sheet as CSV UTF-8"),
    ("from read_csv('data/gzip.csv')", "is packed by gzip; read it with `compression = 'gzip'`"),
    ("from read_csv('data/bzip.csv')", "is an archive (bzip2), not CSV; unpack it"),
    ("from read_parquet('data/text.parquet')", "is no Parquet file; read text with read_csv"),
    ("from read_parquet('data/cut.parquet')", "is Parquet that was cut off; fetch it again"),
    ("select text from read_csv('data/table.csv')", "is Parquet, not CSV; read it with read_"),
    ("select text from read_csv('data/json.csv')", "is JSON, not CSV; read it with read_json"),
    ("select text from read_csv('data/pointer.csv')", "is a pointer of Git LFS"),
    ("from read_csv('data/report.csv')", "is a PDF, not CSV"),
    ("select text from read_csv('data/empty.csv')", "is empty"),
    ("from read_parquet('data/empty.parquet')", "is empty"),
    ("from read_csv('data/mixed.csv')", "is UTF-8, but for 1 of its lines, of which line 28"),
    ("from read_csv('data/packed.csv.gz')", "gunzip -c data/packed.csv.gz | iconv -f CP1252"),
    ("select text from read_csv('data/ragged.csv')", "by ',' line 3 has 5 fields"),
    ("from read_csv('data/ragged.csv', delim = ',')", "by ',' line 3 has 5 fields"),
    ("from read_csv('data/typed.csv')", 'line 30002: Error when converting column "id"'),
    ("from read_csv('data/goood.csv')", "did you mean 'data/good.csv'?"),
    ("from read_csv('data/other/x.csv')", "there is no folder data/other"),
    (
        "select said from read_csv('data/utf16be.csv', encoding = 'utf-16')",
        "is not UTF-8 but probably UTF-16",
    ),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with all these files among its data."""
    root = tmp_path_factory.mktemp("reading")
    (root / "data").mkdir()
    for name, data in FILES.items():
        (root / "data" / name).write_bytes(data)
    return root


@pytest.fixture
def fenced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> duckdb.DuckDBPyConnection:
    """A connection in that project, behind the fence."""
    monkeypatch.chdir(folder)
    connection = duckdb.connect()
    enclose(connection, Reach())
    return connection


def said(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """What a user reads when this SQL fails."""
    with pytest.raises(duckdb.Error) as failed, explained(sql, Reach()):
        connection.execute(sql).fetchall()
    return str(failed.value)


@pytest.mark.parametrize(("source", "name", "path"), IN_ANOTHER_ENCODING)
def test_another_encoding_is_one_line_with_its_command(
    fenced: duckdb.DuckDBPyConnection, source: str, name: str, path: str
) -> None:
    """It names the file, the likely encoding, what mends it, and what must not be done."""
    line = said(fenced, f"select * from {source}")

    mended = f"{path[:-1]}.utf8'" if path.endswith("'") else f"{path}.utf8"
    assert f"is not UTF-8 but probably {name} (" in line
    assert f"`iconv -f {name} -t UTF-8 {path} > {mended} && mv {mended} {path}`" in line
    assert NEVER in line
    assert "\n" not in line
    assert SECRET not in line


@pytest.mark.parametrize(("sql", "words"), SAID)
def test_what_a_file_really_is_is_said_in_a_line(
    fenced: duckdb.DuckDBPyConnection, sql: str, words: str
) -> None:
    """No settings of the reader, and no text of a row."""
    line = said(fenced, sql)

    assert words in line
    assert "\n" not in line
    assert SECRET not in line


def test_a_column_that_is_not_there_is_told_with_those_that_are(
    fenced: duckdb.DuckDBPyConnection,
) -> None:
    """Below DuckDB's own words; what the first line of a file without a header gives, too."""
    last = said(fenced, "select body from read_csv('data/no_header.tsv')").splitlines()[-1]

    assert last.startswith("data/no_header.tsv was read with 2 columns: ham, See you; ")
    assert "header = false" in last


@pytest.mark.parametrize(
    ("sql", "remedy"),
    [
        ("from read_csv('s3://bucket/x.csv')", "SQL reaches no bucket and no host"),
        ("from 'https://127.0.0.1:1/x.parquet'", "SQL reaches no bucket and no host"),
        ("from read_csv('../x.csv')", "name its folder in `ASSAY_DATA_DIRECTORIES`"),
        ("from read_xlsx('data/book.csv')", "name it under `extensions:`"),
    ],
)
def test_the_fence_has_a_remedy_for_each(
    fenced: duckdb.DuckDBPyConnection, sql: str, remedy: str
) -> None:
    """And says it once, however often the error is explained."""
    line = said(fenced, sql)

    assert line.count(remedy) == 1
    assert explanation(duckdb.Error(line), sql, Reach()) is None


@pytest.mark.parametrize(
    "sql",
    [
        "select nothing from (select 1 as one)",
        "select 1 / 'a'",
        "select g.nothing from read_csv('data/good.csv') as g where id = 1",
    ],
)
def test_other_errors_are_as_duckdb_says_them(fenced: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Nobody looks into files for them."""
    with pytest.raises(duckdb.Error) as failed:
        fenced.execute(sql).fetchall()
    assert said(fenced, sql) == str(failed.value)


def test_a_file_outside_the_fence_is_not_looked_at(
    fenced: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    """Whatever the SQL names."""
    (folder / "outside.csv").write_bytes(GERMAN.encode("cp1252"))
    error = duckdb.InvalidInputException("CSV Error on Line: 2\n  file = outside.csv\n")

    assert explanation(error, "from read_csv('outside.csv')", Reach()) is None
    assert explanation(error, "", Reach(external_access=True)) is not None


def test_the_command_that_is_named_mends_the_file(
    fenced: duckdb.DuckDBPyConnection, folder: Path
) -> None:
    """The text comes out as it was written."""
    (folder / "data" / "copy.csv").write_bytes(GERMAN.encode("cp1252"))
    line = said(fenced, "from read_csv('data/copy.csv')")
    subprocess.run(["bash", "-c", line.split("`")[1]], cwd=folder, check=True)

    assert (folder / "data" / "copy.csv").read_text(encoding="utf-8") == GERMAN
    assert fenced.sql("select count(*) from read_csv('data/copy.csv')").fetchall() == [(2,)]


def test_a_key_of_another_type_has_a_remedy() -> None:
    """The number of a file that has become a text; DuckDB would name types of tuples."""
    due = "select row('A-1', 1) not in (select row(1, 1)) -- assay_peek_envelope"
    wanted = pytest.raises(duckdb.BinderException, match="cast it in the model")
    with duckdb.connect() as connection, wanted, explained(due, Reach()):
        connection.execute(due)


def test_a_view_that_asks_has_a_remedy_outside_dbt() -> None:
    """DuckDB's own words speak of a function that nobody wrote."""
    with duckdb.connect() as connection:
        connection.execute("create table notes as select 'a' as body")
        try:
            connection.execute("select assay_ask_value('task', body) from notes")
        except duckdb.Error as error:
            said = explanation(error, "from topics", Reach())
    assert said is not None
    assert "let the view's model be a table" in said


@pytest.mark.parametrize("call", ["ai_sentiment(body)", "AI_CLASSIFY(body, 'topic')"])
def test_a_macro_that_is_called_without_braces_is_told_with_them(call: str) -> None:
    """As whoever comes from another database writes it."""
    name = call.partition("(")[0].casefold()
    sql = f"select {call} from (select 'a' as body)"
    wanted = pytest.raises(duckdb.CatalogException, match=rf"{{{{ {name}\('body', \.\.\.\) }}}}")
    with duckdb.connect() as connection, wanted, explained(sql, Reach()):
        connection.execute(sql)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "ai_clasify",
            r"There is no function ai_clasify; ai_classify is a macro, .*ai_classify\(",
        ),
        ("assay_sentiment", r"There is no function assay_sentiment; ai_sentiment is a macro"),
        ("assay_aks_value", r"There is no function assay_aks_value, and no macro like it"),
    ],
)
def test_a_misspelt_function_is_told_with_what_was_meant(name: str, words: str) -> None:
    """It is no view that asks outside dbt."""
    sql = f"select {name}('a')"
    wanted = pytest.raises(duckdb.CatalogException, match=words)
    with duckdb.connect() as connection, wanted, explained(sql, Reach()):
        connection.execute(sql)


def test_every_macro_that_asks_may_have_been_meant() -> None:
    """One of each file, and the one that says what is due."""
    files = (Path(__file__).parents[2] / "macros" / "ai").glob("ai_*.sql")
    assert {*MACROS} == {*(file.stem for file in files), "ai_due"}
