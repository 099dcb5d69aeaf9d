"""The fence around SQL: what is refused, what is not, and what a message says to do (G07, G16)."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from assay.core.errors import ConfigError
from assay.core.reach import Reach
from assay.core.settings import load_places
from assay.hosts.dbt.project_folder import project_here
from assay.hosts.duckdb.fence import check_files, enclose, folders, lock, remedy
from assay.hosts.duckdb.quoting import literal

SECRET = "canary-7c20"
READS = (
    "from read_text('/etc/hostname')",
    "from read_text('secret.csv')",
    "from read_text('data/../secret.csv')",
    "from read_text('data/link.csv')",
    "from read_text('data/up/secret.csv')",
    "from read_csv('data/*.csv')",
    "from glob('*')",
    "from 'secret.csv'",
    "from read_blob('/proc/self/environ')",
    "from sniff_csv('secret.csv')",
    "from parquet_metadata('secret.csv')",
    "from read_duckdb('other.duckdb')",
    "attach 'other.duckdb' as other",
    "from read_csv('http://127.0.0.1:1/x.csv')",
    "from 'https://127.0.0.1:1/x.parquet'",
    "import database 'dump'",
)
WRITES = (
    "copy (select 1) to 'written'",
    "copy (select 1) to 'data/../written'",
    "copy (select 1) to 'data/up/written'",
    "copy (select 1) to '/tmp/assay-written'",
    "attach 'written' as written",
    "export database 'written'",
    "create persistent secret written (type http)",
)
LOADS = ("install httpfs", "load httpfs", "load 'data/own.duckdb_extension'")
OPTIONS = (
    "set enable_external_access = true",
    "set lock_configuration = false",
    "reset lock_configuration",
    "set allowed_directories = ['/']",
    "set allowed_paths = ['/etc/hostname']",
    "set threads = 1",
    "set profiling_output = 'written'",
    "set log_query_path = 'written'",
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a file of data, a secret beside it, and links that lead out."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/mine.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "secret.csv").write_text(f"{SECRET}\n", encoding="utf-8")
    (tmp_path / "data/link.csv").symlink_to("../secret.csv")
    (tmp_path / "data/up").symlink_to("..")
    duckdb.connect(str(tmp_path / "other.duckdb")).close()
    return tmp_path


@pytest.fixture
def fenced(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a file within the fence."""
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        enclose(connection, Reach())
        yield connection


@pytest.mark.parametrize("sql", READS)
def test_g07_g16_nothing_outside_is_read(sql: str, fenced: duckdb.DuckDBPyConnection) -> None:
    """Not by path, link, pattern, attachment or URL; each message has a remedy."""
    with pytest.raises(duckdb.PermissionException) as refused:
        fenced.cursor().execute(sql).fetchall()
    assert SECRET not in str(refused.value)
    assert "ASSAY_DATA_DIRECTORIES" in str(remedy(refused.value))


@pytest.mark.parametrize("sql", WRITES)
def test_g07_nothing_outside_is_written(
    sql: str, folder: Path, fenced: duckdb.DuckDBPyConnection
) -> None:
    """Not by COPY, ATTACH, EXPORT or a secret."""
    before = sorted(folder.rglob("*"))
    with pytest.raises(duckdb.Error, match=r"Permission Error|Secret Storage"):
        fenced.cursor().execute(sql)
    assert sorted(folder.rglob("*")) == before
    assert not Path("/tmp/assay-written").exists()  # noqa: S108


@pytest.mark.parametrize("sql", LOADS)
def test_g07_no_extension_is_loaded(sql: str, fenced: duckdb.DuckDBPyConnection) -> None:
    """Neither from the network nor from a file."""
    with pytest.raises(duckdb.PermissionException):
        fenced.cursor().execute(sql)


@pytest.mark.parametrize("sql", OPTIONS)
def test_g07_the_fence_cannot_be_opened(
    sql: str, folder: Path, fenced: duckdb.DuckDBPyConnection
) -> None:
    """No option can be set any more, on no cursor."""
    with pytest.raises(duckdb.InvalidInputException, match="locked") as refused:
        fenced.cursor().execute(sql)
    assert "config_options" in str(remedy(refused.value))
    assert not (folder / "written").exists()


def test_g07_what_one_duckdb_refuses_and_another_does_in_vain(
    folder: Path, fenced: duckdb.DuckDBPyConnection
) -> None:
    """DuckDB 2.0 refuses both; 1.5 finds no file of that name, and writes no log out there."""
    rows = []
    with contextlib.suppress(duckdb.PermissionException):
        rows = fenced.cursor().execute("from read_text('data/..\\secret.csv')").fetchall()
    with contextlib.suppress(duckdb.Error):
        fenced.cursor().execute("call enable_logging(storage = 'file', storage_path = 'written')")
    assert (rows, (folder / "written").exists()) == ([], False)


def test_g07_python_variables_are_out_of_reach(fenced: duckdb.DuckDBPyConnection) -> None:
    """DuckDB would read a frame of the process that has the name of a missing table."""
    rows = pa.table({"a": [1]})
    assert rows.num_rows == 1
    with pytest.raises(duckdb.CatalogException):
        fenced.execute("from rows")


