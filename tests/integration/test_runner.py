"""The command line on real projects: exit codes, the summary, one line for each misfortune."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from assay.faultd import FaultServer
from assay.hosts.dbt.child import strict

from .dbt.project import REPOSITORY, RUN_SECONDS, Project, asking
from .figures import Figure, figure
from .gates.assay_line import Said, assay
from .warm import warm_run

__all__ = ["figure"]

TEXTS, PACK, IN_FLIGHT = 200, 5, 4
NEED = TEXTS // PACK
DUE = (
    "{%- set glad = ai_filter('body', 'Is it glad?', detail=true) -%} "
    "{{ config(unique_key='id') }} select id, body, {{ glad }} as glad from {{ ref('notes') }} "
    "where {{ ai_due('id', {'glad': glad}) }}"
)
CHECKED = {
    "models": [
        {"name": "asked", "columns": [{"name": "glad", "data_tests": ["ai_answered"]}]},
    ]
}
MODELS = {
    "bronze/notes.sql": f"select i as id, 'note ' || i as body from range({TEXTS}) as r(i)",
    "silver/asked.sql": DUE,
    "silver/asked.yml": yaml.safe_dump(CHECKED),
    "gold/answered.sql": "select count(*) as row_count from {{ ref('asked') }} "
    "where glad.status = 'ok'",
}


def statuses(project: Project) -> dict[str, int]:
    """How many rows of the silver table have each status."""
    return dict(project.rows("select glad.status, count(*) from silver.asked group by 1"))


def lines(printed: str) -> dict[str, str]:
    """The summary: first word to the rest."""
    words = ("Built", "Checked", "Asked", "Cost", "Look")
    return dict(line.split(maxsplit=1) for line in printed.splitlines() if line.startswith(words))


@dataclass(frozen=True)
class Twice:
    """A project with two runs: the first was stopped, the second had room."""

    project: Project
    server: FaultServer
    first: Said
    bill: Mapping[str, Any]
    rows: Mapping[str, int]
    gold: list[str]
    second: Said


# --- the wall

PRICES = {"ASSAY_PRICE_INPUT_USD": "1", "ASSAY_PRICE_OUTPUT_USD": "1"}
LIMITS = {"ASSAY_PACK_RECORDS": str(PACK), "ASSAY_MAX_IN_FLIGHT": str(IN_FLIGHT)}


def _twice(folder: Path, scenario: str, **wall: str) -> Twice:
    with FaultServer() as server:
        project = Project(folder, MODELS, LIMITS)
        first = assay(project, "build", **asking(server, scenario), **wall)
        bill = server.summary()
        there = "select table_name from duckdb_tables() where table_name in ('asked', 'answered')"
        gold = [name for (name,) in project.rows(there)]
        rows = statuses(project) if "asked" in gold else {}
        second = assay(project, "build", **asking(server))
        return Twice(project, server, first, bill, rows, gold, second)


CAP_USD = 0.0030
"""About two fifths of what the project takes at the prices above."""


@pytest.fixture(scope="module")
def walled(tmp_path_factory: pytest.TempPathFactory) -> Twice:
    """A first run with a cap on money, a second without."""
    folder = tmp_path_factory.mktemp("walled")
    cap = {"ASSAY_MAX_COST_USD": str(CAP_USD), "ASSAY_OVER_BUDGET": "spend"}
    return _twice(folder, "good", **cap, **PRICES)


def test_b08_the_budget_is_a_wall_with_an_exit_code(walled: Twice, figure: Figure) -> None:
    """What was spent is under the cap, what was left says so, and gold is not built of it."""
    spent = (walled.bill["input_tokens"] + walled.bill["output_tokens"]) / 1_000_000
    assert walled.first.code == 3, walled.first.out
    assert "Stopped The budget of this run is used up" in walled.first.err
    assert 0 < spent <= CAP_USD
    assert set(walled.rows) == {"ok", "not_attempted"}
    assert walled.rows["ok"] == walled.bill["paid_answers"]
    assert walled.gold == ["asked"]
    figure(cap_usd=CAP_USD, spent_usd=round(spent, 5), rows=walled.rows)


def test_b08_the_next_run_pays_only_the_rest(walled: Twice) -> None:
    """It has a budget of its own, buys nothing twice and builds gold."""
    assert walled.second.code == 0, walled.second.out
    bill = walled.server.summary()
    assert bill["paid_answers"] == TEXTS
    assert bill["paid_more_than_once"] == 0
    assert walled.project.rows("select row_count from gold.answered") == [(TEXTS,)]


# --- more is needed than the budget has


def test_b09_a_model_that_needs_more_than_the_budget_is_refused(tmp_path: Path) -> None:
    """Of money or of requests: nothing is sent; the message says how much it needs, what to do."""
    with FaultServer() as server:
        project = Project(tmp_path, MODELS, LIMITS | asking(server))
        for cap in ({"ASSAY_MAX_COST_USD": str(CAP_USD)} | PRICES, {"ASSAY_MAX_REQUESTS": "2"}):
            refused = assay(project, "build", **cap)
            assert refused.code == 3, refused.out
            assert "more than the budget of this run has left" in refused.err
            assert "ASSAY_OVER_BUDGET=spend" in refused.err
            assert server.summary()["requests"] == 0
        assert assay(project, "build", ASSAY_MAX_REQUESTS="1000").code == 0


def test_b09_a_build_that_needs_more_than_the_budget_does_not_start(tmp_path: Path) -> None:
    """Two models of which each would fit, but not both: nothing is sent, dbt builds nothing."""
    asks = (
        "select {{ ai_filter(\"body || 'MORE'\", 'Is it MORE?') }} as it from {{ ref('notes') }}"
    )
    models = {"bronze/notes.sql": MODELS["bronze/notes.sql"]} | {
        f"silver/{name}.sql": asks.replace("MORE", name) for name in ("glad", "long")
    }
    cap = {"ASSAY_MAX_REQUESTS": str(NEED + 5)}
    with FaultServer() as server:
        project = Project(tmp_path, models, LIMITS | asking(server))
        assert project.dbt("build", "--select", "notes").code == 0
        refused = assay(project, "build", **cap)
        assert refused.code == 3, refused.out
        assert f"needs about {2 * NEED} requests" in refused.err
        assert "Finished running" not in refused.out
        assert server.summary()["requests"] == 0
        assert assay(project, "build", "--", "--select", "glad", **cap).code != 3
        assert server.summary()["requests"] == NEED


def test_b09_what_cannot_be_counted_before_a_build_is_counted_in_it(tmp_path: Path) -> None:
    """A column that only the build adds: it is built, refused by the engine, and blocks nobody."""
    notes = MODELS["bronze/notes.sql"]
    asks = "select {{ ai_filter('BODY', 'Is it glad?') }} as it from {{ ref('notes') }}"
    other = asks.replace("BODY", "body").replace("glad", "long")
    models = {"bronze/notes.sql": notes, "silver/added.sql": asks.replace("BODY", "more")}
    cap = {"ASSAY_MAX_REQUESTS": str(NEED - 1)}
    with FaultServer() as server:
        project = Project(tmp_path, {"bronze/notes.sql": notes}, LIMITS | asking(server))
        assert project.dbt("build").code == 0
        for path, text in models.items():
            project.write(path, text)
        project.write("bronze/notes.sql", f"select *, body || ' more' as more from ({notes})")
        refused = assay(project, "build", **cap)
        assert (refused.code, "Built " in refused.out) == (3, True), refused.out
        assert project.rows("select count(more) from bronze.notes") == [(TEXTS,)]
        assert server.summary()["requests"] == 0
        project.write("silver/other.sql", other)
        project.write("bronze/notes.sql", f"select *, body || '!' as yet from ({notes})")
        project.write("silver/added.sql", asks.replace("BODY", "yet"))
        early = assay(project, "build", **cap)
        assert (early.code, "Built " in early.out) == (3, False), early.out
        assert f"needs about {NEED} requests" in early.err
        built = assay(project, "build", ASSAY_MAX_REQUESTS=str(2 * NEED))
        assert built.code != 2, built.err
        assert server.summary()["requests"] == 2 * NEED


# --- no credit

BEFORE_QUOTA = 6


@pytest.fixture(scope="module")
def broke(tmp_path_factory: pytest.TempPathFactory) -> Twice:
    """A first run whose account runs dry, a second with credit."""
    return _twice(tmp_path_factory.mktemp("broke"), f"s429quota,skip={BEFORE_QUOTA}")


def test_b03_an_empty_account_is_exit_code_4(broke: Twice, figure: Figure) -> None:
    """No more requests follow than were in flight."""
    further = broke.bill["requests"] - BEFORE_QUOTA
    assert broke.first.code == 4, broke.first.out
    assert "quota is used up" in broke.first.err
    assert 1 <= further <= IN_FLIGHT
    figure(further_requests=further)


def test_b03_with_credit_it_goes_on_where_it_stopped(broke: Twice) -> None:
    """Nothing is bought twice."""
    assert broke.second.code == 0, broke.second.out
    assert broke.server.summary()["paid_answers"] == TEXTS
    assert broke.server.summary()["paid_more_than_once"] == 0


# --- the summary


def test_the_summary_says_what_was_built_checked_asked_and_paid(walled: Twice) -> None:
    """By the ledger of this run alone; prices that nobody knows are no zeros."""
    said = lines(walled.second.out)
    rest = walled.server.summary()["requests"] - walled.bill["requests"]
    assert list(said) == ["Built", "Checked", "Asked", "Cost", "Look"]
    assert said["Built"] == "3 models and 0 seeds in warehouse.duckdb"
    assert said["Checked"].startswith("1 data test and 0 unit tests: ")
    answers = TEXTS - walled.rows["ok"]
    assert said["Asked"].startswith(f"{rest} requests for {answers} answers (")
    assert said["Cost"].endswith(f"and {rest} requests of unknown cost")
    first = lines(walled.first.out)
    assert said["Look"] == './scripts/assay query "from gold.answered limit 5"'
    assert float(first["Cost"].split()[0]) == pytest.approx(
        (walled.bill["input_tokens"] + walled.bill["output_tokens"]) / 1_000_000, abs=1e-4
    )


def test_an_error_of_a_model_keeps_dbts_code_and_the_summary(walled: Twice) -> None:
    """A build that asked nobody says so, and a model that is broken is exit code 1."""
    walled.project.write("gold/broken.sql", "select error('broken') as x")
    done = assay(walled.project, "build", "--", "--select", "broken", **asking(walled.server))
    (walled.project.root / "models/gold/broken.sql").unlink()
    assert done.code == 1
    assert lines(done.out)["Asked"] == "nobody"


# --- one line for each misfortune


@pytest.mark.parametrize(
    "arguments", [("build",), ("plan",), ("query", "select 1")], ids=["build", "plan", "query"]
)
def test_e11_a_warehouse_that_is_open_elsewhere_is_one_line(
    walled: Twice, arguments: tuple[str, ...]
) -> None:
    """The line names the process and what to do; dbt is not even started."""
    sent = walled.server.ledger.entries
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(walled.project.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        done = assay(walled.project, *arguments, **asking(walled.server))
    finally:
        holder.communicate(b"\n")
    assert done.code == 2
    assert done.out == ""
    (line,) = done.err.strip().splitlines()
    assert f"is open in process {holder.pid} (" in line
    assert f"`kill {holder.pid}`" in line
    assert walled.server.ledger.entries == sent


HOLD = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.readline()
"""


