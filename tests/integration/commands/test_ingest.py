"""`assay ingest`: which folders, from where, and what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ..dbt.project import Project
from ..warm import Done


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a folder of two documents."""
    project = Project(tmp_path_factory.mktemp("ingest"))
    inbox = project.root / "inbox"
    inbox.mkdir()
    (inbox / "letter.txt").write_text("The heating is cold.")
    (inbox / "nothing.pdf").write_bytes(b"")
    return project


def ingest(project: Project, *words: str, cwd: Path | None = None, **env: str) -> Done:
    """What the command says."""
    return project.run("assay.cli.main", "ingest", *words, env=env, cwd=cwd)


def test_a_folder_is_brought_in_and_known_from_anywhere(project: Project) -> None:
    """By the command, by the setting, and from another folder by its path there."""
    first = ingest(project, "inbox")
    again = ingest(project, "--json", ASSAY_DOCUMENTS="inbox")
    inside = ingest(project, ".", cwd=project.root / "inbox")

    assert first.out.splitlines() == [
        "2 documents: 1 ok, 1 empty; 2 read, 0 unchanged",
        "without text       status",
        "inbox/nothing.pdf  empty",
    ]
    assert json.loads(again.out) == {
        "statuses": {"ok": 1, "empty": 1},
        "without_text": [["inbox/nothing.pdf", "empty"]],
        "read": 0,
        "unchanged": 2,
        "gone": 0,
        "files": 2,
    }
    assert inside.out.splitlines()[0] == "2 documents: 1 ok, 1 empty; 0 read, 2 unchanged"
    assert project.rows("select path from bronze_raw.documents order by 1") == [
        ("inbox/letter.txt",),
        ("inbox/nothing.pdf",),
    ]


def test_a_folder_that_is_none_is_told(project: Project) -> None:
    """One line, with what to do; nothing is marked as gone for it."""
    none = ingest(project)
    wrong = ingest(project, "outbox")

    assert (none.code, wrong.code) == (2, 2)
    assert none.err == (
        "assay: No folder is named; write `./scripts/assay ingest FOLDER`, or set "
        "`ASSAY_DOCUMENTS`.\n"
    )
    assert "outbox is no folder that can be read; name one that holds documents" in wrong.err
    assert project.rows("select count(gone_at) from bronze_raw.documents") == [(0,)]
