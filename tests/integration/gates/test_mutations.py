"""F03, p07: delete or weaken one gate at a time, and every one of them turns the run red.

What dbt makes of the project is parsed once; each mutation changes what dbt would then hand over
(its manifest) or the very file (suites, rules, variables), and asks what a run asks. That dbt
reads a file as its manifest says is seen by `assay checks` over mutated files; `-m whole` does so
for every test of every file, one at a time.
"""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from assay.hosts.dbt.process import BESIDE
from assay.project.gates.inventory import (
    SUITES,
    TABLE_RULES,
    Inventory,
    checks_of,
    inventory,
    macros,
    single_tests,
    suites,
    tables,
)
from assay.project.gates.lock import (
    LOCK,
    breaches,
    kept_from,
    lock_text,
    read_lock,
    suite_breaches,
)

from ..dbt.project import REPOSITORY, Project
from ..figures import Figure, figure
from .assay_line import assay

__all__ = ["figure"]

Manifest = dict[str, Any]
Mutation = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The shipped project, parsed."""
    project = Project(tmp_path_factory.mktemp("shop")).add_shipped()
    said = assay(project, "checks")
    assert said.code == 0, said.err
    return project


@pytest.fixture(scope="module")
def manifest(shop: Project) -> Manifest:
    """What dbt makes of it."""
    found: Manifest = json.loads((shop.root / "target" / BESIDE / "manifest.json").read_text())
    return found


@pytest.fixture(scope="module")
def expected(shop: Project) -> Inventory:
    """What it promises."""
    return read_lock(shop.root)


def test_f03_the_lock_is_that_of_the_project(shop: Project, manifest: Manifest) -> None:
    """After a change on purpose: ./scripts/assay checks --accept, and the diff is reviewed."""
    present = lock_text(inventory(shop.root, manifest, {}))
    assert present == (REPOSITORY / LOCK).read_text(encoding="utf-8")


# --- dbt tests -----------------------------------------------------------------------------------


def config(**values: Any) -> Mutation:
    """Another `config` of a test."""
    return lambda test: test["config"].update(values)


def _weaken_numbers(test: dict[str, Any]) -> None:
    kwargs = test["test_metadata"]["kwargs"]
    for name, value in kwargs.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            kwargs[name] = value / 2 if name.startswith("min") else value * 2


def _offer_more(test: dict[str, Any]) -> None:
    for value in test["test_metadata"]["kwargs"].values():
        if isinstance(value, list):
            value.append("anything")


def _another_code(test: dict[str, Any]) -> None:
    """As where a project puts a macro of its own in the place of dbt's."""
    name = f"test_{test['test_metadata']['name']}"
    macros = test["depends_on"]["macros"]
    test["depends_on"]["macros"] = [
        f"macro.elsewhere.{name}" if macro.endswith(f".{name}") else macro for macro in macros
    ]


def _look_elsewhere(test: dict[str, Any]) -> None:
    if not is_table_rules(test):
        test["column_name"] = "another_column"


def is_table_rules(test: Mapping[str, Any]) -> bool:
    """Whether a test checks several rules of a table."""
    return bool(test["test_metadata"]["name"] == TABLE_RULES)