def test_query_prints_what_it_finds(walled: Twice) -> None:
    """Read-only: what would change the warehouse is refused in one line."""
    found = assay(walled.project, "query", "select 40 + 2 as answer")
    assert (found.code, "42" in found.out) == (0, True)
    refused = assay(walled.project, "query", "drop schema gold cascade")
    assert refused.code == 2
    assert "read-only" in refused.err
    assert "Traceback" not in refused.err


def test_query_without_a_warehouse_says_what_to_do(tmp_path: Path) -> None:
    """And does not make one."""
    done = assay(Project(tmp_path), "query", "select 1")
    assert done.code == 2
    assert "There is no warehouse" in done.err
    assert "./scripts/build" in done.err
    assert not (tmp_path / "warehouse.duckdb").exists()


def test_a_wrong_setting_is_one_line_before_dbt_starts(tmp_path: Path) -> None:
    """No run, no log."""
    done = assay(Project(tmp_path), "build", ASSAY_MODLE="x")
    assert done.code == 2
    assert done.err.strip().splitlines() == [
        "assay: Unknown variable 'ASSAY_MODLE' in the environment; did you mean 'ASSAY_MODEL'?"
    ]
    assert not (tmp_path / "logs").exists()


@pytest.mark.parametrize("told", [("--warn-error",), ()], ids=["option", "variable"])
def test_all_warnings_are_errors_where_that_is_asked_for(
    tmp_path: Path, told: tuple[str, ...]
) -> None:
    """Beside the project's own: red with the warning, green without; never a traceback."""
    project = Project(tmp_path, {"gold/one.sql": "select 1 as n"})
    env = {} if told else {"DBT_WARN_ERROR": "true"}
    red = assay(project, "build", "--", *told, **env)
    assert "There are" in red.out
    assert "unused configuration paths" in red.out
    assert "Traceback" not in red.out + red.err
    assert red.code == 2
    own = project.root / "dbt_project.yml"
    settings = yaml.safe_load(own.read_text(encoding="utf-8"))
    unused = ("bronze", "silver", "gold", "ops")
    settings["models"]["assay"] = {
        name: said for name, said in settings["models"]["assay"].items() if name not in unused
    }
    del settings["seeds"], settings["data_tests"]
    own.write_text(yaml.safe_dump(settings), encoding="utf-8")
    done = project.run("assay.hosts.dbt.child", "build", *told, env=env, merged=True)
    assert (done.code, "ERROR=0" in done.out) == (0, True), done.out


