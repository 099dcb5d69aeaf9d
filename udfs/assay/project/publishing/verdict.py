"""What may be published and how it is described: verdict, manifest, names, cells. Pure."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.core.canonical import digest
from assay.core.line_ends import unix
from assay.core.plural import counted
from assay.core.program import program
from assay.hosts.dbt.nodes import kind_of, nodes_of
from assay.hosts.duckdb.quoting import quoted
from assay.project.publishing.gold import gold_nodes, is_built, unclear

_CHECKS = frozenset({"test", "unit_test"})
_GOOD = frozenset({"success", "pass", "no-op"})
_SELECTIONS = {
    "select": "--select",
    "exclude": "--exclude",
    "selector": "--selector",
    "resource_types": "--resource-type",
    "exclude_resource_types": "--exclude-resource-type",
}
_MOST_NAMED = 3
"""How many nodes a line names; the rest is counted."""

FORMULA_STARTS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
"""What makes a spreadsheet run a cell, in narrow and wide forms: OWASP ASVS 1.2.10, CWE-1236."""

_PRECISION = re.compile(r"\(\d+, ?\d+\)$")
"""What follows DECIMAL; a list of decimals ends otherwise."""

_TIME_FORMAT = "%Y%m%dT%H%M%S%fZ"

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Measure:
    """How much a table holds and what: rows, and a hash that does not depend on their order."""

    rows: int
    content_hash: str


def obstacles(results: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[str]:
    """Return why the gold that this invocation built may not be published; nothing if it may.

    Everything that gold hangs on, and everything that hangs on gold, must have been built by this
    very invocation, every data test on any of it must have run, and nothing at all may have
    failed, warned or been skipped.
    """
    if reasons := _not_a_build(results):
        return reasons
    return [*_not_good(results), *_not_run(results, manifest)]


def partial_by(results: Mapping[str, Any]) -> list[str]:
    """Return the arguments that made a build a partial one, as dbt takes them."""
    arguments = results.get("args", {})
    return [
        f"`{option} {value if isinstance(value, str) else ' '.join(value)}`"
        for name, option in _SELECTIONS.items()
        if (value := arguments.get(name))
    ]


def checks(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what each test of an invocation counted: its name, verdict and failing rows."""
    return [
        {
            "check": result["unique_id"],
            "status": result["status"],
            "failures": result.get("failures"),
        }
        for result in sorted(results["results"], key=lambda result: str(result["unique_id"]))
        if _type(result) in _CHECKS
    ]


def lf_checksum(checksum: str, contents: str) -> str:
    """Return dbt's checksum of a file as it would be with LF for its line ends.

    A checksum that is not of these contents stays as it is.
    """
    if "\r" not in contents or _sha256(contents) != checksum:
        return checksum
    return _sha256(unix(contents))


def _sha256(contents: str) -> str:
    return hashlib.sha256(contents.strip().encode()).hexdigest()


