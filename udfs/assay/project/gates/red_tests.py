"""What a build says of each test, row gate and model that failed: place, count, what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assay.core.program import program
from assay.hosts.dbt.layers import is_gate
from assay.hosts.dbt.nodes import called

Place = tuple[str, str, str]
"""Model, column as it is tested, and golden rows of an evaluation."""

_RED = ("fail", "error", "warn")
_REMEDIES = {
    "rows_passed": "Too many rows are in quarantine: `ops.ops_row_gates` counts them by rule. "
    "Correct what feeds {model}, or allow more in its `row_gate`",
    "ai_accuracy": "Correct the prompt, or accept it once with `alpha: null` and lower limits; "
    "`ops.ops_golden` has all figures",
    "rows_split": "Rows were lost or doubled on their way through the row gate; correct {model}",
}
"""By generic test, where more can be said than that the model is wrong."""

_ROW_GATE = "row_gate: "
"""How the message of a row gate begins; it ends with what to do."""

_NOT_BUILT = "Catalog Error: Table with name"
"""Words of DuckDB's message about a table that is not there."""

_ONLY_IN_DBT = frozenset({"ai_accuracy"})
"""Tests whose SQL calls our functions, which `assay query` does not have."""


def red_tests(
    results: Mapping[str, Any],
    manifest: Mapping[str, Any],
    evaluations: Mapping[Place, str] | None = None,
    broken: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Yield a line for each test, row gate and other node of a run that is red: what to do.

    `results` and `manifest` are dbt's artifacts of that run, `evaluations` what is to be told of
    the golden evaluations that did not pass, `broken` which rules of a table are, by test. A line
    ends with the command that shows the offending rows, where the test could be run.
    """
    for result in results["results"]:
        node = manifest.get("nodes", {}).get(result["unique_id"])
        if node and node["resource_type"] == "test" and result["status"] in _RED:
            told = (broken or {}).get(result["unique_id"]) or _measured(node, evaluations or {})
            yield f"{called(node)}: {told or _said(result)}. {_remedy(node, result)}"
        elif node and result["status"] == "error" and not is_gate(node):
            yield _broken(node, str(result.get("message")))


def _broken(node: Mapping[str, Any], message: str) -> str:
    """Return what a row gate said of its model; of another node where it is, as dbt may quote."""
    lines = map(str.strip, message.splitlines())
    said = [line for line in lines if line.startswith(_ROW_GATE)]
    otherwise = f"{node['name']} errored, as said above. Correct {node['original_file_path']}."
    return said[0] if said else otherwise


def _measured(node: Mapping[str, Any], evaluations: Mapping[Place, str]) -> str:
    """Return what is told of the evaluation behind a golden test; blank where there is none."""
    given = (node.get("test_metadata") or {}).get("kwargs") or {}
    column = node.get("column_name") or ""
    answers = {given.get("value"), column, f"{column}.value"}
    for (model, answer, golden), said in evaluations.items():
        here = model == _model(node) and answer in answers
        if _test(node) == "ai_accuracy" and here and golden in str(given.get("golden")):
            return said
    return ""


def _said(result: Mapping[str, Any]) -> str:
    if result["status"] == "error":
        return "errored, as said above"
    count = result.get("failures") or 0
    return f"{count:,} {'row' if count == 1 else 'rows'} found"


def _remedy(node: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    model = _model(node) or "what it reads"
    if result["status"] == "error":
        if _NOT_BUILT in str(result.get("message")):
            return "What it looks at is not built: build that, too, or leave the test out."
        return f"Correct the test or {model}."
    remedy = _REMEDIES.get(_test(node), "Correct {model} or what feeds it").format(model=model)
    if not node.get("compiled_path") or _test(node) in _ONLY_IN_DBT:
        return f"{remedy}."
    query = program(f'query "$(cat {node["compiled_path"]})"')
    return f"{remedy}; what it found: {query}."


def _test(node: Mapping[str, Any]) -> str:
    """Return the generic test, or the name of one that is written out."""
    return str((node.get("test_metadata") or {}).get("name") or node["name"])


def _model(node: Mapping[str, Any]) -> str:
    return str(node.get("attached_node") or "").rpartition(".")[2]
