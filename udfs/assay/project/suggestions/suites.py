"""The suite that a person reads, edits and accepts: in the format of the gates, and marked."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.core.errors import ConfigError
from assay.functions.suggest import Severity
from assay.project.suggestions.candidates import Candidate
from assay.project.suggestions.profiles import Profile
from assay.project.suggestions.rules import IN_SET, NOT_IN_SET, NOT_NULL

FOLDER = Path("quality/suites/suggested")
ROW_COUNT = "expect_table_row_count_to_be_between"
_OF_NOW = 0.5
"""A later table of less than this share of today's rows, or values, is red: it lost them."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An issue: what is expected, how many rows do not meet it, how severe that is, and why."""

    candidate: Candidate
    severity: Severity
    reason: str


def suite(profile: Profile, found: Sequence[Suggestion]) -> dict[str, Any]:
    """Return the suite; `suggested` in its `meta` keeps every gate from loading it."""
    least = max(1, int(_OF_NOW * profile.rows))
    derived = {name: sql for each in found for name, sql in each.candidate.rule.derived.items()}
    rows = _expectation(ROW_COUNT, {"min_value": least}, {"reason": "half the rows of now"})
    guards = list(_guards(profile, found))
    return {
        "name": profile.table.name,
        "meta": {
            "relation": profile.table.name,
            "suggested": True,
            "minimum_evaluated": least,
            "columns": derived,
            "remarks": [_told(each) for each in found if not each.candidate.rule.expectation],
        },
        "expectations": [rows, *guards, *map(_suggested, expected(found))],
    }


def expected(found: Sequence[Suggestion]) -> list[Suggestion]:
    """Return the suggestions that are expectations; the others are remarks."""
    return [each for each in found if each.candidate.rule.expectation]


def _suggested(each: Suggestion) -> dict[str, Any]:
    rule = each.candidate.rule
    meta = {
        "kind": rule.kind,
        "severity": each.severity,
        "reason": each.reason,
        "judged": each.candidate.judged,
        "wrong": each.candidate.wrong,
        "minimum_evaluated": _least(each.candidate.judged),
    }
    if rule.seen:
        meta["seen"] = list(rule.seen)
    return _expectation(str(rule.expectation), rule.kwargs, meta)


def _told(each: Suggestion) -> dict[str, Any]:
    return {
        "severity": each.severity,
        "reason": each.reason,
        "seen": list(each.candidate.rule.seen),
    }


def _guards(profile: Profile, found: Sequence[Suggestion]) -> Iterator[dict[str, Any]]:
    """Yield the not-null that a gate wants beside each set, as it would pass where all is NULL."""
    strict = {each.candidate.rule.cell for each in found if _is(each, NOT_NULL)}
    judged = {
        each.candidate.rule.kwargs["column"]: each.candidate.judged
        for each in found
        if _is(each, IN_SET) or _is(each, NOT_IN_SET)
    }
    for column, rows in judged.items():
        if column not in strict:
            share = math.floor(100 * _OF_NOW * rows / profile.rows) / 100
            meta = {"reason": "stands beside the expectation about a set"}
            yield _expectation(NOT_NULL, {"column": column, "mostly": max(share, 0.0001)}, meta)


def _is(each: Suggestion, expectation: str) -> bool:
    return each.candidate.rule.expectation == expectation


def _least(judged: int) -> int:
    return max(1, int(_OF_NOW * judged))


def _expectation(kind: str, kwargs: Any, meta: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "kwargs": dict(kwargs), "meta": meta}


def target(profile: Profile, out: Path | None) -> Path:
    """Return the file of the suite; `ConfigError` for a name that no gate would load."""
    name = profile.table.name
    path = out or FOLDER / f"{name}.json"
    if Path(name).name != name or path.name != f"{name}.json":
        message = f"A suite is called after its table; give --out FOLDER/{name}.json."
        raise ConfigError(message)
    return path


def write(path: Path, document: dict[str, Any], *, force: bool) -> None:
    """Write a suggested suite; what a person wrote is never replaced, with `force` neither.

    Raises `ConfigError` where a file is in the way.
    """
    if path.exists() and not _is_suggested(path):
        message = f"{path} is an accepted suite, or none; give another folder in --out."
        raise ConfigError(message)
    if path.exists() and not force:
        message = f"{path} is there already, perhaps edited; replace it with --force."
        raise ConfigError(message)
    path.parent.mkdir(parents=True, exist_ok=True)
    unborn = path.with_name(f"{path.name}.new")
    unborn.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    unborn.replace(path)


def _is_suggested(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["meta"]["suggested"])
    except (ValueError, KeyError, TypeError):
        return False
