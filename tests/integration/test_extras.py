"""What each extra brings, in environments that have no other: run by `scripts/matrix extras`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.extras

REPOSITORY = Path(__file__).parents[2]
_UV = os.environ.get("UV", "uv")
PROJECT = {
    "dbt_project.yml": """\
name: theirs
profile: theirs
""",
    "profiles.yml": """\
theirs:
  target: dev
  outputs:
    dev: {type: duckdb, path: w.duckdb, plugins: [{module: assay.plugin, alias: assay}]}
""",
    "packages.yml": "packages: [{local: {repository}}]\n",
    "models/asked.sql": "{{ config(materialized='table') }}\n"
    "select {{ assay.ai_sentiment('word') }} as mood from (select 'I love it' as word)\n",
}


def environment(folder: Path) -> Path:
    """A new environment in which there is pip alone."""
    command = [_UV, "venv", "--quiet", "--seed", "--python", sys.executable, str(folder)]
    subprocess.run(command, check=True)
    return folder


def with_assay(folder: Path, extras: str) -> Path:
    """The Python of a new environment with Assay and some of its extras."""
    python = environment(folder) / "bin/python"
    what = f"{REPOSITORY}{extras}"
    subprocess.run([_UV, "pip", "install", "--quiet", "--python", python, what], check=True)
    return python


def said(*command: str | Path, folder: Path) -> str:
    """What a command says, whatever becomes of it."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.stdout + done.stderr


def test_the_base_has_pydantic_and_locks_alone(tmp_path: Path) -> None:
    """The engine can be imported, and a store opened, without dbt."""
    python = with_assay(tmp_path / "base", "")
    code = (
        "import assay.engine.loop, pathlib, importlib.util as u\n"
        "from assay.store import open_store; open_store(pathlib.Path('s.sqlite')).close()\n"
        "print([u.find_spec(name) for name in ('dbt', 'duckdb', 'numpy', 'pandas', 'openai')])"
    )
    assert "[None, None, None, None, None]" in said(python, "-c", code, folder=tmp_path)
    assert 'pip install "assay[dbt]"' in said(python.with_name("assay"), folder=tmp_path)
    assert 'pip install "assay[dbt]"' in said(python, "-m", "assay", "--help", folder=tmp_path)


def test_dbt_and_local_answer_a_column_and_name_what_a_gate_needs(tmp_path: Path) -> None:
    """No Great Expectations, no Altair, no SDK of OpenTelemetry; what lacks one says so."""
    python = with_assay(tmp_path / "some", "[dbt,local]")
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.replace("{repository}", str(REPOSITORY)))
    dbt = (python.with_name("dbt"), "--quiet")
    assert "rror" not in said(*dbt, "deps", folder=tmp_path)
    built = said(python.with_name("dbt"), "build", "--select", "asked", folder=tmp_path)
    assert "Completed successfully" in built
    gate = "from assay.project.gates.checks import known_expectations as f; f()"
    assert 'pip install "assay[gates]"' in said(python, "-c", gate, folder=tmp_path)


def test_load_brings_what_loads_a_source_and_names_what_buckets_need(tmp_path: Path) -> None:
    """From files, in an environment without any other extra; a bucket wants its own."""
    python = with_assay(tmp_path / "some", "[dbt,load]")
    files = "from assay.sources import files\ndef source():\n    return files({!r})\n"
    for name, text in PROJECT.items():
        if not name.startswith(("models", "packages")):
            (tmp_path / name).write_text(text)
    for folder in ("sources", "data/orders"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "data/orders/1.csv").write_text("id,body\n1,one\n")
    (tmp_path / "sources/orders.py").write_text(files.format("data/orders/*.csv"))
    (tmp_path / "sources/lake.py").write_text(files.format("s3://lake/orders/*.csv"))

    loaded = said(python, "-m", "assay", "load", folder=tmp_path)
    assert "Loaded  orders: 1 row, " in loaded
    assert 'pip install "assay[buckets]"' in loaded
