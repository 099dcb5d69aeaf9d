"""A real build ends with a report of itself."""

from __future__ import annotations

from pathlib import Path

from ..dbt.project import Project
from ..gates.assay_line import assay

MODEL = (
    "{{ config(materialized='table') }}\n"
    "select i as id, {{ ai_classify(\"'where is my parcel ' || (i % 5)\", "
    "['delivery', 'refund'], detail=true) }} as topic from range(20) as r(i)"
)


def test_a_build_says_where_its_report_is(tmp_path: Path) -> None:
    """The line in the summary leads to the page, which knows the run and its AI column."""
    project = Project(tmp_path, {"notes.sql": MODEL})
    said = assay(project, "build")
    assert "Report  target/assay/report.html" in said.out
    (page,) = (tmp_path / "target" / "assay").glob("report-*.html")
    text = page.read_text(encoding="utf-8")
    assert (tmp_path / "target" / "assay" / "report.html").read_text(encoding="utf-8") == text
    assert "notes.topic" in text
    assert "2 labels: delivery, refund" in text
    assert "where is my parcel" not in text
    again = assay(project, "report")
    assert again.code == 0
    assert said.code == 0
    for made in (text, page.read_text(encoding="utf-8")):
        assert '<span class="verdict grey">nothing checked</span>' in made
        assert "Answers come from <code>local</code>" in made
        assert "<bdi>assay</bdi>: run of" in made


def test_a_report_that_cannot_be_made_leaves_the_build_as_it_is(tmp_path: Path) -> None:
    """A file where the folder should be: a warning, and the exit code of the build."""
    project = Project(tmp_path, {"one.sql": "select 1 as id"})
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "assay").write_text("in the way", encoding="utf-8")
    said = assay(project, "build")
    assert "Warning: there is no report of this run" in said.err
    assert "Traceback" not in said.err
