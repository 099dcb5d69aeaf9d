"""The tutorial and the how-to pages taken at their word, in one fresh clone against the stub.

All blocks of a page are typed into one shell, as a reader does; only the port is another. The
how-to pages go on from the tutorial. Each command must succeed: where a page expects one to fail,
it says so by `|| echo "exit code $?"`, and which code comes out.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO

import pytest

from .clone import fresh_clone, missing
from .dbt.project import REPOSITORY, Project

DOCS = REPOSITORY / "docs"
TUTORIAL = DOCS / "tutorial.md"
INDEX = (DOCS / "index.md").read_text(encoding="utf-8")
ELSEWHERE = (
    "how-to/into-your-project.md",
    "how-to/gate-your-rows.md",
    "how-to/llamacpp.md",
    "how-to/deliver-to-a-vector-store.md",
    "how-to/load-sources.md",
    "how-to/share-a-store.md",
    "how-to/stream-from-kafka.md",
)
"""Typed into a project that is not ours, see test_consumer.py, where the second is a step of the
first; against a server that is not ours, see llamacpp/test_page.py; with libraries of their own,
see destinations/test_page.py and loading/test_page.py; with a broker and a server that a reader
has, whose commands the tests of streams and shared_store run."""

LINKED = re.findall(r"\((how-to/[\w-]+\.md)\)", INDEX)
HOW_TO = [DOCS / name for name in LINKED if name not in ELSEWHERE]
"""In the order of the index."""

PORT = "8399"
SECONDS = 400
END = "--- end of block"
FAILED = "--- failed with exit code"
TELL = f"set -o pipefail; trap 'echo \"{FAILED} $?: $BASH_COMMAND\"' ERR\n"
"""Lets the shell tell each command that fails and is not asked how it ended, and go on."""
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
ENDPOINT = "## 2. An endpoint"
ALWAYS = ("your-own-files", "change-a-prompt-safely")
"""The how-to pages that are typed in every run; all of them with `scripts/test -m whole`."""


@dataclass(frozen=True)
class Block:
    """Commands, and the lines that the page says they print; none where it says nothing."""

    commands: str
    printed: tuple[str, ...]


def blocks_of(page: str) -> list[Block]:
    """The shell blocks of a page, each with the block of text that follows it."""
    found = re.findall(r"^```sh\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?", page, re.M | re.S)
    return [Block(commands, tuple(said.splitlines())) for commands, said in found]


def typed(
    project: Project, blocks: list[Block], port: str, seconds: float = SECONDS
) -> list[list[str]]:
    """What each block prints, on both outputs, when all are typed into one shell.

    The shell tells each command that fails, and where a block ends.
    """
    script = TELL + "".join(f"{block.commands}\necho '{END}'\n" for block in blocks)
    printed = project.root / "printed.log"
    printed.unlink(missing_ok=True)
    with printed.open("a") as output, _shell(project, script.replace(PORT, port), output) as shell:
        try:
            shell.wait(timeout=seconds)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
    said = re.split(
        rf"^(?={END})", COLOURS.sub("", printed.read_text(encoding="utf-8")), flags=re.M
    )
    return [part.splitlines() for part in said]


def _shell(project: Project, script: str, output: IO[str]) -> subprocess.Popen[str]:
    """A shell in a process group of its own; a file takes what its background jobs print, too.

    Opened to append, because the commands open it once more.
    """
    return subprocess.Popen(
        ["bash", "-c", script],
        cwd=project.root,
        env=project._environment({}),
        stdout=output,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def unkept(
    project: Project, page: Path, port: str, before: tuple[Block, ...] = (), *further: Path
) -> list[str]:
    """What pages promise and do not keep: lines that are not printed, commands that fail."""
    pages = (page, *further)
    blocks = [block for one in pages for block in blocks_of(one.read_text(encoding="utf-8"))]
    said = typed(project, [*before, *blocks], port, SECONDS * len(pages))[len(before) :]
    lost = []
    for block, printed in zip(blocks, said, strict=False):
        own = printed[1:] if printed[:1] == [END] else printed
        lines = missing(block.printed, own) + [line for line in own if line.startswith(FAILED)]
        if lines:
            lost += [block.commands, *lines, "printed:", *own]
    return lost if len(said) > len(blocks) else [*lost, "the shell ended early", *chain(*said)]


@pytest.fixture(scope="module")
def port() -> str:
    """A port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture(scope="module")
