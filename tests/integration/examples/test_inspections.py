"""The example of the inspections: its rules on rows of our own, and on the registers themselves.

The registers are not in the repository: `INSPECTIONS_DATA` names the folder that holds them.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..dbt.project import REPOSITORY, Run, _copy
from .example import Example

HOME = Path("examples/inspections")
TORONTO = "toronto_dinesafe/dinesafe_2011.csv"
CHICAGO = "chicago_food_inspections/inspections.csv"
PAGE = (REPOSITORY / "docs" / "inspections.md").read_text(encoding="utf-8")

REGISTER = {
    TORONTO: {
        "Rec #": "1",
        "Establishment ID": "10000001",
        "Inspection ID": "100000001",
        "Establishment Name": "THE BOILED EGG",
        "Establishment Type": "Restaurant",
        "Establishment Address": "1 NOWHERE ST",
        "Latitude": "43.7",
        "Longitude": "-79.4",
        "Establishment Status": "Pass",
        "Min. Inspections Per Year": "2",
        "Infraction Details": "The floor is dirty",
        "Inspection Date": "2011-03-31",
        "Severity": "M - Minor",
        "Action": "Notice to Comply",
        "Outcome": "",
        "Amount Fined": "",
    },
    CHICAGO: {
        "ID": "1000001",
        "Date": "03/06/2020",
        "DBA": "THE BOILED EGG",
        "Address": "1 NOWHERE ST",
        "Latitude": "41.9",
        "Longitude": "-87.7",
        "FacilityType": "Restaurant",
        "InspType": "Canvass",
        "Risk": "Risk 1 (High)",
        "Results": "Pass",
        "Violations": "49. SURFACES CLEAN - Comments: GREASE ON THE HOOD. | "
        "38. NO INSECTS - Comments: MICE IN THE CELLAR.",
    },
}
"""A row of each register in which nothing is wrong; the business is invented."""

CONVICTED = {"Action": "Ticket", "Outcome": "Conviction - Fined", "Amount Fined": "60"}
NOTHING = {"Infraction Details": "", "Severity": "", "Action": ""}
PARTS_OF_ONE = (
    "64. X - Comments: ODD. | 38. MICE - Comments: SEEN. | 38. MICE - Comments: SEEN. | 16. CLEAN"
)
FINE = "nothing is wrong with this one"
BROKEN: dict[str, dict[str, list[dict[str, str]]]] = {
    TORONTO: {
        "": [{}, CONVICTED, NOTHING],
        "required_missing": [{"Establishment Name": " "}],
        "type_wrong, outside_year": [{"Inspection Date": "2011-02-30"}],
        "type_wrong, outside_city": [{"Latitude": "north"}],
        "label_not_accepted": [{"Severity": "Grave"}],
        "outside_city": [{"Longitude": "79.4"}],
        "outside_year": [{"Inspection Date": "2012-01-01"}],
        "inspection_ambiguous": [
            {"Establishment ID": "10000002"},
            {"Establishment ID": "10000003", "Infraction Details": "The hood is dirty"},
        ],
        "infraction_doubled": [{}, {}],
        "infraction_incomplete": [{"Action": ""}],
        "outcome_without_charge": [{"Outcome": "Pending"}],
        "charge_without_outcome": [{"Action": "Summons"}],
        "fine_contradicts_outcome": [CONVICTED | {"Amount Fined": "0"}],
        "closed_but_passed": [{"Action": "Closure Order"}],
        "conditional_without_infraction": [NOTHING | {"Establishment Status": "Conditional Pass"}],
        "blank_beside_infraction": [NOTHING, {FINE: ""}],
    },
    CHICAGO: {
        "": [{}, {"Results": "Out of Business", "Violations": ""}, {"Violations": PARTS_OF_ONE}],
        "required_missing": [{"FacilityType": "Restaurant", "Risk": ""}],
        "type_wrong": [{"ID": "unknown"}],
        "label_not_accepted": [{"Results": "Perhaps"}],
        "date_unreadable, outside_month": [{"Date": "2020-03-06"}],
        "outside_city": [{"Latitude": "0"}],
        "outside_month": [{"Date": "04/01/2020"}],
        "spelled_unlike_others": [{"FacilityType": "RESTAURANT"}],
        "failed_without_violation": [{"Results": "Fail", "Violations": ""}],
        "violations_without_visit": [{"Results": "No Entry"}],
        "conditions_without_priority": [{"Results": "Pass w/ Conditions"}],
        "passed_with_priority": [{"Violations": "1. X - Comments: PRIORITY VIOLATION."}],
        "inspection_doubled": [{}, {}],
        "closed_but_inspected": [
            {"Results": "Out of Business", "Violations": ""},
            {"InspType": "License", FINE: ""},
        ],
    },
}
"""Rows that are wrong in one way, by the rules that must say so, sorted as in the model."""


def rows_of(register: str) -> list[dict[str, str]]:
    """The rows of `BROKEN`, each group a business with inspections of its own."""
    good, found = REGISTER[register], list[dict[str, str]]()
    key, *names = ("Rec #", "Inspection ID") if register == TORONTO else ("ID",)
    where = "Establishment Address" if register == TORONTO else "Address"
    for group, changes in enumerate(BROKEN[register].values()):
        for at, change in enumerate(changes):
            several = len(changes) > 1 and group  # the good rows are no doubles of each other
            place = group if several else f"{group}{at}"
            own = {where: f"{place} NOWHERE ST", key: str(1_000_000 + len(found))}
            own |= dict.fromkeys(names, f"inspection {place}")
            row = good | own | change
            found.append({name: row[name] for name in good})
    return found


def write(path: Path, rows: Sequence[dict[str, str]]) -> None:
    """A register as a CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


