"""What dbt said of each build, kept beside the reports: `run_results.json` knows the last only."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assay.core.plural import counted
from assay.core.program import program
from assay.hosts.dbt.nodes import CHECKED, called, kind_of, nodes_of
from assay.project.publishing.verdict import partial_by
from assay.project.report.facts import Built, RunFacts, Verdict, plain
from assay.project.report.summary import invocation_of

_BEARABLE = frozenset(("success", "pass", "no-op", "warn", "skipped"))
_TOLD = frozenset(("test", "operation"))
"""Kinds of nodes of which a build says in a sentence why they are red."""

_JUDGING = "select assay_judge("
"""What the hook `assay_judge_run` compiles to: its message is ours and quotes no row."""

WORST_FIRST = ("error", "fail", "warn", "skipped", "pass")
BEST = WORST_FIRST[-1]

_MOST_BUILDS = 24
"""How many builds before are read at most."""

_MOST_BAD = 20
_MOST_TOLD = 600


def built_from(
    results: Mapping[str, Any],
    exit_code: int | None,
    told: Sequence[str] = (),
    *,
    manifest: Mapping[str, Any] | None = None,
    **more: Any,
) -> Built:
    """Return what dbt's results say: names and counts; its messages may quote rows.

    `told` is what the build printed of what is red: a test of which it speaks is named no more.
    `manifest` has names for tests that people read, `more` are further fields of `Built`.
    """
    bad = [result for result in results["results"] if result["status"] not in _BEARABLE]
    named = [one for one in bad if not (told and kind_of(one) in _TOLD)]
    models, tests = nodes_of(results, "model"), nodes_of(results, *CHECKED)
    return Built(
        exit_code=exit_code,
        seconds=results.get("elapsed_time"),
        models=models.done,
        all_models=models.total,
        tests=tests.done,
        all_tests=tests.total,
        statuses=tests.statuses,
        bad=[_line(result) for result in named][:_MOST_BAD],
        told=[plain(line, _MOST_TOLD) for line in told][:_MOST_BAD],
        began=_began(results),
        selection=partial_by(results),
        durations=_durations(results),
        outcomes=_outcomes(results, manifest or {}),
        **more,
    )


def _began(results: Mapping[str, Any]) -> str:
    return str(results.get("metadata", {}).get("invocation_started_at") or "")


def _durations(results: Mapping[str, Any]) -> dict[str, float]:
    """Return the seconds that each model took."""
    ran = [one for one in results["results"] if kind_of(one) == "model"]
    return {_last(one): one["execution_time"] for one in ran if one.get("execution_time")}


def _outcomes(results: Mapping[str, Any], manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return how each test ended; of those that have one name, the worst."""
    nodes = {**manifest.get("nodes", {}), **manifest.get("unit_tests", {})}
    found: dict[str, str] = {}
    for one in results["results"]:
        if kind_of(one) not in CHECKED:
            continue
        node = nodes.get(one["unique_id"])
        name = plain(called(node) if node else _last(one))
        found[name] = min(found.get(name, BEST), str(one["status"]), key=_badness)
    return found


def _badness(status: str) -> int:
    return WORST_FIRST.index(status) if status in WORST_FIRST else 0


def _last(result: Mapping[str, Any]) -> str:
    return str(result["unique_id"]).split(".")[2]


def keep(folder: Path, invocation_id: str, built: Built) -> None:
    """Write down what dbt said of a build."""
    folder.mkdir(parents=True, exist_ok=True)
    _path(folder, invocation_id).write_text(json.dumps(asdict(built)), encoding="utf-8")


def known(folder: Path, invocation_id: str, results: dict[str, Any] | None) -> Built | None:
    """Return what dbt said of a run: what was kept of it, or `results` where they are its own."""
    if (kept := _read(_path(folder, invocation_id))) is not None:
        return kept
    mine = results is not None and invocation_of(results) == invocation_id
    return built_from(results, None) if mine and results is not None else None


def _read(file: Path) -> Built | None:
    try:
        return Built(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def earlier(folder: Path, built: Built | None) -> list[Built]:
    """Return the builds that were kept up to `built`, with it, the oldest first."""
    if built is None:
        return []
    files = sorted(folder.glob("built-*.json"), key=lambda file: file.stat().st_mtime_ns)
    kept = [one for file in files[-_MOST_BUILDS:] if (one := _read(file)) is not None]
    before = [one for one in kept if one.began and one.began < built.began]
    return [*sorted(before, key=lambda one: one.began), built]


def file_name(invocation_id: str) -> str:
    """Return the id of a run as a part of a file name, whatever it is made of."""
    return re.sub(r"[^\w-]", "_", invocation_id)[:64]


def verdict(run: RunFacts, built: Built | None, red_lines: Sequence[str] = ()) -> Verdict:
    """Return whether a run was green, and what says otherwise.

    `red_lines` says of each red expectation what was expected and what to do.
    """
    partial = bool(built and built.selection)
    if reasons := _reasons(run, built, red_lines):
        return Verdict("red", reasons, "red, partial" if partial else "red")
    if built is None:
        return Verdict("unknown", ["what dbt said of this run was not kept"], "unknown")
    if not (built.tests or run.expectations):
        said = "partial, nothing checked" if partial else "nothing checked"
        return Verdict("grey", [], said)
    return Verdict("green", [], "green, partial" if partial else "green")


def _reasons(run: RunFacts, built: Built | None, red_lines: Sequence[str]) -> list[str]:
    reasons = []
    if run.stopped_by:
        reasons.append(f"stopped ({plain(run.stopped_by, 40)}): {plain(run.message or '', 300)}")
    if run.red:
        reasons.append(f"{run.red:,} of {run.expectations:,} expectations of the gates are red")
    reasons += red_lines
    if built is not None:
        reasons += [*built.told, *built.bad]
        if built.exit_code and not reasons:
            reasons.append(
                f"the build ended with exit code {built.exit_code}; what it printed says why, "
                f"and so does {program('checks')}"
            )
    return reasons


def _line(result: Mapping[str, Any]) -> str:
    if str(result.get("compiled_code") or "").strip().startswith(_JUDGING):
        return plain(str(result["message"]).partition("error:")[2], _MOST_TOLD)  # our own words
    rows = f", {counted(result['failures'], 'row')}" if result.get("failures") else ""
    return plain(f"{result['status']}: {_last(result)}{rows}")


def _path(folder: Path, invocation_id: str) -> Path:
    return folder / f"built-{file_name(invocation_id)}.json"
