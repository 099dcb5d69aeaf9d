"""Where the project is, where its paths lead, and what is refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assay.core.errors import ConfigError
from assay.core.project import place, project_at
from assay.core.settings import load_settings
from assay.hosts.dbt.home import check_store, other_code, place_files, seed_file
from assay.hosts.dbt.project_folder import enter_project, project_here, target_of
from assay.hosts.duckdb.warehouse import check_writable


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a project that writes to `build` and has two folders of seeds."""
    folder = (tmp_path / "it's #1").resolve()
    (folder / "models" / "silver").mkdir(parents=True)
    settings = "name: mine\ntarget-path: build\nseed-paths: [here, there]\n"
    (folder / "dbt_project.yml").write_text(settings, encoding="utf-8")
    return folder


def test_a_project_is_found_as_dbt_finds_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From within, by a variable, and not at all; with the folders that it names."""
    monkeypatch.chdir(root / "models" / "silver")
    found = project_here({})
    assert (found.root, found.target) == (root, root / "build")
    assert found.seeds == (root / "here", root / "there")
    monkeypatch.chdir(root.parent)
    assert project_here({"DBT_PROJECT_DIR": root.name}) == found
    assert project_here({}).root == root.parent
    assert target_of(root, {"DBT_TARGET_PATH": "other"}) == root / "other"


def test_a_command_works_in_the_folder_of_the_project(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the environment says by relative paths means the same there."""
    monkeypatch.chdir(root.parent)
    monkeypatch.setenv("DBT_PROJECT_DIR", root.name)
    monkeypatch.setenv("DBT_PROFILES_DIR", root.name)
    enter_project()
    assert Path.cwd() == root
    assert project_here().root == root
    monkeypatch.setenv("DBT_PROJECT_DIR", "nowhere")
    with pytest.raises(ConfigError, match="DBT_PROJECT_DIR"):
        enter_project()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a.duckdb", "{root}/a.duckdb"),
        ("a.duckdb\r", "{root}/a.duckdb"),
        ("../a.duckdb", "{root}/../a.duckdb"),
        ("/there/a.duckdb", "/there/a.duckdb"),
        ("~/a.duckdb", "/home/of-tests/a.duckdb"),
        (":memory:", ":memory:"),
        ("md:mine", "md:mine"),
        ("ducklake:x.ducklake", "ducklake:x.ducklake"),
        ("s3://bucket/a.duckdb", "s3://bucket/a.duckdb"),
    ],
)
def test_a_database_is_a_file_of_the_project_or_no_file(
    given: str, expected: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What DuckDB opens by its own names stays as it is."""
    monkeypatch.setenv("HOME", "/home/of-tests")
    assert project_at(root, "target", []).database(given) == expected.format(root=root)


def test_a_name_that_duckdb_cuts_off_is_refused(root: Path) -> None:
    """It would write beside the folder."""
    with pytest.raises(ConfigError, match="take the `\\?` out"):
        project_at(root, "target", []).database("what?.duckdb")


def test_a_home_that_nobody_knows_is_refused() -> None:
    """Instead of a folder that is called so."""
    with pytest.raises(ConfigError, match="write the path out"):
        place("~nobody-of-this-name/x")


def test_files_of_a_profile_have_their_place_in_the_project(root: Path) -> None:
    """The warehouse and what is attached to it."""
    attached = SimpleNamespace(path="other.duckdb")
    credentials: Any = SimpleNamespace(path="w.duckdb", external_root=".", attach=[attached])
    assert place_files(credentials, project_at(root, "target", [])) == root / "w.duckdb"
    assert (attached.path, credentials.external_root) == (f"{root}/other.duckdb", str(root))


def test_paths_of_settings_are_those_of_the_project(root: Path) -> None:
    """As an editor on Windows leaves them in a file of variables, too."""
    given = {"store": "a.db\r", "publish": " out\r", "data_directories": "data, /lake\r"}
    settings = load_settings(given | {"provider": "local\r"}, {})
    found = settings.within(project_at(root, "target", []))
    assert (found.store, found.publish) == (root / "a.db", root / "out")
    assert found.data_directories == (root / "data", Path("/lake"))


def test_a_second_store_is_never_made_beside_one_that_is_known(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where runs from another folder left theirs, the message names both."""
    project, store = project_at(root, "target", []), Path(".assay/store.sqlite")
    monkeypatch.chdir(root.parent)
    check_store(store, project)
    (root.parent / ".assay").mkdir()
    (root.parent / store).touch()
    with pytest.raises(ConfigError, match="nothing is bought again") as refused:
        check_store(store, project)
    assert str(root.parent / store) in str(refused.value)
    (root.parent / "dbt_project.yml").touch()  # another project, whose store it is
    check_store(store, project)
    (root / ".assay").mkdir()
    (root / store).touch()
    check_store(store, project)


def test_a_seed_is_the_one_of_the_folder_that_its_package_has_now(root: Path) -> None:
    """Whatever dbt remembers; ready for a literal of SQL."""
    config: Any = SimpleNamespace(
        load_dependencies=lambda: {"mine": SimpleNamespace(project_root=str(root))}
    )
    seed = {"package_name": "mine", "root_path": "/before", "original_file_path": "here/a.csv"}
    assert seed_file(config, seed) == f"{root}/here/a.csv".replace("'", "''")
    assert seed_file(config, seed | {"package_name": "x"}) == "/before/here/a.csv"


def test_code_of_another_folder_is_told(root: Path) -> None:
    """Where the project has its own; a project without any uses what is installed."""
    assert other_code(root) is None
    (root / "udfs" / "assay").mkdir(parents=True)
    (root / "udfs" / "assay" / "plugin.py").touch()
    assert "./scripts/setup" in str(other_code(root))
    assert other_code(Path(__file__).parents[2]) is None


def test_a_warehouse_in_a_folder_that_is_not_there_is_refused(root: Path) -> None:
    """Before dbt ends in a traceback; nothing is made."""
    check_writable(root / "w.duckdb")
    with pytest.raises(ConfigError, match="ASSAY_DATABASE"):
        check_writable(root / "nowhere" / "w.duckdb")
    assert not (root / "nowhere").exists()