CHECKED = ["silver_toronto_records_checked", "silver_chicago_inspections_checked"]
GATED = ["silver_toronto_records", "silver_chicago_inspections", "silver_chicago_violations"]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """The row gates over rows of our own; the suites would say that they are too few."""
    example = Example(tmp_path_factory.mktemp("planted") / HOME)
    for register in BROKEN:
        write(example.root / "data" / register, rows_of(register))
    for settings in (example.root / "models/silver").glob("*.yml"):
        allowed = re.sub(
            "max_quarantined_share: .*", "max_quarantined_share: 1", settings.read_text()
        )
        settings.write_text(allowed, encoding="utf-8")
    bronze = ["bronze_toronto__records", "bronze_chicago__inspections"]
    selected = [*GATED, *(f"{model}_passed" for model in GATED)]
    seeds = example.dbt("seed")
    assert seeds.code == 0, seeds.output
    run = example.dbt("run", "--select", *bronze, *selected)
    assert run.code == 0, run.output
    return example


@pytest.mark.parametrize(("register", "model"), [*zip(BROKEN, CHECKED, strict=True)])
def test_each_rule_catches_its_rows_and_no_others(
    planted: Example, register: str, model: str
) -> None:
    """In the order of the file: rule by rule what was planted."""
    key = "record_id" if register == TORONTO else "inspection_id"
    groups = BROKEN[register].items()
    expected = ["" if FINE in change else rules for rules, group in groups for change in group]
    by_place = {row[-1]: row[0] for row in planted.rows(_VIOLATED.format(model=model, key=key))}
    places = [row["Rec #" if register == TORONTO else "ID"] for row in rows_of(register)]
    assert [by_place[place] for place in places] == expected


_VIOLATED = """
    select array_to_string([violation.rule_id for violation in violations], ', '), {key}
    from silver.{model}
"""


def test_parts_of_a_text_have_rules_of_their_own(planted: Example) -> None:
    """A number that the form does not have, the same twice, no comment."""
    violated = _VIOLATED.format(model="silver_chicago_violations_checked", key="part")
    found = planted.rows(f"{violated} where len(violations) > 0 order by violation_id")
    assert found == [
        ("number_unknown", "64. X - Comments: ODD."),
        ("violation_doubled", "38. MICE - Comments: SEEN."),
        ("violation_doubled", "38. MICE - Comments: SEEN."),
        ("required_missing", "16. CLEAN"),
    ]


def test_every_condition_is_planted() -> None:
    """A new one needs a row that it must catch; two are about parts of a text, see above."""
    models = (REPOSITORY / HOME / "models" / "silver").glob("*.yml")
    text = "\n".join(path.read_text("utf-8") for path in models)
    named = set(re.findall(r"^            (\w+):\n              holds:", text, re.MULTILINE))
    tried = {rule for rules in BROKEN.values() for group in rules for rule in group.split(", ")}
    assert named - tried == {"number_unknown", "violation_doubled"}


# The registers themselves


@dataclass(frozen=True)
class Built:
    """The example after a build over the registers."""

    example: Example
    run: Run


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """One `dbt build`, gates and all."""
    data = os.environ.get("INSPECTIONS_DATA")
    if not data:
        pytest.skip("INSPECTIONS_DATA names no folder with the two registers")
    example = Example(tmp_path_factory.mktemp("registers") / HOME)
    for register in REGISTER:
        _copy(Path(data) / register, example.root / "data" / register)
    return Built(example, example.dbt("build"))


def test_the_registers_pass_every_gate(built: Built) -> None:
    """With what is wrong in them in quarantine."""
    assert built.run.code == 0, built.run.output
    assert set(built.run.statuses().values()) == {"success", "pass"}


def test_the_page_says_what_the_row_gates_caught(built: Built) -> None:
    """Rule by rule, and nothing that they did not."""
    counted = built.example.rows(
        "select model_name, rule_id, violating_count from ops.ops_row_gates "
        "where violating_count > 0"
    )
    told = re.findall(r"^\| `(silver_\w+)` \| `(\w+)` \| (\d+) \|", PAGE, re.MULTILINE)
    assert {(model, rule, int(count)) for model, rule, count in told} == set(counted)
