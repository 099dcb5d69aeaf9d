"""A cascade from Python, against the fault server: who is asked, what is kept, what stops it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import assay
from assay.faultd import FaultServer, answer
from assay.faultd.dialects import DIALECTS
from assay.project.counting import cascades_in
from assay.project.report.facts import Facts, Verdict, Warehouse
from assay.project.report.kept import Drawings
from assay.project.report.ledger import read_ledger
from assay.project.report.page import render
from assay.providers.local.traits import LOCAL_MODEL as LOCAL
from assay.store import LearntCascade, Ledger, queries

LABELS = ["delivery", "refund"]
TASK = assay.Classify(labels=LABELS)
TEXTS = [f"Where is my parcel {at}?" for at in range(200)]


def knowing(text: str, schema: Any) -> Any:
    """The stub's answer: it knows parcels, and guesses otherwise."""
    if "parcel" in text and "delivery" in schema.get("enum", ()):
        return "delivery"
    return answer(text, schema)


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """A server that keeps what it was sent."""
    with FaultServer(answer=knowing, keep_texts=True) as running:
        yield running


def opened(server: FaultServer, folder: Path, **more: Any) -> assay.Session:
    """A session that asks the server."""
    given = {"provider": "openai", "model": "dear", "api_key": "sk-x", "base_url": server.url()}
    return assay.open(store=folder / "store.sqlite", **{**given, **more})


def cascade(**more: Any) -> assay.Cascade:
    """The task first asked of the embedded models, 100 texts drawn."""
    return assay.Cascade(TASK, **{"to": "dear", "alpha": 0.1, "sample": 100, **more})


def asked(
    server: FaultServer, folder: Path, task: assay.Task | assay.Cascade, **more: Any
) -> tuple[Counter[str | None], Counter[str]]:
    """Who answers the texts in a run of its own, and what the server was sent."""
    server.reset()
    with opened(server, folder, **more) as session, session.run() as run:
        found = run.ask(task, TEXTS)
    assert {one.status for one in found} == {"ok"}
    sent = Counter(text for entry in server.ledger.entries for text in entry.texts)
    return Counter(one.model for one in found), sent


def learnt(server: FaultServer, folder: Path) -> list[LearntCascade]:
    """What is on record of cascades."""
    with opened(server, folder) as session:
        return session.store.read(queries.Calibrations())


def shown(store: Ledger, folder: Path) -> str:
    """The report of the last run."""
    ledger = read_ledger(store, None)
    assert ledger is not None
    facts = Facts(ledger, Warehouse(), None, Verdict("green", ()), "2026-01-01 00:00:00")
    return render(facts, Drawings(folder / "drawings.json"))


def test_the_drawn_texts_are_asked_and_the_others_kept(
    server: FaultServer, tmp_path: Path
) -> None:
    """Both mostly agree: what is sure enough is kept, and for good."""
    models, sent = asked(server, tmp_path, cascade())
    assert models == {"dear": len(sent), LOCAL: len(TEXTS) - len(sent)}
    assert set(sent.values()) == {1}
    assert 100 <= len(sent) < 150
    assert asked(server, tmp_path, cascade()) == (models, Counter())
    (one,) = learnt(server, tmp_path)
    assert (one.drawn, one.texts) == (100, len(TEXTS))
    assert one.kept >= 29
    assert one.bound is not None
    assert one.errors <= one.bound * one.kept <= 0.1 * one.kept


def test_what_the_cheap_model_cannot_judge_is_asked(server: FaultServer, tmp_path: Path) -> None:
    """`unsupported` of the one is no answer of the cascade."""
    foreign = [f"Di mana paket saya nomor {at}?" for at in range(20)]
    local = tmp_path / "local.sqlite"
    with assay.open(store=local, provider="local") as session, session.run() as run:
        assert {one.status for one in run.ask(TASK, foreign)} == {"unsupported"}
    with opened(server, tmp_path) as session, session.run() as run:
        found = run.ask(cascade(), [*TEXTS, *foreign])[len(TEXTS) :]
    assert {(one.status, one.model) for one in found} == {("ok", "dear")}


def test_on_or_off_nothing_is_bought_twice(server: FaultServer, tmp_path: Path) -> None:
    """Both sides are asked ordinary questions."""
    _, sent = asked(server, tmp_path, cascade())
    models, rest = asked(server, tmp_path, TASK)
    assert models == {"dear": len(TEXTS)}
    assert sent + rest == Counter(TEXTS)
    assert asked(server, tmp_path, cascade(alpha=0.2)) == ({"dear": 200}, Counter())


