"""`assay backup`, `restore`, `prune` and `store move`: the store as a whole, worth money."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.console import (
    Json,
    existing_store,
    money,
    number,
    open_store,
    print_json,
    print_table,
    span,
    store_path,
)
from assay.core.clock import iso
from assay.core.errors import ConfigError, StoreError
from assay.core.plural import counted
from assay.core.program import program
from assay.core.store_place import StorePlace, store_place
from assay.hosts.dbt.lineage import HOOK, last_code
from assay.hosts.dbt.process import code_beside
from assay.hosts.dbt.project_folder import typed
from assay.project.report.spending import GONE
from assay.store import Unused, back_up, check, move, queries, refuse_while_in_use, restore
from assay.store.queries import Row

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Copy the store to a server that many machines share, or back to a file.",
)

_HASH_DIGITS = 12


def backup_command(
    file: Annotated[
        Path, typer.Argument(parser=typed, help="The file to write; it must not be there yet.")
    ],
    as_json: Json = False,
) -> None:
    """Copy the store to a file, also while a run writes to it, and check the copy."""
    path = existing_store()
    back_up(path, file)
    found = check(file)
    facts = {"store": str(path), "backup": str(file), "bytes": file.stat().st_size}
    facts |= {"answers": found.answers, "failures": found.failures, "unsound": found.unsound}
    if found.trouble or found.unsound:
        what = found.trouble or f"the checksums of {found.unsound:,} answers do not fit"
        message = (
            f"Copied {path} to {file}, but {what}: the store itself is damaged; run "
            f"`{program('doctor --repair')}`."
        )
        raise StoreError(message)
    if as_json:
        print_json(facts)
        return
    typer.echo(
        f"Copied {path} to {file}: {facts['bytes']:,} bytes, "
        f"{counted(found.answers, 'answer')}, all checksums fit."
    )


def restore_command(
    file: Annotated[Path, typer.Argument(parser=typed, help="A file that `assay backup` wrote.")],
    force: Annotated[
        bool,
        typer.Option("--force", help="Also where the store holds what the backup has not."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Put a backup in the place of the store, in one step; what was there is kept beside it."""
    path = store_path()
    done = restore(file, path, force=force)
    if as_json:
        kept = None if done.kept is None else str(done.kept)
        print_json({"store": str(path), "answers": done.answers, "kept": kept})
        return
    typer.echo(f"Restored {path} from {file}: {counted(done.answers, 'answer')}.")
    if done.kept is not None:
        typer.echo(f"What was there is kept as {done.kept}; remove it when you are sure.")


@app.callback()
def _store() -> None:
    """Copy the store to a server that many machines share, or back to a file."""


@app.command("move")
def move_command(
    to: Annotated[
        str, typer.Argument(help="Where it is to be: a file, or postgresql://USER@HOST/DATABASE.")
    ],
    as_json: Json = False,
) -> None:
    """Copy the store to another place where there is none: a file, or a server that many share."""
    source = existing_store()
    try:
        target: StorePlace = store_place(to).resolve()
    except ValueError as error:
        raise ConfigError(str(error)) from None
    answers = move(source, target)
    if as_json:
        print_json({"store": str(source), "to": str(target), "answers": answers})
        return
    typer.echo(
        f"Copied {source} to {target}: {counted(answers, 'answer')}. Set `ASSAY_STORE` to it on "
        "every machine; what was there is as it was, remove it when you are sure."
    )


def prune_command(
    older_than: Annotated[
        str | None, typer.Option(help="Asked by no run for that long: 26w, 180d.")
    ] = None,
    not_in_project: Annotated[
        bool, typer.Option("--not-in-project", help="To prompts that no model asks any more.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do it; without this nothing is changed.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Drop answers that nobody uses, after saying what it would cost to buy them again.

    The ledger keeps every attempt, so that no sum of money changes.
    """
    if older_than is None and not not_in_project:
        message = "Nothing to prune: give --older-than, --not-in-project or both."
        raise ConfigError(message)
    before = None
    if older_than is not None:
        before = iso(datetime.datetime.now(datetime.UTC) - span("--older-than", older_than))
    path = existing_store()
    if yes:
        refuse_while_in_use(path)
    asked = _columns() if not_in_project else {}
    with open_store() as store:
        columns = asked if not_in_project else last_code(store).columns
        found = [
            one
            for one in store.read(queries.UnusedAnswers())
            if (before is None or one.used_at < before)
            and not (not_in_project and one.prompt_hash in columns)
        ]
        costs = store.read(queries.AnswerCosts())
        gone = store.prune(found) if yes and found else None
    facts = [_facts(one, columns, costs) for one in found]
    if as_json:
        print_json({"pruned": gone is not None, "questions": facts, "removed": gone or {}})
        return
    _tell(facts, gone)


def _columns() -> dict[str, list[str]]:
    """Return the columns that prompts fill in the project as it is now, compiled beside.

    Raises `ConfigError` where something that may ask cannot be compiled: its answers would go.
    """
    code = code_beside()
    with open_store() as store:
        built = last_code(store).compiled
    seen = {key: sql for key, sql in built.items() if HOOK in key and code.still_has(key)}
    code = replace(code, compiled={**seen, **code.compiled})
    if not (missing := code.uncompiled):
        return code.columns
    why = " ".join(code.failed.values())
    message = (
        f"Which prompts the project asks is not known: {', '.join(missing[:3])} cannot be compiled"
        f"{f' ({why})' if why else ''}. Correct it, or build what it reads, and prune then."
    )
    raise ConfigError(message)


def _facts(
    one: Unused, columns: Mapping[str, Sequence[str]], costs: Mapping[tuple[str, str], float]
) -> Row:
    cost = costs.get((one.prompt_hash, one.model))
    rebuy = None if cost is None else one.answers * cost
    return asdict(one) | {"columns": list(columns.get(one.prompt_hash, ())), "rebuy_usd": rebuy}


def _tell(facts: Sequence[Row], gone: Mapping[str, int] | None) -> None:
    if not facts:
        typer.echo("Nothing to prune: every answer is in use.")
        return
    titles = ("prompt", "kind", "model", "column", "last used (UTC)", "answers", "to buy again")
    print_table(
        titles,
        [
            [
                row["prompt_hash"][:_HASH_DIGITS],
                row["kind"],
                row["model"],
                " + ".join(row["columns"]) or GONE,
                row["used_at"][:19],
                number(row["answers"]),
                money(row["rebuy_usd"]),
            ]
            for row in facts
        ],
        right=".....rr",
    )
    answers = sum(row["answers"] for row in facts)
    known = [row["rebuy_usd"] for row in facts]
    price = None if None in known else sum(known)
    if gone is None:
        typer.echo(
            f"{counted(answers, 'answer')} would go; to buy them again: {money(price)} US "
            f"dollars. Nothing was changed; add --yes to do it, after "
            f"`{program('backup FILE')}`."
        )
        return
    counts = ", ".join(f"{count:,} {table}" for table, count in gone.items())
    typer.echo(f"Removed {counts}; to buy them again: {money(price)} US dollars.")
