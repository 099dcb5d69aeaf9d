"""Docs cannot rot: what a user can name is in README.md or docs/, with its default and meaning."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import yaml
from jinja2 import Environment, nodes
from pydantic_core import PydanticUndefined

from assay.cli.commands import COMMANDS, load
from assay.core import errors
from assay.core.environment import KNOWN_OUTSIDE, OUTSIDE_THE_PLUGIN
from assay.core.errors import AssayError, Fault
from assay.core.settings import PREFIX, Settings
from assay.core.values import Status
from assay.hosts.dbt.process import EXIT_CODES

ROOT = Path(__file__).parents[2]
MOST_README_LINES = 150
OVERRIDES = {"generate_schema_name"}
"""Macros of ours that only replace one of dbt's."""

GIVEN_BY_DBT = {"model", "column_name"}
"""Arguments of a generic test that stand for where it is written."""


def read(path: str) -> str:
    """A file of the repository; blank where it is not there."""
    target = ROOT / path
    return target.read_text(encoding="utf-8") if target.exists() else ""


README, FUNCTIONS, SETTINGS, ERRORS = map(
    read, ["README.md", "docs/functions.md", "docs/settings.md", "docs/errors.md"]
)
EVERYTHING = "\n".join(
    [README, *(path.read_text("utf-8") for path in sorted((ROOT / "docs").glob("*.md")))]
)


# What there is


def parsed(path: Path) -> nodes.Template:
    """The syntax tree of a file of macros; tests and materializations are read as macros."""
    source = re.sub(r"{%(-?) (end)?test", r"{%\1 \2macro", path.read_text(encoding="utf-8"))
    source = re.sub(
        r"{% materialization (\w+), .*%}", r"{% macro _materialization_\1() %}", source
    )
    source = source.replace("{% endmaterialization %}", "{% endmacro %}")
    return Environment(extensions=["jinja2.ext.do"], autoescape=True).parse(source)


TREES = {path: parsed(path) for path in sorted((ROOT / "macros").rglob("*.sql"))}
GENERIC_TESTS = {path: parsed(path) for path in sorted((ROOT / "tests/dbt/generic").glob("*.sql"))}


def signatures(tree: nodes.Template) -> Iterator[tuple[str, dict[str, str]]]:
    """The macros of a tree, each with its arguments and their defaults as a cell of a table."""
    for macro in tree.find_all(nodes.Macro):
        required = ["required"] * (len(macro.args) - len(macro.defaults))
        defaults = [*required, *map(cell, macro.defaults)]
        names = [argument.name for argument in macro.args]
        yield macro.name, dict(zip(names, defaults, strict=True))


def cell(default: nodes.Expr) -> str:
    """A default as the docs spell it."""
    value = default.as_const()
    spelled = str(value) if value is not None else "none"
    return f"`{spelled.lower() if isinstance(value, bool) else spelled}`"


PUBLIC = {
    name: arguments
    for tree in TREES.values()
    for name, arguments in signatures(tree)
    if not name.startswith("_") and name not in OVERRIDES
}
CHECKS = {
    name: arguments for tree in GENERIC_TESTS.values() for name, arguments in signatures(tree)
}
ARGUMENTS = [
    (name, argument, default)
    for name, arguments in (PUBLIC | CHECKS).items()
    for argument, default in arguments.items()
    if name in PUBLIC or argument not in GIVEN_BY_DBT
]
ERROR_CLASSES = [
    name
    for name, value in inspect.getmembers(errors, inspect.isclass)
    if issubclass(value, AssayError)
]
SCRIPTS = [path.name for path in sorted((ROOT / "scripts").iterdir()) if path.is_file()]


def remedies() -> list[str]:
    """The first words of each remedy that a macro can give, as `_assay_error` is handed them."""
    found = [
        remedy
        for tree in TREES.values()
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Getattr) and call.node.attr == "_assay_error"
        for remedy in literals(call.args[3], tree)
    ]
    return sorted(set(found))


def literals(remedy: nodes.Node, tree: nodes.Template) -> list[str]:
    """What a remedy begins with: a text, the start of a longer one, or what a name was set to."""
    if isinstance(remedy, nodes.Name):
        return [
            text
            for assigned in tree.find_all(nodes.Assign)
            if isinstance(assigned.target, nodes.Name) and assigned.target.name == remedy.name
            for text in literals(assigned.node, tree)
        ]
    if isinstance(remedy, nodes.Concat):
        return literals(remedy.nodes[0], tree)
    assert isinstance(remedy, nodes.Const)
    return [remedy.value.strip()]