@pytest.mark.parametrize(
    "sql",
    [
        "from 'data/mine.csv'",
        "from read_csv('data/m*.csv')",
        "from read_csv('./data/../data/mine.csv')",
        "from read_csv({absolute})",
        "create table t as from range(10)",
        "checkpoint",
        "load json",
        "set schema = 'main'",
        "attach ':memory:' as scratch",
    ],
)
def test_g07_what_is_within_still_works(
    sql: str, folder: Path, fenced: duckdb.DuckDBPyConnection
) -> None:
    """Files of the data folder by any spelling, tables, built-in extensions."""
    absolute = literal(folder / "data/mine.csv")
    fenced.cursor().execute(sql.format(absolute=absolute))


def test_g07_a_data_folder_may_be_a_link(folder: Path) -> None:
    """Who names a link names where it leads."""
    (folder / "lake").mkdir()
    (folder / "lake/x.csv").write_text("a\n2\n", encoding="utf-8")
    (folder / "linked").symlink_to("lake")
    with duckdb.connect() as connection:
        enclose(connection, load_places({}, {"ASSAY_DATA_DIRECTORIES": "data, linked"}))
        assert connection.execute("from 'linked/x.csv'").fetchall() == [(2,)]


def test_g07_a_folder_with_a_quote_in_its_name_is_a_folder(folder: Path) -> None:
    """Names of folders are quoted like any other text."""
    odd = folder / "it's ['odd']"
    odd.mkdir()
    (odd / "x.csv").write_text("a\n3\n", encoding="utf-8")
    with duckdb.connect() as connection:
        lock(connection, [odd])
        found = connection.execute(f"from read_csv({literal(odd / 'x.csv')})").fetchall()
        assert found == [(3,)]
        with pytest.raises(duckdb.PermissionException):
            connection.execute("from 'data/mine.csv'")


def test_g07_what_was_attached_before_stays(folder: Path) -> None:
    """Attachments of the profile come before the fence."""
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute("attach 'other.duckdb' as other")
        enclose(connection, Reach())
        connection.execute("create table other.t as select 1 as a")
        connection.execute("checkpoint other")
        assert connection.execute("from other.t").fetchall() == [(1,)]


def test_g07_many_threads_close_it_once(folder: Path) -> None:
    """dbt configures a cursor for each of its threads, at the same time."""
    failed: list[Exception] = []
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:

        def configure() -> None:
            try:
                enclose(connection.cursor(), Reach())
            except duckdb.Error as error:
                failed.append(error)

        threads = [threading.Thread(target=configure) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failed == []


def test_g07_without_a_fence_everything_is_in_reach(folder: Path) -> None:
    """The switch that the settings document."""
    with duckdb.connect() as connection:
        enclose(connection, load_places({}, {"ASSAY_EXTERNAL_ACCESS": "true"}))
        assert connection.execute("from read_csv('secret.csv', header = false)").fetchall()


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        ("name: mine\n", ("data", "seeds")),
        ("seed-paths: [here, there]\n", ("data", "here", "there")),
        (None, ("data",)),
    ],
)
def test_g07_the_folders_of_the_seeds_are_within(
    project: str | None, expected: tuple[str, ...], tmp_path: Path
) -> None:
    """As dbt_project.yml names them."""
    if project is not None:
        (tmp_path / "dbt_project.yml").write_text(project, encoding="utf-8")
    found = folders(Reach(), project_here({"DBT_PROJECT_DIR": str(tmp_path)}))
    assert found == tuple(tmp_path / name for name in expected)


def test_g07_a_relative_path_is_explained_where_dbt_was_started_elsewhere(folder: Path) -> None:
    """With both folders; absolute paths, URLs and the project's own folder get the usual line."""
    said = 'Cannot access file "{}" - file system operations are disabled by configuration'
    inside, outside = project_here({}), project_here({"DBT_PROJECT_DIR": "data"})
    error = duckdb.PermissionException(said.format("data/x.csv"))
    assert f"start it in {folder / 'data'}" in str(remedy(error, outside))
    assert remedy(error, inside) == remedy(error) != remedy(error, outside)
    for name in ("/data/x.csv", "https://host/x.csv", "s3://bucket/x.csv"):
        error = duckdb.PermissionException(said.format(name))
        assert remedy(error, outside) == remedy(error)


def test_g07_a_wrong_switch_is_refused() -> None:
    """Nobody opens the fence by a slip."""
    with pytest.raises(ConfigError, match="ASSAY_EXTERNAL_ACCESS"):
        load_places({}, {"ASSAY_EXTERNAL_ACCESS": "perhaps"})


def test_g16_a_pipe_or_a_device_among_the_data_is_refused(folder: Path) -> None:
    """To read a pipe would wait for ever."""
    check_files(Reach())
    os.mkfifo(folder / "data/pipe.csv")
    with pytest.raises(ConfigError, match=r"data/pipe\.csv is a pipe or a device"):
        check_files(Reach())
    (folder / "data/pipe.csv").unlink()
    (folder / "data/zero").symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match="data/zero"):
        check_files(Reach())


def test_errors_that_the_fence_did_not_cause_have_no_remedy_of_its() -> None:
    """A wrong column is a wrong column."""
    assert remedy(duckdb.BinderException("Referenced column not found")) is None
