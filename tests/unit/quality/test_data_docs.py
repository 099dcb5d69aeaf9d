"""The page of the gates: static, escaped, sentences and counts only, what is red first."""

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
RED = replace(RESULT, suite="bills", error="KeyError", unexpected=None, unexpected_share=None)


def test_it_says_what_is_expected_and_what_was_counted() -> None:
    """A line for each suite that opens; in it a sentence with what holds of what."""
    said = {("gate_silver", "orders", 0): "`state` is one of open, shut"}
    html = page({"gate_silver": [RESULT]}, "an-invocation", "2026-01-01 00:00:00", said)
    assert "<code><bdi>state</bdi></code> is one of open, shut" in html
    assert all(
        word in html for word in ("1,881 of 1,900", "2,000 rows", "all 1 expectation green")
    )
    assert "<details>" in html


def test_what_is_red_comes_first_and_is_open() -> None:
    """Above all suites, with its cause; then its suite, open."""
    html = page({"gate_silver": [RESULT, RED]}, "an-invocation", "2026-01-01 00:00:00")
    assert "1 of 2 expectations red" in html
    assert html.index("errored: KeyError") < html.index("<h2>") < html.index("<details open>")
    assert html.index("<details open>") < html.index("<details>")


def test_f09_everything_is_escaped() -> None:
    """Names come from files that anyone may write."""
    evil = replace(RESULT, column_name="<script>alert(1)</script>", error="<img src=x>")
    said = {("<b>gate", "orders", 0): "`<svg>` is <i>"}
    for sentences in (None, said):
        html = page({"<b>gate": [evil]}, "<i>", "now", sentences)
        assert not re.search(r"<script|<img|<b>gate|<svg|<i>", html)


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
