"""`assay evaluate`: how good answers are, for one way to ask or for several in one table."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from assay.core.errors import ConfigError
from assay.core.settings import Settings
from assay.hosts.dbt.project_folder import typed
from assay.hosts.dbt.sets import named_or_json
from assay.hosts.dbt.settings import database_path, settings_here
from assay.project.evaluation.comparison import Variant, compare, comparison_table, variants
from assay.project.evaluation.evaluate import ExamPlan, Kind, evaluate
from assay.project.evaluation.golden_rows import GoldenSource
from assay.project.evaluation.pairs import PairsSource, evaluate_pairs, pairs_table
from assay.project.evaluation.scorecard import table

MOST_RECORDS = 256
"""As `ASSAY_PACK_RECORDS` allows."""


def command(
    *,
    data: Annotated[
        Path, typer.Option(parser=typed, help="Golden rows: a CSV, JSON lines or Parquet file.")
    ],
    text: Annotated[str | None, typer.Option(help="The column of the texts.")] = None,
    label: Annotated[str | None, typer.Option(help="The column of the right answers.")] = None,
    task: Annotated[Kind | None, typer.Option(help="What is asked.")] = None,
    pairs: Annotated[
        str | None, typer.Option(help="A table of pairs, held against those of --data.")
    ] = None,
    outcome: Annotated[
        str | None, typer.Option(help="Its column of outcomes, such as verdict.value.")
    ] = None,
    join: Annotated[
        Path | None, typer.Option(parser=typed, help="A file to join by shared columns.")
    ] = None,
    where: Annotated[str | None, typer.Option(help="SQL: which rows.")] = None,
    by: Annotated[str | None, typer.Option(help="A column: figures for each value, too.")] = None,
    labels: Annotated[str | None, typer.Option(help="Label set, or JSON; else gold's.")] = None,
    fields: Annotated[str | None, typer.Option(help="Field set, or JSON; else gold's.")] = None,
    criterion: Annotated[str | None, typer.Option(help="What is scored, of task score.")] = None,
    low: Annotated[int, typer.Option(help="The least of the scale.")] = 0,
    high: Annotated[int, typer.Option(help="The most of the scale.")] = 10,
    other: Annotated[str | None, typer.Option(help="The label that means out of scope.")] = None,
    examples: Annotated[int, typer.Option(min=0, help="Examples a label or field.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Rows to measure, at random.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of examples, samples, intervals.")] = 1,
    instructions: Annotated[str | None, typer.Option(help="As in the macros.")] = None,
    model: Annotated[str | None, typer.Option(help="Instead of `ASSAY_MODEL`.")] = None,
    compare_models: Annotated[str | None, typer.Option(help="Compare models: `a,b`.")] = None,
    packs: Annotated[str | None, typer.Option(help="Compare pack sizes: `1,4,16,40`.")] = None,
    prompt: Annotated[
        list[str] | None,
        typer.Option(help="Compare instructions: NAME=FILE, or NAME= for none; several times."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Ask all anew, store nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Ask about rows whose right answers are known, and print how good the answers are.

    Answers come from and go to `ASSAY_STORE`, so that none is bought twice; --fresh uses a
    store that is thrown away. With --compare-models, --packs or --prompt each combination is
    asked on a store of its own beside `ASSAY_STORE`, and held row by row against the first.
    --pairs asks nobody.
    """
    if pairs is not None:
        figures = evaluate_pairs(PairsSource(pairs, data, outcome, label), database_path())
        typer.echo(json.dumps(figures) if as_json else pairs_table(figures))
        return
    if text is None or label is None or task is None:
        message = "Give --text, --label and --task; or --pairs, to evaluate a table of pairs."
        raise ConfigError(message)
    source = GoldenSource(data, text, label, by, join, where, structured=task == "extract")
    sets = named_or_json("labels", labels), named_or_json("fields", fields)
    plan = ExamPlan(source, task, *sets, examples, limit, seed, other, instructions, model)
    plan = replace(plan, criterion=criterion, low=low, high=high)
    settings = settings_here()
    asked = _variants(compare_models, packs, prompt or [])
    with _folder(settings, fresh=fresh) as folder:
        if asked:
            figures = compare(plan, asked, settings, folder / "evaluate")
        else:
            store = folder / settings.store.name
            chosen = settings.model_copy(update={"store": store})
            figures = evaluate(plan, chosen)
    shown = comparison_table if asked else table
    typer.echo(json.dumps(figures, ensure_ascii=False) if as_json else shown(figures))


def _variants(models: str | None, packs: str | None, prompts: Sequence[str]) -> list[Variant]:
    """Return what is to be compared; nothing where no option asks for it."""
    if models is None and packs is None and not prompts:
        return []
    named = dict(map(_prompt, prompts))
    if len(named) < len(prompts):
        message = "--prompt: a name is there twice; give each prompt a name of its own."
        raise ConfigError(message)
    return variants(_listed(models), [_pack(size) for size in _listed(packs)], named)


def _listed(given: str | None) -> list[str]:
    return [part.strip() for part in (given or "").split(",") if part.strip()]


def _pack(size: str) -> int:
    if size.isascii() and size.isdigit() and 1 <= int(size) <= MOST_RECORDS:
        return int(size)
    message = f"--packs: {size!r} is no number from 1 to {MOST_RECORDS}."
    raise ConfigError(message)


def _prompt(given: str) -> tuple[str, str | None]:
    name, equals, file = (part.strip() for part in given.partition("="))
    if not name or not equals:
        message = f"--prompt {given!r} is not NAME=FILE; write NAME= for no instructions."
        raise ConfigError(message)
    if not file:
        return name, None
    try:
        return name, Path(file).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        message = f"--prompt: {file!r} cannot be read ({type(error).__name__}); name a text file."
        raise ConfigError(message) from None


@contextmanager
def _folder(settings: Settings, *, fresh: bool) -> Iterator[Path]:
    """Yield the folder of the store, or one that lasts no longer than the block."""
    if not fresh:
        yield settings.store.parent
        return
    with tempfile.TemporaryDirectory(prefix="assay-evaluate-") as folder:
        yield Path(folder)
