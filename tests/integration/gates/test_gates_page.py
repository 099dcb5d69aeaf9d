"""docs/gates.md taken at its word: a broken row, table and gate, typed as they stand there."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..dbt.project import REPOSITORY, Project

PAGE = (REPOSITORY / "docs" / "gates.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("\n## A broken row, a broken table, a broken gate\n") :]
BLOCKS = re.findall(r"^```console\n(.*?)^```$", SECTION, re.MULTILINE | re.S)
SECONDS = 300
SCRIPTS = {"build": 'build -- "$@"', "assay": '"$@"'}
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
    project = Project(tmp_path_factory.mktemp("clone")).add_shipped()
    scripts = project.root / "scripts"
    scripts.mkdir()
    for name, arguments in SCRIPTS.items():
        call = f"#!/bin/sh\nexec {sys.executable} -m udfs.cli {arguments}\n"
        (scripts / name).write_text(call)
        (scripts / name).chmod(0o755)
    (project.root / ".gitignore").write_text((REPOSITORY / ".gitignore").read_text())
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "All")):
        subprocess.run(["git", *words], cwd=project.root, check=True)
    return project


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


def pattern(line: str) -> re.Pattern[str]:
    """A line of the page, in which `...` stands for anything."""
    return re.compile(".*".join(re.escape(part) for part in line.split("...")))


def missing(promised: tuple[str, ...], printed: list[str]) -> list[str]:
    """The lines that were promised and are not printed in this order."""
    rest, lost = list(printed), []
    for line in (line for line in promised if line.strip(". ")):
        found = next((at for at, said in enumerate(rest) if pattern(line).fullmatch(said)), None)
        if found is None:
            lost.append(line)
        else:
            rest = rest[found + 1 :]
    return lost


@pytest.mark.parametrize("block", range(len(BLOCKS)))
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
