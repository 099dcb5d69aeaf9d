"""What is wrong, from facts: a red run, drift, spend, dead letters, old publications. Pure."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.core.plural import counted
from assay.core.program import program
from assay.core.settings import Settings
from assay.hosts.dbt.manifest import node_of
from assay.project.alerting.owners import owners_of
from assay.project.alerting.trouble import Trouble
from assay.project.publishing.verdict import age
from assay.project.report.drift import SHIFTED
from assay.project.report.facts import Built, ColumnFacts, plain
from assay.store import SEARCH, Spend

BAD = frozenset({"error", "fail", "runtime error", "partial success", "warn"})
"""How a node ends of which its owner should know."""

_MOST_SAID = 3
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Sight:
    """All that an alert is made of: the last build, its results, and what stands now.

    `published_at` is None before the first publication; `behind` says what is wrong with files
    that are published; `now` is in UTC. What was not looked at is named in `unseen`, by what the
    keys of its troubles begin with. `stop` is what ended the run early, and why.
    """

    settings: Settings
    now: datetime.datetime
    built: Built | None = None
    results: Mapping[str, Any] = field(default_factory=dict)
    manifest: Mapping[str, Any] = field(default_factory=dict)
    columns: Sequence[ColumnFacts] = ()
    spend: Spend | None = None
    dead_letters: int = 0
    published_at: datetime.datetime | None = None
    behind: Sequence[str] = ()
    unseen: tuple[str, ...] = ()
    stop: tuple[str, str] | None = None

    @property
    def run(self) -> str:
        """The id of the run; blank where there is none."""
        return str(self.results.get("metadata", {}).get("invocation_id", ""))

    @property
    def project(self) -> str:
        """The name of the project."""
        return str(self.manifest.get("metadata", {}).get("project_name", ""))


def troubles(seen: Sight) -> list[Trouble]:
    """Return all that is wrong, the worst first."""
    return [
        *_red(seen),
        *_search(seen),
        *_spend(seen),
        *_dead_letters(seen),
        *_drift(seen),
        *_published(seen),
    ]


def _red(seen: Sight) -> Iterator[Trouble]:
    built = seen.built
    if built is None or not (built.exit_code or built.bad):
        return
    ends = seen.results.get("results", ())
    bad = sorted(str(one["unique_id"]) for one in ends if one["status"] in BAD)
    lines = [plain(line, _LONGEST).rstrip(".") for line in (*built.told, *built.bad)]
    if not lines:
        lines = [f"the build ended with exit code {built.exit_code}"]
    more = f"; and {len(lines) - _MOST_SAID} more" if len(lines) > _MOST_SAID else ""
    said = f"The last build is not green: {'; '.join(lines[:_MOST_SAID])}{more}"
    detail = hashlib.sha256(repr((built.exit_code, bad or lines)).encode()).hexdigest()[:16]
    owners = owners_of(seen.manifest, bad)
    yield Trouble("red", "build", said, f"see `{program('report')}`", owners, detail)


def _search(seen: Sight) -> Iterator[Trouble]:
    """Yield that no evidence could be looked for: rows keep their answers, so nothing is red."""
    if seen.stop is not None and seen.stop[0] == SEARCH:
        said = "The last run could not look for evidence, as the search server does not answer"
        remedy = "see `ASSAY_EVIDENCE_URL` and the server; what was verified stays, and ages"
        yield Trouble("search", "evidence", said, remedy)


def _spend(seen: Sight) -> Iterator[Trouble]:
    """Yield what the run spent, where that is much of what it may: money, and requests."""
    if seen.spend is None:
        return
    limits = seen.settings
    walls = [
        ("money", seen.spend.cost_usd, limits.max_cost_usd, "ASSAY_MAX_COST_USD", "US dollars"),
        ("requests", seen.spend.requests, limits.max_requests, "ASSAY_MAX_REQUESTS", "requests"),
    ]
    for subject, spent, most, variable, unit in walls:
        if most is not None and spent >= limits.alert_spend_share * most:
            said = f"The last run spent {spent:,.6g} of {most:,.6g} {unit} ({spent / most:.0%})"
            remedy = f"see `{program('spend --by column')}`, or raise `{variable}`"
            yield Trouble("spend", subject, said, remedy, detail=seen.run)


def _dead_letters(seen: Sight) -> Iterator[Trouble]:
    most = seen.settings.max_dead_letters
    if seen.dead_letters <= most:
        return
    said = f"{counted(seen.dead_letters, 'dead letter')}, over the limit of {most:,}"
    remedy = f"see `{program('dead-letters list')}`, then replay or discard them"
    yield Trouble("dead_letters", "store", said, remedy)


def _drift(seen: Sight) -> Iterator[Trouble]:
    for column in seen.columns:
        for shares in column.shares:
            if shares.psi is not None and shares.psi > SHIFTED:
                subject = f"{column.table}.{plain(shares.path, 120)}"
                said = f"The labels of {subject} have shifted (PSI {shares.psi:.2f})"
                schema, _, table = column.table.partition(".")
                owners = owners_of(seen.manifest, [node_of(seen.manifest, schema, table) or ""])
                yield Trouble("drift", subject, said, f"see `{program('report')}`", owners)


def _published(seen: Sight) -> Iterator[Trouble]:
    for line in seen.behind:
        remedy = f"run `{program('publish')}`, or see why it does not write the file"
        yield Trouble("published", line.partition(" ")[0], f"The file {line}", remedy)
    most, at = seen.settings.alert_published_hours, seen.published_at
    if most is None or at is None or seen.now - at <= datetime.timedelta(hours=most):
        return
    said = f"What is published is {age(at, seen.now)} old, over {most:g} hours"
    remedy = f"run `{program('build')}`, or see why it is not green"
    yield Trouble("published", "publication", said, remedy)
