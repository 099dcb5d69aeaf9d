"""Promise 2: every row is accounted for, and a NULL never stands for a failure."""

from __future__ import annotations

import contextlib
import hashlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from assay.core.errors import RunError
from assay.core.values import Outcome
from assay.engine.run import Run
from assay.faultd import FaultServer
from assay.faultd.scenarios.registry import group

from ..dbt.project import Project, asking
from ..durability.worker import resolver, run, text_of, value_of
from ..figures import Figure

RECORDS = 40
LIMITS = {
    "pack_records": 4,
    "max_in_flight": 8,
    "max_attempts": 2,
    "deadline_seconds": 0.4,
    "outage_seconds": 1.5,
}
FAILED = {"refused", "invalid", "too_long", "over_limit", "transport"}
LEFT_OUT = {"swapped", "mix"}
"""What no client can see, and what stands for the others."""

CHANGED = {"random", "surrogate"}
"""Their answers are valid but not the hash of the text, so that `wrong` says nothing."""

SCENARIOS = [
    fault.name for letter in "ABC" for fault in group(letter) if fault.name not in LEFT_OUT
]


def test_p02_every_row_is_accounted_for_after_every_scenario(
    tmp_path: Path, figure: Figure
) -> None:
    """Half the packs meet the fault, then a clean run: rows and store agree, key by key."""

    def hashed(text: str, _: Any) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    with FaultServer(answer=hashed) as server, ThreadPoolExecutor(8) as pool:

        def play(name: str) -> Counter[str]:
            spec = f"{name},p=0.5,by=content,times=3"
            return accounted(tmp_path / f"{name}.sqlite", server.url(spec), server.url("good"))

        tallies = dict(zip(SCENARIOS, pool.map(play, SCENARIOS), strict=True))
    total = sum(tallies.values(), Counter())
    assert {name: tally["lost"] for name, tally in tallies.items() if tally["lost"]} == {}
    assert {name for name, tally in tallies.items() if tally["wrong"]} <= CHANGED
    del total["wrong"]
    figure(scenarios=len(tallies), rows=RECORDS * len(tallies), **dict(sorted(total.items())))


def accounted(path: Path, faulty: str, clean: str) -> Counter[str]:
    """Run under the fault, then cleanly; count statuses, and rows that nobody accounts for."""
    tally: Counter[str] = Counter(lost=0, wrong=0)
    texts: list[str | None] = [*map(text_of, range(RECORDS)), None, "  "]
    for url in (faulty, clean):
        with run(path, url, **LIMITS) as opened:
            asking, handle = resolver(opened)
            outcomes: list[Outcome] = []
            with contextlib.suppress(RunError):
                outcomes = asking.ask(handle, texts)
            keys = [asking.question(handle).key(text_of(number)) for number in range(RECORDS)]
            tally += judged(opened, keys, outcomes)
            tally["stopped runs"] += not outcomes
    return tally


def judged(opened: Run, keys: list[bytes], outcomes: list[Outcome]) -> Counter[str]:
    """Compare the rows of a run with the store: both ways, by key, status and value."""
    answers = {row[0] for row in opened.store.rows("answers")[1]}
    failures = {row[0]: row[5] for row in opened.store.rows("failures")[1]}
    tally: Counter[str] = Counter(outcome.status for outcome in outcomes)
    tally["lost"] += len(answers & failures.keys())
    tally["lost"] += len((answers | failures.keys()) - {key.hex() for key in keys})
    for number, (key, outcome) in enumerate(zip(keys, outcomes, strict=False)):
        known = "ok" if key.hex() in answers else failures.get(key.hex(), "nowhere")
        tally["lost"] += known != outcome.status
        tally["lost"] += (outcome.value is None) != (outcome.status in FAILED)
        tally["lost"] += outcome.status != "ok" and not outcome.error
        tally["wrong"] += outcome.status == "ok" and outcome.value != value_of(number)
    return tally


MODEL = """\
select
    id,
    body,
    {{ ai_classify('body', ['good', 'bad', 'ugly'], detail=true) }} as topic

from {{ ref('notes') }}
"""


def test_p02_rows_of_a_table_and_of_the_store_agree(tmp_path: Path, figure: Figure) -> None:
    """Through dbt, with NULL, blank and doubled texts: the anti-joins are empty both ways."""
    (tmp_path / "project").mkdir()
    faults = "badlabel=0.1,refuse=0.1,missing=0.1,truncjson=0.1,length=0.1,s500=0.1"
    with FaultServer() as server:
        env = asking(server, f"mix,{faults}", ASSAY_MAX_ATTEMPTS="2", ASSAY_PACK_RECORDS="4")
        env |= {"ASSAY_MAX_FAILED_SHARE": "1"}
        project = Project(tmp_path / "project", {"silver/topics.sql": MODEL}, env)
        project.write("bronze/notes.sql", "select * from raw.notes")
        bodies = [f"note {number % 250}" for number in range(300)]
        project.load("raw.notes", id=range(303), body=[*bodies, None, "", " "])
        run = project.dbt("run")
    assert run.code == 0, run.output
    sides = ("raw.notes", "silver.topics"), ("silver.topics", "raw.notes")
    lost = [
        project.rows(f"select count(*) from {one} as a anti join {other} as b using (id)")[0][0]
        for one, other in sides
    ]
    statuses = dict(project.rows("select topic.status, count(*) from silver.topics group by all"))
    silent = "select count(*) from silver.topics where topic.value is null and topic.status = 'ok'"
    assert lost == [0, 0]
    assert sum(statuses.values()) == 303
    assert statuses["skipped"] == 3
    assert set(statuses) <= {"ok", "skipped", *FAILED}
    assert project.rows(silent) == [(0,)]
    figure(rows=303, unaccounted=0, **statuses)
