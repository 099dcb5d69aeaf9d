"""The commands in the order of a day's work; a module is imported when its command is called."""

from __future__ import annotations

import importlib
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from assay.core.extras import extra
from assay.core.program import program

COMMANDS = {
    "init": (
        "init:command",
        "Make the project here ready for Assay, or a new one: say what is written, ask, write.",
    ),
    "ingest": (
        "ingest:command",
        "Bring the documents of folders into bronze: new ones are read, known ones are not.",
    ),
    "load": (
        "load:command",
        "Load the project's sources into bronze: what is new since the last load of each.",
    ),
    "build": (
        "build:command",
        "Run `dbt build`, then print what was built, what it cost and where to look.",
    ),
    "plan": (
        "plan:command",
        "Count what a build would ask: requests, tokens, money, minutes. Nothing is sent.",
    ),
    "stream": (
        "stream:command",
        "Run a model on the events of a Kafka topic as they come, and send each where it belongs.",
    ),
    "query": (
        "query:command",
        "Run a query on the warehouse and print the result.",
    ),
    "search": (
        "search:command",
        "Search a model by meaning: the rows whose vectors are nearest to a text, best first.",
    ),
    "ask": (
        "ask:app",
        "Ask about one text, as in `ask classify --labels topic TEXT`; the answer is kept.",
    ),
    "review": (
        "review:command",
        "Look at answers with their texts, accept or correct them by a key; judged rows become "
        "gold.",
    ),
    "golden": (
        "golden:app",
        "Say which golden rows fell and rose between two evaluations, with a confusion table.",
    ),
    "report": (
        "report:command",
        "Write the report of a run: one HTML file that loads nothing and holds no text of a row.",
    ),
    "publish": (
        "publish:command",
        "Publish the gold of the last build, if it was whole and green; exit code 1 if not.",
    ),
    "fresh": (
        "fresh:command",
        "Say whether what is published is too old, missing, or not gold; exit code 1 if so.",
    ),
    "alert": (
        "alert:command",
        "Say what there is to alert of and was not told yet; with --check send it.",
    ),
    "explain": (
        "explain:command",
        "Say why a value is what it is: task, prompt, model, attempt, cost, from store or fresh.",
    ),
    "dead-letters": (
        "dead_letters:app",
        "List, show, replay and discard dead letters.",
    ),
    "batch": (
        "batch:app",
        "Show what waits for batches, fetch what is there, call batches off.",
    ),
    "spend": (
        "calls:spend",
        "Add up what was sent and paid, and estimate what the store saved.",
    ),
    "calls": (
        "calls:calls",
        "Show the last attempts of the ledger: when, how they ended, tokens, cost, seconds.",
    ),
    "checks": (
        "checks:command",
        "Hold what the project checks against `quality/expected.json`; exit code 1 if it is less.",
    ),
    "suggest": (
        "suggest:command",
        "Profile a table and write a suite of suggested expectations; no gate loads it as it is.",
    ),
    "repair": (
        "repair:command",
        "Propose repairs for a table, and accept, reject or undo them; no table is changed.",
    ),
    "evaluate": (
        "evaluate:command",
        "Ask about rows whose right answers are known, and print how good the answers are.",
    ),
    "doctor": (
        "doctor:command",
        "Look at everything a build needs; exit code 1 when something needs your hand.",
    ),
    "backup": (
        "store:backup_command",
        "Copy the store to a file, also while a run writes to it, and check the copy.",
    ),
    "restore": (
        "store:restore_command",
        "Put a backup in the place of the store, in one step; what was there is kept beside it.",
    ),
    "prune": (
        "store:prune_command",
        "Drop answers that nobody uses, after saying what it would cost to buy them again.",
    ),
    "store": (
        "store:app",
        "Copy the store to a server that many machines share, or back to a file.",
    ),
    "forget": (
        "forget:command",
        "Remove a subject's rows and texts from the store, the warehouse and old publications.",
    ),
}
"""Where each is, as `module:name` below `assay.cli`, and the first line of its help."""


class Lazy(TyperGroup):
    """A group that shows its commands by the table, and imports the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {
            name: TyperCommand(name, help=said) for name, (_, said) in COMMANDS.items()
        }

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Return the command that a line calls, imported, its name and the rest of the line."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, None if name is None else load(name), rest


def load(name: str) -> Any:
    """Import a command and return it as typer runs it."""
    module_name, _, attribute = COMMANDS[name][0].partition(":")
    with extra("dbt", f"`{program(name)}`"):
        module = importlib.import_module(f"assay.cli.{module_name}")
    found = getattr(module, attribute)
    if isinstance(found, typer.Typer):
        return typer.main.get_command(found)
    alone = typer.Typer(
        add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown"
    )
    alone.command(name, context_settings=getattr(module, "CONTEXT", None))(found)
    return typer.main.get_command(alone)