def test_the_ledger_has_one_run_of_both(server: FaultServer, tmp_path: Path) -> None:
    """The embedded models cost nothing, and are none of the run's own requests."""
    with opened(server, tmp_path) as session:
        with session.run() as run:
            run.ask(cascade(), TEXTS)
            answered = run.spend.answered
        (row,) = session.store.read(queries.RunSums())
        uses = {use.model: use.rows for use in session.store.read(queries.Uses())}
    assert (row["invocation_id"], row["provider"]) == (run.id, "openai")
    assert uses == {LOCAL: len(TEXTS) - answered, "dear": answered}


def test_the_report_says_what_was_learnt_kept_and_saved(
    server: FaultServer, tmp_path: Path
) -> None:
    """By column, in a row of its own."""
    prices = {"price_input_usd": 1, "price_output_usd": 10}
    models, _ = asked(server, tmp_path, cascade(name="tickets: body"), **prices)
    with opened(server, tmp_path) as session:
        (one,) = cascades_in(session.store)
        page = shown(session.store, tmp_path)
    assert (one.kept, one.asked_on) == (models[LOCAL], models["dear"])
    assert one.saved_usd is not None
    assert one.saved_usd > 0
    row = page[page.index("tickets: body") :]
    assert f"{one.learnt.threshold:.4f}" in row
    assert f"{one.kept} of {len(TEXTS)}" in row


def test_nothing_is_kept_where_no_threshold_passes(server: FaultServer, tmp_path: Path) -> None:
    """The server guesses about kettles: everything goes to it, and record and report say so."""
    kettles = [f"a blue kettle, number {at}" for at in range(150)]
    with opened(server, tmp_path) as session, session.run() as run:
        found = run.ask(cascade(), kettles)
        (one,) = session.store.read(queries.Calibrations())
        run.close()
        assert "none passed: all goes to the dear model" in shown(session.store, tmp_path)
    assert {outcome.model for outcome in found} == {"dear"}
    assert (one.threshold, one.bound, one.drawn) == (None, None, 100)


