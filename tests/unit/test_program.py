"""What messages tell people to type: the program as it was called."""

from __future__ import annotations

import pytest

from assay.core.program import VARIABLE, program


def test_a_program_that_is_installed_is_called_assay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever typed `assay`, or dbt itself."""
    monkeypatch.delenv(VARIABLE, raising=False)
    assert program("doctor --repair") == "assay doctor --repair"
    assert program("build --select x") == "assay build --select x"
    assert program() == "assay"


def test_in_a_clone_it_is_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    """Building has a script of its own."""
    monkeypatch.setenv(VARIABLE, "./scripts/assay")
    assert program("doctor --repair") == "./scripts/assay doctor --repair"
    assert program("build --select x") == "./scripts/build --select x"
