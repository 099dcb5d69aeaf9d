"""What the project states of a table: its key, its dependencies, the suites that were accepted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.core.errors import ConfigError
from assay.project.repairs.rows import KeyedRows
from assay.project.repairs.slips import ONE_SPELLING, ValueRule
from assay.project.suggestions.dependencies import Dependency
from assay.project.suggestions.detectors import judges_enough
from assay.project.suggestions.profiles import Profile
from assay.project.suggestions.rules import IN_SET, NOT_IN_SET, REGEX, SuggestionRule

_OF_VALUES = (IN_SET, NOT_IN_SET, REGEX)
_FOLLOWS = " follows from "


@dataclass(frozen=True, slots=True)
class Stated:
    """`follows` says by which columns a column is determined; `suites` are files by their path."""

    follows: Mapping[str, Sequence[str]] = field(default_factory=dict)
    suites: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def accepted_suites(folder: Path, table: str) -> dict[str, Mapping[str, Any]]:
    """Return the suites of a table that a person has accepted, by their path in the project.

    Raises `ConfigError` for one that cannot be read.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for path in sorted(folder.glob(f"*/{table}.json")):
        suite = _suite(path)
        if not suite.get("meta", {}).get("suggested"):
            found["/".join(path.parts[-4:])] = suite
    return found


def _suite(path: Path) -> Mapping[str, Any]:
    try:
        suite: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for each in suite.get("expectations", ()):
            re.compile(str(each["kwargs"].get("regex", "")))
    except (ValueError, TypeError, KeyError, AttributeError, re.error) as error:
        message = f"{path} is no suite that can be read ({error}); mend it, or take it away."
        raise ConfigError(message) from None
    return suite


def voters(
    rows: KeyedRows, profile: Profile, found: Sequence[Dependency], stated: Stated
) -> Iterator[Dependency]:
    """Yield the dependencies that judge enough rows; of a column that something is stated of
    those alone that are stated, by the project or by an accepted suite, and none backwards."""
    said = dict(_stated(rows, stated))
    for dependent, determinants in said.items():
        yield Dependency(determinants, dependent, profile.rows, 1.0, 1.0)
    for each in found:
        backwards = any(each.dependent in said.get(name, ()) for name in each.determinants)
        if each.dependent not in said and not backwards and judges_enough(profile, each):
            yield each


def _stated(rows: KeyedRows, stated: Stated) -> Iterator[tuple[str, tuple[str, ...]]]:
    for suite in stated.suites.values():
        for derived in suite.get("meta", {}).get("columns", {}):
            dependent, follows, by = derived.partition(_FOLLOWS)
            if follows and dependent in rows.columns:
                yield dependent, tuple(name for name in rows.columns if repr(name) in by)
    for dependent, given in stated.follows.items():
        of = f"follows: {dependent}"
        yield rows.has(dependent, of), tuple(rows.has(name, of) for name in given)


def value_rules(
    rows: KeyedRows, found: Iterable[SuggestionRule], stated: Stated
) -> Iterator[ValueRule]:
    """Yield what is expected of values: by accepted suites, and by the profile of the table."""
    for path, suite in stated.suites.items():
        for each in suite.get("expectations", ()):
            asked = str(each["kwargs"].get("column", ""))
            column = asked.removesuffix(ONE_SPELLING)
            if each["type"] in _OF_VALUES and column in rows.columns:
                yield ValueRule(column, each["type"], each["kwargs"], f"{path}: {each['type']}")
    for rule in found:
        of_values = rule.expectation in _OF_VALUES and len(rule.columns) == 1
        if of_values and rule.expectation is not None:
            yield ValueRule(rule.cell, rule.expectation, rule.kwargs, rule.claim)
