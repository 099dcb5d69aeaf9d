"""Many faults at once, by lot: no healthy row is given up, and a clean run answers the others."""

from __future__ import annotations

import pytest

from assay.engine.blame import MOST_IN_A_ROW
from assay.faultd import FaultServer

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


@pytest.mark.parametrize(("rows", "records"), [(2000, 16), (300, 1)])
def test_faults_by_lot_cost_no_row(
    rows: int, records: int, server: FaultServer, room: OpenRoom, figure: Figure
) -> None:
    """Every row is answered as it would be by a sound server, in the first run."""
    asked = texts(rows)
    opened = room(mixed(0.05), pack_records=records, max_in_flight=16, max_attempts=4)
    given = opened.ask(asked)
    figure(rows=rows, records=records, requests=len(server.ledger.entries))
    assert values(given) == expected(asked)
    assert opened.dead == []


def test_bad_rows_among_faults_by_lot_are_given_up_and_nobody_else(
    server: FaultServer, room: OpenRoom, figure: Figure
) -> None:
    """Each of them after a bounded number of requests; a clean run answers them."""
    asked = texts(800)
    bad = [30, 250, 400]
    for place in bad:
        asked[place] += f" {POISON}"
    rest = f",poison={1 - 0.05 * len(BROKEN)}"
    server.switch(mixed(0.05, *BROKEN, rest=rest))
    opened = room(url=server.url(), pack_records=8, max_in_flight=8, max_attempts=4)
    given = statuses(opened.ask(asked))
    assert [place for place, said in enumerate(given) if said != "ok"] == bad
    assert {given[place] for place in bad} == {"transport"}
    most = max(len(sent_with(server, asked[place])) for place in bad)
    figure(requests=len(server.ledger.entries), most_for_a_bad_row=most)
    assert most <= 4 + 3 + MOST_IN_A_ROW
    server.switch("good")
    opened.begin("a clean run")
    assert values(opened.ask(asked)) == expected(asked)
