"""Gold as a folder of Parquet: parted or not, whole, counted, and old or new after a kill."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assay.core.errors import PublishError
from assay.project.publishing.deliver import Delivery, deliver
from assay.project.publishing.destinations.open import open_destination
from assay.project.publishing.destinations.parquet import STAMP
from assay.project.publishing.publish import publish

from . import dying
from .publisher import release

BIG = (
    "select n::int as id, 'a' as turn, if(n % 10 = 0, null, 'k' || n % 3) as kind, "
    "(2024 + n % 2)::smallint as year, {'b': [n, null]} as nested from range(50) t(n)"
)


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """A warehouse with a table of gold."""
    warehouse = tmp_path / "warehouse.duckdb"
    change(warehouse, "create schema gold", f"create table gold.big as {BIG}")
    return warehouse


def change(warehouse: Path, *statements: str) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        for statement in statements:
            connection.execute(statement)


def sent(warehouse: Path, address: str) -> list[Delivery]:
    """Publish a warehouse and deliver its table."""
    done = publish(warehouse, warehouse.parent / "published", release("run", "big"))
    return deliver(done, {"big": ["id"]}, open_destination(address), "the folder")


def rows(folder: Path, depth: int = 0) -> list[tuple[Any, ...]]:
    """What any reader of Parquet finds."""
    files = folder / "big" / "/".join(["*"] * depth + ["*.parquet"])
    query = f"select id, turn, kind, year, nested from '{files}' order by id"
    return duckdb.sql(query).fetchall()


@pytest.mark.parametrize(("by", "depth"), [("", 0), ("?by=kind", 1), ("?by=year,kind", 2)])
def test_it_is_gold_and_what_changed_is_counted(
    gold: Path, tmp_path: Path, by: str, depth: int
) -> None:
    """Parted or not, with NULL as a part; the second time nothing differs."""
    folder, address = tmp_path / "lake", f"parquet:{tmp_path / 'lake'}{by}"
    assert sent(gold, address) == [Delivery("big", 50, 50, 0)]
    assert rows(folder, depth) == duckdb.sql(BIG).fetchall()
    assert sent(gold, address) == [Delivery("big", 50, 0, 0)]
    change(
        gold, "update gold.big set turn = 'b' where id < 3", "delete from gold.big where id > 47"
    )
    assert sent(gold, address) == [Delivery("big", 48, 3, 2)]
    assert [row[1] for row in rows(folder, depth)[:4]] == ["b", "b", "b", "a"]
    assert json.loads((folder / "big" / STAMP).read_text())["row_count"] == 48
    assert len(list(folder.iterdir())) == 3  # the link, where it leads, and what was before


def test_other_columns_and_other_parts_are_written_whole(gold: Path, tmp_path: Path) -> None:
    """Each is a folder of its own; nobody has to drop anything."""
    folder = f"parquet:{tmp_path / 'lake'}"
    sent(gold, folder)
    assert sent(gold, f"{folder}?by=kind") == [Delivery("big", 50, 0, 0)]
    assert len(rows(tmp_path / "lake", 1)) == 50
    assert sent(gold, f"{folder}?by=year") == [Delivery("big", 50, 50, 50)]
    sent(gold, f"{folder}?by=kind")
    change(gold, "alter table gold.big add column more int")
    assert sent(gold, f"{folder}?by=kind") == [Delivery("big", 50, 50, 50)]
    change(gold, "delete from gold.big")
    assert sent(gold, f"{folder}?by=kind") == [Delivery("big", 0, 0, 50)]
    assert sent(gold, f"{folder}?by=kind") == [Delivery("big", 0, 0, 0)]


def test_a_folder_of_somebody_else_is_left_alone(gold: Path, tmp_path: Path) -> None:
    """Whoever mistypes a path loses nothing."""
    theirs = tmp_path / "lake" / "big" / "theirs.parquet"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs")
    with pytest.raises(PublishError, match="Assay did not make"):
        sent(gold, f"parquet:{tmp_path / 'lake'}")
    assert [path.name for path in theirs.parent.parent.rglob("*")] == ["big", "theirs.parquet"]


def test_a_column_that_is_not_there_is_told(gold: Path, tmp_path: Path) -> None:
    """With those that are; the table of before stays."""
    sent(gold, f"parquet:{tmp_path / 'lake'}")
    with pytest.raises(
        PublishError, match="big has no column sort to part it by; it has id, turn"
    ):
        sent(gold, f"parquet:{tmp_path / 'lake'}?by=sort")
    assert len(rows(tmp_path / "lake")) == 50


@pytest.mark.parametrize(
    "step",
    [
        step if step in dying.OFTEN else pytest.param(step, marks=pytest.mark.whole)
        for step in dying.STEPS
    ],
)
@pytest.mark.parametrize("place", ["json:site/big.json", "parquet:lake?by=kind"])
def test_a_kill_at_each_step_leaves_old_or_new(
    gold: Path, tmp_path: Path, place: str, step: str
) -> None:
    """Never half, and whoever comes next delivers the whole and leaves nothing beside it."""
    kind, _, path = place.partition(":")
    address = f"{kind}:{tmp_path / path}"
    sent(gold, address)
    change(gold, "update gold.big set turn = 'b'", "delete from gold.big where id > 39")
    died = subprocess.run(
        [sys.executable, dying.__file__, str(gold), address, step], check=False, timeout=60
    )
    assert died.returncode == -signal.SIGKILL
    new = step in ("kept", "closed")
    assert turns(tmp_path, kind) == (["b"] * 40 if new else ["a"] * 50)
    assert sent(gold, address) == [Delivery("big", 40, 0 if new else 40, 0 if new else 10)]
    assert turns(tmp_path, kind) == ["b"] * 40
    assert not [found for found in tmp_path.rglob("*.new") if "published" not in found.parts]


def turns(root: Path, kind: str) -> list[str]:
    """What a reader finds, a letter a row."""
    if kind == "json":
        said = json.loads((root / "site" / "big.json").read_text())
        assert said["row_count"] == len(said["rows"])
        return [row["turn"] for row in said["rows"]]
    return [row[1] for row in rows(root / "lake", 1)]
