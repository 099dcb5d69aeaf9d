"""Eight faults at once, by lot: no healthy row is given up, and a clean run has nothing left to do."""

from __future__ import annotations

from typing import Any

import pytest

from udfs.faultd import FaultServer

from ..figures import Figure
from .conftest import OpenRoom
from .engine_room import POISON, expected, sent_with, statuses, texts, values

FAULTS = (
    *("s500", "reset", "trunccl", "truncjson", "missing", "doubled", "shuffled", "html200"),
    *("prose", "forged", "contentnull"),
)
BROKEN = ("s500", "reset", "trunccl", "html200")


def mixed(share: float, *kinds: str, rest: str = "") -> str:
    """A scenario that plays each of these for its share of the requests."""
    played = ",".join(f"{kind}={share}" for kind in kinds or FAULTS)
    return f"mix,{played}{rest}"


@pytest.mark.parametrize(
    ("share", "changed"),
    [
        (0.05, {"pack_records": 16, "max_in_flight": 16}),
        (0.05, {"pack_records": 1, "max_in_flight": 16}),
        (0.08, {"pack_records": 8, "max_in_flight": 16}),
    ],
    ids=["in packs", "alone", "nearly always"],
)
def test_faults_by_lot_cost_no_row(
    share: float,
    changed: dict[str, Any],
    server: FaultServer,
    room: OpenRoom,
    figure: Figure,
) -> None:
    """Every row is answered as it would be by a sound server, in the first run."""
    asked = texts({16: 2000, 1: 300, 8: 400}[changed["pack_records"]])
    given = room(mixed(share), **{"max_attempts": 4} | changed).ask(asked)
    figure(requests=len(server.ledger.entries), share=share, **changed)
    assert values(given) == expected(asked)


def test_bad_rows_among_faults_by_lot_are_given_up_and_nobody_else(
    server: FaultServer, room: OpenRoom, figure: Figure
) -> None:
    """Each of them after a bounded number of requests; a clean run answers them."""
    asked = texts(1200)
    bad = [30, 700, 1199]
    for place in bad:
        asked[place] += f" {POISON}"
    rest = f",poison={1 - 0.05 * len(BROKEN)}"
    scenario = mixed(0.05, *BROKEN, rest=rest)
    opened = room(scenario, pack_records=8, max_in_flight=8, max_attempts=4)
    given = statuses(opened.ask(asked))
    assert [place for place, said in enumerate(given) if said != "ok"] == bad
    assert {given[place] for place in bad} == {"transport"}
    most = max(len(sent_with(server, asked[place])) for place in bad)
    figure(requests=len(server.ledger.entries), most_for_a_bad_row=most)
    assert most <= 4 + 3 + 20
    server.switch("good")
    opened.engine.begin_run("a clean run")
    assert values(opened.ask(asked)) == expected(asked)
