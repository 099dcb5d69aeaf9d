"""`assay doctor` and the endpoint: a few tiny requests, through provider and ledger."""

from __future__ import annotations

import socket

import pytest

from assay.faultd import DIALECTS, FaultServer

from ..dbt.project import KEY, asking
from .bench import Bench


def verdicts(bench: Bench, **env: str) -> tuple[int, dict[str, dict[str, str]]]:
    """Exit code and findings by subject, the last one of each."""
    done = bench("doctor", "--json", **env)
    return done.code, {one["subject"]: one for one in done.json["findings"]}


def test_a_good_endpoint_is_asked_four_times_and_all_is_in_the_ledger(
    bench: Bench, server: FaultServer
) -> None:
    """Its rung, what it enforces, its usage, whose clock is right; no answer is stored."""
    before = len(bench("calls", "--json", "--limit", "999").json)
    code, found = verdicts(bench)
    assert code == 0, found
    assert len(server.ledger.entries) == 3  # the other one was turned down unread
    calls = bench("calls", "--json", "--limit", "999", "--run", "doctor-").json
    assert [one["outcome"] for one in calls] == ["ok", "too_big_or_bad", "truncated", "ok"]
    assert len(bench("calls", "--json", "--limit", "999").json) == before + 4
    assert found["endpoint"]["verdict"] == "ok"
    assert "(keyed)" in found["rung"]["text"]
    assert "is kept" in found["output"]["text"]
    assert "turned down (HTTP 400)" in found["enforces"]["text"]
    assert "tokens in" in found["usage"]["text"]
    assert "none come" in found["logprobs"]["text"]
    assert "seconds from the endpoint's" in found["clock"]["text"]
    assert bench("spend", "--json").json["total"]["answers"] == 18
    assert found["answers"]["text"].startswith("16 answers;")
    assert KEY not in str(found)


def test_a_server_that_ignores_the_schema_is_a_warning(bench: Bench, server: FaultServer) -> None:
    """Nothing breaks: each answer is judged here."""
    code, found = verdicts(bench, ASSAY_BASE_URL=server.url("plain"))
    assert (code, found["enforces"]["verdict"]) == (0, "warning")
    assert "does not follow the schema" in found["enforces"]["text"]


@pytest.mark.parametrize("scenario", ["s401", "outage", "reset", "html200"])
def test_an_endpoint_that_does_not_serve_is_wrong_after_one_request(
    bench: Bench, server: FaultServer, scenario: str
) -> None:
    """With what to check; the attempt is in the ledger all the same."""
    code, found = verdicts(bench, ASSAY_BASE_URL=server.url(scenario))
    assert (code, found["endpoint"]["verdict"]) == (1, "wrong")
    assert "ASSAY_BASE_URL" in found["endpoint"]["remedy"]
    assert len(bench("calls", "--json", "--run", "doctor-").json) == 1


def test_nobody_at_the_address_is_wrong(bench: Bench) -> None:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    code, found = verdicts(bench, ASSAY_BASE_URL=url)
    assert (code, found["endpoint"]["verdict"]) == (1, "wrong")


def test_offline_and_the_local_provider_send_nothing(bench: Bench, server: FaultServer) -> None:
    """Neither does a set-up that is wrong."""
    assert bench("doctor", "--offline").code == 0
    assert bench("doctor", ASSAY_PROVIDER="local").code == 0
    assert bench("doctor", ASSAY_MODLE="x").code == 1
    assert len(server.ledger.entries) == 0


def test_without_a_store_one_is_made_for_the_ledger(empty: Bench, server: FaultServer) -> None:
    """The first look at an endpoint is a look."""
    done = empty("doctor", "--json", **asking(server))
    found = {one["subject"]: one for one in done.json["findings"]}
    assert (done.code, found["endpoint"]["verdict"]) == (0, "ok")
    assert len(empty("calls", "--json", "--run", "doctor-").json) == 4


