"""What a build tells last, in two groups: what was done, then what there is to do."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import typer

from assay.core.colour import BOLD, GREEN, RED, YELLOW, painted

STEP_SUMMARY = "GITHUB_STEP_SUMMARY"
"""Where CI names a file whose Markdown it shows with the run."""

_DONE, _TO_DO = "Done", "To do"
_HEAD = re.compile(
    r"(?P<red>Red|Stopped|Not (green|published|delivered))|Empty|Lost|Odd|Header|Warn"
)
"""The words that have a colour, at the beginning of a line."""

_INDENT = " " * 8
"""In front of what a terminal is too narrow for: below the words, not below the first one."""

_WHOLE = re.compile(r"`[^`]+`|(?<![\w/])(?:\./scripts/)?assay [a-z].*")
"""What is not broken, so that it can be copied: code, and a command up to the end of its line."""

_UNBROKEN = "\0"


class Told:
    """Prints the first group at once, keeps the second for the end, writes both down for CI."""

    def __init__(self) -> None:
        self._done: list[str] = []
        self._todo: list[tuple[str, bool]] = []
        self._quoting: set[str] = set()

    def done(self, *lines: str) -> None:
        """Tell what was done."""
        if lines and not self._done:
            typer.echo(f"\n{painted(_DONE, BOLD)}")
        for line in lines:
            typer.echo(_coloured(fitted(line, _width(err=False))))
        self._done += lines

    def todo(self, lines: Iterable[str], *, err: bool = False, may_quote: bool = False) -> None:
        """Tell at the end what there is to do; `err` on standard error, as what is wrong.

        What `may_quote` a value of the data is for the terminal and CI, and for no report.
        """
        found = list(lines)
        self._todo += [(line, err) for line in found]
        self._quoting |= {*found} if may_quote else set()

    @property
    def to_do(self) -> list[str]:
        """What there is to do so far, of which nothing quotes a value of the data."""
        return [line for line, _ in self._todo if line not in self._quoting]

    def end(self, code: int, environ: Mapping[str, str] = os.environ) -> None:
        """Tell the second group; `code` is what the build exits with."""
        if self._todo:
            typer.echo(f"\n{painted(_TO_DO, BOLD)}")
        for line, err in self._todo:
            typer.echo(_coloured(fitted(line, _width(err=err))), err=err)
        if (file := environ.get(STEP_SUMMARY)) is not None:
            _append(Path(file), markdown(code, self._done, [line for line, _ in self._todo]))


def markdown(code: int, done: Sequence[str], todo: Sequence[str]) -> str:
    """Return both groups as Markdown, under what has become of the build."""
    verdict = "green" if not code else f"not green (exit code {code})"
    groups = [(_DONE, done), (_TO_DO, todo)]
    parts = [f"**{title}**\n\n" + "\n".join(map(_item, lines)) for title, lines in groups if lines]
    return "\n\n".join([f"## `assay build`: {verdict}", *parts, ""])


def _item(line: str) -> str:
    """Return a line as an item: its first word bold, the rest in the words of the line alone."""
    head, _, rest = line.strip().partition(" ")
    return f"- **{head}** {_plain(rest.strip())}"


def _plain(text: str) -> str:
    """Return text of which nothing is markup, but for what stands between backticks."""
    parts = text.replace("<", "&lt;").split("`")
    outside = [part.replace("*", r"\*").replace("_", r"\_") for part in parts[::2]]
    parts[::2] = outside
    return "`".join(parts).replace("\n", " ")


def fitted(text: str, width: int | None) -> str:
    """Return lines of which none is longer than `width`, broken between words; None is any.

    A command and what stands between backticks are not broken: they may be copied.
    """
    if width is None:
        return text
    whole = _WHOLE.sub(lambda found: found[0].replace(" ", _UNBROKEN), text)
    lines = [
        textwrap.fill(
            line,
            width,
            subsequent_indent=_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
        if len(line) > width
        else line
        for line in whole.splitlines()
    ]
    return "\n".join(lines).replace(_UNBROKEN, " ")


def _width(*, err: bool) -> int | None:
    """Return how many letters a line of the terminal has; None for a file or a pipe."""
    stream = sys.stderr if err else sys.stdout
    return shutil.get_terminal_size().columns if stream.isatty() else None


def _append(file: Path, text: str) -> None:
    try:
        with file.open("a", encoding="utf-8") as summary:
            summary.write(text)
    except OSError as error:
        said = f"Warning: the summary could not be appended to {file} ({error.strerror})"
        typer.echo(f"{said}; see `{STEP_SUMMARY}`.", err=True)


def _coloured(line: str) -> str:
    if ": all green" in line:
        return line.replace("all green", painted("all green", GREEN))
    head = _HEAD.match(line)
    if head is None:
        return line
    colour = RED if head["red"] else YELLOW
    return f"{painted(head[0], colour)}{line[head.end() :]}"
