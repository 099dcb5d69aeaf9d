"""`assay doctor`: what it finds in a set-up, and what it tells people to do."""

from __future__ import annotations

import datetime
from pathlib import Path

import duckdb
import pytest

from assay.core.settings import Settings
from assay.hosts.dbt.profiles import DbtProfile, profile_here
from assay.project.doctor import (
    Finding,
    disk_findings,
    installed_findings,
    settings_findings,
    setup_findings,
    store_findings,
    warehouse_findings,
)
from assay.project.doctor.endpoint import clock_finding, limits_finding
from assay.project.doctor.environment import code_finding, program_finding, shell_finding
from assay.project.doctor.installed import extensions_finding
from assay.project.doctor.setup import pth_findings
from assay.project.publishing.row_counts import checkpoint
from assay.store.sqlite.verbs import SqliteStore

ROOT = Path(__file__).parents[2]
PROFILE = """\
mine:
  outputs:
    default:
      type: duckdb
      retries: {query_attempts: 3}
      plugins:
        - module: assay.plugin
          config: {pack_records: 4, max_in_flight: "{{ env_var('ASSAY_MAX_IN_FLIGHT', '8') }}"}
"""
PLAIN = "mine: {outputs: {default: {plugins: [{module: assay.plugin}]}}}"
SETTINGS = len(Settings.model_fields) - 1
"""Without the key."""
NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


def profile_in(folder: Path, text: str) -> DbtProfile:
    """The profile `mine` of a folder."""
    (folder / "profiles.yml").write_text(text)
    return profile_here({"DBT_PROFILES_DIR": str(folder), "DBT_PROFILE": "mine"})


def findings(tmp_path: Path, profile: str = PLAIN) -> dict[str, Finding]:
    """What doctor says of a store that is not there yet and a profile, by subject."""
    found = [*setup_findings(profile_in(tmp_path, profile))]
    found += [*store_findings(tmp_path / "store.sqlite"), *installed_findings()]
    return {finding.subject: finding for finding in found}


def test_a_new_project_needs_no_hand(tmp_path: Path) -> None:
    """No store and a plain profile: nothing is bad, and nothing is made."""
    found = findings(tmp_path)
    assert [finding for finding in found.values() if finding.remedy] == []
    assert [path.name for path in tmp_path.iterdir()] == ["profiles.yml"]


def test_e19_retries_of_queries_are_refused(tmp_path: Path) -> None:
    """They would replace the real error of a model by another one."""
    found = findings(tmp_path, PROFILE)["profile"]
    assert "mine.default" in found.text
    assert "Remove it" in (found.remedy or "")
    assert found.verdict == "wrong"


def test_a_lost_store_is_found_by_its_witness(tmp_path: Path) -> None:
    """The file is gone, the number of its answers is known."""
    (tmp_path / "store.sqlite.witness").write_text('{"answers": 1234}')
    found = findings(tmp_path)["store"]
    assert "held 1,234 answers" in found.text
    assert "--accept-cold-cache" in (found.remedy or "")


def test_a_store_that_others_can_read_is_reported(tmp_path: Path) -> None:
    """With the command that closes it."""
    path = tmp_path / "store.sqlite"
    SqliteStore(path).close()
    path.chmod(0o644)
    found = findings(tmp_path)["store"]
    assert "mode 0644" in found.text
    assert found.remedy == f"Run `chmod 600 {path}`."


def test_a_store_of_a_newer_version_is_reported(tmp_path: Path) -> None:
    """Its schema has a step that nobody here knows."""
    path = tmp_path / "store.sqlite"
    store = SqliteStore(path)
    store.transact([lambda c: c.execute("insert into migrations values ('m999_later')")])
    store.close()
    found = findings(tmp_path)["schema"]
    assert (found.verdict, "m999_later" in found.text) == ("wrong", True)


def test_the_versions_are_named(tmp_path: Path) -> None:
    """SQLite, DuckDB and the adapter, for a bug report."""
    found = findings(tmp_path)
    assert "SQLite 3." in found["sqlite"].text
    for name in (
        "Python 3.",
        "assay 0.",
        "dbt-core 1.",
        "dbt-duckdb 1.",
        "duckdb ",
    ):
        assert name in found["versions"].text
    assert "openai (openai 3." in found["extras"].text


def test_what_a_duckdb_lacks_is_said() -> None:
    """The newest has no wheels of extensions; of an older one those are named that are missing."""
    assert "DuckDB 2.0.1 has no wheels of delta, ducklake" in extensions_finding("2.0.1", []).text
    found = extensions_finding("1.5.5", ["fts"])
    assert (found.verdict, "Wheels of extensions: fts." in found.text) == ("ok", True)
    assert "duckdb-extension-NAME==1.5.5" in found.text


def test_each_setting_says_where_it_came_from(tmp_path: Path) -> None:
    """Out of the environment, the profile, or nowhere."""
    config = profile_in(tmp_path, PROFILE).config
    environ = {"ASSAY_PACK_TOKENS": "900", "ASSAY_PACK_RECORDS": "5"}
    said = "\n".join(one.text for one in settings_findings(environ, config))
    assert "ASSAY_PACK_RECORDS=5 (environment)." in said
    assert "ASSAY_PACK_TOKENS=900 (environment)." in said
    assert "ASSAY_MAX_IN_FLIGHT=8 (profile)." in said
    assert f"{SETTINGS - 3} of {SETTINGS} are at their defaults." in said


def test_a_profile_without_the_plugin_is_wrong(tmp_path: Path) -> None:
    """dbt would end at the first AI function."""
    found = findings(tmp_path, "mine:\n  outputs:\n    default: {type: duckdb, path: a.duckdb}\n")
    assert found["profile"].verdict == "wrong"
    assert "assay.plugin" in (found["profile"].remedy or "")


