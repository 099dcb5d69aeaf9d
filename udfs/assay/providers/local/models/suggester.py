"""Which candidates of a table's profile are issues, how severe, and why: by their counts alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.providers.local.models.judgement import Judgement

MOST_WRONG: Mapping[str, float] = {
    "expect_column_values_to_be_unique": 0.01,
    "expect_column_values_to_be_between": 0.002,
    "expect_column_pair_values_a_to_be_greater_than_b": 0.02,
    "expect_column_values_to_be_in_set": 0.1,
}
"""Where a larger share of the judged rows is wrong, it is the rule that is; others have no such
limit, as a column can be written wrongly throughout."""

A_FEW = 3
"""So many rows may always be wrong."""

LEAST_JUDGED = 20
HIGH_SHARE = 0.01
"""From this share of wrong rows an issue of a serious kind is high."""

_SERIOUS = ("logical_errors", "referential_integrity", "missing_values")


def suggest(profile: Mapping[str, Any]) -> Judgement:
    """Return the issues of a profile document, the most severe first."""
    issues = [
        _issue(candidate, _severity(candidate))
        for candidate in profile["candidates"]
        if _is_issue(candidate)
    ]
    issues.sort(key=lambda issue: ("high", "medium", "low").index(issue["severity"]))
    return Judgement({"issues": issues}, 1.0)


def _is_issue(candidate: Mapping[str, Any]) -> bool:
    if candidate["judged"] < LEAST_JUDGED:
        return False
    limit = MOST_WRONG.get(candidate["expectation"], 1.0)
    return bool(candidate["wrong"] <= max(A_FEW, limit * candidate["judged"]))


def _severity(candidate: Mapping[str, Any]) -> str:
    """Low where nothing is wrong today; else by the kind and by how much is wrong."""
    share = candidate["wrong"] / candidate["judged"]
    if not share:
        return "low"
    serious = candidate["kind"] in _SERIOUS
    if share >= HIGH_SHARE:
        return "high" if serious else "medium"
    return "medium" if serious else "low"


def _issue(candidate: Mapping[str, Any], severity: str) -> dict[str, Any]:
    wrong, judged = candidate["wrong"], candidate["judged"]
    counted = (
        f"{wrong:,} of {judged:,} rows do not ({wrong / judged:.2%})"
        if wrong
        else f"all {judged:,} rows do today"
    )
    return {
        "candidate": candidate["id"],
        "kind": candidate["kind"],
        "severity": severity,
        "expectation": candidate["expectation"],
        "columns": candidate["columns"],
        "minimum": None,
        "maximum": None,
        "pattern": None,
        "reason": f"{candidate['columns'][0]!r} {candidate['claim']}: {counted}.",
    }
