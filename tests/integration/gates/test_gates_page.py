"""docs/gates.md taken at its word: a broken row, table and gate, typed as they stand there."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..clone import fresh_clone, missing
from ..dbt.project import REPOSITORY, Project

PAGE = (REPOSITORY / "docs" / "gates.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("\n## A broken row, a broken table, a broken gate\n") :]
BLOCKS = re.findall(r"^```console\n(.*?)^```$", SECTION, re.MULTILINE | re.S)
SECONDS = 300
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(frozen=True)
class Step:
    """A command of the page and the lines that it says are printed."""

    command: str
    printed: tuple[str, ...]


def steps(block: str) -> list[Step]:
    """The commands of a block, each with its output."""
    parts = re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    return [Step(lines[0], tuple(lines[1:])) for lines in map(str.splitlines, parts)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """What a clone holds, under git; its scripts do everything but the set-up."""
    return fresh_clone(tmp_path_factory.mktemp("clone"))


def typed(root: Path, project: Project, command: str) -> list[str]:
    """What a command prints, on both of its outputs, without colours."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=root,
        env=project._environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return COLOURS.sub("", done.stdout).splitlines()


FIRST_ALONE = [
    0,
    *(pytest.param(block, marks=pytest.mark.whole) for block in range(1, len(BLOCKS))),
]
"""A block is two or three whole builds: one in every run, all with the promises at full size."""


@pytest.mark.parametrize("block", FIRST_ALONE)
def test_the_page_says_what_is_printed(clone: Project, block: int) -> None:
    """Block by block, one after the other, in one clone."""
    for step in steps(BLOCKS[block]):
        printed = typed(clone.root, clone, step.command)
        assert missing(step.printed, printed) == [], "\n".join(printed)


def test_every_demonstration_is_found_and_undone(clone: Project) -> None:
    """A walk that finds none would find none broken; at the end nothing is changed."""
    commands = [step.command for block in BLOCKS for step in steps(block)]
    assert sum(command.startswith("./scripts/build") for command in commands) == len(BLOCKS) == 5
    assert typed(clone.root, clone, "git status --porcelain") == []


def test_a_line_that_is_not_printed_is_missing() -> None:
    """The helper of these tests, in which order counts."""
    assert missing(("a ... c", "..."), ["b", "a b c"]) == []
    assert missing(("b", "a"), ["a", "b"]) == ["a"]
