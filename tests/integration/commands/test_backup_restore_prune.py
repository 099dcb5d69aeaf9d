"""`assay backup`, `restore` and `prune` over a real store."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from assay.faultd import FaultServer
from assay.store import Witness, check, open_store

from ..faults.engine_room import CLASSIFY, SCORE, engine_room
from .bench import Bench


def more(bench: Bench, server: FaultServer, *texts: str) -> None:
    """Buy further answers for the store."""
    with engine_room(server.url(), bench.folder, store=bench.store) as room:
        room.ask(texts)


def answers(path: Path) -> int:
    """How many answers a store holds."""
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("select count(*) from answers").fetchone()[0])
    finally:
        connection.close()


def test_a_backup_of_a_store_in_use_is_whole_and_private(bench: Bench) -> None:
    """Another process has it open and has written; nobody else can read the copy."""
    file = bench.folder / "copy.sqlite"
    holder = open_store(bench.store)
    done = bench("backup", str(file), "--json")
    holder.close()
    assert (done.code, done.json["answers"]) == (0, 16)
    assert (check(file).answers, check(file).trouble) == (16, None)
    assert file.stat().st_mode & 0o777 == 0o600
    again = bench("backup", str(file))
    assert (again.code, "exists already" in again.error) == (2, True)
    nowhere = bench("backup", str(bench.folder / "no" / "such" / "folder"))
    assert (nowhere.code, "cannot be copied to" in nowhere.error) == (2, True)


def test_a_backup_comes_back_after_the_store_is_lost(bench: Bench) -> None:
    """The witness that stood in the way of buying all anew is content."""
    file = bench.folder / "copy.sqlite"
    bench("backup", str(file))
    bench.store.unlink()
    assert bench("doctor", "--offline").code == 1
    done = bench("restore", str(file), "--json")
    assert (done.code, done.json) == (
        0,
        {"store": str(bench.store), "answers": 16, "kept": None},
    )
    assert bench("doctor", "--offline").code == 0
    assert bench.store.stat().st_mode & 0o777 == 0o600


def test_a_newer_store_is_not_overwritten_unless_told(bench: Bench, server: FaultServer) -> None:
    """The message counts what would be lost; with --force the old file stays beside the new."""
    file = bench.folder / "copy.sqlite"
    bench("backup", str(file))
    more(bench, server, "new 1", "new 2")
    refused = bench("restore", str(file))
    assert (refused.code, answers(bench.store)) == (2, 18)
    assert "2 of its answers and 1 of its attempts are not in the backup" in refused.error
    assert "--force" in refused.error
    done = bench("restore", str(file), "--force", "--json")
    assert (done.code, answers(bench.store), answers(Path(done.json["kept"]))) == (0, 16, 18)
    assert Witness(bench.store).answers() == 16


def test_an_older_store_gives_way_without_being_told(bench: Bench, server: FaultServer) -> None:
    """Everything it holds is in the backup: nothing can be lost."""
    old = bench.folder / "old.sqlite"
    shutil.copy(bench.store, old)
    more(bench, server, "new 1")
    file = bench.folder / "copy.sqlite"
    bench("backup", str(file))
    old.replace(bench.store)
    assert bench("restore", str(file)).code == 0
    assert answers(bench.store) == 17


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: b"", "is no sound store: the file is empty"),
        (lambda data: b"no database at all" * 99, "is no sound store: file is not a database"),
        (lambda data: data[: len(data) // 2], "is no sound store"),
        (None, "There is no file"),
    ],
)
def test_what_is_no_sound_store_is_not_restored(bench: Bench, damage: object, words: str) -> None:
    """And what was there stays as it was."""
    file = bench.folder / "copy.sqlite"
    if callable(damage):
        file.write_bytes(damage(bench.store.read_bytes()))
    before = bench.store.read_bytes()
    done = bench("restore", str(file), "--force")
    assert (done.code, words in done.error) == (2, True), done
    assert bench.store.read_bytes() == before


def test_nothing_is_restored_or_pruned_under_a_running_process(bench: Bench) -> None:
    """Whoever has the store open counts on what is in it."""
    file = bench.folder / "copy.sqlite"
    bench("backup", str(file))
    holder = open_store(bench.store)
    restored = bench("restore", str(file), "--force")
    pruned = bench("prune", "--older-than", "0s", "--yes")
    holder.close()
    assert (restored.code, pruned.code) == (2, 2)
    assert "in use by 1 running process" in restored.error
    assert answers(bench.store) == 16


def test_prune_says_what_it_would_cost_and_changes_nothing(bench: Bench) -> None:
    """Without --yes it only counts."""
    done = bench("prune", "--older-than", "0s", "--json").json
    assert (done["pruned"], sum(one["answers"] for one in done["questions"])) == (False, 16)
    bought = bench("spend", "--json").json["total"]
    assert sum(one["rebuy_usd"] for one in done["questions"]) == pytest.approx(bought["cost_usd"])
    assert answers(bench.store) == 16
    said = bench("prune", "--older-than", "0s").out
    assert "16 answers would go" in said
    assert "add --yes" in said


def test_prune_drops_answers_and_leaves_the_money(bench: Bench) -> None:
    """One question was asked long ago; the ledger adds up to what it did before."""
    connection = sqlite3.connect(bench.store)
    connection.execute("update runs set started_at = '2020-01-01 00:00:00.000000'")
    connection.execute("update answers set answered_at = '2020-01-01' where kind = 'sentiment'")
    connection.commit()
    connection.close()
    before = bench("spend", "--json").json["total"]
    done = bench("prune", "--older-than", "180d", "--yes", "--json").json
    assert (done["pruned"], done["removed"]) == (True, {"answers": 8, "failures": 0})
    assert [one["kind"] for one in done["questions"]] == ["sentiment"]
    after = bench("spend", "--json").json["total"]
    assert (answers(bench.store), after["cost_usd"]) == (8, before["cost_usd"])
    assert Witness(bench.store).answers() == 8


def test_prune_of_everything_leaves_a_store_that_opens(bench: Bench) -> None:
    """On the word of a person it is empty, not lost."""
    assert bench("prune", "--older-than", "0s", "--yes").code == 0
    assert answers(bench.store) == 0
    open_store(bench.store, guarded=True).close()


def test_prune_needs_to_be_told_what(bench: Bench) -> None:
    """Neither everything, nor by what is no project."""
    assert "give --older-than" in bench("prune", "--yes").error
    unknown = bench("prune", "--not-in-project", "--yes")
    assert (unknown.code, "no dbt_project.yml here" in unknown.error) == (2, True)
    assert "--older-than 'long' is no time span" in bench("prune", "--older-than", "long").error
    assert answers(bench.store) == 16


def test_questions_of_the_room_are_two() -> None:
    """What the counts above lean on."""
    assert {CLASSIFY["kind"], SCORE["kind"]} == {"classify", "sentiment"}
