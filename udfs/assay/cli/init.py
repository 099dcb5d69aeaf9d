"""`assay init`: looks at a dbt project, says what it would write into it, asks, and writes."""

from __future__ import annotations

import contextlib
import difflib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from assay.core.errors import ConfigError
from assay.core.plural import counted
from assay.core.program import program
from assay.core.settings import load_places
from assay.hosts.dbt.home import OWN
from assay.hosts.dbt.project_folder import FILE, typed
from assay.project.starting.empty import empty_project
from assay.project.starting.folder import ProjectFolder, project_folder
from assay.project.starting.package_source import package_source
from assay.project.starting.steps import Step, Wishes, steps

_NEXT = """\
Next: `dbt deps`; then ask in a model, such as
  {{{{ {name}('body', 'topic', detail=true) }}}} as topic
and `dbt build`. `{checks}` promises what is checked."""


def command(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")] = False,
    macros: Annotated[
        bool, typer.Option("--macros", help="Thin macros: `ai_classify` without `assay.`.")
    ] = False,
    gate: Annotated[str | None, typer.Option(help="The model that the gate reads.")] = None,
    no_gate: Annotated[bool, typer.Option("--no-gate", help="Write no gate.")] = False,
    no_ops: Annotated[
        bool, typer.Option("--no-ops", help="Leave the tables for operators off.")
    ] = False,
    package: Annotated[
        str | None,
        typer.Option(help="A clone of Assay, or URL@REVISION; else as pip installed it."),
    ] = None,
    empty: Annotated[
        Path | None,
        typer.Option(parser=typed, metavar="FOLDER", help="Make a new project in a folder."),
    ] = None,
) -> None:
    """Make the project here ready for Assay, or a new one: say what is written, ask, write.

    Nothing of yours is written over; exit code 1 where something is left to your hand.
    """
    runs = find_spec("great_expectations") is not None
    wished = partial(Wishes, ops=not no_ops, macros=macros, gates_run=runs)
    if empty is not None:
        _check_alone(gate)
        _make(empty, package, partial(wished, gate=runs and not no_gate))
        return
    root = Path.cwd()
    if (root / OWN / "plugin.py").exists():
        typer.echo("This is Assay's own project: everything is there already.")
        return
    load_places({})  # a variable that nothing reads is told before anything is written
    folder = _project(root)
    source = package_source(root, _from_shell(package))
    wishes = wished(source, gate=not no_gate, reads=_model(folder, gate))
    _prepare(folder, steps(folder, wishes), wishes, asks=not yes)


def _project(root: Path) -> ProjectFolder:
    if not (root / FILE).exists():
        message = (
            f"There is no dbt project in {root}: no {FILE} here, nor in a folder above; go to "
            f"yours, or make one with `{program('init --empty FOLDER')}`."
        )
        raise ConfigError(message)
    return project_folder(root)


def _from_shell(package: str | None) -> str | None:
    """Return a folder as it is from here; an address stays as it is."""
    found = None if package is None else typed(package)
    return str(found) if found is not None and found.is_dir() else package


def _model(folder: ProjectFolder, gate: str | None) -> str | None:
    if gate is None or gate in (known := folder.models()):
        return gate
    message = (
        f"--gate {gate!r} is no model that a gate can read; choose one of "
        f"{', '.join(sorted(known)) or 'none: there are no models yet'}."
    )
    raise ConfigError(message)


def _check_alone(gate: str | None) -> None:
    if gate is not None:
        message = "A new project has a gate over its gold; give --gate or --empty, not both."
        raise ConfigError(message)


def _make(root: Path, package: str | None, wished: Callable[..., Wishes]) -> None:
    """Write a new project, and into it what any project gets."""
    files, source = empty_project(root), package_source(root, _from_shell(package))
    _check_writable(files)
    for file, text in files.items():
        _write(file, text)
    with contextlib.chdir(root):
        folder = project_folder(Path.cwd(), {})
        for step in steps(folder, wished(source)):
            if step.after is not None:
                _write(step.file, step.after)
    typer.echo(f"Made {root}. Next: `cd {root}`, `dbt deps`, `{program('build')}`.")


def _prepare(folder: ProjectFolder, found: list[Step], wishes: Wishes, *, asks: bool) -> None:
    """Say what is there and what would be written, ask, and write it."""
    typer.echo(f"{folder.name}: DuckDB, output {folder.profile.name} of {folder.profile.file}.\n")
    for step in found:
        typer.echo(_told(step, folder.root))
    due = [step for step in found if step.after is not None]
    left = any(step.by_hand for step in found)
    if due:
        _check_writable([step.file for step in due])
        if asks and not _agreed(len(due)):
            typer.echo("Nothing was written.")
            raise typer.Exit(1)
        for step in due:
            _write(step.file, str(step.after))
        name = "ai_classify" if wishes.macros else "assay.ai_classify"
        typer.echo(f"Written.\n{_NEXT.format(name=name, checks=program('checks --accept'))}")
    else:
        typer.echo("Nothing to write." if left else "Everything is there already.")
    if left:
        typer.echo("What stands under `by hand` is left to you.", err=True)
        raise typer.Exit(1)


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        message = (
            "There is no terminal to ask on, so nothing was written; call it with `--yes` to "
            f"write {counted(count, 'file')}."
        )
        raise ConfigError(message)
    return typer.confirm(f"Write {counted(count, 'file')}?", default=False)


def _told(step: Step, root: Path) -> str:
    """Return what becomes of a file: its name, and the lines that change."""
    file = step.file.absolute()
    name = file.relative_to(root) if file.is_relative_to(root) else file
    said = [f"{step.state:<8}{name}: {step.what}"]
    if step.state == "write":
        said[0] += f" ({counted(len(str(step.after).splitlines()), 'line')})"
    elif step.state == "change":
        said += _difference(str(step.before), str(step.after))
    if step.by_hand:
        head, *pasted = step.by_hand.splitlines()
        said += [f"  by hand: {head}", *(f"    {line}" for line in pasted)]
    return "\n".join(said)


def _difference(before: str, after: str) -> Iterator[str]:
    """Yield the lines that change, with one above and one below."""
    changed = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    yield from (f"  {line}" for line in list(changed)[2:])


def _check_writable(files: Iterable[Path]) -> None:
    """Raise `ConfigError` for a file that cannot be written, before any is."""
    for file in files:
        stands = file
        while not stands.exists():
            stands = stands.parent
        fits = stands.is_file() if stands == file else stands.is_dir()
        if not (fits and os.access(stands, os.W_OK)):
            message = f"{file} cannot be written, because of {stands}; nothing was. See to it."
            raise ConfigError(message)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as opened:
        opened.write(text)
