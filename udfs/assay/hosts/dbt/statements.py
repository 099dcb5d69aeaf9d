"""What a build compiles and runs that asks, told to the store: whose a prompt is, and its SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dbt_common.events.contextvars import get_node_info

from assay.hosts.dbt.ai_calls import ASKS, tasks_in
from assay.hosts.dbt.lineage import HOOK

LOOKING = frozenset(
    {"clean", "compile", "debug", "deps", "docs", "freshness", "generate", "init", "list", "ls"}
) | {"parse", "serve", "show"}
"""Commands of dbt that build nothing; any other does, as far as we know."""


class Statements:
    """Hears of the SQL of one run, from any thread, and tells what of it asks, once each."""

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        self._tell = tell
        self._tasks: dict[str, frozenset[str]] = {}

    def compiled(self, node: Any) -> None:
        """A node was compiled; of some kinds dbt tells nobody."""
        sql = getattr(node, "compiled_code", None) or ""
        if ASKS in sql:
            self._seen(str(node.unique_id), sql)

    def executed(self, sql: str) -> None:
        """SQL is about to run: what asks beyond what its node was compiled to is a hook."""
        key = str(get_node_info().get("unique_id") or "")
        if ASKS not in sql or not key:
            return
        known = [tasks for name, tasks in self._tasks.items() if name.partition(HOOK)[0] == key]
        if not tasks_in(sql) <= frozenset[str]().union(*known):
            hooks = sum(HOOK in name for name in self._tasks if name.startswith(key + HOOK))
            self._seen(f"{key}{HOOK}hook{f' {hooks + 1}' if hooks else ''}", sql)

    def _seen(self, key: str, sql: str) -> None:
        self._tasks[key] = tasks_in(sql)
        self._tell(key, sql)
