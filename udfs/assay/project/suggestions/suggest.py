"""From a table to suggestions: profile, candidates, one ask, and rules for what was answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from assay.core.errors import ConfigError
from assay.core.settings import Settings
from assay.project.evaluation.evaluate import ask
from assay.project.suggestions import rules
from assay.project.suggestions.candidates import Candidate, candidates, counted
from assay.project.suggestions.documents import document
from assay.project.suggestions.profiles import Profile, profile
from assay.project.suggestions.relations import Relation
from assay.project.suggestions.rules import SuggestionRule
from assay.project.suggestions.suites import Suggestion
from assay.providers import Provider
from assay.store import Spend

RANK = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What came of it: the issues, the most severe first, and what of the answer was dropped."""

    profile: Profile
    found: Sequence[Suggestion]
    dropped: Sequence[str]
    spend: Spend


def suggest(
    connection: duckdb.DuckDBPyConnection,
    table: Relation,
    settings: Settings,
    model: str | None = None,
    provider: Provider | None = None,
) -> Suggestions:
    """Return the suggestions for a table, asking `provider`, or that of the settings, once.

    Raises `ConfigError` for an empty table, and where there is no answer.
    """
    shown = profile(connection, table)
    if not shown.rows:
        message = f"{table.schema}.{table.name} is empty: nothing can be learnt from it; build it."
        raise ConfigError(message)
    counts = candidates(connection, shown)
    known = [each for each in counts if each.rule.expectation]
    text = document(connection, shown, known)
    spec = json.dumps({"kind": "suggest", "isolate": True, "model": model})
    asked = ask(settings, spec, [text], provider)
    (outcome,) = asked.outcomes
    if outcome.status != "ok" or outcome.value is None:
        message = (
            f"There is no answer ({outcome.status}): {outcome.error} Ask again later, or with "
            "`ASSAY_PROVIDER=local`."
        )
        raise ConfigError(message)
    answer = json.loads(outcome.value)
    dropped = [f"issue {each['place']} of the answer {each['why']}" for each in answer["dropped"]]
    found = [
        made
        for issue in answer["issues"]
        if (made := _suggestion(connection, shown, known, issue, dropped)) is not None
    ]
    found += [_remark(each) for each in counts if not each.rule.expectation]
    found.sort(key=_rank(found))
    return Suggestions(shown, found, dropped, asked.spend)


def _rank(found: Sequence[Suggestion]) -> Callable[[Suggestion], tuple[int, int, str, int]]:
    """Return the order of suggestions: severe ones first, then by rows, those that say the same
    of several columns together."""
    most: dict[tuple[str, str], int] = {}
    for each in found:
        said = (each.severity, each.candidate.rule.claim)
        most[said] = max(most.get(said, 0), each.candidate.wrong)

    def rank(each: Suggestion) -> tuple[int, int, str, int]:
        claim, wrong = each.candidate.rule.claim, each.candidate.wrong
        return RANK.index(each.severity), -most[each.severity, claim], claim, -wrong

    return rank


def _remark(candidate: Candidate) -> Suggestion:
    """Return what is told and expected of no table, with its counts; nobody is asked about it."""
    rule, columns = candidate.rule, ", ".join(map(repr, candidate.rule.columns))
    counts = f"{candidate.wrong:,} of {candidate.judged:,} rows"
    seen = f": {'; '.join(rule.seen)}" if rule.seen else ""
    return Suggestion(candidate, "low", f"{columns}: {rule.claim} ({counts}){seen}.")


def _suggestion(
    connection: duckdb.DuckDBPyConnection,
    shown: Profile,
    known: Sequence[Candidate],
    issue: Mapping[str, Any],
    dropped: list[str],
) -> Suggestion | None:
    """Return an issue with its rule, counted; None, and a line in `dropped`, where it has none."""
    by_id = {each.id: each for each in known}
    if (candidate := by_id.get(issue["candidate"] or "")) is None:
        try:
            rule = _rule(shown, issue)
            candidate = Candidate("", rule, *counted(connection, shown.table, rule))
        except (duckdb.Error, ConfigError):
            dropped.append(f"{issue['expectation']} on {issue['columns']} cannot be counted")
            return None
    if not candidate.judged:
        dropped.append(f"{issue['expectation']} on {issue['columns']} judges no row")
        return None
    return Suggestion(candidate, issue["severity"], issue["reason"])


def _rule(shown: Profile, issue: Mapping[str, Any]) -> SuggestionRule:
    """Return the rule of an issue that the answer added; `ConfigError` where no type fits it."""
    first, *others = [shown.column(name) for name in issue["columns"]]
    match issue["expectation"]:
        case rules.NOT_NULL:
            rule = rules.not_null(first.name)
        case rules.UNIQUE:
            rule = rules.unique(first.name)
        case rules.PAIR if first.family == others[0].family:
            rule = rules.ordered(first.name, others[0].name)
        case rules.REGEX if first.family == "text":
            rule = rules.matches(first.name, issue["pattern"], "matches")
        case rules.BETWEEN if first.family == "number":
            bounds = (issue["minimum"], issue["maximum"])
            rule = rules.between(first.name, first.family, *bounds, "lies between")
        case _:
            message = "the column's type does not allow it"
            raise ConfigError(message)
    return rules.of_kind(rule, issue["kind"])