def seed_hashes(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of each seed file, by name."""
    seeds = [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    return {node["name"]: str(node["checksum"]["checksum"]) for node in seeds}


def code_hash(manifest: Mapping[str, Any]) -> str:
    """Return a hash over every node and macro of the project: the code, also without git."""
    project = manifest["metadata"].get("project_name")
    nodes = [[name, node["checksum"]["checksum"]] for name, node in manifest["nodes"].items()]
    macros = [
        [name, digest(unix(macro["macro_sql"]))]
        for name, macro in manifest["macros"].items()
        if macro["package_name"] == project
    ]
    return digest(sorted([*nodes, *macros]))


def content_hash(columns: Sequence[tuple[str, str]], rows: int, low: int, high: int) -> str:
    """Return the hash of a table from its columns and the sums over the hashes of its rows."""
    return digest([[list(column) for column in columns], rows, str(low), str(high)])


def name_of(moment: datetime.datetime, invocation_id: str) -> str:
    """Return the folder name of a publication; names sort by time."""
    return f"{moment.astimezone(datetime.UTC).strftime(_TIME_FORMAT)}-{invocation_id[:8]}"


def retired(names: Iterable[str], current: str, keep: int) -> list[str]:
    """Return which publications go when `keep` stay: never the current one, the oldest first."""
    others = sorted(name for name in names if name != current)
    return others[: max(0, len(others) - (keep - 1))]


def age(since: datetime.datetime, now: datetime.datetime) -> str:
    """Return how long ago `since` was, in words."""
    seconds = max(0, int((now - since).total_seconds()))
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


def csv_column(name: str, type_: str) -> str:
    """Return the SQL of a column as a CSV file holds it: no spreadsheet runs its cells.

    Numbers, dates and booleans stay as they are; everything else is text, without NUL, and with
    an apostrophe in front where a formula would begin.
    """
    column = quoted(name)
    if _PRECISION.sub("", type_.upper()) in _PLAIN_TYPES:
        return f"{column} as {quoted(harmless(name))}"
    value = f"replace({column}::varchar, chr(0), '')"
    starts = ", ".join(f"chr({ord(start)})" for start in FORMULA_STARTS)
    return (
        f"case when left({value}, 1) in ({starts}) then '''' || {value} else {value} end "
        f"as {quoted(harmless(name))}"
    )


def harmless(cell: str) -> str:
    """Return a text as a CSV cell that no spreadsheet runs."""
    text = cell.replace("\0", "")
    return f"'{text}" if text[:1] and text[0] in FORMULA_STARTS else text


_PLAIN_TYPES = frozenset(
    (
        *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
        *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
        *("DECIMAL", "FLOAT", "DOUBLE", "BOOLEAN", "DATE"),
        *("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"),
    )
)


def _not_a_build(results: Mapping[str, Any]) -> list[str]:
    arguments = results.get("args", {})
    if (which := arguments.get("which")) != "build":
        return [f"the last dbt command was `dbt {which}`, which checks nothing"]
    if limits := partial_by(results):
        return [f"the build was partial, limited by {', '.join(limits)}; run {program('build')}"]
    return [
        f"the run had --{name}, so its tables are not whole"
        for name in ("empty", "sample")
        if arguments.get(name)
    ]


def _not_good(results: Mapping[str, Any]) -> list[str]:
    by_status: dict[str, list[str]] = {}
    for result in results["results"]:
        if result["status"] not in _GOOD and kind_of(result) != "operation":
            by_status.setdefault(str(result["status"]), []).append(_described(result))
    lines = [
        f"{len(names)} with status {status}: {named(names)}"
        for status, names in sorted(by_status.items())
    ]
    hooks = nodes_of(results, "operation")
    if hooks.done < hooks.total:
        lines.append("a hook at the end of the run has failed, as said above")
    return lines


def _not_run(results: Mapping[str, Any], manifest: Mapping[str, Any]) -> list[str]:
    if odd := unclear(manifest):
        what = "is neither true nor false nor an address, such as `json:site/gold.json`"
        return [f"`meta: publish` of {named(odd)} {what}; write one of them"]
    gold = {node["unique_id"] for node in gold_nodes(manifest)}
    if not gold:
        return [
            "no model is to be published; write `config: {meta: {publish: true}}` at those that "
            "consumers read, or name them in an exposure"
        ]
    ran = {result["unique_id"] for result in results["results"]}
    related = _related(gold, manifest)
    tests = {
        name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "test"
    }
    attached = {name for name, node in tests.items() if related & set(node["depends_on"]["nodes"])}
    checked = {parent for name in attached for parent in tests[name]["depends_on"]["nodes"]}
    lines = []
    if missing := sorted(_last(name) for name in (related | attached) - ran):
        lines.append(f"{len(missing)} that gold needs did not run: {named(missing)}")
    if unchecked := sorted(_last(name) for name in gold - checked):
        what = "write one, or `config: {meta: {publish: false}}`"
        lines.append(f"no data test looks at {named(unchecked)}; {what}")
    return lines


def _related(gold: set[str], manifest: Mapping[str, Any]) -> set[str]:
    """Return all that is built above and below gold, gold included."""
    found = set(gold)
    for direction in ("parent_map", "child_map"):
        found |= _reached(gold, manifest[direction])
    nodes = manifest["nodes"]
    return {name for name in found if name in nodes and is_built(nodes[name])}


def _reached(starts: set[str], edges: Mapping[str, Sequence[str]]) -> set[str]:
    seen, waiting = set(starts), deque(starts)
    while waiting:
        for name in edges.get(waiting.popleft(), ()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen


def _type(result: Mapping[str, Any]) -> str:
    return str(result["unique_id"]).split(".", maxsplit=1)[0]


def _last(unique_id: str) -> str:
    """Return the name in a unique id: `model.assay.silver_feedback`, `test.assay.name.hash`."""
    return unique_id.split(".")[2]


def _described(result: Mapping[str, Any]) -> str:
    rows = f" ({counted(result['failures'], 'row')})" if result.get("failures") else ""
    return f"{_last(str(result['unique_id']))}{rows}"


def named(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