def without_a_rule(test: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A test of a table with one rule less, and with a value more that is accepted."""
    for kind, rules in test["test_metadata"]["kwargs"].items():
        for at, rule in enumerate(rules if isinstance(rules, list | dict) else ()):
            mutated = copy.deepcopy(test)
            del mutated["test_metadata"]["kwargs"][kind][rule if isinstance(rules, dict) else at]
            yield f"{kind} {rule} deleted", mutated
            if isinstance(rules, dict):
                mutated = copy.deepcopy(test)
                mutated["test_metadata"]["kwargs"][kind][rule].append("anything")
                yield f"{kind} {rule} offers more", mutated


TEST_MUTATIONS: Mapping[str, Mutation] = {
    "severity": config(severity="warn"),
    "where": config(where="false"),
    "limit": config(limit=1),
    "error_if": config(error_if="> 1000000"),
    "fail_calc": config(fail_calc="0"),
    "numbers": _weaken_numbers,
    "lists": _offer_more,
    "code": _another_code,
    "column": _look_elsewhere,
}


def family(manifest: Manifest, test: dict[str, Any]) -> Manifest:
    """The part of a manifest that a test belongs to: what it is written at, and its siblings."""
    at = test["attached_node"]
    siblings = {
        name: node for name, node in manifest["nodes"].items() if node.get("attached_node") == at
    }
    held = {
        name: manifest[part][name] for part in PARTS for name in [at] if name in manifest[part]
    }
    sources = {name: node for name, node in held.items() if name.startswith("source.")}
    nodes = {name: node for name, node in held.items() if name not in sources}
    return {"nodes": {**nodes, **siblings}, "sources": sources, "parent_map": {}}


PARTS = ("nodes", "sources")


def promised(part: Manifest) -> Inventory:
    """What a part of a manifest checks."""
    return Inventory(tables=dict(tables(part)))


def mutants(part: Manifest, test: dict[str, Any]) -> Iterator[tuple[str, int, Manifest]]:
    """Each weaker form of a test, how many checks it touches, its siblings as they are."""
    name = test["unique_id"]
    others = {key: node for key, node in part["nodes"].items() if key != name}
    count = len(list(checks_of(test)))
    yield "deleted", count, part | {"nodes": others}
    for mutation, mutate in TEST_MUTATIONS.items():
        mutated = copy.deepcopy(test)
        mutate(mutated)
        if mutated != test and not (is_table_rules(test) and mutation in ("numbers", "lists")):
            yield mutation, count, part | {"nodes": {**others, name: mutated}}
    for mutation, mutated in without_a_rule(test) if is_table_rules(test) else ():
        yield mutation, 1, part | {"nodes": {**others, name: mutated}}


def test_f03_every_dbt_test_is_missed_when_it_is_gone_or_weaker(
    manifest: Manifest, figure: Figure
) -> None:
    """Each in up to ten ways, each rule of a table by itself; a line for each check."""
    tests = [node for node in manifest["nodes"].values() if node.get("test_metadata")]
    rules = [check for test in tests for check in checks_of(test)]
    counted, survivors = 0, []
    for test in tests:
        part = family(manifest, test)
        before = promised(part)
        assert breaches(before, promised(part), []) == []
        for mutation, touched, mutated in mutants(part, test):
            counted += 1
            if len(breaches(before, promised(mutated), [])) != touched:
                survivors.append((test["name"], mutation))
    assert survivors == []
    assert len(rules) >= 260
    figure(tests=len(tests), rules=len(rules), mutations=counted, survived=len(survivors))


# --- models and gates ----------------------------------------------------------------------------


def _without(manifest: Manifest, name: str) -> Manifest:
    nodes = {key: node for key, node in manifest["nodes"].items() if key != name}
    return manifest | {"nodes": nodes}


def _disabled(manifest: Manifest, name: str) -> Manifest:
    return _without(manifest, name) | {"disabled": {name: [manifest["nodes"][name]]}}


def _changed(manifest: Manifest, name: str, mutate: Mutation) -> Manifest:
    node = copy.deepcopy(manifest["nodes"][name])
    mutate(node)
    return manifest | {"nodes": manifest["nodes"] | {name: node}}


def model_mutants(manifest: Manifest, name: str) -> Iterator[tuple[str, Manifest]]:
    """Each weaker form of a model."""
    node = manifest["nodes"][name]
    yield "deleted", _without(manifest, name)
    yield "disabled", _disabled(manifest, name)
    if node["config"].get("contract", {}).get("enforced"):
        yield "contract", _changed(manifest, name, _no_contract)
    if (node["config"].get("meta") or {}).get("row_gate"):
        yield "row gate", _changed(manifest, name, _no_row_gate)
    if node["name"].startswith("gate_"):
        yield "code", _changed(manifest, name, _gutted)
        for read in node["depends_on"]["nodes"]:
            yield f"reads {read}", _changed(manifest, name, _no_read(read))


def _no_contract(node: dict[str, Any]) -> None:
    node["config"]["contract"] = {"enforced": False}


def _no_row_gate(node: dict[str, Any]) -> None:
    node["config"]["meta"] = {}


def _gutted(node: dict[str, Any]) -> None:
    node["raw_code"] = re.sub(r"return run_gate\(.*", "return pa.table({})", node["raw_code"])


def _no_read(read: str) -> Mutation:
    return lambda node: node["depends_on"]["nodes"].remove(read)


def test_f03_every_model_is_missed_when_it_is_gone_or_weaker(
    manifest: Manifest, expected: Inventory, figure: Figure
) -> None:
    """Models, seeds, gates and what they read, contracts, row gates."""
    survivors, counted = [], 0
    bare = expected.model_copy(update={"suites": {}, "macros": {}, "rules": {}, "limits": {}})
    for name, node in manifest["nodes"].items():
        if node["resource_type"] == "test":
            continue
        for mutation, mutated in model_mutants(manifest, name):
            counted += 1
            if not breaches(bare, promised(mutated), []):
                survivors.append((name, mutation))
    assert survivors == []
    figure(mutations=counted, survived=len(survivors))


def test_f01_every_model_that_stops_waiting_for_a_gate_is_told(
    manifest: Manifest, expected: Inventory
) -> None:
    """The gate would be green, and guard nothing."""
    bare = Inventory(tables=expected.tables)
    survivors = []
    for name, node in manifest["nodes"].items():
        if not expected.tables.get(node["name"]) or not expected.tables[node["name"]].waits_for:
            continue
        cut = manifest | {"parent_map": manifest["parent_map"] | {name: []}}
        found = [breach.what for breach in breaches(bare, promised(cut), [])]
        if not any(f"{node['name']}: it does not wait for gate_" in what for what in found):
            survivors.append(name)
    assert survivors == []


@pytest.mark.parametrize("part", ["macros", "unit_tests"])
def test_f03_code_that_checks_is_missed(
    manifest: Manifest, expected: Inventory, part: str
) -> None:
    """Generic tests, row gates and unit tests: gone, or other code than was reviewed."""
    names = expected.macros if part == "macros" else expected.tests
    entries = {key: node for key, node in manifest[part].items() if node["name"] in names}
    bare = Inventory(macros=expected.macros, tests=expected.tests)
    survivors = []
    for key, node in entries.items():
        other = copy.deepcopy(node) | {"macro_sql": "select 1 where false", "expect": {}}
        gone = {name: held for name, held in manifest[part].items() if name != key}
        for mutation, held in (("gone", gone), ("changed", manifest[part] | {key: other})):
            mutated = manifest | {part: held}
            present = Inventory(macros=dict(macros(mutated)), tests=dict(single_tests(mutated)))
            if len(breaches(bare, present, [])) != 1:
                survivors.append((node["name"], mutation))
    assert survivors == []
    assert len(entries) == len(names) > 3


# --- suites --------------------------------------------------------------------------------------

Suite = dict[str, Any]


def _no_expectations(suite: Suite) -> None:
    suite["expectations"] = []


def _only_suggested(suite: Suite) -> None:
    suite["meta"]["suggested"] = True


def _fewer_values(suite: Suite) -> None:
    suite["meta"]["minimum_evaluated"] = max(0, suite["meta"]["minimum_evaluated"] - 1)


SUITE_MUTATIONS: Mapping[str, Mutation] = {
    "empty": _no_expectations,
    "suggested": _only_suggested,
    "minimum": _fewer_values,
}


def suite_mutants(suite: Suite) -> Iterator[tuple[str, Suite]]:
    """Each weaker form of a suite."""
    for name, mutate in SUITE_MUTATIONS.items():
        mutated = copy.deepcopy(suite)
        mutate(mutated)
        yield name, mutated
    for column in suite["meta"].get("columns", {}):
        mutated = copy.deepcopy(suite)
        mutated["meta"]["columns"][column] = "1"
        yield f"column {column}", mutated
    for place, item in enumerate(suite["expectations"]):
        mutated = copy.deepcopy(suite)
        del mutated["expectations"][place]
        yield f"{place} deleted", mutated
        for change, kwargs in weaker_kwargs(item["kwargs"]):
            mutated = copy.deepcopy(suite)
            mutated["expectations"][place]["kwargs"] = kwargs
            yield f"{place} {change}", mutated
        if "minimum_evaluated" in item["meta"]:
            mutated = copy.deepcopy(suite)
            mutated["expectations"][place]["meta"]["minimum_evaluated"] = 1
            yield f"{place} minimum", mutated


def weaker_kwargs(kwargs: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each weaker form of the arguments of an expectation."""
    yield "mostly", kwargs | {"mostly": kwargs.get("mostly", 1) / 2}
    yield "condition", kwargs | {"row_condition": "false"}
    for name, value in kwargs.items():
        if isinstance(value, list):
            yield f"{name} more", kwargs | {name: [*value, "anything"]}
        elif name in {"min_value", "max_value"}:
            yield f"{name} gone", {key: kept for key, kept in kwargs.items() if key != name}
            yield f"{name} wide", kwargs | {name: _wider(name, value)}


def _wider(name: str, value: Any) -> Any:
    if isinstance(value, str):
        return "1900-01-01T00:00:00" if name == "min_value" else "2999-01-01T00:00:00"
    return value - 1 if name == "min_value" else value + 1


def test_f03_every_suite_is_missed_when_it_is_gone_or_weaker(
    shop: Project, expected: Inventory, figure: Figure
) -> None:
    """Each file, each expectation, each `mostly`, each minimum, each limit, each closed list."""
    survivors, counted = [], 0
    for path in sorted((shop.root / SUITES).glob("*/*.json")):
        name, text = f"{path.parent.name}/{path.stem}", path.read_text(encoding="utf-8")
        bare = Inventory(suites={name: expected.suites[name]})
        for mutation, mutated in [*suite_mutants(json.loads(text)), ("deleted", None)]:
            counted += 1
            path.write_text(json.dumps(mutated), encoding="utf-8")
            if mutated is None:
                path.unlink()
            if not list(suite_breaches(bare, suites(shop.root))):
                survivors.append((name, mutation))
        path.write_text(text, encoding="utf-8")
    assert survivors == []
    assert kept_from(shop.root, None, {}) == []
    figure(mutations=counted, survived=len(survivors))


# --- rules and variables -------------------------------------------------------------------------

RULES = "seeds/rules/row_gate_rules.csv"
RULE_MUTATIONS: Mapping[str, Callable[[str], str]] = {
    "deleted": lambda _line: "",
    "a note": lambda line: line.replace(",quarantine,", ",note,"),
    "another threshold": lambda line: f"{line.rpartition(',')[0]},1\n",
}


def test_f03_every_rule_of_the_row_gates_is_missed(shop: Project, manifest: Manifest) -> None:
    """Gone, a mere note, another threshold."""
    path = shop.root / RULES
    head, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    survivors = []
    for place, line in enumerate(lines):
        for mutation, mutate in RULE_MUTATIONS.items():
            mutated = [*lines[:place], mutate(line), *lines[place + 1 :]]
            path.write_text(head + "".join(mutated), encoding="utf-8")
            if len(kept_from(shop.root, manifest, {})) != 1:
                survivors.append((line, mutation))
    path.write_text(head + "".join(lines), encoding="utf-8")
    assert survivors == []
    assert len(lines) == 8


WEAKER_LIMITS = {
    "rules": ["refusal_text"],
    "max_quarantined_share": 0.5,
    "max_unanswered_share": 1,
    "max_unknown_share": 0.41,
    "notes": ["refusal_text"],
    "quality_score_below": 1,
}


@pytest.mark.parametrize("limit", WEAKER_LIMITS)
def test_f03_every_limit_of_the_variables_is_missed(
    shop: Project, manifest: Manifest, expected: Inventory, limit: str
) -> None:
    """In dbt_project.yml, and by --vars on the command line."""
    told = {"ai_gates": expected.limits | {limit: WEAKER_LIMITS[limit]}}
    (breach,) = kept_from(shop.root, manifest, told)
    path = shop.root / "dbt_project.yml"
    text = path.read_text(encoding="utf-8")
    shop.set_variables(**told)
    (same,) = kept_from(shop.root, manifest, {})
    path.write_text(text, encoding="utf-8")
    assert breach == same
    assert f"vars ai_gates: `{limit}` is " in breach.line


# --- as dbt reads the files ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def mutated_files(shop: Project, tmp_path_factory: pytest.TempPathFactory) -> tuple[int, str]:
    """What `assay checks` says of a project in which seven files were weakened."""
    project = Project(tmp_path_factory.mktemp("mutated")).add_shipped()
    models = project.root / "models"
    _edit(models / "bronze/bronze_shop__customers.yml", "unique: [customer_id]", "")
    _edit(models / "silver/silver_customers.yml", "required: [full_name, email,", "required: [")
    _edit(models / "silver/silver_customers.yml", "          - ai_known\n", WARN)
    _edit(models / "silver/silver_feedback_passed.yml", "min_kappa: 0.3", "min_kappa: -1")
    _edit(models / "silver/silver_products.yml", "enforced: true", "enforced: false")
    _edit(models / "gold/customer_360.yml", "    config:\n", "    config:\n      enabled: false\n")
    _edit(models / "gold/gate_gold.py", '        "product_complaints": dbt.ref("product_c', "#")
    _edit(models / "gold/_gold__exposures.yml", "      - ref('customer_360')\n", "")
    _edit(models / "gold/gate_gold.py", '        "customer_360": dbt.ref("customer_360"),\n', "")
    said = assay(project, "checks", DBT_WARN_ERROR_OPTIONS='{"error": []}')
    return said.code, said.err + said.out


WARN = "          - ai_known:\n              config: {severity: warn}\n"


def _edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text, (path, before)
    path.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.mark.parametrize(
    "line",
    [
        "bronze_shop__customers: unique on customer_id is gone",
        "silver_customers: `required` is ['country'], ['full_name', 'email', 'country']",
        "silver_customers: assay.ai_known on segment: `severity` is 'warn', not given",
        "the AI gate ai_known_silver_customers_segment only warns",
        "`min_kappa` is -1, 0.3 is expected",
        "silver_products: its contract is not enforced any more",
        "customer_360: it is disabled",
        "gate_gold: it does not read product_complaints any more",
        "gate_gold: it does not read customer_360 any more",
    ],
)
def test_f02_f03_dbt_reads_the_files_as_they_are(
    mutated_files: tuple[int, str], line: str
) -> None:
    """Each weakened file is told in one line by the command that CI runs."""
    code, said = mutated_files
    assert code == 1, said
    assert said.count(line) == 1, said


def entries(document: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every generic test in a YAML document."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key == "data_tests":
                yield from ((*place, key, at) for at in range(len(value)))
            else:
                yield from entries(value, (*place, key))
    elif isinstance(document, list):
        for at, value in enumerate(document):
            yield from entries(value, (*place, at))


@pytest.mark.whole
def test_f03_every_test_of_every_file_one_at_a_time(tmp_path: Path, figure: Figure) -> None:
    """Deleted from its YAML file and parsed by dbt: some 130 times, about a quarter of an hour."""
    project = Project(tmp_path).add_shipped()
    counted, survivors = 0, []
    files = sorted([*tmp_path.glob("models/**/*.yml"), *tmp_path.glob("seeds/**/*.yml")])
    for path in files:
        text = path.read_text(encoding="utf-8")
        for *place, at in entries(yaml.safe_load(text)):
            document = yaml.safe_load(text)
            tests = document
            for key in place:
                tests = tests[key]
            del tests[at]
            path.write_text(yaml.safe_dump(document), encoding="utf-8")
            counted += 1
            if assay(project, "checks").code != 1:
                survivors.append((path.name, place, at))
        path.write_text(text, encoding="utf-8")
    assert survivors == []
    assert counted >= 110
    figure(mutations=counted, survived=len(survivors))


def test_f03_a_lock_that_is_deleted_or_emptied_is_noticed(shop: Project, tmp_path: Path) -> None:
    """Deleted it is red; emptied it is not the one of the project any more."""
    shutil.copy(shop.root / "dbt_project.yml", tmp_path)
    (breach,) = kept_from(tmp_path, None, {})
    assert "quality/expected.json is missing" in breach.line
    assert lock_text(Inventory()) != (REPOSITORY / LOCK).read_text(encoding="utf-8")
