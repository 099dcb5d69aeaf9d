"""Providers: each is a folder and a line, and nothing else in the house knows one by its name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.core.errors import ConfigError
from assay.core.traits import Traits
from assay.providers import FOLDERS, PROVIDERS, check_can

from .builders import task

ROOT = Path(__file__).parents[2] / "udfs" / "assay"
NAMES = {*PROVIDERS, *(traits.host for traits in PROVIDERS.values() if traits.host)}
KNOWING = {"providers", "faultd"}
"""The providers themselves, and the server that plays a vendor."""

FILES = [path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] not in KNOWING]
SETTINGS = (ROOT.parents[1] / "docs" / "settings.md").read_text(encoding="utf-8")


def decided_by(node: ast.AST) -> list[ast.AST]:
    """The parts of a node on whose value something is decided."""
    match node:
        case ast.Compare():
            return [node.left, *node.comparators]
        case ast.MatchValue():
            return [node.value]
        case ast.Dict():
            return [key for key in node.keys if key is not None]
        case ast.Subscript():
            return [node.slice]
        case ast.Call(func=ast.Attribute(attr="get")):
            return [*node.args[:1]]
    return []


def names_decided_by(tree: ast.AST) -> Iterator[str]:
    """Provider names on which a module decides something: comparisons, cases, look-ups."""
    for node in ast.walk(tree):
        for part in decided_by(node):
            constants = [one.value for one in ast.walk(part) if isinstance(one, ast.Constant)]
            yield from (str(value) for value in constants if value in NAMES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nobody_outside_decides_by_the_name_of_a_provider(path: Path) -> None:
    """What differs is a trait; a new provider needs no `if` anywhere."""
    text = path.read_text(encoding="utf-8")
    assert list(names_decided_by(ast.parse(text))) == []
    assert re.findall("OPENAI_[A-Z]+|max_completion_tokens", text) == []


@pytest.mark.parametrize(
    "code",
    [
        "settings.provider == 'openai'",
        "name in ('local', 'replay')",
        "match name:\n    case 'openai': ...",
        "{'local': 1}[name]",
        "table['openai']",
        "table.get('replay')",
        "settings.host != 'embedded'",
    ],
)
def test_the_search_finds_each_way_to_decide(code: str) -> None:
    """A search that finds none would find no fault."""
    assert list(names_decided_by(ast.parse(code))) != []


@pytest.mark.parametrize("name", FOLDERS)
def test_a_provider_is_called_as_it_calls_itself_and_is_documented(name: str) -> None:
    """With its words and the variable of its key."""
    traits = PROVIDERS[name]
    assert traits.name == name
    (row,) = re.findall(rf"^\| `{name}` \| (.*)$", SETTINGS, re.MULTILINE)
    assert row.startswith(
        f"{traits.about} | {f'`{traits.key_variable}`' if traits.key_variable else ''}"
    )


def test_a_function_that_a_provider_lacks_is_refused_by_name() -> None:
    """With those that have it: before anything is asked."""
    lacking = Traits(name="small", about="", can=frozenset({"summarize"}))
    check_can(lacking, task("summarize"))
    with pytest.raises(ConfigError) as refused:
        check_can(lacking, task())
    assert str(refused.value) == (
        "The provider 'small' cannot answer ai_filter; set `ASSAY_PROVIDER` to one that can: "
        "local, openai, replay."
    )


def test_what_to_check_names_the_variables_of_the_provider() -> None:
    """The key first, where there is one."""
    assert (
        PROVIDERS["openai"].check == "Check `OPENAI_API_KEY`, `ASSAY_BASE_URL` and `ASSAY_MODEL`."
    )
    assert PROVIDERS["replay"].check == "Check `ASSAY_BASE_URL` and `ASSAY_MODEL`."