def test_a_cap_of_one_request_is_kept(bench: Bench, server: FaultServer) -> None:
    """`ASSAY_MAX_REQUESTS=1`: all others are left out."""
    _, found = verdicts(bench, ASSAY_MAX_REQUESTS="1")
    assert len(server.ledger.entries) == 1
    assert "no schema was tried" in found["enforces"]["text"]


@pytest.mark.parametrize(
    ("dialect", "rung", "refused"),
    [("generic", "object", "keyed"), ("ollama", "keyed", ""), ("lmstudio", "keyed", "")],
)
def test_it_says_on_which_rung_a_server_stands(
    bench: Bench, dialect: str, rung: str, refused: str
) -> None:
    """And which ones it refuses."""
    with FaultServer(dialect=DIALECTS[dialect]) as server:
        code, found = verdicts(bench, ASSAY_BASE_URL=server.url())
    assert (code, found["endpoint"]["verdict"]) == (0, "ok")
    assert f"({rung})" in found["rung"]["text"]
    assert refused in found["rung"]["text"]
    assert found["output"]["verdict"] == "ok"


@pytest.mark.parametrize(
    ("dialect", "profile", "said"),
    [
        ("vllm", "vllm", "sure of its answer by"),
        ("together", "generic", "none come"),
        ("groq", "generic", "refused (HTTP 400)"),
        ("groq", "groq", "were not asked for"),
    ],
)
def test_it_says_what_comes_of_the_wish_for_log_probabilities(
    bench: Bench, dialect: str, profile: str, said: str
) -> None:
    """Asked for once where the profile allows; it is no fault of a server to give none."""
    with FaultServer(dialect=DIALECTS[dialect]) as server:
        _, found = verdicts(bench, ASSAY_BASE_URL=server.url(), ASSAY_PROFILE=profile)
    assert said in found["logprobs"]["text"]
    assert found["logprobs"]["verdict"] == "ok"


def test_what_it_finds_is_what_runs_go_by(bench: Bench) -> None:
    """A rung is asked afresh, and what was remembered of it is said."""
    with FaultServer(dialect=DIALECTS["generic"]) as server:
        port = server.listener.port
        _, old = verdicts(bench, ASSAY_BASE_URL=server.url())
    with FaultServer(dialect=DIALECTS["vllm"], port=port) as server:
        _, new = verdicts(bench, ASSAY_BASE_URL=server.url())
        _, last = verdicts(bench, ASSAY_BASE_URL=server.url())
    assert "Runs go by that for 7 days" in old["rung"]["remedy"]
    assert "until now it was asked by any JSON object" in new["rung"]["text"]
    assert "until now" not in last["rung"]["text"]


def test_it_says_where_the_limit_of_output_is_ignored(bench: Bench) -> None:
    """Ollama takes the other name, and goes on for as long as it likes."""
    with FaultServer(dialect=DIALECTS["ollama"]) as server:
        name = "max_completion_tokens"
        _, found = verdicts(bench, ASSAY_BASE_URL=server.url(), ASSAY_OUTPUT_LIMIT_NAME=name)
    assert found["output"]["verdict"] == "warning"
    assert "ASSAY_OUTPUT_LIMIT_NAME" in found["output"]["remedy"]


def test_it_lists_the_models_where_the_named_one_is_none(bench: Bench) -> None:
    """With the server's own words."""
    with FaultServer(dialect=DIALECTS["litellm"]) as server:
        _, found = verdicts(bench, ASSAY_BASE_URL=server.url(), ASSAY_MODEL="nosuch-1")
    assert "Invalid model name passed in model=nosuch-1" in found["endpoint"]["text"]
    assert found["endpoint"]["remedy"].endswith("The endpoint knows: stub.")


def test_values_of_headers_and_bodies_are_not_shown(bench: Bench) -> None:
    """Their names are."""
    secret = {"ASSAY_HEADERS": '{"X-Key": "hush-1"}', "ASSAY_EXTRA_BODY": '{"user": "hush-2"}'}
    done = bench("doctor", "--offline", **secret)
    assert "ASSAY_HEADERS={X-Key}" in done.out
    assert "hush" not in done.out
