"""What becomes of proposals: decisions in a real store, conditions in a real DuckDB."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from assay.core.errors import ConfigError
from assay.project.erasure import Subject
from assay.project.repairs.deciding import RepairDesk, stale, summary
from assay.project.repairs.erasing import repaired_rows
from assay.project.repairs.settings import RepairSettings, settings_of
from assay.project.repairs.terminal import RepairTerminal
from assay.project.suggestions.relations import Relation
from assay.project.tables import table_of
from assay.store import Repair, Store, open_store

THINGS = Relation("main", "things")
FIRST = Repair(
    *("aa01", "main.things", "id", "1", "city", "Lisbonn", "Lisbon"),
    *("spelling", "is spelled as its common values are", 0.9, "2026-11-30T10:00:00.000000"),
)
SECOND = replace(FIRST, id="aa02", row_key="2", before=None, reason="dependency", confidence=0.97)
THIRD = replace(FIRST, id="bb03", row_key="3", before="N/A", after=None, reason="missing")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    opened = open_store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with the rows that the proposals are about."""
    with duckdb.connect() as opened:
        opened.execute(
            "create table main.things as select * from (values (1, 'Lisbonn'), (2, null), "
            "(3, 'N/A')) as given (id, city)"
        )
        yield opened


@pytest.fixture
def desk(store: Store) -> RepairDesk:
    """Three proposals that wait."""
    desk = RepairDesk(store, "main.things")
    desk.propose([FIRST, SECOND, THIRD])
    return desk


def statuses(desk: RepairDesk) -> dict[str, str]:
    """The status of each repair by its id."""
    return {each.id: each.status for each in desk.repairs}


def test_decisions_are_on_record_with_time_and_person(desk: RepairDesk, store: Store) -> None:
    """The last one holds, and all are kept."""
    desk.accept(desk.named(["aa01"]), "ada")
    desk.undo(desk.named(["aa01"]), "bo")
    (held,) = desk.named(["aa01"])
    assert (held.status, held.decided_by, bool(held.decided_at)) == ("undone", "bo", True)
    _, kept = store.rows("repair_decisions")
    assert [(row[1], row[2], row[4]) for row in kept] == [
        ("aa01", "accepted", "ada"),
        ("aa01", "undone", "bo"),
    ]


def test_a_decision_outlives_the_next_proposals(desk: RepairDesk) -> None:
    """What waits is replaced; what was decided stays, and is not proposed again."""
    desk.accept(desk.named(["aa01"]), "ada")
    desk.reject(desk.named(["aa02"]), "ada")
    desk.propose([FIRST, SECOND])
    assert statuses(desk) == {"aa01": "accepted", "aa02": "rejected"}


def test_a_rule_accepts_what_waits_and_never_what_was_undone(
    desk: RepairDesk, connection: duckdb.DuckDBPyConnection
) -> None:
    """The record names the condition."""
    condition = "reason = 'dependency' and confidence >= 0.95"
    assert desk.accept_where(connection, condition) == 1
    (held,) = desk.named(["aa02"])
    assert (held.status, held.decided_by) == ("accepted", f"rule: {condition}")
    desk.undo([held], "ada")
    assert desk.accept_where(connection, "true") == 2
    assert statuses(desk) == {"aa01": "accepted", "aa02": "undone", "bb03": "accepted"}


def test_two_repairs_of_one_cell_are_not_both_accepted(desk: RepairDesk) -> None:
    """One would lie over the other."""
    desk.accept(desk.named(["aa01"]), "ada")
    desk.propose([replace(FIRST, id="cc04", after="Lissabon")])
    with pytest.raises(ConfigError, match="cc04 and aa01 mend the same cell; undo"):
        desk.accept(desk.named(["cc04"]), "ada")


def test_a_repair_whose_row_has_changed_is_stale(
    desk: RepairDesk, connection: duckdb.DuckDBPyConnection
) -> None:
    """Or is gone; NULL is a value here."""
    desk.accept(desk.repairs, "ada")
    assert stale(connection, THINGS, desk.repairs) == set()
    connection.execute("update main.things set city = 'Porto' where id = 1")
    connection.execute("delete from main.things where id = 3")
    aged = stale(connection, THINGS, desk.repairs)
    assert aged == {"aa01", "bb03"}
    assert summary(desk.repairs, aged) == (
        "0 proposed, 3 accepted; of 2 accepted repairs the row has changed since"
    )


