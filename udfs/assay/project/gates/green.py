"""Green means checked: why a run that dbt ended well is not green all the same. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from assay.core.program import program
from assay.hosts.dbt.layers import GATE_PREFIX
from assay.project.gates.inventory import Inventory
from assay.project.gates.lock import Breach
from assay.project.gates.records import BROKEN
from assay.project.publishing.verdict import named, partial_by
from assay.store import GateRow

SELECTING = (
    *("--select", "-s", "--models", "--model", "-m", "--exclude", "--selector"),
    *("--resource-type", "--exclude-resource-type"),
)
"""Arguments of dbt that make a build a partial one."""

INDIRECT = "--indirect-selection"
_INDIRECT_VARIABLES = ("DBT_INDIRECT_SELECTION", "DBT_ENGINE_INDIRECT_SELECTION")

_ROW_CHECKS = frozenset({"rows_accounted", "rows_passed", "rows_split"})
_RUN = frozenset({"model", "seed", "snapshot", "test"})

Results = Mapping[str, Any]
Manifest = Mapping[str, Any]


def selects(arguments: Sequence[str]) -> bool:
    """Whether the arguments of a build choose a part of the project."""
    return any(argument.startswith(SELECTING) for argument in arguments)


def buildable(
    arguments: Sequence[str], flags: Mapping[str, Any], environ: Mapping[str, str]
) -> list[str]:
    """Return the arguments of a build, of which a part runs only tests that it can run.

    Those are the tests that look at nothing but what is selected and what that is made of. dbt
    would also run those that compare it with a model which may never have been built. Whoever
    says otherwise, on the command line, in the environment or by `flags` of the project, is heard.
    """
    said = any(argument.startswith(INDIRECT) for argument in arguments)
    said = said or any(environ.get(name) for name in _INDIRECT_VARIABLES)
    if not selects(arguments) or said or "indirect_selection" in flags:
        return list(arguments)
    return [*arguments, INDIRECT, "buildable"]


def left_out(results: Results, manifest: Manifest) -> list[str]:
    """Return the tests that a part of the project did not run for what else they look at."""
    if results["args"].get("indirect_selection") == "eager":
        return []
    ran = {result["unique_id"] for result in results["results"]}
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    missed = [node for node in tests if node["unique_id"] not in ran and _concerns(node, ran)]
    return sorted(node["name"] for node in missed if set(node["depends_on"]["nodes"]) - ran)


def _concerns(test: Mapping[str, Any], ran: set[str]) -> bool:
    """Whether a test is one of a model that ran; of any that it looks at, where it has no own."""
    own = test.get("attached_node")
    return own in ran if own else not ran.isdisjoint(test["depends_on"]["nodes"])


def unchecked(results: Results, manifest: Manifest, *, deliberate: bool) -> Iterator[str]:
    """Yield what dbt should have run in this build and did not.

    A build is partial where it was told so; `deliberate` says that it was told on its command
    line and not by the environment.
    """
    limits = partial_by(results)
    if not results["results"]:
        chosen = f" by {', '.join(limits)}" if limits else ""
        yield f"nothing was selected{chosen}, so nothing was checked; correct the selection"
    elif limits and not deliberate:
        yield (
            f"the environment limits the build by {limits[0]}; unset its DBT_ variable, or write "
            "it on the command line to build a part"
        )
    elif not limits and (missing := _missing(results, manifest)):
        yield f"{len(missing)} did not run: {named(missing)}; find out why and build again"


def unrecorded(
    results: Results, expected: Inventory, recorded: Sequence[GateRow]
) -> Iterator[str]:
    """Yield each gate that ended well with fewer results on record than are promised."""
    for result in results["results"]:
        gate = _last(result["unique_id"])
        if result["status"] != "success" or not _is_gate(result["unique_id"]):
            continue
        layer = gate.removeprefix(GATE_PREFIX) + "/"
        promised = sum(
            len(suite.checks) for name, suite in expected.suites.items() if name.startswith(layer)
        )
        counted = sum(1 for row in recorded if row.gate == gate)
        if counted < promised:
            yield (
                f"{gate} recorded {counted:,} of {promised:,} expectations; let its model end "
                f'with `return run_gate("{gate}", relations)`'
            )


def only_warning(results: Results, manifest: Manifest) -> Iterator[str]:
    """Yield each AI gate that may warn in place of failing, and what it found."""
    found = {result["unique_id"]: result for result in results["results"]}
    for node in _warn_level(manifest):
        if not _is_ai_gate(node, manifest):
            continue
        result = found.get(node["unique_id"], {})
        fired = f" and found {_rows(result)}" if result.get("status") == "warn" else ""
        yield (
            f"the AI gate {node['name']} only warns{fired}; take `severity` and `warn_if` out of "
            f"its `config` in {node['original_file_path']}"
        )


def warn_level(manifest: Manifest) -> list[str]:
    """Return the names of all tests that may warn in place of failing."""
    return [node["name"] for node in _warn_level(manifest)]


def too_many_dead(count: int, limit: int) -> Iterator[str]:
    """Yield that there are more dead letters than allowed, where that is so."""
    if count > limit:
        yield (
            f"{count:,} dead letters, over the limit of {limit:,}; see "
            f"`{program('dead-letters list')}`, then replay or discard them, or raise "
            "ASSAY_MAX_DEAD_LETTERS"
        )


def unsaid(breaches: Sequence[Breach], recorded: Sequence[GateRow]) -> list[str]:
    """Return the lines of those breaches that no gate of this run has told already."""
    told = {row.error for row in recorded}
    broken = {_suite(row) for row in recorded if row.expectation == BROKEN}
    return [
        breach.line
        for breach in breaches
        if breach.line not in told and breach.suite not in broken
    ]


def _suite(row: GateRow) -> str:
    return f"{row.gate.removeprefix(GATE_PREFIX)}/{row.suite}"


def _missing(results: Results, manifest: Manifest) -> list[str]:
    ran = {result["unique_id"] for result in results["results"]}
    due = {
        name
        for name, node in manifest["nodes"].items()
        if node["resource_type"] in _RUN and _is_run(node)
    } | set(manifest.get("unit_tests", {}))
    return sorted(_last(name) for name in due - ran)


def _is_run(node: Mapping[str, Any]) -> bool:
    """Whether a build runs a node; dbt lists tests of a package whose models are switched off."""
    config = node["config"]
    return config["materialized"] != "ephemeral" and bool(config.get("enabled", True))


def _warn_level(manifest: Manifest) -> list[Mapping[str, Any]]:
    tests = [node for node in manifest["nodes"].values() if node["resource_type"] == "test"]
    return sorted(filter(_may_warn, tests), key=lambda node: str(node["name"]))


def _may_warn(test: Mapping[str, Any]) -> bool:
    config = test["config"]
    softer = config.get("warn_if") != config.get("error_if")
    return softer or str(config.get("severity", "")).lower() == "warn"


def _is_ai_gate(test: Mapping[str, Any], manifest: Manifest) -> bool:
    """Whether a test is one of ours about answers, or looks at a model that asks for them."""
    name = (test.get("test_metadata") or {}).get("name", "")
    if name.startswith("ai_") or name in _ROW_CHECKS:
        return True
    looked_at = [manifest["nodes"].get(parent, {}) for parent in test["depends_on"]["nodes"]]
    return any(_asks(node) for node in looked_at)


def _asks(node: Mapping[str, Any]) -> bool:
    called = node.get("depends_on", {}).get("macros", ())
    return any(_last(name).startswith("ai_") for name in called)


def _is_gate(unique_id: str) -> bool:
    return unique_id.startswith("model.") and _last(unique_id).startswith(GATE_PREFIX)


def _rows(result: Mapping[str, Any]) -> str:
    return f"{result.get('failures') or 0:,} rows"


def _last(unique_id: str) -> str:
    """Return the name in a unique id, that of the test in the id of a unit test."""
    parts = unique_id.split(".")
    return parts[3] if parts[0] == "unit_test" else parts[2]
