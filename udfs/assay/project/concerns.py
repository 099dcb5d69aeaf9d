"""What is odd about the answers, in plain words: facts in, sentences out, the worst first.

The summary of a build, its report and `assay plan` tell the same. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from assay.core.plural import counted
from assay.core.program import program
from assay.core.traits import Traits, traits_of
from assay.functions import FUNCTIONS
from assay.hosts.dbt.manifest import models
from assay.project.report.facts import NONE, ColumnFacts, Concern, plain
from assay.store import Evaluation

PREFIX = "assay_"
"""What the keys of `meta` begin with that set a limit."""

LEAST_ROWS = 20
"""Of fewer answers nothing is said: among five, four of one kind are no news."""

_UNJUDGED = "unsupported"
_FREE_TEXT = frozenset(kind for kind, task in FUNCTIONS.items() if task.free_text)
"""Kinds of answers that no golden row can be held against."""

_MOSTLY_ONE = frozenset({"filter", "match", "verify"})
"""Kinds of which most answers may well be the same: no, another thing, still so."""

_MOST_NAMED = 3
_SHARES = frozenset({"most_one_label", "least_confidence", "most_null"})


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on something is told of a column; shares and confidence from 0 to 1.

    `golden` is whether it is told of a column that no golden row was ever held against.
    """

    most_one_label: float = 0.9
    least_confidence: float = 0.5
    most_null: float = 0.5
    golden: bool = True


USUAL = Limits()


def concerns(
    columns: Sequence[ColumnFacts],
    *,
    answerer: Traits | None = None,
    evaluations: Iterable[Evaluation] = (),
    manifest: Mapping[str, Any] | None = None,
) -> list[Concern]:
    """Return what is odd, the worst first.

    `answerer` are the traits of who gives the answers, `evaluations` those on record; `manifest`
    has the limits of each model.
    """
    if not columns:
        return []
    limits, wrong = _limits(manifest or {})
    limited = [(one, _own(one, limits)) for one in columns]
    found = [
        *_of_who_answers(answerer),
        *wrong,
        *(concern for kind in _BY_COLUMN for one, own in limited for concern in kind(one, own)),
        *_never_evaluated(limited, evaluations),
    ]
    return list(dict.fromkeys(found))


def answerer_of(provider: str, model: str | None) -> Traits | None:
    """Return the traits of who answers under a provider's name; None where it is not known."""
    try:
        traits = traits_of(provider)
    except ValueError:
        return None
    return (traits.without_model if model is None else None) or traits


def _of_who_answers(answerer: Traits | None) -> Iterator[Concern]:
    if answerer is not None and answerer.caution:
        said = f"Answers come from `{answerer.name}` ({answerer.about})"
        yield Concern("provider", "", said, answerer.caution)


def _one_label(column: ColumnFacts, limits: Limits) -> Iterator[Concern]:
    """One label has taken nearly everything: of a question that has several."""
    if column.kind in _MOSTLY_ONE:
        return
    for shares in column.shares:
        counts, total = shares.now.counts, shares.now.total
        label = next((label for label in counts if label != NONE), None)
        if label is None or total < LEAST_ROWS or counts[label] <= limits.most_one_label * total:
            continue
        said = f"{counts[label] / total:.0%} of {counted(total, 'answer')} are {plain(label, 40)}"
        yield Concern("one_label", _path(column, shares.path), said, _look(column, 10))


def _unsure(column: ColumnFacts, limits: Limits) -> Iterator[Concern]:
    found = column.confidence
    mean = None if found is None else found.mean
    if found is None or mean is None or found.total < LEAST_ROWS:
        return
    if mean < limits.least_confidence:
        said = f"mean confidence {mean:.3f} of {counted(found.total, 'answer')}"
        remedy = "try examples, or another model"
        yield Concern("confidence", _whole(column), said, remedy)


