"""Comparison: one exam under several models, prompts and pack sizes, row by row against the first.

Each variant has a store of its own: the key of an answer does not hold the pack size, so that one
store would serve the answers of one variant to the next.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from assay.core.canonical import canonical_json
from assay.core.errors import ConfigError
from assay.core.settings import Settings
from assay.project.counting import spend_of
from assay.project.evaluation import metrics
from assay.project.evaluation.evaluate import (
    Asked,
    ExamPlan,
    Marked,
    Paper,
    ask,
    mark,
    marked_rows,
    write_paper,
)
from assay.project.evaluation.golden_rows import read_rows
from assay.project.evaluation.scorecard import Figures
from assay.store import Spend, open_store

_DIGEST = 24
_F1 = {"macro_f1": "macro F1", "micro_f1": "micro F1"}


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to ask; what is None is as without comparison.

    `repeat` counts from 1: the same variant again shows how much answers change by themselves.
    """

    model: str | None = None
    pack_records: int | None = None
    prompt: str | None = None
    instructions: str | None = None
    repeat: int = 1

    @property
    def name(self) -> str:
        """What is special about it, as a row of the table is called."""
        pack = None if self.pack_records is None else f"pack {self.pack_records}"
        again = f"again ({self.repeat})" if self.repeat > 1 else None
        return ", ".join(filter(None, [self.prompt, self.model, pack, again]))


def variants(
    models: Sequence[str], packs: Sequence[int], prompts: Mapping[str, str | None]
) -> list[Variant]:
    """Return a variant for each combination, in the order given; what is empty is not varied."""
    named: Sequence[tuple[str | None, str | None]] = [*prompts.items()] or [(None, None)]
    asked: Sequence[str | None] = models or [None]
    sizes: Sequence[int | None] = packs or [None]
    seen: Counter[tuple[object, ...]] = Counter()
    found = []
    for (prompt, said), model, pack in product(named, asked, sizes):
        seen[prompt, model, pack] += 1
        found.append(Variant(model, pack, prompt, said, seen[prompt, model, pack]))
    return found


def compare(plan: ExamPlan, asked: Sequence[Variant], settings: Settings, folder: Path) -> Figures:
    """Return the figures of each variant, in the order of `asked`, with its change to the first.

    Stores are files in `folder`, one for each variant and set of rows. Budgets hold for all
    variants together; raises `ConfigError` where nothing is left for the next one.
    """
    _check_models(asked, settings)
    raws = read_rows(plan.source)
    first: list[Marked] = []
    rows: list[Figures] = []
    spent: list[Spend] = []
    for variant in asked:
        own = _settings(settings, variant, spent)
        paper = write_paper(_plan(plan, variant), raws)
        own = own.model_copy(update={"store": folder / _file(own, paper, variant)})
        answered = ask(own, paper.spec, [row.text for row in paper.rows])
        spent.append(answered.spend)
        marked = marked_rows(paper, answered)
        first = first or marked
        model = own.model_for(variant.model or plan.model)
        about = {"variant": variant.name, "model": model, "prompt": variant.prompt}
        sizes = {"pack_records": own.pack_records}
        rows.append(about | sizes | _figures(paper, answered, own) | _change(first, marked))
    return {"task": plan.kind, "data": str(plan.source.data), "variants": rows}


def _check_models(asked: Sequence[Variant], settings: Settings) -> None:
    answerer = settings.answerer
    if answerer.model is None:
        return
    unknown = [one.model for one in asked if one.model and answerer.own(one.model) != one.model]
    if any(name not in answerer.models for name in unknown):
        known = ", ".join([answerer.model, *answerer.models])
        message = (
            f"The provider {answerer.name!r} has no models but {known}; set `ASSAY_PROVIDER` to "
            "another to compare models."
        )
        raise ConfigError(message)


def _plan(plan: ExamPlan, variant: Variant) -> ExamPlan:
    instructions = plan.instructions if variant.prompt is None else variant.instructions
    return replace(plan, model=variant.model or plan.model, instructions=instructions)


