"""Extras: what is not needed is not imported, and what is missing is told with its extra."""

from __future__ import annotations

import subprocess
import sys

import pytest

from assay.core.errors import ConfigError
from assay.core.extras import Later, extra

HEAVY = {"great_expectations", "altair", "vl_convert", "pandas", "scipy", "openai", "tokenizers"}
NOT_THERE = """
import sys
for name in "great_expectations altair vl_convert numpy pandas openai wordllama".split():
    sys.modules[name] = None
import assay.plugin
"""


def run(code: str) -> str:
    """What a Python that has imported nothing yet prints."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


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
        ("report", "from assay.project.report.making import make as f; f(None, None, None)"),
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


def test_a_module_of_ours_that_is_missing_is_no_missing_extra() -> None:
    """That is a fault of ours, and nothing to install."""
    with pytest.raises(ModuleNotFoundError), extra("gates", "A gate"):
        import assay.nothing_of_this_name  # type: ignore[import-not-found]  # noqa: F401


def test_a_module_for_later_is_imported_when_it_is_used() -> None:
    """The error comes then, and not when it is named."""
    later = Later("no_such_library", "gates", "A gate")
    with pytest.raises(ConfigError, match="A gate needs no_such_library"):
        later.anything  # noqa: B018
