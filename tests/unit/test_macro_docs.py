"""What dbt docs says of macros is what docs/functions.md and their own comments say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from .test_docs import (
    CHECKS,
    FUNCTIONS,
    GENERIC_TESTS,
    GIVEN_BY_DBT,
    PUBLIC,
    ROOT,
    TREES,
    rows,
    section,
    signatures,
)

SHARED = rows(FUNCTIONS[: FUNCTIONS.index("\n## `ai_classify`\n")])
"""The arguments that all AI functions take, by name."""

DESCRIBED: dict[str, dict[str, Any]] = {
    re.sub(r"^materialization_(\w+)_duckdb$", r"_materialization_\1", macro["name"]): macro
    for folder in ("macros", "tests/dbt/generic")
    for path in sorted((ROOT / folder).rglob("*.yml"))
    for macro in yaml.safe_load(path.read_text(encoding="utf-8"))["macros"]
}
SOURCES = {
    ("test_" if path in GENERIC_TESTS else "") + name: path
    for path, tree in (TREES | GENERIC_TESTS).items()
    for name, _ in signatures(tree)
}
SHOWN = [(name, name) for name in PUBLIC] + [(f"test_{name}", name) for name in CHECKS]
HIDDEN = sorted(set(SOURCES) - {dbt_name for dbt_name, _ in SHOWN})


def plain(text: str) -> str:
    """Markdown in one line, its links as their words."""
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", " ".join(text.split()))


def meaning(name: str, argument: str) -> str:
    """What the page says of an argument; `See above` stands for what all functions share."""
    if name in CHECKS and argument in GIVEN_BY_DBT:
        return f"The {'relation' if argument == 'model' else 'column'} under test; dbt gives it."
    said = rows(section(FUNCTIONS, name))[argument][1]
    if not said.startswith("See above"):
        return plain(said)
    own = said.removeprefix("See above").lstrip("; .")
    return plain(f"{SHARED[argument][1]} {own[:1].upper()}{own[1:]}")


def comment(path: Path, name: str) -> str:
    """The comment right above a macro."""
    kind = re.sub(r"^_materialization_", "materialization ", name)
    begins = f"{kind}," if kind != name else rf"macro {name}\("
    above = rf"{{#-?((?:(?!#}}).)*?)-?#}}\s*{{%-?\s*{begins}"
    found = re.search(above, path.read_text(encoding="utf-8"), re.S)
    assert found is not None, f"{name} has no comment"
    return plain(found[1])


def test_every_macro_is_described_and_none_is_made_up() -> None:
    """Public ones, private ones and generic tests."""
    assert set(DESCRIBED) == set(SOURCES)


@pytest.mark.parametrize(("dbt_name", "name"), SHOWN)
def test_a_public_macro_is_described_in_the_words_of_the_page(dbt_name: str, name: str) -> None:
    """The first paragraph of its section, and each argument in its order."""
    told = DESCRIBED[dbt_name]
    arguments = {one["name"]: one["description"] for one in told.get("arguments", [])}
    assert told["description"] == plain(section(FUNCTIONS, name).strip().partition("\n\n")[0])
    expected = {argument: meaning(name, argument) for argument in (PUBLIC | CHECKS)[name]}
    assert list(arguments.items()) == list(expected.items())


@pytest.mark.parametrize("name", HIDDEN)
def test_a_private_macro_is_described_by_its_comment_and_not_shown(name: str) -> None:
    """It is nobody's to call."""
    assert DESCRIBED[name]["description"] == comment(SOURCES[name], name)
    assert DESCRIBED[name]["docs"] == {"show": False}
