"""The two groups that a build tells last, and their Markdown."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.cli.told import STEP_SUMMARY, Told, fitted, markdown


def test_what_was_done_comes_before_what_there_is_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """In whatever order it was told; what is wrong on standard error; no colour in a pipe."""
    told = Told()
    told.todo(["Red     a: 1 row found."])
    told.todo(["Not green: b."], err=True)
    told.done("Built   1 model", "Asked   nobody")
    told.end(1, {})
    said = capsys.readouterr()
    assert said.out == (
        "\nDone\nBuilt   1 model\nAsked   nobody\n\nTo do\nRed     a: 1 row found.\n"
    )
    assert said.err == "Not green: b.\n"


def test_ci_gets_markdown_beside_what_is_there(tmp_path: Path) -> None:
    """Appended, as other steps write there, too."""
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    told = Told()
    told.done("Built   1 model")
    told.end(0, {STEP_SUMMARY: str(file)})
    assert file.read_text() == (
        "before\n## `assay build`: green\n\n**Done**\n\n- **Built** 1 model\n\n"
    )


def test_a_summary_that_cannot_be_written_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The build is what it is without it."""
    Told().end(0, {STEP_SUMMARY: str(tmp_path / "none" / "summary.md")})
    assert "GITHUB_STEP_SUMMARY" in capsys.readouterr().err


def test_names_are_no_markup() -> None:
    """Underscores and angle brackets are shown; what stands between backticks stays."""
    said = markdown(1, [], ["Red     a_b on *c* <script>: `x_y`"])
    assert "not green (exit code 1)" in said
    assert r"- **Red** a\_b on \*c\* &lt;script>: `x_y`" in said


def test_what_may_quote_a_value_is_told_and_not_kept() -> None:
    """The terminal has it; a report, which is sent around, has not."""
    told = Told()
    told.todo(["Red     one"])
    told.todo(["Header  'a text of a row' reads like a value"], may_quote=True)
    told.todo(["Odd     two"])
    assert told.to_do == ["Red     one", "Odd     two"]


def test_a_narrow_terminal_breaks_between_words_and_no_command() -> None:
    """Below the words of the first line; a file or a pipe has lines as long as they are."""
    line = 'Odd     a.b: 9 of 10 are `not judged`; ten: ./scripts/assay query "from a limit 10"'
    assert fitted(line, 40).splitlines() == [
        "Odd     a.b: 9 of 10 are `not judged`;",
        "        ten:",
        '        ./scripts/assay query "from a limit 10"',
    ]
    assert [fitted(line, width) for width in (None, 99)] == [line, line]
    report = "Report  target/assay/report.html; to look at it: see the page"
    assert (
        fitted(report, 40)
        == "Report  target/assay/report.html; to\n        look at it: see the page"
    )
