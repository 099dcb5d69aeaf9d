"""The tests `ai_accuracy` of a project, read off dbt's manifest: which golden rows, which seed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from assay.hosts.dbt.ai_calls import names, parsed
from assay.hosts.dbt.manifest import Manifest, Node, name_of, with_ancestors
from assay.hosts.duckdb.quoting import quoted

TEST = "ai_accuracy"
_VALUE = ".value"


@dataclass(frozen=True)
class GoldenCheck:
    """One test `ai_accuracy`: the column of a model, and the golden rows it is held against.

    `model` and `golden` are nodes of the manifest, `answer`, `key` and `label` SQL as the test
    has them, `judged` the condition of golden rows that count, None for all. `seeds` are what
    the golden rows are made of; `min_accuracy` is what the test asks for, if it does.
    """

    model: Node
    column: str
    answer: str
    golden: Node
    key: str
    label: str
    kind: str
    judged: str | None
    seeds: tuple[Node, ...]
    min_accuracy: float | None = None

    @property
    def path(self) -> tuple[str, ...]:
        """The fields below the answer that are compared: `order_number`; mostly none."""
        _, value, rest = self.answer.partition(f"{self.column}{_VALUE}")
        return tuple(rest.strip(".").split(".")) if value and rest else ()

    @property
    def named(self) -> str:
        """The column as people name it: `silver_feedback.details.order_number`."""
        return ".".join((name_of(self.model), self.column, *self.path))

    @property
    def place(self) -> tuple[str, str, str]:
        """Model, column and golden relation, as an evaluation on record has them."""
        return self.model["alias"], self.answer, self.golden["alias"]

    def read_by(self, column: str) -> bool:
        """Whether the label is made of a column of the golden rows."""
        return column in names(parsed(f"select {self.label}"))

    def golden_rows(self, connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
        """Return the right answer of each golden row in the warehouse, by its key as text."""
        relation = f"{quoted(self.golden['schema'])}.{quoted(self.golden['alias'])}"
        says = "true" if self.kind == "extract" else f"({self.label}) is not null"
        found = connection.execute(
            f"select cast({self.key} as varchar), "  # noqa: S608
            f"cast(to_json({{'gold': {self.label}}}) as varchar) from {relation} "
            f"where ({self.judged or 'true'}) and {says}"
        )
        return {key: json.loads(gold)["gold"] for key, gold in found.fetchall()}


def checks_of(manifest: Manifest) -> Iterator[GoldenCheck]:
    """Yield each test `ai_accuracy` of a project whose model and golden rows are known."""
    nodes: dict[str, Node] = manifest.get("nodes", {})
    for node in nodes.values():
        if (node.get("test_metadata") or {}).get("name") == TEST:
            yield from _check(manifest, nodes, node)


def least_accuracy(manifest: Manifest) -> dict[tuple[str, str, str], float]:
    """Return the accuracy that is asked for, by model, column and golden rows."""
    found = ((one.place, one.min_accuracy) for one in checks_of(manifest))
    return {place: least for place, least in found if isinstance(least, int | float)}


def _check(manifest: Manifest, nodes: dict[str, Node], test: Node) -> Iterator[GoldenCheck]:
    given: dict[str, Any] = test["test_metadata"]["kwargs"]
    model = str(test.get("attached_node"))
    others = [name for name in test["depends_on"]["nodes"] if name != model]
    if model not in nodes or not others or others[0] not in nodes:
        return
    column = str(given["column_name"])
    plain = f"{column}{_VALUE}" if given.get("envelope", True) else column
    above = (nodes.get(name, {}) for name in with_ancestors(manifest, others[0]))
    yield GoldenCheck(
        model=nodes[model],
        column=column,
        answer=given.get("value") or plain,
        golden=nodes[others[0]],
        key=str(given["key"]),
        label=str(given["label"]),
        kind=given.get("kind", "label"),
        judged=given.get("judged"),
        seeds=tuple(one for one in above if one.get("resource_type") == "seed"),
        min_accuracy=given.get("min_accuracy"),
    )
