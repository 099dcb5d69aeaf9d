"""Promise 6: kill it at any moment; the next run finishes the job with no repair."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from assay.faultd import FaultServer, Latency

from ..dbt.project import Project, asking, kill_group
from ..durability.worker import text_of
from ..figures import Figure
from ..warm import Running

PACK, IN_FLIGHT = 4, 4
RECORDS_A_KILL = 40
"""Enough that a build still has something to ask at the last kill."""
MODELS = {
    "bronze/notes.sql": "select id, body from {{ ref('given') }}",
    "silver/topics.sql": """\
{%- set topic = ai_classify('body', ['good', 'bad', 'ugly'], detail=true) -%}
{{ config(unique_key='id') }}

select id, body, {{ topic }} as topic

from {{ ref('notes') }}
where {{ ai_due('id', {'topic': topic}) }}
""",
    "silver/topics.yml": """\
models:
  - name: topics
    columns:
      - name: id
        data_tests: [unique, not_null]
""",
    "gold/topic_counts.sql": """\
select topic.value as topic, count(*) as notes

from {{ ref('topics') }}
group by all
""",
}
STATE = (
    "select count(*), sum(hash(id, body, topic.value, topic.status)) from silver.topics",
    "select count(*), sum(hash(t)) from gold.topic_counts as t",
)


def make(root: Path, server: FaultServer, records: int) -> Project:
    """A project from a seed to gold, with a test between the layers."""
    root.mkdir()
    limits = {"ASSAY_MAX_IN_FLIGHT": str(IN_FLIGHT), "ASSAY_PACK_RECORDS": str(PACK)}
    project = Project(root, MODELS, asking(server, **limits))
    rows = "\n".join(f"{number},{text_of(number)}" for number in range(records))
    (root / "seeds").mkdir()
    (root / "seeds" / "given.csv").write_text(f"id,body\n{rows}\n")
    return project


def state(project: Project) -> list[tuple[object, ...]]:
    """Order-free hashes of silver and gold, without times."""
    return [project.rows(query)[0] for query in STATE]


def await_requests(server: FaultServer, running: Running, more: int) -> None:
    """Wait until so many more requests have arrived, or the build has come to its end."""
    wanted = len(server.ledger.entries) + more
    while len(server.ledger.entries) < wanted and running.poll() is None:
        time.sleep(0.01)


def seconds_of_a_build(project: Project) -> float:
    """How long a build takes that asks nothing, from the start of its process."""
    began = time.monotonic()
    assert project.start("build").wait() == 0
    return time.monotonic() - began


@pytest.mark.parametrize("kills", [4, pytest.param(100, marks=pytest.mark.whole)])
def test_p06_a_build_that_was_killed_is_finished_by_the_next(
    tmp_path: Path, kills: int, figure: Figure
) -> None:
    """kill -9 of the whole group, every other time with requests in flight: as if unbroken."""
    moments = random.Random(6)  # noqa: S311 - repeatable on purpose
    records = RECORDS_A_KILL * kills
    with FaultServer(latency=Latency(median=0.1, sigma=0.5)) as server:
        unbroken = make(tmp_path / "unbroken", server, records)
        assert unbroken.dbt("build").code == 0
        seconds = seconds_of_a_build(unbroken)
        server.reset()
        project = make(tmp_path / "killed", server, records)
        for kill in range(kills):
            running = project.start("build")
            if kill % 2 == 0:
                await_requests(server, running, moments.randint(1, 2 * IN_FLIGHT))
            else:
                time.sleep(moments.uniform(0.2, 0.9) * seconds)
            kill_group(running)
        after = project.dbt("build")
        paid = server.ledger.paid
        again = paid.total() - len(paid)
    assert after.code == 0, after.output
    assert state(project) == state(unbroken)
    assert len(paid) == records
    assert again <= kills * IN_FLIGHT * PACK
    interrupted = "select count(*) from calls where outcome = 'interrupted'"
    cut = project.store_rows(interrupted)[0][0]
    assert again <= cut * PACK
    assert cut >= kills // 2
    figure(kills=kills, state="equal", bought_again=again, requests_cut_off=cut)
