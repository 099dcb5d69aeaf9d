"""Imports in `udfs/` point one way: down the layers, and never in a circle."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

LAYERS: tuple[tuple[str, ...], ...] = (
    ("errors", "encodings", "canonical", "clock", "interrupts", "grounding", "words", "plural"),
    ("field_types", "unreadable", "extending", "nodes"),
    ("tasks", "project"),
    ("artifacts",),
    ("json_text",),
    ("functions",),
    ("settings",),
    ("records", "fence", "home", "data_files", "profile", "ai_calls"),
    ("provenance",),
    ("readers",),
    ("reading",),
    ("events",),
    ("prompts", "prices", "limiter", "meter", "gauge", "gathering", "luck"),
    ("packer", "validator", "policy", "store", "budget", "breaker"),
    ("embedded",),
    ("providers",),
    ("claims", "ledger", "recorder", "census", "governor", "warehouse", "telemetry"),
    ("admission", "rejections"),
    ("dispatcher",),
    ("engine",),
    ("progress",),
    ("terminal",),
    ("resolver", "console", "lineage", "arrivals", "counting"),
    ("spending", "failed_share"),
    (
        "arrow",
        "runner",
        "report",
        "red_tests",
        "evaluate",
        "comparison",
        "exams",
        "golden",
        "metrics",
        "scorecard",
        "accuracy",
    ),
    ("golden_gate", "golden_told", "judge", "interrupted", "sentences"),
    ("child", "tally", "doctor", "dead_letters", "gates", "publication", "publish", "suggestions"),
    ("assurance",),
    ("reporting",),
    ("explain",),
    ("erasure",),
    ("plan", "dbt_docs", "dbt_compile", "dbt_statements", "commands"),
    ("plugin", "cli", "__main__"),
    ("bench",),
)
"""Low to high. A part is a module or a package directly in `udfs/`; within a layer parts may
import each other as long as no circle comes of it."""

APART = ("faultd",)
"""Parts that stand alone: they import nothing of ours, and nothing of ours imports them."""

MEASURING = ("bench",)
"""Parts that hold us and the fault server against each other, so they may see both."""

ROOT = Path(__file__).parents[2] / "udfs"


def name_of(path: Path) -> str:
    """`assay.store.group_commit` for its file; a package for its `__init__`."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def part_of(module: str) -> str:
    """`store` for `assay.store.group_commit`."""
    return [*module.split("."), ""][1]


PARTS = sorted({part_of(module) for module in FILES} - {""})


def height(part: str) -> int:
    """The place of a part's layer, 0 at the bottom; -1 for a part that is not in the table."""
    return next((place for place, layer in enumerate(LAYERS) if part in layer), -1)


def imports_of(module: str) -> set[str]:
    """The modules of ours that a module imports, wherever the statement stands."""
    tree = ast.parse(FILES[module].read_text(encoding="utf-8"))
    found = [name for node in ast.walk(tree) for name in names_in(node, module)]
    return {name for name in found if name in FILES and name != module}


def names_in(node: ast.AST, module: str) -> list[str]:
    """Every name that an import statement may mean, submodules included."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        base = source_of(node, module)
        inner = [f"{base}.{alias.name}" for alias in node.names]
        modules = [name for name in inner if name in FILES]
        return modules if len(modules) == len(inner) else [base, *modules]
    return []


def source_of(node: ast.ImportFrom, module: str) -> str:
    """The absolute name of what is imported from, relative imports resolved."""
    if not node.level:
        return node.module or ""
    is_package = FILES[module].name == "__init__.py"
    package = module.split(".") if is_package else module.split(".")[:-1]
    base = package[: len(package) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


EDGES = {module: imports_of(module) for module in FILES}


def crossing(module: str) -> set[str]:
    """The other parts that a module imports from."""
    return {part_of(target) for target in EDGES[module]} - {part_of(module), ""}


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_its_place(part: str) -> None:
    """A new module says where it belongs before others lean on it."""
    message = f"udfs/{part} is in no layer: add it to LAYERS in {Path(__file__).name}."
    assert (height(part) >= 0) != (part in APART), message


@pytest.mark.parametrize("part", [part for layer in LAYERS for part in layer] + list(APART))
def test_no_layer_names_a_part_twice(part: str) -> None:
    """The table has one place for each part."""
    assert [part for layer in (*LAYERS, APART) for part in layer].count(part) == 1


@pytest.mark.parametrize("module", FILES)
def test_no_import_points_up(module: str) -> None:
    """A module may lean on its own layer and on those below."""
    mine = height(part_of(module))
    higher = {part for part in crossing(module) if height(part) > mine >= 0}
    assert higher == set(), f"{module} imports from a higher layer: {sorted(higher)}."


@pytest.mark.parametrize("module", FILES)
def test_what_stands_apart_stays_apart(module: str) -> None:
    """The fault server judges us from outside: no line of it is shared."""
    apart = part_of(module) in APART
    shared = crossing(module) if apart else crossing(module) & set(APART)
    shared = set() if part_of(module) in MEASURING else shared
    assert shared == set(), f"{module} and {sorted(shared)} must not import each other."


def test_no_circle_of_imports() -> None:
    """Every module can be read after those that it imports."""
    try:
        order = list(TopologicalSorter(EDGES).static_order())
    except CycleError as error:
        pytest.fail(f"A circle of imports: {' -> '.join(error.args[1])}.")
    assert len(order) == len(FILES)


def test_the_walk_sees_relative_and_inner_imports() -> None:
    """A test that sees no import would find no fault."""
    assert "assay.core.errors" in EDGES["assay.engine.retry"]
    assert "assay.providers.local.models.text" in EDGES["assay.providers.local.models.sentiment"]


QUALITY = (
    *("line_ends", "records", "suites", "forms", "frames", "checks", "verdict", "data_docs"),
    "inventory",
    "lock",
)
"""The modules of `quality/`, low to high; they know nothing of dbt, the store or `udfs`."""


@pytest.mark.parametrize("module", QUALITY)
def test_quality_leans_on_what_is_below_it_alone(module: str) -> None:
    """`udfs/assay/project/gates/gate.py` puts the parts together."""
    tree = ast.parse((ROOT.parent / "quality" / f"{module}.py").read_text(encoding="utf-8"))
    froms = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = {name.split(".")[1] for name in froms if name.startswith("quality.")}
    assert ours <= set(QUALITY[: QUALITY.index(module)])
    assert not [name for name in froms if name.split(".")[0] in {"udfs", "dbt"}]


def test_every_module_of_quality_has_its_place() -> None:
    """A new one says where it belongs."""
    assert {path.stem for path in (ROOT.parent / "quality").glob("*.py")} == {*QUALITY, "__init__"}