def variables() -> list[str]:
    """The `vars:` that dbt_project.yml sets or a macro or test reads."""
    files = [*TREES, *GENERIC_TESTS]
    texts = "\n".join(path.read_text(encoding="utf-8") for path in files)
    asked = re.findall(r"var\('(\w+)'", texts) + re.findall(r"_assay_sets\(\w+, '(\w+)'", texts)
    return sorted({*asked, *yaml.safe_load(read("dbt_project.yml"))["vars"]})


def default_of(setting: str) -> str:
    """The default of a setting as profiles.yml spells it; blank for none."""
    default = Settings.model_fields[setting].default
    assert default is not PydanticUndefined
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(map(str, default))
    return "" if default is None else str(default)


def section(text: str, name: str) -> str:
    """The part of a page under the heading of `name`, to the next heading; blank without one."""
    found = re.search(rf"^## `{re.escape(name)}`\n(.*?)(?=^##? |\Z)", text, re.MULTILINE | re.S)
    return found[1] if found else ""


def rows(text: str) -> dict[str, list[str]]:
    """The rows of all tables of a text: first cell, without code marks, to the other cells."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[part.strip() for part in line.strip("| ").split(" | ")] for line in lines]
    return {first.strip("`"): rest for first, *rest in cells}


# What the docs say of it


def test_the_walk_finds_what_there_is() -> None:
    """A walk that finds nothing would find nothing missing."""
    assert {"ai_classify", "ai_assess", "ai_due", "assay_gather"} <= set(PUBLIC)
    assert PUBLIC["ai_summarize"]["max_words"] == "`40`"
    assert {"rows_accounted", "ai_grounded"} <= set(CHECKS)
    assert {"it is there twice", "no such set; there are:"} <= set(remedies())
    assert {"ai_labels", "ai_fields", "ai_examples"} <= set(variables())
    assert {"build", "query", "evaluate"} <= set(COMMANDS)
    assert "ConfigError" in ERROR_CLASSES


def test_the_readme_stays_short() -> None:
    """One page: the rest is in docs/."""
    assert 0 < len(README.splitlines()) <= MOST_README_LINES


@pytest.mark.parametrize("macro", [path.stem for path in (ROOT / "macros/ai").glob("*.sql")])
def test_a_file_is_called_as_its_macro(macro: str) -> None:
    """And the README names each AI function."""
    assert macro in PUBLIC
    assert f"`{macro}`" in README


@pytest.mark.parametrize("name", [*PUBLIC, *CHECKS])
def test_every_macro_and_test_has_a_section_with_an_example(name: str) -> None:
    """A heading of its own, and below it something to copy."""
    language = "sql" if name in PUBLIC else "yaml"
    assert f"```{language}\n" in section(FUNCTIONS, name)


@pytest.mark.parametrize(("name", "argument", "default"), ARGUMENTS)
def test_every_argument_is_a_row_with_its_default(name: str, argument: str, default: str) -> None:
    """In the section of its macro or test."""
    assert rows(section(FUNCTIONS, name)).get(argument, [""])[0] == default


@pytest.mark.parametrize("name", [*PUBLIC, *CHECKS])
def test_no_argument_is_made_up(name: str) -> None:
    """A table that begins with `argument` has none that the macro does not take."""
    tables = re.findall(r"^\| argument .*\n\|[-|]+\n((?:\|.*\n)*)", section(FUNCTIONS, name), re.M)
    described = {argument for table in tables for argument in rows(table)}
    assert described <= set((PUBLIC | CHECKS)[name])


def test_no_macro_or_test_is_made_up() -> None:
    """Every heading in code marks is one of ours."""
    assert set(re.findall(r"^## `(\w+)`$", FUNCTIONS, re.M)) == {*PUBLIC, *CHECKS}


@pytest.mark.parametrize("status", get_args(Status))
def test_every_status_is_explained(status: str) -> None:
    """In the table of functions.md and, with a remedy, in errors.md."""
    assert status in rows(FUNCTIONS)
    assert f"`{status}`" in ERRORS


@pytest.mark.parametrize("setting", [name for name in Settings.model_fields if name != "api_key"])
def test_every_setting_is_a_row_with_default_and_description(setting: str) -> None:
    """The words are those of the model."""
    default, meaning, *_ = rows(SETTINGS)[PREFIX + setting.upper()]
    assert default == (f"`{default_of(setting)}`" if default_of(setting) else "unset")
    assert meaning == Settings.model_fields[setting].description


def test_the_key_and_what_dbt_is_handed_are_rows() -> None:
    """With the defaults that profiles.yml gives."""
    found, profile = rows(SETTINGS), read("profiles.yml")
    assert found["OPENAI_API_KEY"][:2] == ["unset", Settings.model_fields["api_key"].description]
    for variable in OUTSIDE_THE_PLUGIN:
        default = re.search(rf"env_var\('{variable}', '([^']*)'\)", profile)
        assert default is not None
        assert found[variable][0] == f"`{default[1]}`"


def test_no_setting_is_made_up() -> None:
    """Nobody exports a variable that stops the run as unknown."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | KNOWN_OUTSIDE
    typing_error = {"ASSAY_MODLE"}
    assert set(re.findall(r"\bASSAY_[A-Z_]+\b", EVERYTHING)) - typing_error <= known