@pytest.mark.parametrize(
    ("what", "prefix", "said"),
    [
        ("accept", "zz", "No repair of main.things begins with 'zz'; take an id"),
        ("accept", "aa", "2 repairs of main.things begin with 'aa'; take an id"),
        ("undo", "bb03", "bb03 is proposed: there is nothing to undo"),
        ("reject", "aa01", "aa01 is accepted; take it back with --undo aa01"),
    ],
)
def test_what_cannot_be_decided_is_told(
    desk: RepairDesk, what: str, prefix: str, said: str
) -> None:
    """With what to do."""
    desk.accept(desk.named(["aa01"]), "ada")
    with pytest.raises(ConfigError, match=said):
        getattr(desk, what)(desk.named([prefix]), "ada")


def test_a_condition_that_cannot_be_read_is_told(
    desk: RepairDesk, connection: duckdb.DuckDBPyConnection
) -> None:
    """With the columns that there are."""
    with pytest.raises(ConfigError, match=r"'raeson = 1' cannot be read: .*over id, relation"):
        desk.accept_where(connection, "raeson = 1")


def test_another_key_than_that_of_accepted_repairs_is_told(desk: RepairDesk) -> None:
    """They would lie over no row any more, without a word."""
    desk.accept(desk.named(["aa01"]), "ada")
    with pytest.raises(ConfigError, match="name rows by 'id', not 'code'; give that key"):
        desk.propose([replace(SECOND, key_column="code")])


def test_dbt_sees_them_typed_also_when_there_are_none(store: Store) -> None:
    """So that a model over them compiles in a new project."""
    empty = table_of(store, "repairs")
    assert (empty.num_rows, str(empty.schema.field("confidence").type)) == (0, "double")
    store.propose("main.things", [FIRST])
    (row,) = table_of(store, "repairs").to_pylist()
    assert (row["id"], row["status"], row["decided_at"]) == ("aa01", "proposed", None)


def test_a_subject_takes_its_repairs_along(
    desk: RepairDesk, store: Store, connection: duckdb.DuckDBPyConnection
) -> None:
    """Those of its rows, by a column or by the key; with what was decided about them."""
    desk.accept(desk.repairs, "ada")
    by_city = repaired_rows(connection, Subject("city", "N/A"), desk.repairs)
    assert by_city == [("main.things", "3")]
    gone = Subject("id", "1")
    connection.execute("delete from main.things where id = 1")
    assert repaired_rows(connection, gone, desk.repairs) == [("main.things", "1")]
    assert store.forget([], None, by_city, rehearse=True)["repairs"] == 1
    assert store.forget([], None, by_city)["repairs"] == 1
    assert statuses(desk) == {"aa01": "accepted", "aa02": "accepted"}
    assert len(store.rows("repair_decisions")[1]) == 2


def test_a_person_decides_by_keys(desk: RepairDesk) -> None:
    """Accept, go back, reject, skip what is odd, end."""
    said: list[str] = []
    keys = iter(["a", "b", "x", "r", "s", "q"])
    terminal = RepairTerminal(desk, "ada", said.append, lambda: next(keys))
    assert terminal.run(desk.repairs) == "0 accepted, 1 rejected, 1 skipped"
    assert statuses(desk) == {"aa02": "rejected", "aa01": "proposed", "bb03": "proposed"}
    assert "city: NULL  ->  'Lisbon'" in said[0]


def manifest(repair: object, **config: object) -> dict[str, object]:
    """A project of one model that says something of its repairs."""
    node = {
        "resource_type": "model",
        "schema": "main",
        "alias": "things",
        "config": {"meta": {"repair": repair} if repair else {}, **config},
    }
    return {"nodes": {"model.shop.things": node}}


def test_a_model_says_how_it_is_repaired() -> None:
    """Its key is that of its row gate or its unique key where it says no other."""
    said = settings_of(manifest({"key": "id", "follows": {"city": ["zip"]}}), THINGS)
    assert said == RepairSettings(key="id", follows={"city": ["zip"]})
    assert settings_of(manifest(None, unique_key="id"), THINGS).key == "id"
    assert settings_of({}, THINGS) == RepairSettings()
    with pytest.raises(ConfigError, match=r"'folows': .*; did you mean 'follows'"):
        settings_of(manifest({"folows": {}}), THINGS)
