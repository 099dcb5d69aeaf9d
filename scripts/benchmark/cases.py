"""The cases: what each one runs, what it measures, and which figures it has to reach."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from benchmark.finding import NONE, Case, CaseFigures, at_least, at_most, below
from benchmark.server import LATENCY, NO_LATENCY, Exchange, Server
from benchmark.workload import (
    ENVELOPE,
    FUSED,
    LABEL,
    LOG_JSON,
    REPOSITORY,
    BenchProject,
    DbtRun,
    asking_sql,
    texts_sql,
)

MEGABYTE = 1_000_000
SETTLING_SECONDS = 30.0
"""How long a client may take to find out which pace a server accepts."""

KILLS = "test_d02_no_acknowledged_answer_is_lost_when_three_writers_are_killed"
KILLS_SECONDS = 600
BARE_SECONDS = 300


@dataclass(frozen=True)
class Bench:
    """A server and a project that asks it."""

    server: Server
    project: BenchProject
    in_flight: int

    def seen(self) -> dict[str, Any]:
        """Return what the server saw since its last reset."""
        totals = self.server.ledger()
        span, work = totals["span_seconds"], totals["work_seconds"]
        spread = work / self.in_flight
        return {
            "requests": totals["requests"],
            "records_sent": totals["records"],
            "distinct_texts": totals["distinct_paid_texts"],
            "sent_more_than_once": totals["records"] - totals["distinct_paid_texts"],
            "input_tokens": totals["input_tokens"],
            "output_tokens": totals["output_tokens"],
            "span_seconds": round(span, 3),
            "work_seconds": round(work, 3),
            "max_in_flight": totals["max_in_flight"],
            "span_over_spread_work": round(span / spread, 3) if spread else 0.0,
            "busy": round(spread / span, 3) if span else 0.0,
            "by_status": totals["by_status"],
            "by_scenario": totals["by_scenario"],
        }

    def built(self, *arguments: str, **env: str) -> tuple[dict[str, Any], DbtRun]:
        """Run `dbt build` and return what the server saw of it, with the wall clock of dbt."""
        self.server.reset()
        run = self.project.dbt("build", *arguments, **env)
        return self.seen() | {"dbt_seconds": round(run.seconds, 1)}, run


@contextmanager
def bench(
    texts: str,
    columns: str = LABEL,
    *,
    in_flight: int = 64,
    scenario: str = "good",
    latency: tuple[str, ...] = LATENCY,
    gather: bool = True,
    **env: str,
) -> Iterator[Bench]:
    """Start a server, and make a project whose model `asked` asks it about `texts`."""
    with (
        tempfile.TemporaryDirectory(prefix="assay-bench-") as folder,
        Server(scenario, latency) as server,
    ):
        settings = {"ASSAY_BASE_URL": server.url, "ASSAY_MAX_IN_FLIGHT": str(in_flight)}
        models = {"texts": texts, "asked": asking_sql(columns)}
        yield Bench(
            server,
            BenchProject(Path(folder) / "project", models, settings | env, gather),
            in_flight,
        )


SMALL = texts_sql(10_000, 6_000)
LARGE = texts_sql(50_000, 30_000)


# --- throughput ---------------------------------------------------------------------------------


def _labelled(texts: str, **options: Any) -> dict[str, Any]:
    """Return what the server saw of one labelling run, and what became of the rows."""
    with bench(texts, **options) as stage:
        seen, _ = stage.built()
        landed = stage.project.landed("asked")
        return seen | {"unanswered": landed.unanswered, "misplaced": landed.misplaced}


@cache
def _label_10k() -> dict[str, Any]:
    """The first case is what `fusion-10k` is compared with; one run of it is enough."""
    return _labelled(SMALL)


_ONCE = {
    "sent_more_than_once": NONE,
    "unanswered": NONE,
    "misplaced": NONE,
}


def label_10k() -> CaseFigures:
    """10,000 rows, 6,000 distinct, one label of eight, 64 in flight, packs of 16."""
    required = {
        "requests": at_most(378),
        "output_tokens": at_most(34_000),
        "input_tokens": at_most(380_000),
        "span_over_spread_work": at_most(1.35),
    }
    return CaseFigures(_label_10k(), _ONCE | required)


def label_50k(in_flight: int, most: float) -> CaseFigures:
    """50,000 rows, 30,000 distinct, one label of eight."""
    measured = _labelled(LARGE, in_flight=in_flight)
    bare = _bare(50_000, 30_000, in_flight)
    measured |= {
        "bare_sdk": bare,
        "over_bare_sdk": round(measured["span_over_spread_work"] / bare, 3),
    }
    return CaseFigures(measured, _ONCE | {"span_over_spread_work": at_most(most)})


def _bare(rows: int, distinct: int, in_flight: int) -> float:
    """Return span over spread work of the SDK alone: what this machine has to give."""
    with Server("good", LATENCY) as server:
        command = [sys.executable, "-m", "benchmark.bare", server.url]
        subprocess.run(
            [*command, *map(str, (rows, distinct, in_flight))], timeout=BARE_SECONDS, check=True
        )
        totals = server.ledger()
    return round(float(totals["span_seconds"]) * in_flight / float(totals["work_seconds"]), 3)


def fusion_10k() -> CaseFigures:
    """ai_classify, ai_extract and ai_sentiment over the same column, against one label alone."""
    alone = _label_10k()
    with bench(SMALL, FUSED) as stage:
        seen, _ = stage.built()
    shares = {
        f"{name}_over_label_10k": round(seen[name] / alone[name], 3)
        for name in ("requests", "input_tokens", "output_tokens")
    }
    required = {
        "sent_more_than_once": NONE,
        "requests_over_label_10k": at_most(1.05),
        "input_tokens_over_label_10k": at_most(1.3),
    }
    return CaseFigures(seen | shares, required)


def no_gather() -> CaseFigures:
    """10,000 rows without the gather hook."""
    return CaseFigures(_labelled(SMALL, gather=False), _ONCE)


def again() -> CaseFigures:
    """A second run, a full refresh, a second model over the same texts, eight dbt threads."""
    with bench(SMALL) as stage:
        first, _ = stage.built()
        measured = {"first_run": first["requests"]}
        measured["second_run"] = stage.built()[0]["requests"]
        measured["full_refresh"] = stage.built("--full-refresh")[0]["requests"]
        stage.project.write("asked_too", asking_sql(LABEL))
        measured["second_model"] = stage.built("--select", "asked_too")[0]["requests"]
        threads = ("--threads", "8", "--full-refresh")
        measured["eight_threads"] = stage.built(*threads)[0]["requests"]
    return CaseFigures(measured, {name: NONE for name in measured if name != "first_run"})


# --- answers that are there ---------------------------------------------------------------------


def stored_1m() -> CaseFigures:
    """1,000,000 rows, 300,000 distinct, all stored, against a hash and a dict look-up."""
    texts = texts_sql(1_000_000, 300_000)
    with bench(texts) as stage:
        project = stage.project
        project.write("asked", "select 1 as nothing")
        project.dbt("run", "--select", "texts")
        stored = project.fill_store()
        floor, floor_peak = _timed(project, "floor_look_up(body) as topic", "--target", "floor")
        measured: dict[str, Any] = {
            "stored": stored,
            "floor_seconds": floor["statement"],
            "floor_peak_megabytes": floor_peak // MEGABYTE,
        }
        for name, columns in (("value", LABEL), ("envelope", ENVELOPE)):
            seconds, peak = _timed(project, columns)
            measured |= {
                f"{name}_seconds": seconds["statement"],
                f"{name}_gather_seconds": seconds["gather"],
                f"{name}_first_gather_seconds": seconds["first_gather"],
                f"{name}_over_floor": round(seconds["statement"] / floor["statement"], 2),
                f"{name}_added_megabytes": (peak - floor_peak) // MEGABYTE,
            }
            landed = project.landed("timed_1", envelopes=name == "envelope")
            measured[f"{name}_right"] = landed.rows - landed.unanswered - landed.misplaced
        measured["requests"] = stage.seen()["requests"]
    required = {"requests": NONE}
    for name in ("value", "envelope"):
        required |= {
            f"{name}_right": at_least(1_000_000),
            f"{name}_over_floor": at_most(5),
            f"{name}_added_megabytes": at_most(400),
        }
    return CaseFigures(measured, required)


def _timed(project: BenchProject, columns: str, *arguments: str) -> tuple[dict[str, float], int]:
    """Build three tables alike in one dbt session; return median seconds and peak bytes.

    `first_gather` reads the answers from the store, the others find them in memory.
    """
    for number in (1, 2, 3):
        project.write(
            f"timed_{number}",
            "{{ config(materialized='table') }}\n"
            f"select id, body, {columns} from {{{{ ref('texts') }}}}",
        )
    project.forget_log()
    options = ("--select", "timed_1", "timed_2", "timed_3", "--threads", "1", *LOG_JSON)
    run = project.dbt("run", *options, *arguments)
    gathers: list[float] = []
    statements: list[float] = []
    for model, sql, seconds in project.statements():
        if model.startswith("timed_") and "assay_end_gather(" in sql:
            gathers.append(seconds)
        elif model.startswith("timed_") and " as topic" in sql:
            statements.append(seconds)
    found = {"statement": statistics.median(statements)}
    if gathers:
        found |= {"gather": statistics.median(gathers), "first_gather": gathers[0]}
    return found, run.peak_bytes


# --- a server that is limited, or ill -----------------------------------------------------------


def rate_limit() -> CaseFigures:
    """A server that answers 429 above 50 requests a second, for more than a minute."""
    pace = 50
    texts = texts_sql(40_000, 32_000)
    with bench(texts, scenario=f"rate,rate={pace}", ASSAY_PACK_RECORDS="8") as stage:
        seen, _ = stage.built()
        exchanges = stage.server.exchanges()
        landed = stage.project.landed("asked")
    measured = seen | paced(exchanges) | {"lost": landed.unanswered, "misplaced": landed.misplaced}
    required = {
        "span_seconds": at_least(60),
        "answered_per_second": at_least(0.85 * pace),
        "refused_later_share": below(0.05),
        "lost": NONE,
        "misplaced": NONE,
    }
    return CaseFigures(measured, required)


def paced(exchanges: list[Exchange]) -> dict[str, float]:
    """Return the pace of the whole run, and how much was refused once the pace was known."""
    first = exchanges[0].started
    span = max(one.ended for one in exchanges) - first
    later = [one for one in exchanges if one.started - first > SETTLING_SECONDS]
    refused = sum(one.status == HTTPStatus.TOO_MANY_REQUESTS for one in exchanges)
    refused_later = sum(one.status == HTTPStatus.TOO_MANY_REQUESTS for one in later)
    return {
        "answered_per_second": round((len(exchanges) - refused) / span, 2),
        "answered_later_per_second": round(
            (len(later) - refused_later) / (span - SETTLING_SECONDS), 2
        ),
        "refused_share": round(refused / len(exchanges), 4),
        "refused_later_share": round(refused_later / max(1, len(later)), 4),
    }


_FAULTS = ("s500", "hang", "reset", "truncjson", "missing", "doubled", "shuffled")
_MARKED = 94
"""So many marked texts make one pack of 16 in twenty hold one."""


def faults() -> CaseFigures:
    """Seven kinds of faults in 5 % of the requests each, refused records in 5 % of the packs."""
    texts = texts_sql(50_000, 30_000, poisoned=_MARKED)
    options: dict[str, Any] = {
        "columns": ENVELOPE,
        "ASSAY_DEADLINE_SECONDS": "2.5",
        "ASSAY_MAX_ATTEMPTS": "6",
    }
    with bench(texts, **options) as stage:
        clean, _ = stage.built()
    shares = ",".join(f"{fault}=0.05" for fault in _FAULTS)
    rest = round(1 - 0.05 * len(_FAULTS), 2)
    with bench(texts, scenario=f"mix,{shares},refusetext={rest}", **options) as stage:
        seen, _ = stage.built()
        landed = stage.project.landed("asked", envelopes=True)
    measured = seen | {
        "clean_span_seconds": clean["span_seconds"],
        "clean_dbt_seconds": clean["dbt_seconds"],
        "span_over_clean": round(seen["span_seconds"] / clean["span_seconds"], 3),
        "dbt_over_clean": round(seen["dbt_seconds"] / clean["dbt_seconds"], 3),
        **asdict(landed),
    }
    required = {
        "healthy_unanswered": NONE,
        "misplaced": NONE,
        "span_over_clean": at_most(2),
    }
    return CaseFigures(measured, required)


def ids() -> CaseFigures:
    """100,000 records through replies with shuffled, missing, doubled, shifted, forged ids."""
    kinds = ("shuffled", "missing", "doubled", "shifted", "forged")
    scenario = f"mix,{','.join(f'{kind}=0.1' for kind in kinds)}"
    texts = texts_sql(100_000, 100_000)
    with bench(texts, ENVELOPE, scenario=scenario, latency=NO_LATENCY) as stage:
        seen, _ = stage.built()
        landed = stage.project.landed("asked", envelopes=True)
    required = {"rows": at_least(100_000), "misplaced": NONE, "unanswered": NONE}
    return CaseFigures(seen | asdict(landed), required)


def kills() -> CaseFigures:
    """360 processes that write answers and are killed, three at a time."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        report = Path(folder) / "report.xml"
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-m", "whole", "-k", KILLS),
                *("tests/integration/durability", "-o", "junit_family=xunit1"),
                f"--junit-xml={report}",
            ],
            cwd=REPOSITORY,
            stdout=subprocess.DEVNULL,
            timeout=KILLS_SECONDS,
            check=False,
        )
        return CaseFigures(_told(report), {"kills": at_least(360), "lost": NONE})


def _told(report: Path) -> dict[str, int]:
    """Return the figures of a test report; a test that failed lost something for all we know."""
    found = {"kills": 0, "acknowledged": 0, "lost": 0, "corrupt": 0}
    tree = ElementTree.parse(report)  # noqa: S314 - pytest wrote it a moment ago
    for part in tree.iter("property"):
        found[part.get("name", "")] = int(part.get("value", "0"))
    found["lost"] += sum(1 for tag in ("failure", "error") for _ in tree.iter(tag))
    return found


CASES: Mapping[str, Case] = {
    "label-10k": label_10k,
    "label-50k-64": partial(label_50k, 64, 1.1),
    "label-50k-256": partial(label_50k, 256, 1.25),
    "fusion-10k": fusion_10k,
    "no-gather": no_gather,
    "again": again,
    "stored-1m": stored_1m,
    "rate-limit": rate_limit,
    "faults": faults,
    "ids": ids,
    "kills": kills,
}
