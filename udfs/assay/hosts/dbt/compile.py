"""Compiling what dbt compiles only when it runs it, by dbt's own means: unit tests and hooks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from dbt.adapters.factory import get_adapter
from dbt.artifacts.resources.types import RunHookType
from dbt.clients.jinja import get_rendered
from dbt.context.providers import generate_runtime_model_context
from dbt.contracts.graph.manifest import Manifest
from dbt.contracts.graph.nodes import HookNode, ResultNode, UnitTestDefinition
from dbt.graph import ResourceTypeSelector
from dbt.parser.unit_tests import UnitTestManifestLoader
from dbt.task.base import resource_types_from_args
from dbt.task.build import BuildTask
from dbt.task.compile import CompileTask
from dbt_common.exceptions import DbtBaseException, DbtRuntimeError

from assay.hosts.dbt.lineage import HEADER, Code, hooks_of
from assay.hosts.dbt.process import BESIDE, COMPILED
from assay.hosts.duckdb.quoting import quoted

_OF_THE_RUN = frozenset({"results", "schemas", "database_schemas"})
"""What hooks know of the run around them."""

Compiling = Callable[[], str]


def is_beside(target_path: str | Path) -> bool:
    """Whether dbt runs for a command of ours that only looks."""
    return Path(target_path).name == BESIDE


def write_the_rest(task: CompileTask, executed: Mapping[str, str]) -> None:
    """Write down beside the manifest what a build selects, and SQL that the manifest leaves out.

    A hook is compiled only where its text names an AI function, or a macro that calls one: others
    may write. What fails is written down with its reason. `executed` is SQL that asks and that
    macros ran while dbt compiled, by id.
    """
    selected = _selected(task)
    compiled, failed = dict(executed), {}
    with get_adapter(task.config).connection_named("assay_compile"):
        for key, compile_it in _left_out(task, selected):
            try:
                compiled[key] = compile_it()
            except DbtBaseException as error:
                failed[key] = " ".join(str(error).split())
    rest = {"selected": sorted(selected), "compiled": compiled, "failed": failed}
    path = Path(task.config.project_target_path) / COMPILED
    path.write_text(json.dumps(rest), encoding="utf-8")


def _selected(task: CompileTask) -> set[str]:
    """Return the ids of what `dbt build` would run with the arguments of a compilation."""
    every = {*BuildTask.ALL_RESOURCE_VALUES}
    types = resource_types_from_args(task.args, every, every)
    selector = ResourceTypeSelector(
        graph=task.graph,
        manifest=task.manifest,
        previous_state=task.previous_state,
        resource_types=list(types),
    )
    picked: set[str] = selector.get_selected(spec=task.get_selection_spec())
    return picked | {hook.unique_id for hook in _run_hooks(task)}


def _left_out(task: CompileTask, selected: set[str]) -> Iterator[tuple[str, Compiling]]:
    """Yield the id of each statement that dbt leaves out, and how to compile it."""
    code = Code(_plain(task.manifest))
    for test in task.manifest.unit_tests.values():
        if test.unique_id in selected and code.may_call(test.unique_id):
            yield test.unique_id, partial(_unit_test, task, test)
    for hook in _run_hooks(task):
        if code.names_a_call(hook.raw_code):
            yield hook.unique_id, partial(_run_hook, task, hook)
    for key in selected & task.manifest.nodes.keys():
        node = task.manifest.nodes[key]
        for name, (when, text) in hooks_of(node.to_dict()).items():
            if code.names_a_call(text):
                is_sql = when == HEADER
                yield name, partial(str, text) if is_sql else partial(_hook, task, node, text)


def _plain(manifest: Manifest) -> dict[str, Any]:
    """Return what tells of a manifest which nodes may hold a call."""
    parts = {"nodes": manifest.nodes, "unit_tests": manifest.unit_tests}
    return {
        "macros": {
            key: {"depends_on": {"macros": macro.depends_on.macros}}
            for key, macro in manifest.macros.items()
        },
        **{
            part: {key: node.to_dict() for key, node in nodes.items()}
            for part, nodes in parts.items()
        },
    }


def _run_hooks(task: CompileTask) -> list[HookNode]:
    tags = {RunHookType.Start, RunHookType.End}
    hooks = (node for node in task.manifest.nodes.values() if isinstance(node, HookNode))
    return [hook for hook in hooks if tags.intersection(hook.tags)]


def _unit_test(task: CompileTask, test: UnitTestDefinition) -> str:
    """Return what a unit test runs: the columns that it expects, of the model over its rows."""
    manifest = UnitTestManifestLoader(task.manifest, task.config, {test.unique_id}).load()
    node = manifest.nodes[test.unique_id]
    sql = str(task.compiler.compile_node(node, manifest, {}, write=False).compiled_code)
    expected = node.config.expected_rows
    wanted = ", ".join(map(quoted, expected[0])) if expected else "*"
    return f"select {wanted} from (\n{sql}\n) as actual"  # noqa: S608


def _run_hook(task: CompileTask, hook: HookNode) -> str:
    if words := sorted(_OF_THE_RUN.intersection(re.findall(r"\w+", hook.raw_code))):
        message = f"{hook.name} hangs on what the run has done ({', '.join(words)})"
        raise DbtRuntimeError(message)
    unknown: dict[str, Any] = {name: [] for name in _OF_THE_RUN}
    node = task.compiler.compile_node(hook, task.manifest, unknown, write=False)
    return str(node.compiled_code)


def _hook(task: CompileTask, node: ResultNode, text: str) -> str:
    context = generate_runtime_model_context(node, task.config, task.manifest)
    return str(get_rendered(text, context, node))
