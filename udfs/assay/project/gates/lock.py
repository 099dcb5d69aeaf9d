"""The lock of the checks: what a project has promised to check, against what it checks now."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assay.core.program import program
from assay.project.gates.inventory import (
    Check,
    Inventory,
    PromisedSuite,
    PromisedTable,
    disabled,
    inventory,
    layer_of,
    suites,
)

LOCK = Path("quality/expected.json")

_LOOKED_AT = (
    *("answers", "key", "quality", "required", "types"),
    *("labels", "grounded", "texts", "languages"),
)
"""Settings of a row gate that say what it looks at: looking at more is no harm."""

_CLOSED = (
    "dbt.accepted_values",
    "expect_column_values_to_be_in_set",
    "expect_column_distinct_values_to_be_in_set",
)
"""Checks against a closed list: a shorter one is stricter."""

_HIGHER = ("min", "mostly", "quality_score_below")
_LOWER = ("max",)


class LockError(ValueError):
    """The lock is not there or is none; the message says which."""


@dataclass(frozen=True, slots=True)
class Breach:
    """Something that is promised and not kept: in which layer, in which suite if any, and what."""

    layer: str
    suite: str
    what: str

    @property
    def line(self) -> str:
        """The breach and what to do, in one line."""
        accept = program("checks --accept")
        return f"{self.what}; put it back, or accept the change with {accept}"


def read_lock(project: Path) -> Inventory:
    """Return what a project has promised to check; `LockError` where nothing can be read."""
    path = project / LOCK
    if not path.exists():
        raise LockError(f"{LOCK} is missing, so nobody knows what is to be checked")
    try:
        return Inventory.model_validate_json(path.read_text(encoding="utf-8"))
    except (ValidationError, ValueError):
        raise LockError(f"{LOCK} is no list of checks") from None


def write_lock(project: Path, present: Inventory) -> None:
    """Promise what is checked now."""
    (project / LOCK).parent.mkdir(parents=True, exist_ok=True)
    (project / LOCK).write_text(lock_text(present), encoding="utf-8")


def lock_text(present: Inventory) -> str:
    """Return an inventory as the text of a lock: a line for each check, in a fixed order."""
    document = present.model_dump(mode="json", exclude_defaults=True)
    return _laid_out(document) + "\n"


def breaches(expected: Inventory, present: Inventory, left_out: Sequence[str]) -> list[Breach]:
    """Return what is promised and gone or weaker; more than promised, and stricter, is nothing.

    `left_out` are the names that dbt knows and was told to leave out.
    """
    return [
        *_setting_breaches("vars ai_gates", expected.limits, present.limits, ""),
        *_rule_breaches(expected, present),
        *_digest_breaches("macro", expected.macros, present.macros, ()),
        *_digest_breaches("test", expected.tests, present.tests, left_out),
        *suite_breaches(expected, present.suites),
        *_table_breaches(expected, present, left_out),
    ]


def suite_breaches(expected: Inventory, present: Mapping[str, PromisedSuite]) -> Iterator[Breach]:
    """Yield what suites promise and do not keep."""
    for name, suite in expected.suites.items():

        def breach(what: str, name: str = name) -> Breach:
            return Breach(layer_of(name), name, f"suite {name}: {what}")

        now = present.get(name)
        if now is None:
            yield breach("it is gone")
            continue
        if suite.checks and not now.checks:
            yield breach("it expects nothing")
            continue
        for column, sql in suite.columns.items():
            if now.columns.get(column) != sql:
                yield breach(f"the SQL of its column {column} is not the one expected")
        yield from _check_breaches(suite.checks, now.checks, breach)


def kept_from(
    project: Path, manifest: Mapping[str, Any] | None, told: Mapping[str, Any]
) -> list[Breach]:
    """Return what the lock of a project promises and the project does not keep.

    Without dbt's `manifest` only suites are looked at; `told` are variables of the command line.
    """
    try:
        expected = read_lock(project)
    except LockError as error:
        return [Breach("", "", str(error))]
    if manifest is None:
        return list(suite_breaches(expected, suites(project)))
    return breaches(expected, inventory(project, manifest, told), disabled(manifest))


def unlocked(expected: Inventory, present: Inventory) -> int:
    """Return how many checks there are that nobody has promised yet."""
    return sum(1 for _ in breaches(present, expected, ()))


def _table_breaches(
    expected: Inventory, present: Inventory, left_out: Sequence[str]
) -> Iterator[Breach]:
    for name, table in expected.tables.items():

        def breach(what: str, name: str = name, layer: str = table.layer) -> Breach:
            return Breach(layer, "", f"{name}: {what}")

        now = present.tables.get(name)
        if now is None:
            yield breach(f"it is {'disabled' if name in left_out else 'gone'}")
        else:
            yield from map(breach, _table_differences(table, now))
            yield from _check_breaches(table.checks, now.checks, breach)
            yield from _setting_breaches(name, table.row_gate, now.row_gate, table.layer)


def _table_differences(before: PromisedTable, now: PromisedTable) -> Iterator[str]:
    if now.layer != before.layer:
        yield f"it is in {now.layer}, {before.layer} is expected"
    if before.contract and not now.contract:
        yield "its contract is not enforced any more"
    if before.code and now.code != before.code:
        yield "the code of this gate is not the one expected"
    for gate in sorted({*before.waits_for} - {*now.waits_for}):
        yield f"it does not wait for {gate} any more"
    for model in sorted({*before.reads} - {*now.reads}):
        yield f"it does not read {model} any more"


def _rule_breaches(expected: Inventory, present: Inventory) -> Iterator[Breach]:
    for name, rule in expected.rules.items():
        now = present.rules.get(name)
        if now is None:
            yield Breach("seeds", "", f"rule {name}: it is gone")
            continue
        for field, value in rule.items():
            if now.get(field) != value:
                what = f"{field} is {now.get(field)!r}, {value!r} is expected"
                yield Breach("seeds", "", f"rule {name}: {what}")


def _digest_breaches(
    kind: str, before: Mapping[str, str], now: Mapping[str, str], left_out: Sequence[str]
) -> Iterator[Breach]:
    for name, digest in before.items():
        if name not in now:
            gone = "disabled" if name in left_out else "gone"
            yield Breach("", "", f"{kind} {name}: it is {gone}")
        elif now[name] != digest:
            yield Breach("", "", f"{kind} {name}: its code is not the one expected")


def _setting_breaches(
    where: str, before: Mapping[str, Any], now: Mapping[str, Any], layer: str
) -> Iterator[Breach]:
    for name in sorted({*before, *now}) if before else ():
        was, is_now = before.get(name), now.get(name)
        if not _covers(name, was, is_now):
            what = f"`{name}` is {is_now!r}, {was!r} is expected"
            yield Breach(layer, "", f"{where}: {what}")


def _covers(name: str, before: Any, now: Any) -> bool:
    """Whether a setting of a row gate checks at least what it did."""
    if name in _LOOKED_AT and before is None:
        return True
    if isinstance(before, list) and isinstance(now, list) and name in (*_LOOKED_AT, "rules"):
        return all(item in now for item in before)
    if isinstance(before, dict) and isinstance(now, dict) and name in _LOOKED_AT:
        return before.items() <= now.items()
    return _as_strict(name, before, now)


def _check_breaches(
    before: Sequence[Check], now: Sequence[Check], breach: Callable[[str], Breach]
) -> Iterator[Breach]:
    """Yield a breach for each check that has no equal and nothing stricter in its place."""
    left, changed = list(now), []
    for check in before:
        if check in left:
            left.remove(check)
        else:
            changed.append(check)
    for check in changed:
        rivals = [other for other in left if (other.check, other.on) == (check.check, check.on)]
        nearest = min(rivals, key=lambda other: len(_differences(check, other)), default=None)
        if nearest is None:
            yield breach(f"{check.name} is gone")
            continue
        left.remove(nearest)
        if differences := _differences(check, nearest):
            yield breach(f"{check.name}: {', '.join(differences)}")


def _differences(before: Check, now: Check) -> list[str]:
    """Return how a check differs from what is expected, where it is not merely stricter."""
    pairs = [(before.arguments, now.arguments), (before.config, now.config)]
    return [
        f"`{name}` is {_shown(given, name)}, {_shown(asked, name)} is expected"
        for asked, given in pairs
        for name in sorted({*asked, *given})
        if not _as_strict(name, asked.get(name), given.get(name))
        and not _is_shorter(before, asked.get(name), given.get(name))
    ]


def _is_shorter(check: Check, before: Any, now: Any) -> bool:
    """Whether a closed list lets less through."""
    if check.check not in _CLOSED or not (isinstance(before, list) and isinstance(now, list)):
        return False
    return bool(now) and all(value in before for value in now)


def _shown(values: Mapping[str, Any], name: str) -> str:
    return repr(values[name]) if name in values else "not given"


def _as_strict(name: str, before: Any, now: Any) -> bool:
    """Whether a value is the same, or a limit on the stricter side."""
    if before == now:
        return True
    if not (_is_number(before) and _is_number(now)):
        return False
    if name.startswith(_HIGHER):
        return bool(now > before)
    return name.startswith(_LOWER) and bool(now < before)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_DEPTH = 3
"""Sections, names in them and their entries have lines of their own; lists always have."""


def _laid_out(value: Any, depth: int = 0) -> str:
    indent = "  " * (depth + 1)
    if isinstance(value, dict) and depth < _DEPTH and value:
        lines = [f"{json.dumps(key)}: {_laid_out(value[key], depth + 1)}" for key in value]
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        lines = [json.dumps(item, ensure_ascii=False) for item in value]
    else:
        return json.dumps(value, ensure_ascii=False)
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    inner = ",\n".join(f"{indent}{line}" for line in lines)
    return f"{opening}\n{inner}\n{'  ' * depth}{closing}"
