"""What of loading needs no dlt: names, messages, the reader's fence, one transaction."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from assay.core.errors import ConfigError
from assay.project.doctor import source_findings
from assay.project.loading.buckets import is_bucket, reader_of
from assay.project.loading.found import chosen, sources_in
from assay.project.loading.one_transaction import OneTransaction
from assay.project.loading.outcome import SourceOutcome, read, written
from assay.project.loading.scrub import scrubbed, secrets_of, without_items, without_values
from assay.project.loading.tables import keep, latest


def test_a_source_is_a_file_of_python(tmp_path: Path) -> None:
    """In order; what begins with `_` is none, and no folder has none."""
    for name in ("b.py", "a_2.py", "_shared.py", "notes.md"):
        (tmp_path / name).touch()

    assert list(sources_in(tmp_path)) == ["a_2", "b"]
    assert sources_in(tmp_path / "none") == {}
    assert list(chosen(tmp_path, ["b"])) == ["b"]


@pytest.mark.parametrize(
    ("name", "value", "said", "told"),
    [
        ("API_TOKEN", "s3cret/1", "bad s3cret/1 and s3cret%2F1", "bad *** and ***"),
        (
            "SHOP",
            "postgresql://me:hush@db/x",
            "no postgresql://me:hush@db/x",
            "no postgresql://***@db/x",
        ),
        ("SHOP", "postgresql://me:hush@db/x", "password hush is wrong", "password *** is wrong"),
        ("HOME", "/home/me", "in /home/me/x.csv", "in /home/me/x.csv"),
        (
            "X",
            "y",
            "GET http://h/p?key=abc&b=1 (Caused by\n it)",
            "GET http://h/p?… (Caused by it)",
        ),
        ("X", "y", "with url: /p?key=abc (x)", "with url: /p?… (x)"),
    ],
)
def test_no_secret_is_in_a_message(name: str, value: str, said: str, told: str) -> None:
    """By the name of its variable, as a password in an address, or in a query."""
    assert scrubbed(said, secrets_of({name: value})) == told


def test_a_message_is_one_line_of_a_bounded_length_without_values() -> None:
    """However long, and what DuckDB quotes of a row is left out."""
    assert len(scrubbed("word\n" * 1000, ())) == 300
    assert without_values("Could not convert string 'it''s me' to INT32") == (
        "Could not convert string '…' to INT32"
    )
    assert without_items(
        "Column `id`: type for value `it is `me`` at `a`. Offending data item: x"
    ) == ("Column `id`: type for value `…` at `a`.")


def test_an_outcome_is_read_as_it_was_written() -> None:
    """Over the pipe."""
    outcome = SourceOutcome("tickets", "ok", 3, 1.5, ("tickets.due",), None)
    assert read(written(outcome)) == outcome


def test_the_last_load_of_each_source() -> None:
    """The last status and error, the time of the last that went well, the rows of all."""
    with duckdb.connect() as connection:
        assert latest(connection) == {}
        keep(connection, SourceOutcome("a", "ok", 3, 1.0))
        keep(connection, SourceOutcome("a", "failed", error="closed"))
        keep(connection, SourceOutcome("b", "crashed", error="ended"))
        found = latest(connection)

    assert {name: (row[0], row[1] is not None, *row[2:]) for name, row in found.items()} == {
        "a": ("failed", True, 3, "closed"),
        "b": ("crashed", False, 0, "ended"),
    }


def test_the_doctor_says_what_is_wrong_with_sources(tmp_path: Path) -> None:
    """Nothing where there is none; a name that cannot be, and what failed the last time."""
    folder, database = tmp_path / "sources", tmp_path / "w.duckdb"
    assert list(source_findings(folder, database)) == []
    folder.mkdir()
    (folder / "a.py").touch()
    found = [one.verdict for one in source_findings(folder, database)]
    assert found == ["ok" if find_spec("dlt") else "wrong"]
    (folder / "B-c.py").touch()
    (wrong,) = source_findings(folder, database)
    assert (wrong.verdict, "cannot be a source by its name" in str(wrong)) == ("wrong", True)


def test_a_part_that_is_taken_back_breaks_the_whole() -> None:
    """A look that fails does not; commits wait, and every copy is the same connection."""
    with duckdb.connect() as connection:
        connection.begin()
        whole = OneTransaction(connection)
        whole.begin()
        whole.cursor().execute("create table t as select 1 as i")
        whole.commit()
        whole.duplicate().close()
        whole.rollback()
        assert whole.execute("select * from t").fetchall() == [(1,)]
        assert not whole.is_broken
        whole.begin()
        whole.rollback()
        assert whole.is_broken
        connection.rollback()
        assert connection.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]


def test_what_reads_files_reaches_their_folder_alone(tmp_path: Path) -> None:
    """And opens its fence for nobody."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.csv").write_text("id\n1\n")
    (tmp_path / "b.csv").write_text("id\n2\n")
    with reader_of(f"{tmp_path}/in/*.csv") as connection:
        assert connection.execute(f"select * from '{tmp_path}/in/a.csv'").fetchall() == [(1,)]
        for statement in (
            f"select * from '{tmp_path}/b.csv'",
            "set enable_external_access = true",
            "select * from 'https://example.org/a.csv'",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)


def test_other_protocols_are_refused_by_name() -> None:
    """S3 alone is read, by the name of a bucket."""
    assert is_bucket("s3://lake/orders/*.parquet")
    assert not is_bucket("data/*.csv")
    for address in ("gs://lake/a.csv", "http://h/a.csv", "s3://*/a.csv", "file:///etc/a.csv"):
        with pytest.raises(ConfigError, match="cannot be read; write s3://BUCKET"):
            is_bucket(address)
