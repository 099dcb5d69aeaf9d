"""What is decided of documents without reading one: kinds, files of a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assay.core.errors import ConfigError
from assay.project.documents.folders import bytes_of, checked, files_in
from assay.project.documents.kinds import PLAIN, in_utf8, kind_of


@pytest.mark.parametrize(
    ("name", "told", "kind"),
    [
        ("a.pdf", "application/pdf", "application/pdf"),
        ("a.docx", "application/pdf", "application/pdf"),
        ("A.EML", "text/plain", "message/rfc822"),
        ("page.html", None, "text/html"),
        ("notes", "text/plain", "text/plain"),
        ("feed.xml", "text/xml", "text/xml"),
        ("noise.pdf", None, None),
        ("umlauts.txt", None, "text/plain"),
        ("letter.docx", "application/zip", None),
        ("all.tar.gz", "application/gzip", None),
        ("a.html", "application/pdf", "application/pdf"),
    ],
)
def test_bytes_say_the_kind_and_names_only_what_bytes_cannot(
    name: str, told: str | None, kind: str | None
) -> None:
    """A PDF is one under any name; a mail is plain text but for its name."""
    assert kind_of(name, told) == kind


@pytest.mark.parametrize("coding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_text_may_be_marked_as_written_otherwise(coding: str) -> None:
    """As Windows saves what it calls Unicode."""
    assert in_utf8("Grüße".encode(coding), PLAIN).decode("utf-8-sig") == "Grüße"


@pytest.mark.parametrize("coding", ["cp1252", "cp1251", "shift-jis"])
def test_letters_that_nobody_knows_are_no_text(coding: str) -> None:
    """A parser would put other signs in their place, and a model would answer about these."""
    data = {"cp1252": "Grüße", "cp1251": "Привет", "shift-jis": "こんにちは"}[coding].encode(
        coding
    )
    with pytest.raises(ValueError, match="save it as UTF-8"):
        in_utf8(data, "text/csv")
    assert in_utf8(data, "text/html") == data  # its head says how


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder beside a secret, with ways to it."""
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "inbox"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "letter.txt").write_text("hello")
    (folder / ".hidden").write_text("hidden")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "up").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe.txt")
    return folder


def test_nothing_is_followed_out_of_a_folder(folder: Path) -> None:
    """Neither links to files and folders, nor pipes; what is hidden is left alone."""
    names = [file.name for file in files_in(folder, folder.parent)]
    assert names == ["inbox/deep/letter.txt"]


def test_a_file_that_became_a_link_is_not_opened(folder: Path) -> None:
    """Between the look at a folder and the opening of its files."""
    (found,) = files_in(folder, folder.parent)
    assert bytes_of(found) == b"hello"
    found.path.unlink()
    found.path.symlink_to(folder.parent / "secret.txt")
    with pytest.raises(OSError, match="symbolic links"):
        bytes_of(found)


def test_paths_are_those_of_the_project_or_whole(folder: Path) -> None:
    """So that a project can be moved with its documents."""
    (found,) = files_in(folder, folder / "elsewhere")
    assert found.name == (folder / "deep" / "letter.txt").as_posix()


def test_a_folder_inside_another_is_named_once(folder: Path) -> None:
    """And one that is none is told with what to do."""
    assert checked([folder / "deep", folder, folder]) == [folder.resolve()]
    with pytest.raises(ConfigError, match="is no folder that can be read; name one"):
        checked([folder / "missing"])
    with pytest.raises(ConfigError, match="is no folder that can be read"):
        checked([folder / "deep" / "letter.txt"])