def test_the_profile_maps_nothing_that_the_loader_reads() -> None:
    """dbt reads the whole project anew where a variable of the profile has changed."""
    (output,) = yaml.safe_load(read("profiles.yml"))["assay"]["outputs"].values()
    assert output["plugins"] == [{"module": "assay.plugin", "alias": "assay"}]
    assert set(re.findall(r"ASSAY_[A-Z_]+", read("profiles.yml"))) == OUTSIDE_THE_PLUGIN


@pytest.mark.parametrize("code", [0, 1, 2, *EXIT_CODES.values(), 130, 143])
def test_every_exit_code_is_a_row(code: int) -> None:
    """Scripts of others depend on them."""
    assert str(code) in rows(SETTINGS)


@pytest.mark.parametrize("variable", variables())
def test_every_variable_of_the_project_is_a_row(variable: str) -> None:
    """What a set looks like, and who reads it."""
    assert variable in rows(SETTINGS)


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_named(script: str) -> None:
    """As it is called."""
    assert re.search(rf"\./scripts/{script}(?![\w-])", EVERYTHING)


def test_no_script_is_made_up() -> None:
    """What the docs tell people to call is there."""
    assert set(re.findall(r"\./scripts/([\w-]+)", EVERYTHING)) <= set(SCRIPTS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_named(command: str) -> None:
    """As it is called."""
    assert f"./scripts/assay {command}" in EVERYTHING


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_section_that_names_its_options(command: str) -> None:
    """In commands.md, or on the page that the section leads to."""
    found = section(read("docs/commands.md"), command)
    assert found
    led_to = re.findall(r"\]\((\w+\.md)", found)
    text = "\n".join([found, *(read(f"docs/{page}") for page in led_to)])
    parameters = load(command).params
    options = {name for one in parameters for name in one.opts if name.startswith("--")}
    missing = {option for option in options - {"--help"} if option not in text}
    assert missing == set()


def test_no_command_is_made_up() -> None:
    """Neither in the docs nor in the messages of the code."""
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "udfs").rglob("*.py")]
    said = "\n".join([EVERYTHING, *sources])
    named = re.findall(r"(?:\./scripts/assay |program\(')([a-z][\w-]*)", said)
    assert set(named) <= set(COMMANDS)


@pytest.mark.parametrize("name", ERROR_CLASSES)
def test_every_error_class_is_explained(name: str) -> None:
    """With what it does and what to do."""
    assert name in rows(ERRORS)


@pytest.mark.parametrize("fault", get_args(Fault))
def test_every_fault_is_explained(fault: str) -> None:
    """The ledger shows them by these names."""
    assert fault in rows(ERRORS)


@pytest.mark.parametrize("remedy", remedies())
def test_every_remedy_of_a_macro_is_explained(remedy: str) -> None:
    """Each kind of wrong argument has a row in errors.md."""
    assert any(first.startswith(remedy) for first in rows(ERRORS)), remedy
