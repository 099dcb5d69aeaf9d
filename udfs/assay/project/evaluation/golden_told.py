"""What is told of a red golden evaluation: accuracy before and now, the labels that fell."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from assay.core.plural import counted
from assay.project.gates.red_tests import Place
from assay.store import Evaluation, Ledger, queries

_MOST_LABELS = 3


def red_evaluations(store: Ledger, invocation_id: str) -> dict[Place, str]:
    """Return what is to be told of each evaluation of a run that did not pass, without a row."""
    return {
        (one.model_name, one.column_name, one.golden): told(one, _before(store, one))
        for one in store.read(queries.EvaluationsOf(invocation_id))
        if not one.passed
    }


def told(now: Evaluation, before: Evaluation | None) -> str:
    """Return the figures of an evaluation beside those it was compared with, and what is wrong."""
    accuracy = f"accuracy {now.accuracy:.3f} of {counted(now.row_count, 'golden row')}"
    if (earlier := _accuracy_before(now, before)) is not None:
        accuracy += f", {earlier:.3f} before"
    fallen = ", ".join(list(_fallen(now, before))[:_MOST_LABELS])
    most = f"; lost most: {fallen}" if fallen else ""
    return f"{accuracy}{most}; {now.reasons}"


def _before(store: Ledger, now: Evaluation) -> Evaluation | None:
    of = (now.model_name, now.column_name, now.golden)
    return store.read(queries.RecordedEvaluation(*of, now.compared_with or ""))


def _accuracy_before(now: Evaluation, before: Evaluation | None) -> float | None:
    """Return the accuracy of the same rows before; where there were others, that of all then."""
    if now.compared_rows == now.row_count and now.lost is not None and now.gained is not None:
        return (now.right_count + now.lost - now.gained) / now.row_count
    return before.accuracy if before else None


def _fallen(now: Evaluation, before: Evaluation | None) -> Iterator[str]:
    """Yield the labels of which fewer rows are right than before, the greatest loss first."""
    then, present = _recalls(before), _recalls(now)
    losses = {
        label: then[label]["recall"] - one["recall"]
        for label, one in present.items()
        if label in then
    }
    for label in sorted(losses, key=lambda name: -losses[name] * present[name]["rows"]):
        if losses[label] > 0:
            one = present[label]
            yield f"{label} {then[label]['right']} to {one['right']} of {one['rows']} right"


def _recalls(evaluation: Evaluation | None) -> Mapping[str, Mapping[str, Any]]:
    listed = json.loads(evaluation.recalls) if evaluation else []
    return {str(one["label"]): one for one in listed}
