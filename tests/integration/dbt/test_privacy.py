"""Keys and row text stay out of what dbt prints and writes; only named columns leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from assay.engine.smallest import SMALL_TEXT
from assay.faultd import Entry, FaultServer

from .project import KEY, Project, Run, asking

NAMED = "row-canary-91c2 the tent leaks"
UNNAMED = "unnamed-canary-55e0"
MODEL = """\
select
    id,
    {{ ai_classify('body', ['good', 'bad'], detail=true) }} as topic,
    {{ ai_assess(['body', 'city'], detail=true) }} as judged

from {{ ref('notes') }}
"""
SCENARIOS = {
    "good": ("good", (), 0),
    "debug": ("good", ("--debug",), 0),
    "echo": ("echo", ("--debug",), 1),
    "wrong_key": ("s401", ("--debug",), 1),
}


@dataclass(frozen=True)
class Told:
    """A run and everything it left in sight: what it printed, its logs, its artifacts."""

    project: Project
    run: Run
    code: int
    sent: tuple[Entry, ...]

    @property
    def sight(self) -> str:
        """All of it."""
        return self.run.output + self.project.written()


@pytest.fixture(scope="module", params=SCENARIOS)
def told(
    request: pytest.FixtureRequest, new_project: Callable[..., Project], server: FaultServer
) -> Told:
    """One run for each way in which things go well or wrong."""
    scenario, flags, code = SCENARIOS[request.param]
    project = new_project(
        {"bronze/notes.sql": "select * from raw.notes", "silver/topics.sql": MODEL}
    )
    project.load("raw.notes", id=[1], body=[NAMED], city=["Leeds"], iban=[UNNAMED])
    server.reset()
    run = project.dbt(*flags, "run", **asking(server, scenario, ASSAY_MAX_ATTEMPTS="1"))
    return Told(project, run, code, tuple(server.ledger.entries))


def test_g08_the_key_is_used_and_never_written_down(told: Told) -> None:
    """The server saw a key; stdout, logs, artifacts, store and warehouse hold none."""
    assert all("authorization" in entry.headers for entry in told.sent)
    assert told.sent
    assert KEY not in told.sight
    assert KEY.encode() not in told.project.store.read_bytes()
    assert KEY.encode() not in told.project.warehouse.read_bytes()


def test_g09_row_text_is_never_written_down(told: Told) -> None:
    """Not even when the endpoint repeats it in an error."""
    assert NAMED not in told.sight
    assert "row-canary" not in told.sight


def test_g11_p08_only_named_columns_leave(told: Told) -> None:
    """The texts that went out are the columns of the calls, no others."""
    texts = {text for entry in told.sent for text in entry.texts} - {SMALL_TEXT}
    assert texts <= {NAMED, f'{{"body":"{NAMED}","city":"Leeds"}}'}
    assert UNNAMED not in told.sight


def test_the_run_ends_as_it_must(told: Told) -> None:
    """A run that succeeds exits 0, one with a wrong key or without any answer 1."""
    assert told.run.code == told.code, told.run.output


def test_a14_a_redirect_is_not_followed(
    new_project: Callable[..., Project], server: FaultServer
) -> None:
    """Not a byte reaches the host to which the endpoint points; the run stops."""
    project = new_project(
        {"bronze/notes.sql": "select * from raw.notes", "silver/topics.sql": MODEL}
    )
    project.load("raw.notes", id=[1], body=[NAMED], city=["Leeds"])
    run = project.dbt("run", **asking(server, "redir307x"))
    assert run.code == 1
    assert server.sink == {"sink_connections": 0, "sink_bytes": 0}