def _null(column: ColumnFacts, limits: Limits) -> Iterator[Concern]:
    answered = column.statuses.get("ok", 0)
    if answered >= LEAST_ROWS and column.nulls > limits.most_null * answered:
        said = f"{column.nulls / answered:.0%} of {counted(answered, 'answer')} are NULL"
        remedy = "do the texts hold what is asked?"
        yield Concern("null", _whole(column), said, remedy)


def _unjudged(column: ColumnFacts, _limits: Limits) -> Iterator[Concern]:
    if rows := column.statuses.get(_UNJUDGED, 0):
        verb = "is" if rows == 1 else "are"
        said = f"{rows:,} of {counted(column.asked, 'row')} {verb} `{_UNJUDGED}`"
        remedy = "this provider cannot judge them, another may"
        yield Concern(_UNJUDGED, _whole(column), said, remedy)


_BY_COLUMN = (_one_label, _unsure, _null, _unjudged)
"""What is looked for in each column, the worst first."""


def _never_evaluated(
    limited: Iterable[tuple[ColumnFacts, Limits]], evaluations: Iterable[Evaluation]
) -> Iterator[Concern]:
    """Yield one concern for all columns that nobody has ever held against a right answer."""
    held = {(one.model_name, one.column_name.split(".")[0]) for one in evaluations}
    never = [
        _whole(column).partition(".")[2]
        for column, limits in limited
        if limits.golden
        and column.kind not in _FREE_TEXT
        and (column.table.rpartition(".")[2], column.name) not in held
    ]
    if not never:
        return
    more = f" and {len(never) - _MOST_NAMED} more" if len(never) > _MOST_NAMED else ""
    said = f"Answers never held against golden rows: {', '.join(never[:_MOST_NAMED])}{more}"
    yield Concern("golden", "", said, "see docs/golden.md")


def _path(column: ColumnFacts, path: str) -> str:
    """Return a value of a column as people name it: without the envelope's `value`."""
    return f"{column.table}.{path.replace('.value', '', 1)}"


def _whole(column: ColumnFacts) -> str:
    return f"{column.table}.{column.name}"


def _look(column: ColumnFacts, rows: int) -> str:
    query = f'query "from {column.table} using sample {rows}"'
    return program(query)


# The limits of a model


def _limits(manifest: Mapping[str, Any]) -> tuple[dict[str, Limits], list[Concern]]:
    """Return the limits of each column that has its own, and what is wrong with them."""
    found, wrong = {}, list[Concern]()
    for node in models(manifest).values():
        table = f"{node.get('schema')}.{node.get('alias') or node['name']}"
        whole = _stated(node.get("config", {}).get("meta"), table, wrong)
        known = {f"{table}.{name}": one for name, one in node.get("columns", {}).items()}
        own = {place: _stated(_meta(one), place, wrong) for place, one in known.items()}
        found[table] = Limits(**whole)
        found |= {place: Limits(**(whole | stated)) for place, stated in own.items()}
    return found, wrong


def _own(column: ColumnFacts, limits: Mapping[str, Limits]) -> Limits:
    """Return the limits of a column: its own, those of its table, or the usual ones."""
    return limits.get(_whole(column)) or limits.get(column.table) or USUAL


def _meta(column: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**column.get("meta", {}), **column.get("config", {}).get("meta", {})}


def _stated(meta: Any, place: str, wrong: list[Concern]) -> dict[str, Any]:
    """Return the limits that a `meta` states; what is none of them is added to `wrong`."""
    stated = {}
    for field in fields(Limits):
        key = PREFIX + field.name
        if key not in (meta or {}):
            continue
        if _fits(field.name, meta[key]):
            stated[field.name] = meta[key]
        else:
            kind = "a share from 0 to 1" if field.name in _SHARES else "true or false"
            said = f"`meta: {key}` is {plain(repr(meta[key]), 40)}"
            wrong.append(Concern("limit", place, said, f"give {kind}"))
    return stated


def _fits(name: str, value: Any) -> bool:
    if name not in _SHARES:
        return isinstance(value, bool)
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1
