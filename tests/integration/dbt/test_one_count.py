"""One place counts: summary, report, `spend`, `doctor` and ops say the same of every run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from assay.faultd import FaultServer, nobody

from ..gates.story import expect, put_gates, put_suite
from ..warm import Done
from .project import REPOSITORY, Project, asking, table

PRICED = {"ASSAY_PRICE_INPUT_USD": "1", "ASSAY_PRICE_OUTPUT_USD": "1"}
TOPIC = "{%- set topic = ai_classify('body', ['good', 'bad'], detail=true) %}\n"
TOPICS = (
    "-- depends_on: {{ ref('gate_bronze') }}\n"
    "{{ config(materialized='incremental', unique_key='id') }}\n"
    + TOPIC
    + "select id, {{ topic }} as topic from {{ ref('notes') }} "
    "where {{ ai_due('id', {'topic': topic}) }}"
)
OPS = ("ops_calls", "ops_runs", "ops_spend", "ops_savings")
TILE = r"<dt>{}</dt><dd>([^<]*)<small>([^<]*)"


def notes(count: int) -> str:
    """So many rows, of which each fourth has the text of another."""
    return table("id, body", *((at, f"note {at % 4 if at < 8 else at}") for at in range(count)))


def rows_at_least(count: int) -> dict[str, Any]:
    """An expectation on how many rows there are."""
    return expect("table_row_count_to_be_between", min_value=count)


@dataclass(frozen=True)
class Told:
    """What a build printed, and the id of its run."""

    done: Done
    run: str

    def line(self, word: str) -> str:
        """The line of the summary that begins with a word; blank where there is none."""
        found = re.search(rf"^{word} +(.*)$", self.done.out, re.M)
        return found[1] if found else ""

    @property
    def saved(self) -> int:
        """How many values the summary calls saved."""
        return int(self.line("Saved").split(" ")[0].replace(",", "") or 0)

    @property
    def failed(self) -> int:
        """How many values the summary says to be without an answer."""
        return int(self.line("Failed").split(" ")[0] or 0)

    @property
    def requests(self) -> int:
        """How many requests the summary counts."""
        asked = self.line("Asked").split(" ")[0]
        return 0 if asked.startswith("nobody") else int(asked)


@dataclass(frozen=True)
class Story:
    """A project, and its builds by what became of them."""

    project: Project
    builds: dict[str, Told]

    def assay(self, *arguments: str) -> Any:
        """What a command prints as JSON."""
        done = self.project.run("assay.cli.main", *arguments, "--json", env={})
        return json.loads(done.out)


@pytest.fixture(scope="module")
def story(new_project: Callable[..., Project], server: FaultServer) -> Story:
    """Green, partial, red gate, nobody there, nothing valid, and all from the store."""
    project = new_project({"bronze/notes.sql": notes(7), "silver/topics.sql": TOPICS})
    put_gates(project, {"bronze": ("notes",)})
    for name in ("_ops__sources.yml", *(f"{name}.sql" for name in OPS)):
        text = (REPOSITORY / "models/ops" / name).read_text(encoding="utf-8")
        project.write(f"ops/{name}", re.sub(r"-- depends_on: .*\n", "", text))
    put_suite(project, "bronze/notes", rows_at_least(1))
    builds: dict[str, Told] = {}

    def build(name: str, *arguments: str, env: dict[str, str]) -> None:
        done = project.run("assay.cli.main", "build", "--", *arguments, env=env | PRICED)
        results = json.loads((project.root / "target/run_results.json").read_text())
        builds[name] = Told(done, results["metadata"]["invocation_id"])

    good = asking(server)
    build("green", env=good)
    project.write("bronze/notes.sql", notes(9))
    build("partial", "--select", "notes", "topics", env=good)
    put_suite(project, "bronze/notes", rows_at_least(1000))
    build("red", env=good)
    put_suite(project, "bronze/notes", rows_at_least(1))
    nobody_there = good | {"ASSAY_BASE_URL": nobody(), "ASSAY_OUTAGE_SECONDS": "0"}
    build("nobody", "--full-refresh", env=nobody_there | {"ASSAY_MODEL": "other"})
    nothing_valid = asking(server, "badlabel") | {"ASSAY_MODEL": "third"}
    build("invalid", "--full-refresh", env=nothing_valid)
    build("stored", "--full-refresh", env=good)
    return Story(project, builds)


NAMES = ("green", "partial", "red", "nobody", "invalid", "stored")


def test_what_failed_is_neither_built_nor_saved(story: Story) -> None:
    """Counts of done among all, and rows by what became of them; sums that cannot be exceeded."""
    builds = story.builds
    assert builds["green"].line("Built").startswith("8 models and 0 seeds in warehouse.duckdb")
    assert re.match(r"\d of 8 models .*: 1 error, \d skipped", builds["red"].line("Built"))
    assert builds["nobody"].line("Asked").endswith("none was answered")
    assert builds["invalid"].line("Asked").endswith("none brought an answer")
    assert {name: (told.saved, told.failed) for name, told in builds.items()} == {
        "green": (3, 0),
        "partial": (1, 0),
        "red": (0, 0),
        "nobody": (0, 0),
        "invalid": (0, 9),
        "stored": (9, 0),
    }
    assert builds["stored"].line("Saved").startswith("9 of 9 values: 9 from the store, 0 with ")


def test_red_is_a_sentence(story: Story) -> None:
    """What was found and expected, what to do, and neither a traceback nor words of DuckDB."""
    said = {name: story.builds[name].done.out for name in NAMES}
    assert "expect_table_row_count_to_be_between: 9 rows, at least 1,000 expected. " in said["red"]
    assert re.search(r"^  No reply from http.*: connection refused\. .*$", said["nobody"], re.M)
    assert (
        "topics.topic: 9 of 9 rows have no answer (100.0%, at most 20.0% may)" in said["invalid"]
    )
    assert {name: story.builds[name].done.code for name in NAMES} == {
        **dict.fromkeys(("green", "partial", "stored"), 0),
        **dict.fromkeys(("red", "nobody", "invalid"), 1),
    }
    for text in said.values():
        assert "Traceback" not in text
        assert "Invalid Input Error" not in text


@pytest.mark.parametrize("name", NAMES)
def test_summary_spend_and_report_agree(story: Story, name: str) -> None:
    """Requests, rows, money: the same figures wherever they stand."""
    told = story.builds[name]
    (line,) = story.assay("spend", "--by", "run", "--run", told.run)["lines"] or [{}]
    saved = line.get("stored", 0) + line.get("duplicates", 0)
    assert (line.get("requests", 0), saved) == (told.requests, told.saved)
    assert line.get("failed", 0) == told.failed
    cost = told.line("Cost") or "0.0000 US dollars"  # of nothing there is no line
    assert cost.startswith(f"{line.get('cost_usd', 0):.4f} US dollars")
    if name == "stored":  # the last one: an average moves with each run
        assert told.line("Saved").endswith(f"about {line['saved_usd']:.4f} US dollars")

    story.project.run("assay.cli.main", "report", "--run", told.run, env={})
    page = (story.project.root / "target/assay/report.html").read_text()
    tiles = {
        title: re.search(TILE.format(title), page)
        for title in ("Requests", "Models built", "From the store", "Repeated texts")
    }
    figures = {title: found[1] for title, found in tiles.items() if found}
    assert figures["Requests"] == f"{told.requests:,}"
    assert told.line("Built").startswith(figures["Models built"])
    assert int(figures["From the store"]) + int(figures["Repeated texts"]) == saved
    if told.failed:
        assert f"{told.failed} without an answer" in page
        assert "9 of 9 rows have no answer" in page
    if name == "red":
        assert "9 rows, at least 1,000 expected" in page


def test_ops_and_doctor_agree_with_spend(story: Story) -> None:
    """All runs at once, out of the warehouse, and what may have been billed."""
    assert story.project.dbt("run", "--select", *OPS).code == 0
    spent = {line["run"]: line for line in story.assay("spend", "--by", "run")["lines"]}
    ops = story.project.rows(
        "select invocation_id, attempts, answers::bigint, known_cost_usd, maybe_paid_attempts "
        "from ops.ops_spend"
    )
    assert {row[0]: row[1:3] for row in ops} == {
        run: (line["requests"], line["answers"]) for run, line in spent.items() if line["requests"]
    }
    for run, _, _, cost, maybe_paid in ops:
        assert (cost or 0) == pytest.approx(spent[run]["cost_usd"])
        assert maybe_paid == spent[run]["maybe_paid"]
    savings = story.project.rows(
        "select invocation_id, sum(stored_count), sum(repeated_count), sum(failed_count), "
        "sum(saved_usd) from ops.ops_savings group by 1"
    )
    assert len(savings) >= 4
    for run, stored, repeated, failed, usd in savings:
        line = spent[run]
        assert (stored, repeated, failed) == (line["stored"], line["duplicates"], line["failed"])
        assert (usd or 0) == pytest.approx(line["saved_usd"] or 0)
    billed = sum(line["maybe_paid"] for line in spent.values())
    texts = [one["text"] for one in story.assay("doctor", "--offline")["findings"]]
    assert any(f"; {billed} requests may have been billed" in text for text in texts), texts
