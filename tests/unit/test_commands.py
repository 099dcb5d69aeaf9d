"""The command line: what it lists, how much it imports, and what it says of wrong lines."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from assay.cli.commands import COMMANDS
from assay.hosts.dbt.process import what_failed
from assay.store import open_store

HEAVY = {"dbt", "duckdb", "pandas", "numpy", "pyarrow", "jinja2", "altair", "great_expectations"}
SECONDS = 60


def said(
    *arguments: str, folder: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    """What the installed command prints."""
    program = Path(sys.executable).with_name("assay")
    here = {name: value for name, value in os.environ.items() if name != "_ASSAY_PROGRAM"}
    return subprocess.run(
        [program, *arguments],
        cwd=folder,
        env=here | {"COLUMNS": "200"} | env,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_it_says_itself(name: str) -> None:
    """The first lines of its help, which the list has without importing it."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found = getattr(__import__(f"assay.cli.{module}", fromlist=["_"]), attribute)
    text = found.info.help if isinstance(found, typer.Typer) else inspect.getdoc(found)
    assert COMMANDS[name][1] == " ".join(str(text).partition("\n\n")[0].split())


def test_commands_are_listed_in_the_order_of_a_day() -> None:
    """Building comes first, what is seldom wanted last."""
    lines = said("--help").stdout.splitlines()
    listed = [line.split()[1] for line in lines if line[:3] == "│ b" or line[:2] == "│ "]
    named = [word for word in listed if word in COMMANDS]
    assert named == list(COMMANDS)
    assert (named[0], named[-1]) == ("init", "forget")


def test_help_and_version_import_nothing_heavy() -> None:
    """Nobody waits for a word of help."""
    code = (
        "import sys\nfrom assay.cli.main import app\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    for word in ("--help", "--version"):
        done = subprocess.run(
            [sys.executable, "-c", code, word], capture_output=True, text=True, check=True
        )
        assert HEAVY & set(done.stdout.splitlines()[-1].split()) == set()
    assert said("--version").stdout.startswith("assay 0.")


def test_a_word_that_is_no_command_is_answered_with_the_nearest() -> None:
    """By the name that was typed, without a traceback."""
    done = said("biuld")
    assert done.returncode == 2
    assert "'build'" in done.stderr
    assert done.stderr.endswith("See `assay --help`.\n")
    assert done.stderr.count("\n") == 1


def test_a_shell_completes_commands_and_options() -> None:
    """As typer's script for bash asks."""
    bash = "complete_bash"
    done = said(COMP_WORDS="assay ex", COMP_CWORD="1", _ASSAY_COMPLETE=bash)
    assert done.stdout.split() == ["explain"]
    done = said(COMP_WORDS="assay plan --max", COMP_CWORD="2", _ASSAY_COMPLETE=bash)
    assert done.stdout.split() == ["--max-requests"]
    script = said("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")
    assert "_ASSAY_COMPLETE=complete_bash" in script.stdout


def test_a_file_that_is_typed_is_one_of_the_folder_of_the_shell(tmp_path: Path) -> None:
    """The project is elsewhere, and nothing is written there."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "dbt_project.yml").write_text("name: mine\n")
    open_store(project / ".assay" / "store.sqlite").close()
    done = said("backup", "copy.sqlite", "--project-dir", "project", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "copy.sqlite").exists()
    assert said("backup", "copy.sqlite", folder=project).returncode == 0
    assert (project / "copy.sqlite").exists()


@pytest.mark.parametrize(
    ("printed", "line"),
    [
        (
            "\x1b[0m15:50:31  Encountered an error:\nRuntime Error\n  Compilation Error in model "
            "a (models/a.sql)\n    Nothing.\n  \n  > in macro b (c)\n  > called by model a\n",
            "model a (models/a.sql): Nothing.",
        ),
        ("15:50:31  Encountered an error:\nCompilation Error\n  No\n  node.\n", "No node."),
        ("", "dbt compile failed; run it to see why."),
        (
            "Encountered an error:\nCompilation Error in sql_operation inline_query (from remote "
            "system.sql)\n  'ai_clasify' is undefined. This can happen when calling a macro that "
            'does not exist. Check for typos and/or install package dependencies with "dbt deps".',
            "There is no macro 'ai_clasify'; did you mean ai_classify?",
        ),
        (
            "\x1b[0m04:20:35  Error while parsing node: inline_query\nai_classify: wrong labels\n"
            "\x1b[0m04:20:35  Encountered an error:\nError parsing inline query",
            "ai_classify: wrong labels",
        ),
        (
            "Compilation Error\n  Error while parsing node: inline_query\n  Sql_Operation "
            "'sql_operation.assay.inline_query' (from remote system.sql) depends on a node named "
            "'nope' which was not found\n  Error parsing inline query\n",
            "There is no model or seed 'nope' in this project; see its name.",
        ),
        (
            "The selection criterion 'nope' does not match any enabled nodes\n",
            "The selection criterion 'nope' does not match any enabled nodes; see its name, "
            "`dbt ls` lists them all.",
        ),
    ],
)
def test_what_dbt_says_is_one_line_with_what_is_wrong(printed: str, line: str) -> None:
    """Its names for kinds of errors and the macros under way are left out."""
    assert what_failed("compile", printed) == line


LINES = {
    **{name: [name] for name in COMMANDS},
    "query": ["query", "select 1"],
    "search": ["search", "a text", "--in", "a"],
    "ask": ["ask", "sentiment", "a text"],
    "review": ["review", "a.b"],
    "golden": ["golden", "diff"],
    "explain": ["explain", "abcd"],
    "dead-letters": ["dead-letters", "list"],
    "batch": ["batch", "status"],
    "stream": ["stream", "events"],
    "store": ["store", "move", "moved.sqlite"],
    "suggest": ["suggest", "main.t"],
    "repair": ["repair", "main.t"],
    "backup": ["backup", "copy.sqlite"],
    "restore": ["restore", "copy.sqlite"],
    "prune": ["prune", "--older-than", "7d"],
    "evaluate": ["evaluate", "--data=g.csv", "--text=a", "--label=b", "--task=sentiment"],
    "forget": ["forget", "--key", "abcd"],
}
"""A line that calls each command."""


@pytest.mark.parametrize("name", LINES)
def test_every_command_refuses_a_variable_that_nothing_reads(name: str, tmp_path: Path) -> None:
    """Those that need places alone as well: the variable may be the store, spelled wrongly."""
    (tmp_path / "dbt_project.yml").write_text("name: acme\n")
    (tmp_path / ".assay").mkdir()
    open_store(tmp_path / ".assay" / "store.sqlite").close()
    (tmp_path / "copy.sqlite").touch()
    done = said(*LINES[name], folder=tmp_path, ASSAY_STOER="mine.sqlite")
    assert done.returncode == (1 if name == "doctor" else 2)
    expected = "Unknown variable 'ASSAY_STOER' in the environment; did you mean 'ASSAY_STORE'?"
    assert expected in " ".join((done.stdout + done.stderr).split())