def _settings(settings: Settings, variant: Variant, spent: Sequence[Spend]) -> Settings:
    """Return the settings of a variant, with what is left of the budgets."""
    changed: dict[str, object] = {}
    if variant.pack_records is not None:
        changed["pack_records"] = variant.pack_records
    used = {
        "max_cost_usd": sum(spend.cost_usd for spend in spent),
        "max_requests": sum(spend.requests for spend in spent),
    }
    for name, so_far in used.items():
        limit = getattr(settings, name)
        if limit is not None and so_far >= limit:
            message = (
                f"`ASSAY_{name.upper()}` is used up before {variant.name!r}; raise it and run "
                "again: answers so far are kept, and cost nothing."
            )
            raise ConfigError(message)
        changed[name] = None if limit is None else limit - so_far
    return settings.model_copy(update=changed)


def _file(settings: Settings, paper: Paper, variant: Variant) -> str:
    """Return the name of a variant's store: another question, text or way to ask is another."""
    asked = [settings.host, settings.model, settings.pack_records, settings.pack_tokens]
    texts = [row.normal for row in paper.rows]
    body = canonical_json([paper.spec, *asked, variant.repeat, texts])
    return f"{hashlib.sha256(body.encode()).hexdigest()[:_DIGEST]}.sqlite"


def _figures(paper: Paper, answered: Asked, settings: Settings) -> Figures:
    """Return what the table shows of a variant; traffic and money are those of its store.

    So a run that is repeated, or goes on where one was stopped, says what all answers cost.
    """
    figures = mark(paper, answered)
    f1 = next(name for name in _F1 if name in figures)
    store = open_store(settings.store)
    try:
        spend = spend_of(store)
    finally:
        store.close()
    return {
        "rows": figures["rows"],
        "answered_share": figures["answered_share"],
        "accuracy": figures["accuracy"],
        "accuracy_interval": figures["accuracy_interval"],
        "f1": figures[f1],
        "f1_of": _F1[f1],
        "requests": spend.requests,
        "records_per_request": metrics.share(spend.records, spend.requests),
        "input_tokens": spend.input_tokens,
        "output_tokens": spend.output_tokens,
        "cost_usd": None if spend.unknown_cost else spend.cost_usd,
        "seconds": answered.seconds if answered.spend.requests else None,
    }


def _change(first: Sequence[Marked], now: Sequence[Marked]) -> Figures:
    pairs = [(old.right, new.right) for old, new in zip(first, now, strict=True)]
    lost, gained = pairs.count((True, False)), pairs.count((False, True))
    others = sum(_said(old) != _said(new) for old, new in zip(first, now, strict=True))
    return {
        "accuracy_change": (gained - lost) / len(pairs),
        "lost": lost,
        "gained": gained,
        "p_value": metrics.mcnemar(lost, gained),
        "changed_share": others / len(pairs),
    }


def _said(marked: Marked) -> object:
    return frozenset(marked.answer) if isinstance(marked.answer, tuple) else marked.answer


# The table


def comparison_table(figures: Figures) -> str:
    """Return a line for each variant, under a heading."""
    rows = figures["variants"]
    head = ["variant", "n", "accuracy (95 %)", rows[0]["f1_of"], "change", "lost/gained", "p"]
    head += ["answers changed", "requests", "records/request", "tokens in", "out", "dollars"]
    cells = [[*head, "seconds"], *(list(_cells(row, rows[0] is row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(_line(line, widths) for line in cells)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = zip(cells, widths, strict=True)
    aligned = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
    return "  ".join(aligned).rstrip()


def _cells(row: Figures, is_first: bool) -> Iterator[str]:
    low, high = row["accuracy_interval"]
    yield row["variant"]
    yield f"{row['rows']:,}"
    yield f"{row['accuracy']:.3f} ({low:.3f} to {high:.3f})"
    yield f"{row['f1']:.3f}"
    yield "" if is_first else f"{row['accuracy_change']:+.3f}"
    yield "" if is_first else f"{row['lost']:,}/{row['gained']:,}"
    yield "" if is_first else f"{row['p_value']:.2g}"
    yield "" if is_first else f"{row['changed_share']:.1%}"
    yield f"{row['requests']:,}"
    yield _shown(row["records_per_request"], ".1f")
    yield f"{row['input_tokens']:,}"
    yield f"{row['output_tokens']:,}"
    yield _shown(row["cost_usd"], ".4f")
    yield "stored" if row["seconds"] is None else f"{row['seconds']:.1f}"


def _shown(value: float | None, form: str) -> str:
    return "unknown" if value is None else format(value, form)
