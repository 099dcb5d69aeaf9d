"""The page about llama.cpp taken at its word, in a fresh clone."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ..clone import fresh_clone
from ..dbt.project import REPOSITORY
from ..test_pages import unkept

pytestmark = pytest.mark.llamacpp

PAGE = REPOSITORY / "docs/how-to/llamacpp.md"
PORT = "8420"


def test_the_page_keeps_what_it_says(tmp_path: Path) -> None:
    """Forty rows in three requests; on another port, because somebody may follow the page now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text(encoding="utf-8").replace(PORT, port), encoding="utf-8")
    lost = unkept(fresh_clone(tmp_path / "clone"), page, port)

    assert lost == [], "\n".join(lost)
