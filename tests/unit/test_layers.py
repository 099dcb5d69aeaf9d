"""The rooms of the house: imports point one way, from the doors down to the floor."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOMS = {
    "core": "",
    "functions": "core",
    "forms": "core",
    "telemetry": "core",
    "store": "core",
    "providers": "core functions forms",
    "evidence": "core",
    "engine": "core functions forms telemetry store providers evidence",
    "hosts": "core functions forms telemetry store providers evidence engine",
    "project": "core functions forms telemetry store providers evidence engine hosts",
    "plugin cli __main__": (
        "core functions forms telemetry store providers evidence engine hosts project"
    ),
    "gates": "plugin",
    "sources": "core project",
}
"""What each room may import; doors, which put the parts together, before what projects import."""

APART = "faultd"
"""Stands alone: it imports nothing of ours, and nothing of ours imports it."""

THIRD_PARTY = {
    "core": "pydantic filelock",
    "functions": "pydantic pydantic_core",
    "forms": "",
    "telemetry": "opentelemetry",
    "store": "psycopg",
    "store/sqlite": "",
    "engine": "",
    "evidence": "",
    "providers/openai_compatible": "openai httpx2 aiohttp yarl pydantic",
    "hosts/duckdb": "duckdb pyarrow yaml",
    "hosts/stream": "confluent_kafka duckdb pyarrow pydantic",
}
"""What these rooms may import that is not ours and not Python's."""

ROOT = Path(__file__).parents[2] / "udfs" / "assay"


def name_of(path: Path) -> str:
    """`assay.store.journal` for its file; a package for its `__init__`."""
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def room_of(module: str) -> str:
    """`store` for `assay.store.journal`; blank for the package itself."""
    return [*module.split("."), ""][1]


ALLOWED = {
    room: {*rooms.split(), *below.split()}
    for rooms, below in ROOMS.items()
    for room in rooms.split()
}


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


def rooms_of(module: str) -> set[str]:
    """The rooms that a module imports from."""
    return {room_of(target) for target in EDGES[module]}


INSIDE = [module for module in FILES if room_of(module) not in ("", APART)]


def test_every_import_points_down() -> None:
    """A module leans on its own room and on those that its room may import: see ROOMS."""
    beyond = {module: rooms_of(module) - ALLOWED.get(room_of(module), set()) for module in INSIDE}
    assert {module: rooms for module, rooms in beyond.items() if rooms - {""}} == {}


def test_the_fault_server_stands_apart() -> None:
    """It judges us from outside: no line of it is shared."""
    inside = {module: room_of(module) == APART for module in FILES}
    mixed = [module for module in FILES if rooms_of(module) - {APART} and inside[module]]
    mixed += [module for module in FILES if APART in rooms_of(module) and not inside[module]]
    assert mixed == []


@pytest.mark.parametrize("place", THIRD_PARTY)
def test_a_room_brings_only_what_it_may(place: str) -> None:
    """A driver or a SDK is imported in its own folder and nowhere else."""
    may = set(THIRD_PARTY[place].split())
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / place).rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    named = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    named += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    names = {name.split(".")[0] for name in named} - {"assay", ""}
    assert names - set(sys.stdlib_module_names) <= may


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


def test_the_engine_loads_pydantic_and_nothing_else_of_others() -> None:
    """In a process of its own: whoever embeds the engine gets no dbt, no pandas, no DuckDB."""
    code = (
        "import sys, assay.engine.session\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"dbt", "duckdb", "pandas", "numpy", "pyarrow", "great_expectations", "openai", "rich"}
    assert heavy & set(done.stdout.split()) == set()


def test_no_class_is_called_as_another() -> None:
    """A name that is searched for leads to one place."""
    trees = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
    places: dict[str, list[str]] = {}
    for module, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(module)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
