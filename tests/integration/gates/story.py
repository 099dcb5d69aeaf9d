"""A small project of three layers with a gate each, and suites of the test's choice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..dbt.project import REPOSITORY, Project, Run

CANARY = "canary-41d7-iban"
"""A value in rows that are not as expected; nothing may ever write it down."""

TOPIC = "{'value': label, 'status': case when label is null then 'skipped' else 'ok' end}"
MODELS = {
    "bronze/notes.sql": "select * from raw.notes",
    "silver/topics.sql": "-- depends_on: {{ ref('gate_bronze') }}\n"
    "{{ config(materialized='table') }}\n"
    f"select id, amount, {TOPIC} as topic from {{{{ ref('notes') }}}}",
    "gold/topic_counts.sql": "-- depends_on: {{ ref('gate_silver') }}\n"
    "select topic.value as topic, count(*) as note_count\n"
    "from {{ ref('topics') }} where topic.value is not null group by 1",
    "gold/published.sql": "-- depends_on: {{ ref('gate_gold') }}\n"
    "select * from {{ ref('topic_counts') }}",
}
GATES = {"bronze": ("notes",), "silver": ("topics",), "gold": ("topic_counts",)}
RED = "select suite, column_name, reasons from ops.ops_gate_results where is_red order by all"


@dataclass(frozen=True)
class Told:
    """A run, and what could be seen after it: artifacts, gold, the red results."""

    run: Run
    sight: str
    gold: list[tuple[Any, ...]]
    red: list[tuple[Any, ...]]
    store: bytes
    page: str


def expect(kind: str, **kwargs: Any) -> dict[str, Any]:
    """An expectation in Great Expectations' own form."""
    meta = {"minimum_evaluated": kwargs.pop("minimum")} if "minimum" in kwargs else {}
    return {"type": f"expect_{kind}", "kwargs": kwargs, "meta": meta}


ROWS = expect("table_row_count_to_be_between", min_value=1)


def not_null(column: str, mostly: float = 1.0) -> dict[str, Any]:
    """The guard of a set."""
    return expect("column_values_to_not_be_null", column=column, mostly=mostly)


def in_set(column: str, *values: Any, **kwargs: Any) -> dict[str, Any]:
    """A closed list."""
    return expect("column_values_to_be_in_set", column=column, value_set=list(values), **kwargs)


def put_suite(
    project: Project, path: str, *expectations: dict[str, Any], **meta: Any
) -> dict[str, Any]:
    """Write a suite to `<layer>/<relation>.json` and return it."""
    relation = path.rpartition("/")[2]
    suite = {
        "name": relation,
        "meta": {"relation": relation, "minimum_evaluated": 1} | meta,
        "expectations": list(expectations),
    }
    put_file(project, path, json.dumps(suite))
    return suite


def put_file(project: Project, path: str, text: str) -> None:
    """Write whatever stands in a suite's place."""
    target = project.root / "quality" / "suites" / f"{path}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def put_good_suites(project: Project) -> None:
    """Suites that the notes of `load_notes` meet."""
    put_suite(project, "bronze/notes", ROWS, not_null("id"))
    put_suite(
        project,
        "silver/topics",
        ROWS,
        not_null("topic_value", 0.5),
        in_set("topic_value", "tent", "boot", mostly=0.9),
        columns={"topic_value": "topic.value"},
    )
    put_suite(project, "gold/topic_counts", ROWS, not_null("topic"))


def put_gates(project: Project, gates: Mapping[str, Sequence[str]] = GATES) -> None:
    """The shipped gates, reading models of the test's choice, and what ops shows of them."""
    for layer, models in gates.items():
        shipped = (REPOSITORY / "models" / layer / f"gate_{layer}.py").read_text(encoding="utf-8")
        head, _, rest = shipped.partition("    relations = {\n")
        references = "".join(f'        "{name}": dbt.ref("{name}"),\n' for name in models)
        tail = rest[rest.index("    }\n") :]
        project.write(f"{layer}/gate_{layer}.py", f"{head}    relations = {{\n{references}{tail}")
        config = f"models: [{{name: gate_{layer}, config: {{schema: ops, materialized: table}}}}]"
        project.write(f"{layer}/gate_{layer}.yml", config)
    for name in ("_ops__sources.yml", "ops_gate_results.sql"):
        source = REPOSITORY / "models" / "ops" / name
        project.write(f"ops/{name}", source.read_text(encoding="utf-8"))


def load_notes(project: Project, *labels: str | None) -> None:
    """A note for each label."""
    project.load(
        "raw.notes",
        id=list(range(len(labels))),
        amount=[f"{label} is no number" for label in labels],
        label=list(labels),
    )


def told(project: Project) -> Told:
    """Build everything and look at what is there afterwards."""
    run = project.dbt("build")
    page = project.root / "target" / "data_docs" / "index.html"
    gold = project.rows(
        "select table_name from duckdb_tables() where schema_name = 'gold' order by 1"
    )
    return Told(
        run=run,
        sight=run.output + project.written() + str(project.rows("from ops.ops_gate_results")),
        gold=[
            *gold,
            *(project.rows("from gold.published order by 1") if ("published",) in gold else []),
        ],
        red=project.rows(RED),
        store=project.store.read_bytes(),
        page=page.read_text(encoding="utf-8"),
    )
