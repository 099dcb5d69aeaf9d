"""`assay repair` on a real project: proposed, decided, laid over by a model, undone, and gated."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from ..dbt.project import REPOSITORY, Project
from .assay_line import Said, assay

CODES = ("Lisbon", "Vienna", "Bergen", "Malaga")
N = 120
MODELS = {
    "bronze/notes.sql": "select * from raw.notes",
    "bronze/notes.yml": (
        "models:\n  - name: notes\n    config:\n      meta:\n        repair: {key: id}\n"
    ),
    "gold/mended.sql": (
        "{{ config(materialized='table') }}\nselect * from {{ ai_repaired(ref('notes'), 'id') }}"
    ),
    "gold/mended.yml": """
models:
  - name: mended
    data_tests:
      - ai_repairs_accepted:
          name: only_accepted
          arguments: {relation: ref('notes'), key: id}
""",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A bronze model with two wrong cities, a wrong weight, and a gold model of it, built once."""
    project = Project(tmp_path_factory.mktemp("repair"), MODELS)
    sources = "models/ops/_ops__sources.yml"
    (project.root / "models/ops").mkdir()
    shutil.copy(REPOSITORY / sources, project.root / sources)
    load(project)
    assert project.dbt("build").code == 0
    return project


def load(project: Project, **at: str | None) -> None:
    """Notes whose city follows from a code; `at` replaces cities by number: `p7="Bergen"`."""
    given = {"p7": "Lisbon", "p9": None} | at
    project.load(
        "raw.notes",
        id=list(range(N)),
        code=[f"P{i % 4}" for i in range(N)],
        zip=[1000 + i % 4 for i in range(N)],
        city=[given.get(f"p{i}", CODES[i % 4]) for i in range(N)],
        weight=["12 kg" if i == 5 else f"{i % 30}" for i in range(N)],
        parcels=[i % 3 for i in range(N)],
    )


@pytest.fixture
def fresh(project: Project) -> Project:
    """The same rows as ever, and nothing that is accepted or rejected."""
    load(project)
    found = [each for each in repairs(project) if each["status"] in ("accepted", "rejected")]
    for each in found:
        assert repair(project, "--undo", each["id"]).code == 0
    return project


def repair(project: Project, *more: str, relation: str = "notes") -> Said:
    """The command."""
    return assay(project, "repair", relation, *more)


def repairs(project: Project, *more: str) -> list[dict[str, Any]]:
    """What it says to machines."""
    found: list[dict[str, Any]] = json.loads(repair(project, "--json", *more).out)
    return found


def one(project: Project, row: str) -> dict[str, Any]:
    """The proposal for a row."""
    (found,) = [each for each in repairs(project) if each["row_key"] == row]
    return found


def cities(project: Project) -> dict[int, str | None]:
    """The cities of the gold table in the rows that tests look at, after a build."""
    assert project.dbt("build", "--select", "mended").code == 0
    return held(project)


def held(project: Project) -> dict[int, str | None]:
    """The same as it stands."""
    return dict(project.rows("select id, city from gold.mended where id in (7, 9)"))


def test_what_is_wrong_is_proposed_and_nothing_is_changed(project: Project) -> None:
    """A value that its group does not have, and one that is missing; gold was built before."""
    found = {
        each["row_key"]: (each["before"], each["after"], each["reason"])
        for each in repairs(project)
    }
    assert found["7"] == ("Lisbon", "Malaga", "dependency")
    assert found["9"] == (None, "Vienna", "dependency")
    assert held(project) == {7: "Lisbon", 9: None}


def test_what_is_accepted_is_laid_over_the_rows(fresh: Project) -> None:
    """One by its id; the rest is as it was, with the types that it had."""
    project = fresh
    said = repair(project, "--accept", one(project, "7")["id"])
    assert (said.code, said.out.startswith("Accepted")) == (0, True)
    assert cities(project) == {7: "Malaga", 9: None}
    assert project.types("gold.mended") == project.types("raw.notes")
    differ = "select id from (from gold.mended except from raw.notes)"
    assert project.rows(differ) == [(7,)]


@pytest.mark.whole
def test_a_row_that_has_changed_since_is_not_written_over(fresh: Project) -> None:
    """And the list says so."""
    project = fresh
    assert repair(project, "--accept", one(project, "7")["id"]).code == 0
    load(project, p7="Porto")
    assert cities(project)[7] == "Porto"
    assert "of 1 accepted repair the row has changed since" in repair(project).out


@pytest.mark.whole
def test_gold_that_holds_what_nobody_accepts_is_red(fresh: Project) -> None:
    """What was undone, until gold is built again; and what somebody wrote in by hand."""
    project = fresh
    chosen = one(project, "7")["id"]
    assert repair(project, "--accept", chosen).code == 0
    assert cities(project)[7] == "Malaga"
    assert repair(project, "--undo", chosen).code == 0
    assert project.dbt("test").statuses()["only_accepted"] == "fail"
    assert cities(project)[7] == "Lisbon"
    written = "select * replace ('Malaga' as city) from {{ ref('notes') }} where id = 7"
    project.write("gold/mended.sql", written)
    assert project.dbt("build", "--select", "mended").statuses()["only_accepted"] == "fail"
    project.write("gold/mended.sql", "select 1 as id, 2 as other")
    assert project.dbt("build", "--select", "mended").statuses()["only_accepted"] == "fail"
    project.write("gold/mended.sql", MODELS["gold/mended.sql"])


@pytest.mark.whole
def test_a_rule_in_the_project_accepts(project: Project) -> None:
    """Each time that repairs are proposed; nobody has decided about this one yet."""
    load(project, p13="Lisbon")
    settings = "{key: id, accept_where: \"reason = 'dependency'\"}"
    project.write("bronze/notes.yml", MODELS["bronze/notes.yml"].replace("{key: id}", settings))
    assert project.dbt("parse").code == 0
    assert one(project, "13")["decided_by"] == "rule: reason = 'dependency'"
    project.write("bronze/notes.yml", MODELS["bronze/notes.yml"])
    assert project.dbt("parse").code == 0


@pytest.mark.whole
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nots",), "There is no table 'nots' in the warehouse; did you mean 'notes'?"),
        (("notes", "--key", "cod"), "no column 'cod'; did you mean 'code'?"),
        (("notes", "--key", "code"), "does not tell the rows of bronze.notes apart"),
        (("raw.notes",), "Nothing says which column tells the rows of raw.notes apart; name it"),
        (("notes", "--follows", "city"), "--follows 'city' is not COLUMN=COLUMN"),
        (("notes", "--follows", "citty=zip"), "did you mean 'city'?"),
        (("notes", "--accept", "zz"), "No repair of bronze.notes begins with 'zz'"),
        (("notes", "--accept-where", "nothing"), "The condition 'nothing' cannot be read"),
        (("notes", "--review"), "--review needs a terminal"),
    ],
)
def test_bad_input_is_told(project: Project, arguments: tuple[str, ...], said: str) -> None:
    """In a line that names the thing and the remedy."""
    done = repair(project, *arguments[1:], relation=arguments[0])
    assert (done.code, said in " ".join(done.err.split())) == (2, True), done.err