def test_a_narrower_word_about_warnings_holds() -> None:
    """What was said of some on the command line; `--no-warn-error` leaves the project's own."""
    some = ["build", "--warn-error-options", "{}"]
    assert strict([*some, "--warn-error"], {}) == some
    environ = {"DBT_WARN_ERROR": "false", "HOME": "x"}
    assert strict(["build"], environ) == ["build"]
    assert environ == {"HOME": "x"}
    assert strict(["build", "--no-warn-error"], {"DBT_WARN_ERROR": "1"}) == ["build"]


HELP = {
    "init": ("--empty", "--yes", "--macros"),
    "ingest": ("folders", "--json"),
    "load": ("NAME", "--from-start", "--list", "--json"),
    "stream": ("MODEL", "--check", "--compiled", "--create-topics", "--until-idle"),
    "build": ("dbt build", "--verbose"),
    "plan": ("--select", "--max-requests", "Nothing is sent"),
    "query": ("SELECT", "--max-requests"),
    "ask": ("classify", "sentiment"),
    "review": ("--low-confidence", "--page"),
    "golden": ("diff",),
    "alert": ("--check",),
    "batch": ("status", "harvest", "cancel"),
    "evaluate": ("--data", "--text"),
    "checks": ("--accept", "expected.json"),
    "report": ("--run", "--open"),
    "repair": ("--accept-where", "--undo", "--review"),
    "search": ("--in", "--words", "--json"),
    "suggest": ("--out", "--json"),
    "doctor": ("--offline", "--repair", "--json"),
    "calls": ("--outcome", "--since", "--limit", "--json"),
    "spend": ("--by", "--json"),
    "explain": ("schema.table:ID", "--where", "--show-text", "--json"),
    "backup": ("--json",),
    "restore": ("--force", "--json"),
    "store": ("move",),
    "prune": ("--older-than", "--not-in-project", "--yes", "--json"),
    "dead-letters": ("list", "replay", "discard"),
    "forget": ("--subject", "--key", "--dry-run"),
    "publish": ("--check",),
    "fresh": ("FILE|URL", "--max-age", "--json"),
}


def _help(*arguments: str) -> str:
    done = warm_run("assay.cli.main", [*arguments, "--help"], REPOSITORY, WIDE, RUN_SECONDS)
    assert done.code == 0, done.err
    return re.sub(r"\x1b\[[0-9;]*m", "", done.out)


WIDE = {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}


@pytest.mark.parametrize("command", HELP)
def test_each_command_explains_itself(command: str) -> None:
    """What it does and what it takes."""
    said = _help(command)
    assert all(word in said for word in HELP[command])


def test_the_help_lists_the_commands() -> None:
    """All of them and no others."""
    said = _help()
    listed = set(re.findall(r"^[│|]?\s{1,2}([a-z-]+)  +[A-Z]", said, re.MULTILINE))
    assert listed == set(HELP)