def test_settings_that_are_not_valid_are_wrong() -> None:
    """With the line that a build would print; the key is never shown."""
    (found,) = settings_findings({"ASSAY_MODLE": "x"}, {})
    assert (found.verdict, "ASSAY_MODEL" in (found.remedy or "")) == ("wrong", True)
    environ = {"OPENAI_API_KEY": "sk-canary", "ASSAY_PROVIDER": "openai", "ASSAY_MODEL": "mine"}
    said = "\n".join(map(str, settings_findings(environ, {})))
    assert "OPENAI_API_KEY is set" in said
    assert "sk-canary" not in said
    assert "warning price The price of 'mine' is not known" in said


def test_a_pth_file_that_nothing_brought_or_that_was_changed_is_wrong(tmp_path: Path) -> None:
    """Python would run it at each start."""
    record = tmp_path / "good-1.dist-info" / "RECORD"
    record.parent.mkdir()
    record.write_text("good.pth,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n")
    (tmp_path / "good.pth").touch()
    assert [one.verdict for one in pth_findings(tmp_path)] == ["ok"]
    (tmp_path / "good.pth").write_text("import os")
    (tmp_path / "stray.pth").write_text("import os")
    changed, stray = pth_findings(tmp_path)
    assert ("good.pth" in changed.text, "stray.pth" in stray.text) == (True, True)
    assert {changed.verdict, stray.verdict} == {"wrong"}


def test_an_environment_of_another_folder_is_wrong(tmp_path: Path) -> None:
    """It runs another's code; a project without code of its own runs what is installed."""
    assert code_finding(tmp_path, ROOT) is None
    (tmp_path / "udfs" / "assay").mkdir(parents=True)
    (tmp_path / "udfs" / "assay" / "plugin.py").touch()
    assert code_finding(tmp_path, None) is None
    found = code_finding(tmp_path, ROOT)
    assert found is not None
    assert (found.verdict, "./scripts/setup" in str(found)) == ("wrong", True)
    assert code_finding(ROOT, ROOT) is None


def test_a_dbt_that_starts_or_means_another_environment_is_told(tmp_path: Path) -> None:
    """After a move, and in a shell that has activated another one."""
    programs, others = tmp_path / "it's $1", tmp_path / "others"
    spelled = str(programs).replace("$", "\\$")
    for folder in (programs, others):
        folder.mkdir()
        (folder / "dbt").write_text(f"#!/bin/sh\n'''exec' \"{spelled}/python\" \"$0\"\n' '''\n")
        (folder / "dbt").chmod(0o755)
    assert program_finding(programs) is None
    assert str(program_finding(others)).startswith("wrong environment")
    assert str(program_finding(tmp_path)).startswith("wrong environment")
    assert shell_finding(programs, str(programs)) is None
    assert shell_finding(programs, "") is None
    assert str(shell_finding(programs, str(others))).startswith("warning environment")


def test_a_warehouse_that_is_none_is_wrong_and_is_left_alone(tmp_path: Path) -> None:
    """Bytes that are no DuckDB file; one that is not there is not made."""
    path = tmp_path / "warehouse.duckdb"
    assert [one.verdict for one in warehouse_findings(path)] == ["ok"]
    assert not path.exists()
    path.write_bytes(b"no database" * 500)
    assert [one.verdict for one in warehouse_findings(path)] == ["wrong"]


def test_a_warehouse_says_its_size_and_what_it_lost(tmp_path: Path) -> None:
    """Rows are compared with the last tally; a WAL is a warning."""
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table t as from range(5)")
    checkpoint(path, "run")
    assert [one.verdict for one in warehouse_findings(path)] == ["ok", "ok", "ok"]
    with duckdb.connect(str(path)) as connection:
        connection.execute("delete from t where range < 2")
    found = {one.subject: one for one in warehouse_findings(path)}
    assert "1 table, 3 rows" in found["warehouse"].text
    assert "main.t holds 3 rows; it held 5" in found["tally"].text
    assert found["tally"].verdict == "warning"


def test_a_place_that_cannot_be_written_to_is_wrong(tmp_path: Path) -> None:
    """A file where a folder should be; rights that are missing look the same."""
    (tmp_path / "file").write_text("")
    (found,) = disk_findings({"store": tmp_path / "file" / "b"})

    assert (found.verdict, "cannot be written to, for the store" in found.text) == ("wrong", True)


def test_room_is_told_for_folders_that_are_not_there_yet(tmp_path: Path) -> None:
    """Where the folder will be made."""
    (found,) = disk_findings({"store": tmp_path / "a" / "b"})
    assert f"free for the store ({tmp_path})" in found.text


@pytest.mark.parametrize(
    ("date", "verdict", "words"),
    [
        ("Sun, 01 Mar 2026 12:00:03 GMT", "ok", "3 seconds from"),
        ("Sun, 01 Mar 2026 11:50:00 GMT", "warning", "600 seconds ahead of"),
        ("Sun, 01 Mar 2026 13:00:00 GMT", "warning", "3,600 seconds behind"),
        ("yesterday", "ok", "does not say"),
        ("", "ok", "does not say"),
    ],
)
def test_the_clock_is_held_against_the_endpoints(date: str, verdict: str, words: str) -> None:
    """The `Date` of a reply, which has whole seconds."""
    found = clock_finding({"date": date}, NOW)
    assert (found.verdict, words in found.text) == (verdict, True)


def test_rate_headers_are_told() -> None:
    """What is left of what."""
    headers = {"x-ratelimit-limit-requests": "500", "x-ratelimit-remaining-requests": "499"}
    assert "499 of 500 requests left" in limits_finding(headers).text
    assert "No rate headers" in limits_finding({}).text
