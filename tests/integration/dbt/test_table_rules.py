"""The rules of each table of the shop: spoil one, and the test of the table names it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from .project import FIRST, Shipped

NOTHING = "insert into spoilt by name select null as row_of_nulls"
"""A row in which nothing is known: no expression is true of it."""


@dataclass(frozen=True)
class Ruled:
    """A table, what it promises, and the statement that looks for what is broken."""

    relation: str
    rules: dict[str, Any]
    statement: str

    def broken(self, connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
        """The rules that the table in `spoilt` breaks."""
        statement = self.statement.replace(self.relation, "spoilt")
        return {(rule, on) for rule, on, _ in connection.execute(statement).fetchall()}

    def mutations(self) -> Iterator[tuple[str, str, str]]:
        """A rule, what it is about, and the SQL that breaks it in a copy of the table."""
        for column in self.rules.get("not_null", ()):
            yield "not_null", column, f"update spoilt set {column} = null where rowid = 0"
        for key in self.rules.get("unique", ()):
            kind = "unique" if isinstance(key, str) else "unique_together"
            subject = key if isinstance(key, str) else ", ".join(key)
            yield kind, subject, "insert into spoilt select * from spoilt where rowid = 0"
        for column, values in self.rules.get("accepted_values", {}).items():
            foreign = "'foreign'" if isinstance(values[0], str) else "-999"
            sql = f"update spoilt set {column} = {foreign} where rowid = 0"
            yield "accepted_values", column, sql
        for expression in self.rules.get("expressions", ()):
            yield "expression_is_true", expression, NOTHING


@pytest.fixture(scope="module")
def ruled(shipped: Shipped) -> list[Ruled]:
    """The tests of tables of the shipped project, as dbt compiled them for its first build."""
    first = shipped.project.root / FIRST
    nodes = json.loads((first / "built/manifest.json").read_text("utf-8"))["nodes"]
    return [
        Ruled(
            nodes[test["attached_node"]]["relation_name"],
            test["test_metadata"]["kwargs"],
            (first / Path(test["compiled_path"]).relative_to("target")).read_text("utf-8"),
        )
        for test in nodes.values()
        if test["resource_type"] == "test"
        and (test["test_metadata"] or {}).get("name") == "table_rules"
        and not test["name"].startswith("caught_")
    ]


def test_every_rule_of_every_table_is_told_when_it_is_broken(
    shipped: Shipped, ruled: list[Ruled]
) -> None:
    """A NULL, a key twice, a foreign value: the rule is named, and before it was not."""
    survivors, counted = [], 0
    warehouse = shipped.project.root / FIRST / shipped.project.warehouse.name
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for table in ruled:
            for kind, subject, sql in table.mutations():
                connection.execute(f"create or replace temp table spoilt as from {table.relation}")
                connection.execute("alter table spoilt add column row_of_nulls integer")
                rows = connection.execute("select count(*) from spoilt").fetchone()
                if rows is None or not rows[0]:
                    continue  # a run without failures has none to spoil
                before = table.broken(connection)
                connection.execute(sql)
                counted += 1
                if before or (kind, subject) not in table.broken(connection):
                    survivors.append((table.relation, kind, subject))
    assert survivors == []
    assert len(ruled) >= 30
    assert counted >= 150
