"""G10, G17 to G21: texts, files and labels make nothing fetch, unpack, expand, log or print."""

from __future__ import annotations

import ast
import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assay.faultd import FaultServer

from ..gates.assay_line import assay
from .project import KEY, REPOSITORY, Project, asking

CANARY = "row-canary-2d5f"
MODEL = (
    "select id, {{ ai_classify('body', ['good', 'bad'], detail=true) }} as topic from raw.notes"
)
ESCAPES = "\x1b[2J\x1b[31mgone\x07\r\n[ERROR] forged line"
READERS = {"zipfile", "tarfile", "xml", "lxml", "docx", "pypdf", "openpyxl", "bz2", "lzma"}
"""Modules that open what can be a bomb; none of ours imports one but the exception."""

OWN_DRAWINGS = ("svg.py", "xml.etree.ElementTree")
"""Reads what the drawing library wrote in this process, and no declaration of entities."""

UNDER_THE_SDK = ("transport.py", "aiohttp")
"""Sends what the SDK hands down to the one host that the settings name."""

ALERTS = {("sending.py", "http.client"), ("sending.py", "urllib.request")}
"""Post what an alert says to the one address of the settings."""

SEARCHES = {("wire.py", "http.client"), ("wire.py", "urllib.request")}
"""Ask the one search server of the settings for evidence, and follow it nowhere."""

PUBLISHED = {("freshness.py", "http.client"), ("freshness.py", "urllib.request")}
"""Reads the one published file whose address a person typed or named for the doctor."""

EXCEPTIONS = {OWN_DRAWINGS, UNDER_THE_SDK, *ALERTS, *SEARCHES, *PUBLISHED}

FETCHERS = {"requests", "urllib.request", "httpx", "aiohttp", "ftplib", "http.client"}
"""Modules that fetch; the one client of ours is the SDK's, over the exception."""


@pytest.fixture
def decoy() -> Iterator[tuple[int, list[str]]]:
    """A port that nobody has a reason to speak to, and who did."""
    visitors: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def accept() -> None:
            while True:
                try:
                    visitor, address = listening.accept()
                except OSError:
                    return
                visitors.append(str(address))
                visitor.close()

        threading.Thread(target=accept, daemon=True).start()
        yield listening.getsockname()[1], visitors


def test_g20_a_url_in_a_text_is_a_text(
    new_project: Callable[..., Project], server: FaultServer, decoy: tuple[int, list[str]]
) -> None:
    """Every text goes to the endpoint as it is; what it names is never looked at."""
    port, visitors = decoy
    urls = [
        f"http://127.0.0.1:{port}/latest/meta-data",
        f"see http://localhost:{port}/x.csv and file:///etc/hostname",
        f"![](http://127.0.0.1:{port}/?d=1)",
        f"<img src='http://127.0.0.1:{port}/y'><!ENTITY x SYSTEM 'file:///etc/hostname'>",
        "http://169.254.169.254/latest/meta-data",
    ]
    project = new_project({"silver/topics.sql": MODEL}, **asking(server))
    project.load("raw.notes", id=range(len(urls)), body=urls)
    server.reset()
    run = project.dbt("run")
    assert run.code == 0, run.output
    assert {text for entry in server.ledger.entries for text in entry.texts} == set(urls)
    assert visitors == []


@pytest.mark.parametrize("scenario", ["good", "echo", "s401"])
def test_g10_the_debug_log_of_the_sdk_holds_no_text(
    scenario: str, new_project: Callable[..., Project], server: FaultServer
) -> None:
    """Also when somebody asks it to say everything."""
    project = new_project({"silver/topics.sql": MODEL}, **asking(server, scenario))
    project.load("raw.notes", id=[1], body=[CANARY])
    run = project.dbt("--debug", "run", OPENAI_LOG="debug", ASSAY_MAX_ATTEMPTS="1")
    seen = run.output + project.written()
    assert [canary for canary in (CANARY, KEY) if canary in seen] == []


def test_g17_a_compressed_bomb_among_the_data_costs_its_model(
    new_project: Callable[..., Project],
) -> None:
    """A line of 20 MB in 20 kB fails, and nothing else with it."""
    project = new_project(
        {
            "bronze/bomb.sql": "{{ config(materialized='table') }} from read_csv('data/x.csv.gz')",
            "bronze/good.sql": "select 1 as id",
        }
    )
    (project.root / "data").mkdir()
    with gzip.open(project.root / "data/x.csv.gz", "wb", compresslevel=9) as file:
        for _ in range(20):
            file.write(b"a" * 1_000_000)
    run = project.dbt("run")
    assert run.statuses()["bomb"] == "error"
    assert run.statuses()["good"] == "success"
    assert "Maximum line size" in run.message("bomb")


@pytest.mark.parametrize("modules", [READERS, FETCHERS], ids=["G17-G18-G19", "G20"])
def test_g17_g18_g19_g20_nothing_of_ours_unpacks_or_fetches(modules: set[str]) -> None:
    """No document, archive or XML is opened and no URL fetched: there is no code that could."""
    imported = {
        (path.name, name)
        for path in (REPOSITORY / "udfs").rglob("*.py")
        if "faultd" not in path.parts
        for name in imports(path)
    }
    wrong = [
        (file, name)
        for file, name in imported
        if any(name == module or name.startswith(f"{module}.") for module in modules)
        and (file, name) not in EXCEPTIONS
    ]
    assert wrong == []
    assert ("golden_rows.py", "duckdb") in imported


def imports(path: Path) -> set[str]:
    """The names of all modules that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    froms = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    return names | froms


def test_g21_nothing_in_a_row_speaks_to_the_terminal(new_project: Callable[..., Project]) -> None:
    """A query prints control characters spelled out, each row in its own line."""
    project = new_project()
    project.load("raw.notes", id=[1], body=[ESCAPES])
    said = assay(project, "query", "select body from raw.notes")
    assert said.code == 0
    assert "forged line" in said.out
    assert not any(character in said.out for character in "\x1b\x07\r")
    assert not any(line.startswith("[ERROR]") for line in said.out.splitlines())


def test_g21_a_label_in_a_message_stays_in_its_line(new_project: Callable[..., Project]) -> None:
    """What is wrong is quoted as JSON: no line of its own, no colour."""
    project = new_project()
    project.set_variables(ai_labels={"given": [ESCAPES, ESCAPES]})
    project.write("silver/topics.sql", "select {{ ai_classify('body', 'given') }} as topic")
    run = project.dbt("compile")
    assert run.code != 0
    assert "it is there twice" in run.output
    seen = run.output + project.written()
    assert "\x1b[31m" not in seen
    assert not any(line.strip().startswith("[ERROR]") for line in run.output.splitlines())