def endpoint() -> tuple[Block, ...]:
    """The block of the tutorial that starts the stub and names it."""
    text = TUTORIAL.read_text(encoding="utf-8")
    return tuple(blocks_of(text[text.index(ENDPOINT) :])[:1])


@pytest.fixture(scope="module")
def after_tutorial(
    tmp_path_factory: pytest.TempPathFactory, port: str
) -> tuple[Project, list[str]]:
    """The project in which the tutorial was typed, and what of it was not kept."""
    project = fresh_clone(tmp_path_factory.mktemp("pages"))
    return project, unkept(project, TUTORIAL, port)


@pytest.fixture(scope="module")
def own(after_tutorial: tuple[Project, list[str]]) -> Project:
    """The project of the tutorial without the sample, which no page needs: dbt is sooner ready."""
    project, _ = after_tutorial
    sample = [f"models/{layer}" for layer in ("bronze", "gold", "ops", "silver")]
    subprocess.run(["git", "rm", "-rq", *sample, "quality"], cwd=project.root, check=True)
    served = ["git", "checkout", "-q", "HEAD", "models/ops/_ops__sources.yml"]
    subprocess.run(served, cwd=project.root, check=True)
    return project


def test_the_tutorial_ends_in_gold(after_tutorial: tuple[Project, list[str]]) -> None:
    """Each command succeeds and prints what the page says."""
    project, lost = after_tutorial

    assert lost == [], "\n".join(lost)
    assert project.rows("select count(*) > 0 from gold.mails_by_topic") == [(True,)]


@pytest.mark.parametrize(
    "page",
    [
        page if page.stem in ALWAYS else pytest.param(page, marks=pytest.mark.whole)
        for page in HOW_TO
    ],
    ids=lambda page: page.stem,
)
def test_a_how_to_page_keeps_what_it_says(
    own: Project, endpoint: tuple[Block, ...], port: str, page: Path, tmp_path: Path
) -> None:
    """Typed after the tutorial and nothing else, with the stub running again."""
    project = Project(tmp_path / "own")
    shutil.copytree(own.root, project.root, dirs_exist_ok=True)
    lost = unkept(project, page, port, endpoint)

    assert lost == [], "\n".join(lost)


@pytest.mark.whole
def test_the_how_to_pages_can_be_read_in_the_order_of_the_index(
    own: Project, endpoint: tuple[Block, ...], port: str, tmp_path: Path
) -> None:
    """In one terminal: no page leaves anything behind that another one does not expect."""
    shutil.copytree(own.root, tmp_path / "own")
    lost = unkept(Project(tmp_path / "own"), HOW_TO[0], port, endpoint, *HOW_TO[1:])

    assert lost == [], "\n".join(lost)


def test_every_page_has_commands_and_says_what_they_print() -> None:
    """A walk that finds none would find none broken."""
    found = {page: blocks_of(page.read_text(encoding="utf-8")) for page in [TUTORIAL, *HOW_TO]}

    elsewhere = [DOCS / name for name in ELSEWHERE]
    assert sorted([*HOW_TO, *elsewhere]) == sorted((DOCS / "how-to").glob("*.md"))
    assert len(HOW_TO) >= 7
    assert [
        page.name for page, blocks in found.items() if not any(b.printed for b in blocks)
    ] == []


def test_a_command_that_fails_or_prints_something_else_is_told(
    after_tutorial: tuple[Project, list[str]], tmp_path: Path, port: str
) -> None:
    """The helper of these tests, on a page that promises too much; it sees each command."""
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\necho a\n```\n\n```text\nb\n```\n\n"
        "```sh\nfalse\ntrue\n```\n\n"
        '```sh\nfalse || echo "exit code $?"\n```\n\n```text\nexit code 1\n```\n\n'
        "```sh\nfalse | cat\ntrue\n```\n"
    )
    told = f"{FAILED} 1:"

    assert unkept(after_tutorial[0], page, port) == [
        *("echo a\n", "b", "printed:", "a"),
        *("false\ntrue\n", f"{told} false", "printed:", f"{told} false"),
        *("false | cat\ntrue\n", f"{told} cat", "printed:", f"{told} cat"),
    ]
