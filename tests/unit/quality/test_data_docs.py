"""The page of the gates: static, escaped, counts only."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from assay.project.gates.data_docs import page, write_page
from assay.project.gates.records import Result

RESULT = Result(
    suite="orders",
    place=0,
    expectation="expect_column_values_to_be_in_set",
    column_name="state",
    threshold="mostly=0.9",
    minimum_evaluated=10,
    row_count=2000,
    evaluated=1900,
    unexpected=19,
    unexpected_share=0.01,
    success=True,
)


def test_it_shows_counts_and_verdicts() -> None:
    """Of every gate, green and red."""
    red = replace(RESULT, suite="bills", error="KeyError", unexpected=None, unexpected_share=None)
    html = page({"gate_silver": [RESULT, red]}, "an-invocation", "2026-01-01 00:00:00")
    assert html.count("<h3>") == 2
    assert all(word in html for word in ("1,900", "19", "1.0000%", "green", "errored", "KeyError"))


def test_f09_everything_is_escaped() -> None:
    """Names come from files that anyone may write."""
    evil = replace(RESULT, column_name="<script>alert(1)</script>", error="<img src=x>")
    html = page({"<b>gate": [evil]}, "<i>", "now")
    assert not re.search(r"<script|<img|<b>|<i>", html)


def test_nothing_is_loaded() -> None:
    """And a policy forbids it."""
    html = page({"gate_silver": [RESULT]}, "an-invocation", "now")
    assert "default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;" in html
    assert not re.search(r"https?:|src=|href=|url\(|@import", html)


def test_a_page_replaces_the_older_one(tmp_path: Path) -> None:
    """At once, so that nobody reads a part of it."""
    write_page(tmp_path / "docs", "old")
    assert write_page(tmp_path / "docs", "new").read_text(encoding="utf-8") == "new"
    assert [path.name for path in (tmp_path / "docs").iterdir()] == ["index.html"]
