"""`assay doctor`: what it finds in a set-up, and what it tells people to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from udfs.doctor import Finding, examine, profiles_file, store_path
from udfs.store import Store

PROFILE = """\
assay:
  outputs:
    dev:
      type: duckdb
      retries: {query_attempts: 3}
"""


def findings(tmp_path: Path, profile: str = "") -> dict[str, Finding]:
    """What doctor says of a store that is not there yet and a profile, by subject."""
    profiles = tmp_path / "profiles.yml"
    profiles.write_text(profile)
    found = examine(tmp_path / "store.sqlite", profiles)
    return {finding.subject: finding for finding in found}


def test_a_new_project_needs_no_hand(tmp_path: Path) -> None:
    """No store and a plain profile: nothing is bad, and nothing is made."""
    found = findings(tmp_path)
    assert [finding for finding in found.values() if finding.remedy] == []
    assert [path.name for path in tmp_path.iterdir()] == ["profiles.yml"]


def test_e19_retries_of_queries_are_refused(tmp_path: Path) -> None:
    """They would replace the real error of a model by another one."""
    found = findings(tmp_path, PROFILE)["profile"]
    assert "assay.dev" in found.text
    assert "Remove it" in (found.remedy or "")


def test_a_lost_store_is_found_by_its_witness(tmp_path: Path) -> None:
    """The file is gone, the number of its answers is known."""
    (tmp_path / "store.sqlite.witness").write_text('{"answers": 1234}')
    found = findings(tmp_path)["store"]
    assert "held 1,234 answers" in found.text
    assert "--accept-cold-cache" in (found.remedy or "")


def test_a_store_that_others_can_read_is_reported(tmp_path: Path) -> None:
    """With the command that closes it."""
    path = tmp_path / "store.sqlite"
    Store(path).close()
    path.chmod(0o644)
    found = findings(tmp_path)["store"]
    assert "mode 0644" in found.text
    assert found.remedy == f"Run `chmod 600 {path}`."


def test_the_versions_are_named(tmp_path: Path) -> None:
    """SQLite, DuckDB and the adapter, for a bug report."""
    found = findings(tmp_path)
    assert "SQLite 3." in found["sqlite"].text
    assert "dbt-duckdb 1." in found["versions"].text


@pytest.mark.parametrize(
    ("environ", "expected"),
    [({}, ".assay/store.sqlite"), ({"ASSAY_STORE": "there.sqlite"}, "there.sqlite")],
)
def test_the_store_is_where_the_settings_say(environ: dict[str, str], expected: str) -> None:
    """Without a key and without a provider."""
    assert store_path(environ) == Path(expected).resolve()


def test_the_profile_is_the_one_that_dbt_reads() -> None:
    """`DBT_PROFILES_DIR` counts first."""
    assert profiles_file({"DBT_PROFILES_DIR": "/elsewhere"}) == Path("/elsewhere/profiles.yml")
