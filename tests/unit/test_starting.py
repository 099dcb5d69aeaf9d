"""Adding to YAML as a person would, and where the dbt package is said to be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.core.errors import ConfigError
from assay.project.starting.package_source import package_source, source_of
from assay.project.starting.yaml_text import append, lines, put

CLONE = Path(__file__).parents[2]
TEXT = "a:\n  t: |\n    x\n\n    y\n  b: 1\n\nz: 3\n"
RECORD = {"url": "https://git.example/me/assay.git", "vcs_info": {"vcs": "git", "commit_id": "a1"}}


@pytest.mark.parametrize(
    ("before", "path", "after"),
    [
        ("", "a.b", "a:\n  b: 1\n"),
        ("# only words", "a", "# only words\na: 1\n"),
        ("x: 2", "a", "x: 2\na: 1\n"),
        ("x: 2\r\n", "a", "x: 2\r\na: 1\r\n"),
        ("a:\n  x: 2 # why\n# end\n", "a.b", "a:\n  x: 2 # why\n  b: 1\n# end\n"),
        ("a:\n    x:\n        y: 2\nz: 3\n", "a.b", "a:\n    x:\n        y: 2\n    b: 1\nz: 3\n"),
        ("a: {}\n", "a.b", "a: {b: 1}\n"),
        ("a: {x: {y: 2}}\n", "a.b.c", "a: {x: {y: 2}, b: {c: 1}}\n"),
        ("a: # nothing\nz: 3\n", "a.b", "a: # nothing\n  b: 1\nz: 3\n"),
        ("a:\n  t: |\n    x\n\n    y\n\nz: 3\n", "a.b", TEXT),
        ("a:\n  x:\n  - 1\n  - {y: 2}\n", "a.b", "a:\n  x:\n  - 1\n  - {y: 2}\n  b: 1\n"),
        ("m: &m\n  x: 2\na:\n  <<: *m\n", "a.b", "m: &m\n  x: 2\na:\n  <<: *m\n  b: 1\n"),
    ],
)  # fmt: skip
def test_a_key_is_put_where_a_person_would(before: str, path: str, after: str) -> None:
    """Comments, order, line ends and form of all else are what they were."""
    assert put(before, path.split("."), 1) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:\n  - x: 1\n    y: 2 # last\n", "a:\n  - x: 1\n    y: 2 # last\n  - m: 1\n    n: 2\n"),
        ("a:\n- x\nz: 3\n", "a:\n- x\n- m: 1\n  n: 2\nz: 3\n"),
        ("a: [x]\n", "a: [x, {m: 1, n: 2}]\n"),
        ("a: []\n", "a: [{m: 1, n: 2}]\n"),
        ('a: "x" # one\n', 'a: ["x", {m: 1, n: 2}] # one\n'),
    ],
)
def test_an_item_comes_last(before: str, after: str) -> None:
    """In the form that the list has."""
    assert append(before, ["a"], {"m": 1, "n": 2}) == after


@pytest.mark.parametrize("text", ["a: ~\n", "a: 3\n", "a: *b\n", "a: {x: 1,}\n", "- a", "a: [\n"])
def test_what_is_not_safe_is_none(text: str) -> None:
    """The text is read again: what does not say exactly what was wanted is not written."""
    assert put(text, ["a", "b"], 1) is None


@pytest.mark.parametrize("text", ["a: x\n", "a: &n [x]\nb: *m\n", "b: 1\n"])
def test_an_item_that_is_not_safe_is_none(text: str) -> None:
    """One plain word may mean anything, and a list that is not there has no end."""
    assert append(text, ["a"], 1) is None


def test_lines_to_paste() -> None:
    """From the top of the file, Jinja in double quotes."""
    assert lines(["a", "b"], "{{ c() }}") == 'a:\n  b: "{{ c() }}"\n'
    assert lines(["a", "b"], [{"m": 1}]) == "a:\n  b:\n    - m: 1\n"


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("https://git.example/assay.git@v1", ("https://git.example/assay.git", "v1")),
        ("git@git.example:me/assay.git@v1", ("git@git.example:me/assay.git", "v1")),
    ],
)
def test_a_repository_is_given_with_its_revision(given: str, found: tuple[str, str]) -> None:
    """As pip has it."""
    git, revision = found
    assert package_source(Path(), given) == {"git": git, "revision": revision}


def test_pip_says_where_the_package_came_from(tmp_path: Path) -> None:
    """A folder by its relative path, a repository by the commit that is installed."""
    record = {"url": CLONE.as_uri(), "dir_info": {"editable": True}}
    assert source_of(json.dumps(record), CLONE / "tests" / "consumer") == {"local": "../.."}
    revision = {"git": RECORD["url"], "revision": "a1"}
    assert source_of(json.dumps(RECORD), tmp_path) == revision
    assert package_source(CLONE / "tests", None) == {"local": ".."}


def test_what_leads_to_no_package_is_told() -> None:
    """With the option that names one."""
    with pytest.raises(ConfigError, match=r"pip does not say .* with `--package \.\./assay`"):
        source_of(None, Path())
    with pytest.raises(ConfigError, match="is no clone of Assay"):
        source_of(json.dumps({"url": "file:///nowhere"}), Path())
    with pytest.raises(ConfigError, match="names no revision"):
        package_source(Path(), "https://git.example/assay.git")
