"""`dbt docs generate` on the shipped project: nothing without a word, nothing made up, and what
the pages say of AI columns is what the tables and the store hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from .project import Project, Shipped

ENVELOPE = "prompt_hash VARCHAR"
HELD = "select distinct {0}.prompt_hash, {0}.model from {1} where {0}.status = 'ok'"


@dataclass(frozen=True)
class Pages:
    """What `dbt docs generate --static` wrote."""

    project: Project
    manifest: dict[str, Any]
    catalog: dict[str, Any]
    page: str

    def nodes(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Models, seeds and sources of the project by their id."""
        for key, node in (self.manifest["nodes"] | self.manifest["sources"]).items():
            if node["resource_type"] in {"model", "seed", "source"}:
                yield key, node

    def tables(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Those of them that stand in the warehouse; documents and loads do later."""
        later = {"assay_documents", "assay_loads"}
        for key, node in self.nodes():
            if node.get("source_name") not in later and not is_ephemeral(node):
                yield key, node

    def columns(self, key: str) -> set[str]:
        """The columns that the warehouse has."""
        return set((self.catalog["nodes"] | self.catalog["sources"])[key]["columns"])

    def meta(self, relation: str, column: str) -> dict[str, Any]:
        """What the page of a model says of a column."""
        found: dict[str, Any] = self.manifest["nodes"][f"model.assay.{relation}"]["columns"]
        assert found[column]["meta"] == found[column]["config"]["meta"]
        return dict(found[column]["meta"])


def is_ephemeral(node: dict[str, Any]) -> bool:
    """Whether nothing is built of a node."""
    return bool(node["config"].get("materialized") == "ephemeral")


@pytest.fixture(scope="module")
def pages(shipped: Shipped) -> Pages:
    """The documentation of the shipped project after its build."""
    run = shipped.project.dbt("docs", "generate", "--static")
    assert run.code == 0, run.output
    target = shipped.project.root / "target"
    manifest, catalog = (
        json.loads((target / f"{name}.json").read_text("utf-8"))
        for name in ("manifest", "catalog")
    )
    return Pages(shipped.project, manifest, catalog, (target / "static_index.html").read_text())


def test_every_table_and_column_is_described_and_none_is_made_up(pages: Pages) -> None:
    """Models, seeds and sources, held against the warehouse."""
    without = [key for key, node in pages.nodes() if not node["description"]]
    without += [
        f"{key}.{name}"
        for key, node in pages.nodes()
        for name, column in node["columns"].items()
        if not column["description"]
    ]
    differ = {
        key: set(node["columns"]) ^ pages.columns(key)
        for key, node in pages.tables()
        if set(node["columns"]) != pages.columns(key)
    }

    assert len(dict(pages.nodes())) > 50
    assert without == []
    assert differ == {}


def test_every_macro_and_exposure_is_described(pages: Pages) -> None:
    """Those of the project; what is told of arguments has the unit tests of the macros."""
    ours = [one for one in pages.manifest["macros"].values() if one["package_name"] == "assay"]
    told = [*ours, *pages.manifest["exposures"].values()]

    assert len(ours) > 70
    assert [one["name"] for one in told if not one["description"]] == []


def envelopes(pages: Pages) -> list[tuple[str, str]]:
    """The columns of the warehouse that are envelopes, as schema.table and column."""
    sql = (
        "select schema_name || '.' || table_name, column_name from duckdb_columns() "
        f"where data_type like '%{ENVELOPE}%' and schema_name = 'silver' "
        "and not regexp_matches(table_name, '_(checked|quarantined)$') order by all"
    )
    return pages.project.rows(sql)


def test_the_pages_name_the_question_and_the_model_of_every_envelope(pages: Pages) -> None:
    """As the rows of the table do."""
    said = [
        (column, pages.meta(table.partition(".")[2], column)) for table, column in envelopes(pages)
    ]
    told = [[(meta.get("ai_prompt_hash"), meta.get("ai_model"))] for _, meta in said]
    held = [pages.project.rows(HELD.format(column, table)) for table, column in envelopes(pages)]

    assert len(held) >= 16
    assert [one for one in zip(told, held, strict=True) if one[1] and one[0] != one[1]] == []


def test_the_pages_name_the_function_and_the_labels_that_the_store_has(pages: Pages) -> None:
    """For each call of silver, by its hash."""
    asked = {hash_: (kind, json.loads(spec)) for hash_, kind, spec in tasks(pages.project)}
    called = [
        pages.meta(table.partition(".")[2], column)
        for table, column in envelopes(pages)
        if "ai_from" not in pages.meta(table.partition(".")[2], column)
    ]
    labels = {
        meta["ai_prompt_hash"]: [
            label["name"] for label in asked[meta["ai_prompt_hash"]][1]["labels"]
        ]
        for meta in called
        if meta["ai_function"] == "ai_classify"
    }

    assert len(called) == len(asked) == 8
    assert all(meta["ai_function"] == f"ai_{asked[meta['ai_prompt_hash']][0]}" for meta in called)
    assert {m["ai_prompt_hash"]: m["ai_labels"] for m in called if "ai_labels" in m} == labels


def test_gold_says_where_it_comes_from(pages: Pages) -> None:
    """A copy of an answer is told in full, a mean by its source, the rest not at all."""
    assert pages.meta("customer_360", "segment")["ai_function"] == "ai_classify"
    mean = pages.meta("customer_360", "average_sentiment")
    assert mean == {"ai_from": ["silver_feedback.sentiment"]}
    assert pages.meta("customer_360", "email") == {}


def test_a_reader_of_the_one_file_sees_it_too(pages: Pages) -> None:
    """The static page holds what the manifest says."""
    assert f'"ai_prompt_hash": "{pages.meta("silver_feedback", "topic")["ai_prompt_hash"]}"' in (
        pages.page.replace('":"', '": "')
    )


def tasks(project: Project) -> list[tuple[str, str, str]]:
    """What the store says that was asked."""
    return project.store_rows("select prompt_hash, kind, spec from tasks")
