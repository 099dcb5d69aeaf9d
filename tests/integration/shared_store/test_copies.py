"""A whole store to a server and back, and what a person does with one that is there."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assay.cli.main import app
from assay.core.errors import StoreError
from assay.core.settings import Settings
from assay.core.values import Failure
from assay.store import (
    BatchPack,
    BatchRow,
    Filling,
    Landing,
    back_up,
    check,
    check_server,
    move,
    open_store,
    queries,
    repair,
    restore,
)
from assay.store.contract import TABLES

from ..durability.worker import fill, served, wrong
from .buyer import landing

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("either_store", ["postgres"], indirect=True),
]
SECRET = "a secret of somebody"
KEY = b"f" * 16
BODY = json.dumps({"records": ["one"], "ids": ["abc"], "counts": [[[0, 0, 0]]]})


def filled(place: Any) -> None:
    """A row in many tables: answers, a failure with its text, a run, a batch."""
    fill(place, 40)
    with closing(open_store(place)) as store:
        store.begin_run("a-run", Settings())
        failure = Failure(KEY, "filter", "m", "h", "p", "invalid", "no", 1, "2026", None, SECRET)
        call = landing(store.owner, 1, [b"a" * 16])
        store.land([call, Landing(landing(store.owner, 2, []).call, failures=[failure])])
        batch = BatchRow(
            id="b" * 32, provider="openai", host="h", model="m", run_id="r", written_at="2026"
        )
        store.put_packs([Filling(batch, [BatchPack("c" * 32, [b"p" * 16], 0.5, BODY)])])


def tables(place: Any) -> dict[str, Any]:
    """All that dbt is served of a store."""
    with closing(open_store(place)) as store:
        return {name: (store.rows(name)[0], sorted(store.rows(name)[1])) for name in TABLES}


def test_a_store_moves_to_a_server_and_back_unchanged(either_store: Any, tmp_path: Path) -> None:
    """Every table, by column, type and row; a batch still holds what is asked in it."""
    file, back = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    filled(file)
    assert move(file, either_store) == 41
    assert move(either_store, back) == 41
    assert tables(file) == tables(either_store) == tables(back)
    with closing(open_store(either_store)) as store:
        assert store.claim([[b"p" * 16]])[0].settled[b"p" * 16].status == "pending"
    with pytest.raises(StoreError, match="There is a store at"):
        move(file, either_store)
    with pytest.raises(StoreError, match="exists already"):
        move(either_store, back)


def test_a_backup_of_a_server_is_restored_in_one_step(either_store: Any, tmp_path: Path) -> None:
    """Also while it is in use; what was there is kept, and a loss is refused."""
    backup = tmp_path / "backup.sqlite"
    filled(either_store)
    with closing(open_store(either_store)):
        back_up(either_store, backup)
        with pytest.raises(StoreError, match="in use by 1 running process"):
            restore(backup, either_store)
    assert (check(backup).answers, check(backup).unsound) == (41, 0)
    fill(either_store, 3, first=100)
    with pytest.raises(StoreError, match="3 of its answers and 0 of its attempts"):
        restore(backup, either_store)
    done = restore(backup, either_store, force=True)
    assert (done.answers, str(done.kept).split("_replaced_")[0]) == (
        41,
        f"schema {either_store.schema}",
    )
    found = served(either_store, [*range(40), 100])
    assert (len(found), wrong(found)) == (40, 0)
    kept = replace(either_store, schema=str(done.kept).removeprefix("schema "))
    assert len(served(kept, [*range(40), 100])) == 41


def test_what_is_forgotten_is_in_no_file_of_its_table(
    either_store: Any, postgres_server: Any
) -> None:
    """Only the log of the server still has it, which is the affair of whoever runs it."""
    filled(either_store)
    with closing(open_store(either_store)) as store:
        before = places(store, postgres_server)
        assert store.forget([], KEY.hex(), rehearse=True)["failures"] == 1
        assert store.forget([], KEY.hex())["failures"] == 1
        store._session.native("checkpoint")  # type: ignore[attr-defined]
        after = places(store, postgres_server)
    assert not any(SECRET.encode() in path.read_bytes() for path in after if path.exists())
    assert before != after


def places(store: Any, server: Any) -> list[Path]:
    """The files of the table of failures."""
    (path,) = store._session.native("select pg_relation_filepath('failures')").fetchone()
    return [server.folder / "data" / path]


def test_prune_and_doctor_know_a_server(either_store: Any, monkeypatch: Any) -> None:
    """Counts, checksums, and what is not done to a server."""
    filled(either_store)
    with closing(open_store(either_store)) as store:
        questions = store.read(queries.UnusedAnswers())
        assert store.prune(questions[:1])["answers"] == questions[0].answers
        store._session.native(  # type: ignore[attr-defined]
            "update answers set value = '\"forged\"' where key = (select key from answers limit 1)"
        )
    found = check_server(either_store)
    assert found.found is not None
    assert (found.missing, found.newer, found.is_durable, found.owners) == (
        0,
        frozenset(),
        True,
        0,
    )
    assert (found.found.unsound, found.found.open_batches) == (1, 1)
    with pytest.raises(StoreError, match="repairs its own files"):
        repair(either_store)
    monkeypatch.setenv("ASSAY_STORE", str(either_store))
    said = CliRunner().invoke(app, ["doctor", "--offline", "--json"])
    told = {one["subject"]: one for one in json.loads(said.output)["findings"]}
    assert told["store"]["verdict"] == "ok"
    assert "Postgres" in told["store"]["text"]
    assert told["answers"]["verdict"] == "wrong"
