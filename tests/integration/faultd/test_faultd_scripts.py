"""When a scenario applies: shares, counts, mixes, and names that do not exist."""

from __future__ import annotations

import contextlib
import http.client
from collections import Counter

import pytest

from assay.faultd import SCENARIOS, FaultServer, UnknownScenarioError
from assay.faultd.scenarios.registry import group

from .client import TEXTS, Ask, post, request_of

NAMES = """
good reset closeearly badhead bighead hang trickle trunccl chunkcut truncjson html200 htmljson200
empty200 ws200 null200 list200 errorin200 gzipgarbage gziptrunc gzipbomb badutf8 deep surrogate
redir307x redir302 s400 s401 s402 s403 s404 s408 s409 s413 s422 s429 s500 s501 s502 s503 s504 s529
s429ra radate s429quota s500xsF context rate ratetokens outage slow ratehdr closeafter ramble
refuse refusetext length filter fences prose think trailingcomma missing doubled shuffled extra
shifted forged swapped badlabel caselabel strnum nan inf boolid contentnull choicesnull nochoices
twochoices contentlist frweird frnull plain dupkeys nousage nanusage modelchange random poison big
nulchar tagchars localenum baddate echo obedient mix
""".split()  # noqa: SIM905  a list of 90 quoted names reads worse


def test_every_fault_of_the_matrix_has_a_scenario() -> None:
    """No name was forgotten, and each says in a line what it does."""
    assert set(NAMES) - set(SCENARIOS) == set()
    assert [item.name for item in SCENARIOS.values() if not item.about.endswith(".")] == []


@pytest.mark.parametrize("name", sorted(set(SCENARIOS) - {"hang", "trickle"}))
def test_every_scenario_accounts_for_its_records(server: FaultServer, name: str) -> None:
    """Whatever is played: every record is paid, unsound, lost or was never billed."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        post(f"{server.url(name)}/chat/completions", request_of(TEXTS))
    totals, entry = server.summary(), server.ledger.entries[0]
    billed = totals["paid_records"] + totals["unsound_records"] + totals["lost_records"]
    assert billed == (4 if entry.billed else 0)
    assert (totals["in_flight"], totals["requests"]) == (0, 1)
    assert entry.played in (name, "good")


def test_a_request_that_is_spared_counts_as_good(ask: Ask, server: FaultServer) -> None:
    """The ledger names what was really played."""
    ask("s500,first=1")
    ask("s500,first=1")
    ask("refusetext")
    assert server.summary()["by_scenario"] == {"good": 2, "s500": 1}


def test_a_chat_without_records_is_left_alone(server: FaultServer) -> None:
    """Scenarios that shape answers have nothing to shape."""
    body = {"model": "stub", "messages": [{"role": "user", "content": "hi"}]}
    heard = post(f"{server.url('shuffled')}/chat/completions", body)
    assert heard.content == "faultd is listening."


def test_first_and_skip_choose_requests(ask: Ask) -> None:
    """One is spared, two are hit, the rest is good."""
    spec = "s500,skip=1,first=2"
    assert [ask(spec).status for _ in range(4)] == [200, 500, 500, 200]


def test_times_counts_for_each_text(ask: Ask) -> None:
    """First answer 500, then good, for every text on its own."""
    asked = (["one"], ["one"], ["two"], ["one", "two"], ["one", "three"])
    heard = [ask("s500,times=1", texts).status for texts in asked]
    assert heard == [500, 200, 500, 200, 500]


def test_p_is_a_share_of_the_requests(ask: Ask) -> None:
    """Of 200 requests about 60 fail, and the same ones on every run."""
    failed = sum(ask("s500,p=0.3", ["one"], properties={}).status == 500 for _ in range(200))
    assert 40 <= failed <= 80


def test_p_by_content_sticks_to_the_texts(ask: Ask) -> None:
    """The same texts meet the same fate, whatever their ids or order."""
    heard = [
        {ask("s500,p=0.5,by=content", texts).status for _ in range(3)}
        for texts in (["one"], ["two"], ["three"], ["four"], ["five"], ["six"])
    ]
    assert {len(fates) for fates in heard} == {1}
    assert set.union(*heard) == {200, 500}


def test_wait_delays_any_scenario(server: FaultServer, ask: Ask) -> None:
    """A late error, for deadlines that race with replies."""
    ask("s500,wait=0.1")
    entry = server.ledger.entries[0]
    assert entry.ended - entry.started >= 0.1


def test_a_mix_keeps_its_shares(ask: Ask) -> None:
    """Out of 300 requests, each part gets about its share; parameters reach their part."""
    spec = "mix,s503=0.2,s429ra=0.3,s429ra.ra=9"
    heard = [ask(spec, ["one"], properties={}) for _ in range(300)]
    counts = Counter(item.status for item in heard)
    assert 35 <= counts[503] <= 85
    assert 65 <= counts[429] <= 115
    assert {item.headers.get("retry-after") for item in heard} == {None, "9"}


def test_a_mix_can_draw_from_a_group(ask: Ask, server: FaultServer) -> None:
    """A letter of the matrix stands for all of its scenarios; some of them may spare a pack."""
    for _ in range(40):
        ask("mix,C=1")
    played = set(server.summary()["by_scenario"])
    assert len(played) > 10
    assert {SCENARIOS[name].rows[0] for name in played} == {"C", "-"}


def test_survivable_faults_stop_no_run() -> None:
    """Neither redirects nor refused keys are among them, nor answers that are silently wrong."""
    names = {item.name for item in group("survivable")}
    assert names.isdisjoint({"redir307x", "s401", "s501", "swapped", "s429quota", "mix"})
    assert {"hang", "gzipbomb", "missing", "refuse", "s503"} <= names


@pytest.mark.parametrize(
    "spec",
    [
        "nosuch",
        "s500,q=1",
        "s99",
        "mix,nosuch=0.1",
        "mix,s500=0.9,s503=0.2",
        "s500,p=often",
        "poison,kind=nosuch",
        "poison,kind=s500,depth=3",
        "",
    ],
)
def test_unknown_names_and_parameters_are_refused(server: FaultServer, spec: str) -> None:
    """A typing error in a test must not look like a good server."""
    with pytest.raises(UnknownScenarioError):
        FaultServer(scenario=spec)
    raw = server.url().replace("/v1", f"/s/{spec}/v1/chat/completions")
    heard = post(raw, request_of(TEXTS))
    assert (heard.status, heard.json["error"]["code"]) == (404, "unknown_scenario")