def test_too_few_texts_are_no_calibration(
    server: FaultServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """All go to the dear model, it is said, and a run with more texts draws."""
    with opened(server, tmp_path) as session, session.run() as run:
        run.ask(cascade(), TEXTS[:28])
    assert "28 texts are fewer than the 29 that its test needs" in caplog.text
    assert learnt(server, tmp_path) == []
    models, _ = asked(server, tmp_path, cascade())
    assert models[LOCAL] > 0


def test_columns_are_calibrated_apart(server: FaultServer, tmp_path: Path) -> None:
    """The same task about other texts is another draw."""
    asked(server, tmp_path, cascade(name="a"))
    asked(server, tmp_path, cascade(name="b"))
    assert [one.name for one in learnt(server, tmp_path)] == ["a", "b"]


def test_two_cheap_models_are_sure_where_they_agree(server: FaultServer, tmp_path: Path) -> None:
    """The first one's answer is kept; both are asked about all texts."""
    models, sent = asked(server, tmp_path, cascade(cheap=("small", "smaller")))
    assert models == {"dear": 100, "small": 100}
    assert sum(sent.values()) == 200 + 200 + 100
    (one,) = learnt(server, tmp_path)
    assert (one.cheap, one.threshold, one.model) == ("small + smaller", 1.0, "small")


def test_a_model_of_the_endpoint_needs_log_probabilities(
    server: FaultServer, tmp_path: Path
) -> None:
    """Without the setting it is refused before anything is sent, with what to do."""
    with pytest.raises(assay.ConfigError, match=r"how sure 'small' is; set `ASSAY_LOGPROBS=true`"):
        asked(server, tmp_path, cascade(cheap="small"))
    assert server.summary()["requests"] == 0


def test_what_was_not_gathered_is_not_drawn_from(server: FaultServer, tmp_path: Path) -> None:
    """A statement that asks chunk by chunk does not know its column."""
    server.reset()
    with opened(server, tmp_path) as session, session.run() as run:
        handle = run.resolver.bind_any(cascade())
        with pytest.raises(assay.ConfigError, match="was not calibrated yet"):
            run.resolver.ask(handle, TEXTS)
    assert server.summary()["requests"] == 0


def test_without_an_endpoint_both_sides_are_one(tmp_path: Path) -> None:
    """A build in CI needs no key."""
    with assay.open(store=tmp_path / "store.sqlite") as session, session.run() as run:
        found = run.ask(cascade(), TEXTS[:40])
        assert session.store.read(queries.Calibrations()) == []
    assert {one.model for one in found} == {LOCAL}


def test_a_budget_is_counted_before_the_draw_and_before_the_rest(
    server: FaultServer, tmp_path: Path
) -> None:
    """What is refused is not sent; the draw was paid for and is kept."""
    kettles = [f"a blue kettle, number {at}" for at in range(400)]
    server.reset()
    with opened(server, tmp_path) as session:
        with session.run(max_requests=3) as run, pytest.raises(assay.BudgetError):
            run.ask(cascade(), kettles)
        assert server.summary()["requests"] == 0
        with session.run(max_requests=10) as run, pytest.raises(assay.BudgetError):
            run.ask(cascade(), kettles)
        assert server.summary()["requests"] == 7
        with session.run(max_requests=20) as run:
            run.ask(cascade(), kettles)
    sent = Counter(text for entry in server.ledger.entries for text in entry.texts)
    assert (len(sent), set(sent.values())) == (400, {1})


@pytest.fixture
def by_file() -> Iterator[FaultServer]:
    """A server whose batches take an hour of its clock."""
    with FaultServer(answer=knowing, keep_texts=True, batches="hours=1") as running:
        yield running


def statuses_of(
    server: FaultServer, folder: Path, task: assay.Cascade, **more: Any
) -> Counter[tuple[str, str | None]]:
    """How texts stand, and with whom, after a run that asks by the file, and an hour."""
    with opened(server, folder, batch=True, **more) as session, session.run() as run:
        found = run.ask(task, TEXTS)
    server.pass_time(hours=1)
    return Counter((one.status, one.model) for one in found)


def test_by_the_file_the_drawn_texts_go_first(by_file: FaultServer, tmp_path: Path) -> None:
    """A batch of what is drawn, while the others wait; then one of what is left to the dear."""
    assert statuses_of(by_file, tmp_path, cascade()) == {("pending", "dear"): len(TEXTS)}
    assert by_file.summary()["paid_records"] == 100 + 1, "what is drawn, and the trial"
    second = statuses_of(by_file, tmp_path, cascade())
    assert second["ok", LOCAL] > 50
    third = statuses_of(by_file, tmp_path, cascade())
    assert set(third) == {("ok", LOCAL), ("ok", "dear")}
    assert third["ok", LOCAL] == second["ok", LOCAL]
    totals = by_file.summary()
    assert totals["paid_records"] == third["ok", "dear"] + 1
    assert totals["requests"] == totals["batch_requests"] + 1


def test_by_the_file_a_cheap_answer_that_waits_is_no_unsure_one(
    by_file: FaultServer, tmp_path: Path
) -> None:
    """Two paid cheap models: nothing is learnt from half of what was drawn, nor asked twice."""
    task = cascade(cheap=["one", "two"])
    assert set(statuses_of(by_file, tmp_path, task)) == {("pending", "dear")}
    for _ in range(3):
        found = statuses_of(by_file, tmp_path, task)
    assert set(found) <= {("ok", "one"), ("ok", "dear")}
    assert found["ok", "one"] > 50
    (one,) = learnt(by_file, tmp_path)
    assert (one.drawn, one.threshold) == (100, 1.0)


def test_a_model_of_the_endpoint_is_sure_by_its_log_probabilities(tmp_path: Path) -> None:
    """The cheap one is asked about all, the dear one about the draw; again nobody is."""
    told = {"profile": "llamacpp", "logprobs": True}
    with FaultServer(answer=knowing, keep_texts=True, dialect=DIALECTS["llamacpp"]) as vendor:
        _, sent = asked(vendor, tmp_path, cascade(cheap="small"), **told)
        assert sum(sent.values()) == len(TEXTS) + 100
        assert asked(vendor, tmp_path, cascade(cheap="small"), **told)[1] == Counter()
        (one,) = learnt(vendor, tmp_path)
    assert (one.cheap, one.drawn, one.errors) == ("small", 100, 0)
    assert one.threshold is not None
    assert 0.8 < one.threshold < 1
