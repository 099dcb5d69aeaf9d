"""A store and a warehouse as runs leave them, made by hand: ordinary, hostile, or hardly any."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
from pydantic import SecretStr

from assay.core.settings import Settings
from assay.core.task import Task
from assay.core.values import Attempt, Failure, Served
from assay.functions import parse_task
from assay.store import GateRow, Landing, landing_of
from assay.store.records import task_row
from assay.store.sqlite.gates import put_gate_rows
from assay.store.sqlite.rows import put_failures, put_landings, put_run, put_served, put_stop
from assay.store.sqlite.verbs import SqliteStore

from ..dbt.project import KEY, REPOSITORY, RUN_SECONDS
from ..warm import Done, warm_run

SECRET = "row-canary-91c7"
"""Stands in every text and free answer; no page may show it."""

ENVELOPE = (
    'struct_pack("value" := {value}, status := {status}, "error" := null::varchar, '
    "confidence := {confidence}, model := 'stub', prompt_hash := '{prompt}', "
    "answered_at := timestamp '2026-03-01 12:00:00')"
)
LABELS = ("delivery", "refund", "other")
HOSTILE = (
    "<script>alert('x')</script>",
    "\"><img src=x onerror='alert(1)'>",
    "</style></svg><b>bold</b>",
    "{{ 7 * 7 }}{% raw %}",
    "\u202eevil\u202c \u05e9\u05dc\u05d5\u05dd",
    "url(https://leak.example/x.png)",
    "L" * 10_000,
)


@dataclass(frozen=True)
class Shop:
    """A folder with a store and, unless none was made, a warehouse."""

    folder: Path

    @property
    def store(self) -> Path:
        """The store."""
        return self.folder / "store.sqlite"

    @property
    def warehouse(self) -> Path:
        """The warehouse."""
        return self.folder / "warehouse.duckdb"

    @property
    def latest(self) -> Path:
        """The report that was written last."""
        return self.folder / "target" / "assay" / "report.html"

    def environment(self) -> dict[str, str]:
        """What the command line runs in."""
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.folder),
            "PYTHONPATH": str(REPOSITORY),
            "ASSAY_STORE": str(self.store),
            "ASSAY_DATABASE": str(self.warehouse),
        }

    def command(self, *arguments: str) -> list[str]:
        """`assay report` with these arguments."""
        return [sys.executable, "-m", "assay.cli.main", "report", *arguments]

    def report(self, *arguments: str) -> Done:
        """Run `assay report` and wait for it."""
        words = ("report", *arguments)
        return warm_run("assay.cli.main", words, self.folder, self.environment(), RUN_SECONDS)

    def page(self, *arguments: str) -> str:
        """The page that `assay report` writes."""
        done = self.report(*arguments)
        assert done.code == 0, done.err
        return self.latest.read_text(encoding="utf-8")

    def run(self, number: int, task: Task, **more: Any) -> None:
        """Put a run on record that asked `task`: two requests, one of which failed."""
        name = f"run-{number:04}"
        settings = Settings(
            provider="openai",
            base_url="https://api.example/v1",
            model="stub",
            api_key=SecretStr(KEY),
        )
        begun = f"2026-03-{number:02} 12:00:00.000000"
        model = more.get("model", "stub")
        good = _attempt(name, number, task, begun, model)
        bad = good._replace(
            attempt_id=f"{name}-b",
            outcome="transport",
            answers=0,
            maybe_paid=True,
            cost_usd=None,
            input_tokens=None,
            output_tokens=None,
            cached_tokens=None,
            error=more.get("error", "cut"),
        )
        use = (task.kind, task.prompt_hash, model)
        steps: list[Any] = [
            partial(put_run, invocation_id=name, settings=settings),
            lambda c: c.execute(
                "update runs set started_at = ? where invocation_id = ?", [begun, name]
            ),
            partial(put_landings, landings=[landing_of(good, tasks=[task]), Landing(bad)]),
            partial(put_served, invocation_id=name, served={use: Served(100, 10 * number)}),
            partial(put_gate_rows, rows=_gate_rows(name, begun, more.get("red", ""))),
        ]
        self.keep(steps)

    def keep(self, steps: Sequence[Any]) -> None:
        """Change the store."""
        store = SqliteStore(self.store)
        store.transact(steps)
        store.close()

    def fail(self, task: Task, error: str, count: int = 2) -> None:
        """Put dead letters on record, with their texts."""
        found = [
            Failure(
                key=bytes([place]) * 32,
                kind=task.kind,
                model="stub",
                host="api.example",
                prompt_hash=task.prompt_hash,
                status="invalid",
                error=error,
                failed_runs=4,
                failed_at="2026-03-01 12:00:00.000000",
                next_try_at=None,
                text=SECRET,
            )
            for place in range(count)
        ]
        self.keep([partial(put_failures, failures=found)])

    def stop(self, number: int, message: str) -> None:
        """Let a run have been stopped."""
        name = f"run-{number:04}"
        self.keep([partial(put_stop, invocation_id=name, stopped_by="budget", message=message)])

    def execute(self, *statements: str) -> None:
        """Change the warehouse."""
        with duckdb.connect(str(self.warehouse)) as connection:
            for statement in statements:
                connection.execute(statement)


def classify(*labels: str) -> Task:
    """A choice between labels, with an example that must not be seen."""
    return parse_task(
        json.dumps(
            {
                "kind": "classify",
                "labels": [{"name": label} for label in labels],
                "examples": [{"text": SECRET, "answer": labels[0]}],
            }
        )
    )


def summarize() -> Task:
    """A task whose answers are free text."""
    return parse_task(json.dumps({"kind": "summarize", "max_words": 20}))


def fill(shop: Shop, labels: Sequence[str], runs: int = 3) -> Shop:
    """Make a warehouse and a store of `runs` runs that classified with `labels`."""
    task, free = classify(*labels), summarize()
    for number in range(1, runs + 1):
        shop.run(number, task, red="2 unexpected" if number == 2 else "")
    put = "insert or ignore into tasks values (?, ?, ?, ?)"
    shop.keep([lambda connection: connection.execute(put, task_row(free, "x"))])
    listed = ", ".join(f"({_text(label)})" for label in labels)
    value = "case when i % 7 = 0 then 'not a label " + SECRET + "' else label end"
    topic = ENVELOPE.format(
        value=value, status="'ok'", confidence="(i % 10) / 10.0::double", prompt=task.prompt_hash
    )
    gist = ENVELOPE.format(
        value=f"'{SECRET}'", status="'ok'", confidence="null::double", prompt=free.prompt_hash
    )
    shop.execute(
        "create schema silver; create schema ops",
        f"create table silver.notes as select i, '{SECRET}' as body, {topic} as topic, "
        f"{gist} as gist from range(200) as r(i) "
        f"join (select row_number() over () - 1 as place, label from (values {listed}) as v(label)"
        f") as l on i % {len(labels)} = place",
        "create table silver.notes_checked as from silver.notes",
        "create table ops.ops_label_shares as select 'notes' as model_name, 'topic.value' as "
        "column_name, topic.prompt_hash as prompt_hash, topic.value as label, run as "
        "invocation_id, count(*) + any_value(n) as row_count, 0.0 as share, 0 as fingerprint, "
        "day as accepted_at from silver.notes, (values ('run-0001', 0, timestamp '2026-03-01'), "
        "('run-0002', 5, timestamp '2026-03-02')) as runs(run, n, day) group by all",
        "create table ops.ops_row_gates as select 'notes' as model_name, 'refusal_text' as "
        "rule_id, 'It refuses' as what, 200 as checked_count, 3 as quarantined_count, 3 as "
        "violating_count",
    )
    return shop


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _attempt(run: str, number: int, task: Task, begun: str, model: str) -> Attempt:
    return Attempt(
        attempt_id=f"{run}-a",
        owner="x",
        invocation_id=run,
        started_at=begun,
        provider="openai",
        host="api.example",
        model=model,
        prompt_hashes=task.prompt_hash,
        attempt=1,
        records=40,
        asks=40,
        ended_at=begun,
        outcome="ok",
        http_status=200,
        answers=40,
        input_tokens=1_000 * number,
        output_tokens=100,
        cost_usd=0.01 * number,
        latency_seconds=1.5 * number,
        cached_tokens=400 * number,
    )


def _gate_rows(run: str, checked_at: str, red: str) -> list[GateRow]:
    return [
        GateRow(
            invocation_id=run,
            gate="gate_silver",
            suite="notes",
            place=place,
            expectation="expect_column_values_to_not_be_null",
            column_name="topic",
            threshold="mostly 1.0",
            minimum_evaluated=1,
            row_count=200,
            evaluated=200,
            unexpected=2 if red else 0,
            unexpected_share=0.0,
            success=not red,
            error=None,
            reasons=red,
            checked_at=checked_at,
        )
        for place in range(2)
    ]
