"""Extras: what is not needed is not imported, and what is missing is told with its extra."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assay.core.errors import ConfigError
from assay.core.extras import Later, extra

HEAVY = {"great_expectations", "altair", "vl_convert", "pandas", "scipy", "openai", "tokenizers"}
PROFILE = """\
theirs:
  target: dev
  outputs: {dev: {type: duckdb, plugins: [{module: assay.plugin}]}}
"""
NOT_THERE = """
import sys
absent = "confluent_kafka great_expectations altair vl_convert numpy pandas openai wordllama"
lakes = "deltalake pyiceberg duckdb_extension_ducklake"
for name in f"adbc_driver_manager lancedb psycopg {lakes} {absent}".split():
    sys.modules[name] = None
import assay.plugin
"""


def run(code: str, folder: Path | None = None) -> str:
    """What a Python that has imported nothing yet prints."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_plugin_loads_no_library_of_an_extra_but_dbt() -> None:
    """dbt brings the interface of OpenTelemetry itself; its SDK comes with an extra."""
    said = run("import sys, assay.plugin; print(*sys.modules)").split()
    assert HEAVY & {name.split(".")[0] for name in said} == set()
    assert [name for name in said if name.startswith("opentelemetry.sdk")] == []


def test_the_plugin_needs_no_library_of_an_extra_but_dbt() -> None:
    """A consumer without gates, report and telemetry can build."""
    assert run(NOT_THERE + "print('loaded')") == "loaded\n"


@pytest.mark.parametrize(
    ("name", "needed"),
    [
        ("gates", "from assay.project.gates.checks import known_expectations as f; f()"),
        ("gates", "from assay.project.evaluation.metrics import micro as f; f([])"),
        (
            "report",
            "from pathlib import Path; from assay.project.report.kept import Drawings as D\n"
            "D(Path('none'))('cost', [])",
        ),
        (
            "lancedb",
            "from pathlib import Path\n"
            "from assay.project.publishing.destinations.lance import LanceFolder as F\n"
            "F(Path('none')).__enter__()",
        ),
        (
            "delta",
            "from pathlib import Path\n"
            "from assay.project.publishing.destinations.delta import DeltaFolder as F\n"
            "F('none').__enter__()",
        ),
        (
            "iceberg",
            "from pathlib import Path\n"
            "from assay.project.publishing.destinations.iceberg import IcebergFolder as F\n"
            "F(Path('none')).__enter__()",
        ),
        (
            "ducklake",
            "from pathlib import Path\n"
            "from assay.project.publishing.destinations.ducklake import DuckLake as F\n"
            "F(Path('none')).__enter__()",
        ),
        (
            "pgvector",
            "from assay.project.publishing.destinations.postgres import PostgresSchema as S\n"
            "S('postgresql://none').__enter__()",
        ),
        (
            "stream",
            "from assay.hosts.stream.kafka import client\nclient.Consumer",
        ),
        (
            "postgres",
            "from assay.store import open_store as f\n"
            "from assay.core.store_place import store_place as p; f(p('postgresql://localhost/a'))",
        ),
        (
            "openai",
            "import os; os.environ['OPENAI_API_KEY'] = 'k'\n"
            "from assay.providers import open_provider as f\n"
            "from assay.core.settings import load_settings as s\n"
            "f(s({'provider': 'openai', 'base_url': 'http://127.0.0.1:9/v1', 'model': 'm'}))",
        ),
    ],
)
def test_a_missing_extra_is_named_where_it_is_needed(name: str, needed: str) -> None:
    """One line: what needs what, and what to type."""
    code = NOT_THERE + f"try:\n    exec({needed!r})\nexcept Exception as e: print(repr(e))"
    said = run(code)
    assert "ConfigError" in said
    assert f'`pip install "assay[{name}]"`' in said


def test_the_command_without_its_libraries_is_a_line() -> None:
    """Whoever installed the base alone hears which extra has the command line."""
    code = "import sys; sys.modules['typer'] = None\nfrom assay.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "assay: The command `assay` needs typer, which is not installed; run "
        '`pip install "assay[dbt]"`.\n'
    )


def test_the_plugin_without_its_libraries_is_a_line(tmp_path: Path) -> None:
    """In dbt, which prints an error of its own kind without a traceback, and before it starts."""
    (tmp_path / "dbt_project.yml").write_text("name: theirs\nprofile: theirs\n")
    (tmp_path / "profiles.yml").write_text(PROFILE)
    missing = "import os, sys; sys.modules['pyarrow'] = None\n"
    in_dbt = (
        "from dbt_common.exceptions import DbtRuntimeError\n"
        "try:\n    import assay.plugin\nexcept DbtRuntimeError as e: print(e.msg)"
    )
    before = "from assay.hosts.dbt.child import plugin_trouble as f; print(f(os.environ))"
    said = "The plugin `assay.plugin` needs pyarrow, which is not installed; run "
    expected = f'{said}`pip install "assay[dbt]"`.\n'
    assert run(missing + in_dbt) == expected
    assert run(missing + before, tmp_path) == expected


def test_a_module_of_ours_that_is_missing_is_no_missing_extra() -> None:
    """That is a fault of ours, and nothing to install."""
    with pytest.raises(ModuleNotFoundError), extra("gates", "A gate"):
        import assay.nothing_of_this_name  # type: ignore[import-not-found]  # noqa: F401


def test_a_module_for_later_is_imported_when_it_is_used() -> None:
    """The error comes then, and not when it is named."""
    later = Later("no_such_library", "gates", "A gate")
    with pytest.raises(ConfigError, match="A gate needs no_such_library"):
        later.anything  # noqa: B018
