"""`assay batch`: what waits for batches, fetched now, or called off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from assay.cli.console import Json, money, number, open_store, print_json, print_table
from assay.core.batches import ID_DIGITS
from assay.core.errors import ConfigError
from assay.core.plural import counted
from assay.core.program import program
from assay.core.settings import Settings
from assay.engine.session import open_session
from assay.hosts.dbt.settings import settings_here
from assay.project.waiting import waiting
from assay.store import BatchRow, Store, queries

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Show what waits for batches, fetch what is there, call batches off.",
)

_SAID = {"written": "not handed over", "read": "files to be deleted", "over": "over"}


@app.command()
def status(
    everything: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: Json = False,
) -> None:
    """Show the batches and what waits in them, as it was known last; nobody is asked."""
    with open_store() as store:
        batches = store.read(queries.BatchesOnRecord(also_over=everything))
        said = waiting(store)
    if as_json:
        print_json([asdict(batch) for batch in batches])
        return
    titles = ("batch", "model", "state", "requests", "waiting", "reserved", "sent (UTC)", "until")
    print_table(titles, [_cells(batch) for batch in batches], right="...rrr..")
    typer.echo(said or "Nothing waits for a batch.")


@app.command()
def harvest(as_json: Json = False) -> None:
    """Take in what batches have answered; what failed goes into the next batch, or out at once.

    A build does the same before it asks anything.
    """
    settings = settings_here()
    with open_session(settings) as session:
        with session.run("harvest") as run:
            run.harvest()
            run.hand_over()
            spend = run.spend
        said = waiting(session.store)
        elsewhere = _elsewhere(session.store.read(queries.BatchesOnRecord()), settings)
    if as_json:
        print_json(asdict(spend))
        return
    typer.echo(
        f"{counted(spend.answered, 'answer')}, {counted(spend.failed, 'failure')}, "
        f"{counted(spend.requests, 'request')}, {money(spend.cost_usd)} US dollars."
    )
    typer.echo(said or "Nothing waits for a batch.")
    for row in elsewhere:
        typer.echo(_not_here(row, settings))


@app.command()
def cancel(
    batch: Annotated[
        list[str] | None, typer.Argument(help="Digits that the name of a batch begins with.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are open.")] = False,
) -> None:
    """Call batches off. What they have done by then is paid for, and the next harvest fetches it.

    What they have not done is asked again when a build needs it, and so is all of one that the
    endpoint does not know under this key.
    """
    settings = settings_here()
    with open_session(settings) as session:
        chosen = _chosen(session.store, batch or [], everything=everything)
        for row in _elsewhere(chosen, settings):
            raise ConfigError(_not_here(row, settings))
        with session.run("cancel") as run:
            run.cancel_batches([row.id for row in chosen])
    typer.echo(
        f"{counted(len(chosen), 'batch') if len(chosen) == 1 else f'{len(chosen):,} batches'} "
        f"called off; `{program('batch harvest')}` fetches what they have done."
    )


def _chosen(store: Store, prefixes: Sequence[str], *, everything: bool) -> list[BatchRow]:
    """Return the open batches that are meant; raise `ConfigError` where a name fits none."""
    there = [row for row in store.read(queries.BatchesOnRecord()) if row.is_open]
    if everything:
        return there
    if not prefixes:
        message = f"Name a batch of `{program('batch status')}`, or give --all."
        raise ConfigError(message)
    for prefix in prefixes:
        if sum(row.id.startswith(prefix) for row in there) != 1:
            message = f"No one open batch begins with {prefix!r}; see `{program('batch status')}`."
            raise ConfigError(message)
    return [row for row in there if row.id.startswith(tuple(prefixes))]


def _elsewhere(batches: Sequence[BatchRow], settings: Settings) -> list[BatchRow]:
    """Return those that are at another endpoint than the one that the settings name."""
    return [row for row in batches if row.host != settings.host]


def _not_here(row: BatchRow, settings: Settings) -> str:
    return (
        f"Batch {row.id[:ID_DIGITS]} is at {row.host!r} (`ASSAY_PROVIDER={row.provider}`), and "
        f"the settings name {settings.host!r}; fetch it or call it off with the settings that it "
        "was submitted with."
    )


def _cells(batch: BatchRow) -> list[Any]:
    return [
        batch.id[:ID_DIGITS],
        batch.model,
        _SAID.get(batch.place, batch.status),
        number(batch.requests),
        number(batch.asks),
        money(batch.reserved_usd),
        (batch.submitted_at or "")[:19],
        (batch.expires_at or "")[:19],
    ]
