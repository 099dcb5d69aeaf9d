"""Tests, suites and models over builds: which passed when, and how long models take. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from assay.project.report.facts import Built, SuiteState
from assay.project.report.notes import WORST_FIRST

MOST_BUILDS = 12
"""How many builds a history has."""

_MOST_MODELS = 12
_RED = ("error", "fail")


@dataclass(frozen=True, slots=True)
class Checks:
    """Something that is checked: how it ended in each build, the oldest first; blank where it
    did not run. The last one is that of the build that is reported."""

    name: str
    states: Sequence[str]

    @property
    def now(self) -> str:
        """How it ended in this build."""
        return self.states[-1] or "not run"

    @property
    def is_red(self) -> bool:
        """Whether it is red now."""
        return self.now in _RED

    @property
    def kind(self) -> str:
        """`telling` where it is, or was, anything but a pass; else `skipped`, or `steady`."""
        if {*self.states} - {"pass", "skipped", ""}:
            return "telling"
        return "skipped" if self.now == "skipped" else "steady"

    @property
    def said(self) -> str:
        """The states in words."""
        counts = {state: self.states.count(state) for state in dict.fromkeys(self.states) if state}
        told = ", ".join(f"{count} {state}" for state, count in counts.items())
        return f"{len(self.states)} builds, the last on the right: {told}"


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds that a model took, and what it mostly took before, None where that is not known."""

    name: str
    seconds: float
    usual: float | None


def tests_over(builds: Sequence[Built]) -> list[Checks]:
    """Return each test of the last of `builds`, the worst first, with its history."""
    shown = [one for one in builds[-MOST_BUILDS:] if one.outcomes]
    if not shown or not builds[-1].outcomes:
        return []
    rows = [
        Checks(name, [one.outcomes.get(name, "") for one in shown]) for name in shown[-1].outcomes
    ]
    return sorted(rows, key=lambda row: (_place(row.now), row.kind != "telling", row.name))


def suites_over(states: Sequence[SuiteState]) -> Mapping[tuple[str, str], Checks]:
    """Return the history of each suite, by gate and name."""
    runs = list(dict.fromkeys(state.invocation_id for state in states))[-MOST_BUILDS:]
    found = {
        (one.gate, one.suite, one.invocation_id): "fail" if one.red else "pass" for one in states
    }
    names = dict.fromkeys((one.gate, one.suite) for one in states)
    return {name: Checks(name[1], [found.get((*name, run), "") for run in runs]) for name in names}


def durations_over(builds: Sequence[Built]) -> list[Duration]:
    """Return the models of the last of `builds` that took longest, beside their usual time."""
    if not builds:
        return []
    *before, now = builds
    slowest = sorted(now.durations.items(), key=lambda pair: -pair[1])[:_MOST_MODELS]
    return [Duration(name, seconds, _usual(name, before)) for name, seconds in slowest]


def _usual(name: str, before: Sequence[Built]) -> float | None:
    """Return the median of the builds before."""
    known = [one.durations[name] for one in before if name in one.durations]
    return median(known) if known else None


def _place(status: str) -> int:
    return WORST_FIRST.index(status) if status in WORST_FIRST else 0
