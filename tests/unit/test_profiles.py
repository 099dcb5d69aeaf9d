"""The profile that dbt takes: found and rendered as dbt does it, and what every command reads."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from assay.core.errors import ConfigError
from assay.hosts.dbt.profiles import profile_here, profiles_file
from assay.hosts.dbt.project_folder import project_here, take_options
from assay.hosts.dbt.settings import database_path, places_here, settings_here

PROFILES = """\
acme:
  target: "{{ env_var('ACME_TARGET', 'dev') }}"
  outputs:
    dev:
      type: duckdb
      path: "{{ env_var('ACME_FOLDER', 'build') }}/acme.duckdb"
      threads: "{{ env_var('ACME_THREADS', '2') | as_number }}"
      plugins:
        - module: assay.plugin
          config:
            store: answers/acme.sqlite
            pack_records: "{{ env_var('ASSAY_PACK_RECORDS', '3') }}"
            max_requests: 7
        - {module: excel}
    prod: {type: duckdb, path: "{{ env_var('ACME_PROD') }}"}
other: {outputs: {default: {type: duckdb}}}
"""


@pytest.fixture(autouse=True)
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a profile of its own."""
    (tmp_path / "dbt_project.yml").write_text("name: acme\nprofile: acme\n")
    (tmp_path / "profiles.yml").write_text(PROFILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_file_is_the_one_that_dbt_reads(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By variable, of the project, of the home."""
    assert profiles_file({"DBT_PROFILES_DIR": "/elsewhere"}) == Path("/elsewhere/profiles.yml")
    assert profiles_file({}) == Path("profiles.yml")
    (acme / "profiles.yml").unlink()
    monkeypatch.setenv("HOME", "/home/of-tests")
    assert profiles_file({}) == Path("/home/of-tests/.dbt/profiles.yml")


def test_warehouse_and_settings_are_those_of_the_profile() -> None:
    """The environment counts before it, blank or not there it does not."""
    assert database_path({}) == Path("build/acme.duckdb")
    assert database_path({"ACME_FOLDER": "there"}) == Path("there/acme.duckdb")
    assert database_path({"ASSAY_DATABASE": "x.duckdb"}) == Path("build/acme.duckdb")
    assert places_here({}).store == Path("answers/acme.sqlite")
    found = settings_here({"ASSAY_MAX_REQUESTS": "9", "ASSAY_STORE": ""})
    assert (found.max_requests, found.pack_records) == (9, 3)
    assert found.store == Path("answers/acme.sqlite")
    assert settings_here({"ASSAY_PACK_RECORDS": "5"}).pack_records == 5


def test_profile_and_target_are_named_as_dbt_hears_them() -> None:
    """By variable, by the profile itself, or `default`."""
    assert profile_here({}).name == "acme.dev"
    assert profile_here({}).modules == ["assay.plugin", "excel"]
    prod = {"ACME_PROD": "/lake/prod.duckdb"}
    for environ in ({"DBT_TARGET": "prod"}, {"ACME_TARGET": "prod"}):
        found = profile_here(environ | prod)
        assert (found.name, found.database, found.config) == ("acme.prod", prod["ACME_PROD"], {})
    assert profile_here({"DBT_PROFILE": "other"}).database == ":memory:"


def test_a_profile_without_the_plugin_is_refused_by_every_command() -> None:
    """dbt would say that DuckDB has no such function, and another store would be looked at."""
    said = "other.default does not name the plugin. Name it there: `plugins: "
    for load in (settings_here, places_here):
        with pytest.raises(ConfigError, match=re.escape(said)):
            load({"DBT_PROFILE": "other"})


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"DBT_PROFILE": "nobody"}, "has no profile 'nobody'; it has acme, other"),
        ({"DBT_TARGET": "stage"}, "has no output 'stage'; it has dev, prod"),
        ({"DBT_TARGET": "prod"}, "reads the variable `ACME_PROD`, which is not set"),
    ],
)
def test_a_profile_that_cannot_be_used_is_said(environ: dict[str, str], said: str) -> None:
    """With its file, and what there is."""
    with pytest.raises(ConfigError, match=said):
        profile_here(environ)


@pytest.mark.parametrize(("text", "said"), [("a: [", "as YAML"), (None, "is not there")])
def test_a_profiles_yml_that_is_none_is_said(acme: Path, text: str | None, said: str) -> None:
    """Broken, or not there at all."""
    (acme / "profiles.yml").unlink()
    if text is not None:
        (acme / "profiles.yml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        profile_here({})


def test_jinja_that_asks_for_more_than_the_environment_is_said(acme: Path) -> None:
    """dbt knows more words, of which none says where a warehouse is."""
    (acme / "profiles.yml").write_text('acme: {outputs: {default: {path: "{{ target.name }}"}}}')
    with pytest.raises(ConfigError, match="use `env_var` alone"):
        profile_here({})


def test_a_folder_that_is_no_project_has_the_usual_warehouse(acme: Path) -> None:
    """As the shipped profile names it."""
    (acme / "dbt_project.yml").unlink()
    assert database_path({}) == Path("warehouse.duckdb")
    assert database_path({"ASSAY_DATABASE": " mine.duckdb "}) == Path("mine.duckdb")


def test_what_dbt_writes_to_is_rendered(acme: Path) -> None:
    """A target path may hang on the environment, too."""
    text = "name: acme\ntarget-path: \"{{ env_var('OUT', 'target') }}\"\n"
    (acme / "dbt_project.yml").write_text(text)
    assert project_here({}).target == acme / "target"
    assert project_here({"OUT": "built"}).target == acme / "built"


def test_options_of_dbt_are_heard_wherever_they_stand() -> None:
    """They become the variables that dbt hears of, too; the other words stay."""
    environ: dict[str, str] = {}
    words = ["--project-dir", "p", "build", "--target=prod", "-s", "x", "--", "--target", "y"]
    assert take_options(words, environ) == ["build", "-s", "x", "--", "--target", "y"]
    assert environ == {"DBT_PROJECT_DIR": "p", "DBT_TARGET": "prod"}
    assert take_options(["plan", "-t", "dev", "--profile", "a"], environ) == ["plan"]
    assert (environ["DBT_TARGET"], environ["DBT_PROFILE"]) == ("dev", "a")
    for words in (["build", "--target"], ["build", "--target-path="]):
        with pytest.raises(ConfigError, match="needs a value"):
            take_options(words, environ)


def test_dbt_says_the_same(acme: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own loader, on the same profile and environment."""
    from argparse import Namespace

    from dbt.config.profile import Profile
    from dbt.config.renderer import ProfileRenderer
    from dbt.flags import set_from_args
    from dbt_common.context import set_invocation_context

    monkeypatch.setenv("ACME_FOLDER", "there")
    monkeypatch.setenv("ASSAY_PACK_RECORDS", "6")
    set_invocation_context(dict(os.environ))
    set_from_args(Namespace(PROFILES_DIR=str(acme)), None)
    theirs = Profile.render(ProfileRenderer({}), "acme", None)
    ours = profile_here(os.environ)
    assert ours.database == theirs.credentials.path
    (config,) = [one.config for one in theirs.credentials.plugins if one.module == "assay.plugin"]
    assert ours.config == config
