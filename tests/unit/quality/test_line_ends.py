"""Line ends: no digest of the lock depends on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assay.core.line_ends import unix
from assay.project.gates.inventory import inventory
from assay.project.gates.lock import breaches

SQL = "select 1\nwhere true\n"
GATE = '    "orders": dbt.ref("orders"),\n    run()\n'


def manifest(end: str) -> dict[str, Any]:
    """A project with a macro, a gate, a test file, a unit test and a seed of rules."""

    def node(name: str, kind: str, code: str, **more: Any) -> dict[str, Any]:
        plain = {
            "fqn": ["p", "gold", name],
            "depends_on": {"nodes": [], "macros": []},
            "config": {},
        }
        said = {"name": name, "resource_type": kind, "unique_id": f"{kind}.p.{name}"}
        return plain | said | {"raw_code": code.replace("\n", end)} | more

    nodes = [
        node("gate_gold", "model", GATE),
        node("no_gaps", "test", SQL),
        node("row_gate_rules", "seed", "", original_file_path="rules.csv"),
    ]
    text = SQL.replace("\n", end)
    macro = {"name": "test_own", "original_file_path": "m.sql", "macro_sql": text}
    unit = {"name": "u", "model": "orders", "given": [{"rows": text}], "expect": {"rows": []}}
    return {
        "metadata": {"project_name": "p"},
        "nodes": {one["unique_id"]: one for one in nodes},
        "macros": {"m": macro | {"package_name": "p"}},
        "unit_tests": {"u": unit},
        "parent_map": {},
    }


def test_the_lock_is_kept_however_files_end_their_lines(tmp_path: Path) -> None:
    """A checkout of git on Windows, and an editor that saves one file so."""
    found = []
    for end in ("\n", "\r\n"):
        rules = f'rule_id,parameter,severity,default_threshold{end}a,"x{end}y",warn,1{end}'
        (tmp_path / "rules.csv").write_bytes(rules.encode())
        found.append(inventory(tmp_path, manifest(end), {}))
    before, after = found
    assert breaches(before, after, ()) == breaches(after, before, ()) == []
    assert (before.macros, before.tests, before.rules) != ({}, {}, {})
    assert before.tables["gate_gold"].code


def test_only_the_ends_of_lines_are_alike() -> None:
    """Whatever else differs, differs."""
    assert unix({"a": ["x\r\ny\rz", 1, None]}) == {"a": ["x\ny\nz", 1, None]}
    assert unix("x\n\ny") != unix("x\ny")
