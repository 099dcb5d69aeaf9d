"""Documents into tables, with the real parser in a real child."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from assay.project.documents.child import STATUSES, Child
from assay.project.documents.ingest import Ingested, ingest

MAIL = b"From: a@example.org\nSubject: Chairs\nContent-Type: text/plain\n\nPlease order chairs.\n"
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b"<r>before &x; after</r>"
)
FILES = {
    "letter.txt": b"The heating is cold.",
    "copy.txt": b"The heating is cold.",
    "mail.eml": MAIL,
    "page.html": b"<title>Noise</title><h1>Noise</h1><img src='file:///etc/passwd'><p>Rattling</p>",
    "meters.csv": b"flat,meter\n7,EL-1\n",
    "outside.xml": ENTITIES,
    "nothing.pdf": b"",
    "noise.pdf": bytes(range(128, 256)) * 40,
    "cut.pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog",
}


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """A folder with a file of each kind that needs no program to make."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    for name, data in FILES.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A new warehouse file, open."""
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        yield connection


def taken(warehouse: duckdb.DuckDBPyConnection, folder: Path, seconds: float = 60) -> Ingested:
    """What an ingest of one folder did."""
    return ingest(warehouse, [folder], folder.parent, seconds=seconds)


def statuses(warehouse: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """The status of each file, by its name."""
    rows = warehouse.execute(
        "select path, status from bronze_raw.documents inner join bronze_raw.document_contents "
        "using (content_hash)"
    ).fetchall()
    return {path.removeprefix("inbox/"): status for path, status in rows}


def test_each_file_has_a_status_and_a_bad_one_costs_only_itself(
    warehouse: duckdb.DuckDBPyConnection, inbox: Path
) -> None:
    """Texts, kinds and titles are there; what a file points to is not; copies are read once."""
    done = taken(warehouse, inbox)
    texts = dict(
        warehouse.execute("select kind, text from bronze_raw.document_contents").fetchall()
    )

    assert statuses(warehouse) == {
        **dict.fromkeys(FILES, "ok"),
        "nothing.pdf": "empty",
        "noise.pdf": "unknown_kind",
        "cut.pdf": "invalid",
    }
    assert (done.files, done.read, done.unchanged) == (9, 8, 0)
    assert done.without_text == [
        ("inbox/cut.pdf", "invalid"),
        ("inbox/noise.pdf", "unknown_kind"),
        ("inbox/nothing.pdf", "empty"),
    ]
    assert "Please order chairs." in texts["message/rfc822"]
    assert "# Noise" in texts["text/html"]
    assert "EL-1" in texts["text/csv"]
    assert "root:" not in "".join(text or "" for text in texts.values())
    assert set(statuses(warehouse).values()) <= set(STATUSES)


def test_what_is_known_is_not_read_and_what_is_gone_is_marked(
    warehouse: duckdb.DuckDBPyConnection, inbox: Path
) -> None:
    """Unchanged files are not opened, renamed ones not parsed; a file that returns is there."""
    taken(warehouse, inbox)
    (inbox / "letter.txt").rename(inbox / "renamed.txt")
    (inbox / "meters.csv").unlink()
    (inbox / "mail.eml").write_bytes(MAIL.replace(b"chairs", b"twenty tables"))
    again = taken(warehouse, inbox)
    (inbox / "letter.txt").write_bytes(FILES["letter.txt"])
    returned = taken(warehouse, inbox)
    gone = "select path from bronze_raw.documents where gone_at is not null order by 1"

    assert (again.read, again.unchanged, again.gone) == (1, 6, 2)
    assert (returned.read, returned.unchanged, returned.gone) == (0, 8, 0)
    assert warehouse.execute(gone).fetchall() == [("inbox/meters.csv",)]


def test_one_folder_says_nothing_of_another(
    warehouse: duckdb.DuckDBPyConnection, inbox: Path
) -> None:
    """Gone is what lies below a folder that was looked at."""
    other = inbox.parent / "inbox2"
    other.mkdir()
    (other / "letter.txt").write_bytes(b"hello")
    taken(warehouse, other)
    assert taken(warehouse, inbox).gone == 0


def test_what_takes_too_long_is_tried_twice(
    warehouse: duckdb.DuckDBPyConnection, inbox: Path
) -> None:
    """In two runs, and then no more; no other file waits for it."""
    for name in set(FILES) - {"letter.txt", "nothing.pdf"}:
        (inbox / name).unlink()
    runs = [taken(warehouse, inbox, seconds=0.001) for _ in range(3)]

    assert [run.read for run in runs] == [2, 1, 0]
    assert statuses(warehouse) == {"letter.txt": "timeout", "nothing.pdf": "empty"}


def test_a_reader_that_dies_is_opened_anew() -> None:
    """What killed it has crashed; the next document is read."""
    child = Child()
    child.read("letter.txt", b"hello")
    process = child._process
    assert process is not None
    process.kill()
    killed, well = (child.read("letter.txt", b"hello") for _ in range(2))
    child.close()

    assert (killed.status, killed.error) == ("crashed", "Its reader ended with -9.")
    assert (well.status, well.text) == ("ok", "hello")


KILLED = """
import os, signal, sys
from pathlib import Path
import duckdb
from assay.project.documents.child import Child, parser_version
from assay.project.documents.folders import files_in
from assay.project.documents.ingest import _Run
from assay.project.documents.tables import DocumentTables
folder, database = Path(sys.argv[1]), sys.argv[2]
run = _Run(DocumentTables(duckdb.connect(database), parser_version()), Child())
for file in list(files_in(folder, folder.parent))[:3]:
    run.take(file)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_ingest_goes_on_where_it_was(tmp_path: Path, inbox: Path) -> None:
    """What was read is there with its file; the rest is read by the next one."""
    database = tmp_path / "warehouse.duckdb"
    command = [sys.executable, "-c", KILLED, str(inbox), str(database)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    with duckdb.connect(str(database)) as warehouse:
        before = set(statuses(warehouse))
        done = taken(warehouse, inbox)

    assert before == {"copy.txt", "cut.pdf", "letter.txt"}
    assert (done.read, done.unchanged, done.files) == (6, 3, 9)


def test_a_reader_gets_nothing_of_our_environment_and_writes_nothing(
    inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No key is in reach of a document; what the parser unpacks is gone with its folder."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    child = Child()
    child.read("letter.txt", b"hello")
    process, own = child._process, child._folder
    assert process is not None
    assert own is not None
    environment = Path(f"/proc/{process.pid}/environ")
    seen = environment.read_bytes() if environment.exists() else b""
    child.close()

    assert b"canary" not in seen
    assert not Path(own.name).exists()
    assert not os.path.lexists(f"/proc/{process.pid}/fd/0")
