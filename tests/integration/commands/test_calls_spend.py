"""`assay calls` and `assay spend` over a real store: what was sent, paid and saved."""

from __future__ import annotations

import sqlite3
import time
import uuid
from pathlib import Path

import pytest

from assay.store.sqlite.verbs import SqliteStore

from .bench import Bench


def rows(bench: Bench, sql: str) -> list[tuple[object, ...]]:
    """Query the store beside the commands."""
    connection = sqlite3.connect(bench.store)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_calls_shows_the_last_attempts_of_the_ledger(bench: Bench) -> None:
    """All columns of the ledger as JSON, the newest last; a line each for people."""
    found = bench("calls", "--json").json
    assert len(found) == rows(bench, "select count(*) from calls")[0][0]
    assert [one["started_at"] for one in found] == sorted(one["started_at"] for one in found)
    assert {"attempt_id", "outcome", "cost_usd", "maybe_paid", "latency_seconds"} <= set(found[0])
    said = bench("calls", "--limit", "2").out.splitlines()
    assert said[0].startswith("started (UTC)")
    assert said[-1] == f"2 of {len(found)} attempts."


def test_calls_can_be_narrowed_down(bench: Bench) -> None:
    """By how they ended, run, model and time; all that is given must fit."""
    refused = bench("calls", "--outcome", "refused", "--json").json
    assert {one["outcome"] for one in refused} == {"refused"}
    assert bench("calls", "--run", "a-r", "--model", "stub", "--since", "1h", "--json").json != []
    assert bench("calls", "--run", "another", "--json").json == []
    assert bench("calls", "--since", "2100-01-01", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("calls", "--outcome", "bad"), "--outcome 'bad' is not known; choose one of ok,"),
        (("calls", "--since", "yesterday"), "--since 'yesterday' is no time"),
        (("spend", "--by", "moon"), "--by 'moon' is not known; choose one of day,"),
    ],
)
def test_what_fits_nothing_is_refused(
    bench: Bench, arguments: tuple[str, ...], words: str
) -> None:
    """One line that names the option and the choices."""
    done = bench(*arguments)
    assert (done.code, done.error.count("\n")) == (2, 0)
    assert done.error.startswith(words)


@pytest.mark.parametrize("by", ["day", "model", "column", "prompt", "run"])
def test_spend_adds_up_to_the_ledger_whatever_it_is_split_by(bench: Bench, by: str) -> None:
    """A request that carries two prompts is shared; no cent is lost or doubled."""
    found = bench("spend", "--by", by, "--json").json
    ((cost, answers, requests),) = rows(
        bench, "select sum(cost_usd), sum(answers), count(*) from calls"
    )
    assert found["total"]["cost_usd"] == pytest.approx(cost)
    assert found["total"]["requests"] == requests
    assert sum(line["cost_usd"] for line in found["lines"]) == pytest.approx(cost)
    assert sum(line["answers"] for line in found["lines"]) == pytest.approx(answers)
    assert all(by in line for line in found["lines"])


def test_spend_estimates_what_was_served_without_asking(bench: Bench) -> None:
    """One row had the text of another: a duplicate at the mean price of an answer.

    The row that was refused saved nothing.
    """
    found = bench("spend", "--by", "prompt", "--json").json
    asked = next(line for line in found["lines"] if "classify" in line["prompt"])
    ((answers,),) = rows(bench, "select count(*) from answers where kind = 'classify'")
    assert (asked["stored"], asked["duplicates"], answers) == (0, 1, 8)
    assert found["total"]["saved_usd"] is not None


def test_spend_counts_stored_rows_of_a_second_run(bench: Bench) -> None:
    """Served by the store alone: rows, not requests, at what they cost in the first run."""
    prompt = rows(bench, "select prompt_hash from answers where kind = 'sentiment' limit 1")[0][0]
    store = SqliteStore(bench.store)
    store.transact(
        [
            lambda c: c.execute(
                "insert into runs values ('later', '2100-01-01 00:00:00.000000', 'openai', "
                "'loopback', 'stub', null, null)"
            ),
            lambda c: c.execute(
                "insert into served values ('later', 'sentiment', ?, 'stub', 10, 8)", [prompt]
            ),
            lambda c: c.execute(
                "insert into fates values ('later', 'sentiment', ?, 'stub', 'repeated', 2, 0, '')",
                [prompt],
            ),
        ]
    )
    store.close()
    found = bench("spend", "--by", "run", "--run", "later", "--json").json["total"]
    whole = bench("spend", "--by", "prompt", "--json").json["lines"]
    line = next(line for line in whole if "sentiment" in line["prompt"])
    each = line["cost_usd"] / line["answers"]
    assert (found["requests"], found["stored"], found["duplicates"]) == (0, 8, 2)
    assert found["saved_usd"] == pytest.approx(10 * each)


def test_one_prompt_of_unknown_price_does_not_hide_what_the_others_saved(bench: Bench) -> None:
    """The known part is the sum, and what is not in it is counted."""
    known = rows(bench, "select prompt_hash from answers where kind = 'sentiment' limit 1")[0][0]
    store = SqliteStore(bench.store)
    store.transact(
        [
            lambda c: c.execute(
                "insert into runs values ('later', '2100-01-01 00:00:00.000000', 'openai', "
                "'loopback', 'stub', null, null)"
            ),
            lambda c: c.executemany(
                "insert into served values ('later', 'sentiment', ?, 'stub', 10, 10)",
                [[known], ["unpriced"]],
            ),
        ]
    )
    store.close()
    total = bench("spend", "--run", "later", "--json").json["total"]
    by_prompt = bench("spend", "--by", "prompt", "--run", "later", "--json").json["lines"]
    said = bench("spend", "--run", "later").out

    assert (total["saved_usd"] > 0, total["unpriced"]) == (True, 10)
    assert sorted(line["saved_usd"] is None for line in by_prompt) == [False, True]
    assert "10 of those rows are not in the sum" in said


@pytest.mark.parametrize(
    "arguments",
    [
        ("calls",),
        ("spend",),
        ("explain", "abcd"),
        ("prune", "--older-than", "1d"),
        ("backup", "b"),
    ],
)
def test_without_a_store_there_is_one_line_and_none_is_made(
    empty: Bench, arguments: tuple[str, ...]
) -> None:
    """A wrong `ASSAY_STORE` must not look like an empty ledger."""
    done = empty(*arguments)
    assert (done.code, done.error.startswith("There is no store at")) == (2, True)
    assert list(empty.folder.iterdir()) == []


def test_an_empty_store_is_told_as_such(empty: Bench) -> None:
    """No row, no division by zero."""
    SqliteStore(empty.store).close()
    assert empty("calls", "--json").json == []
    assert empty("calls").out.splitlines()[-1] == "0 of 0 attempts."
    assert empty("spend", "--json").json["total"]["requests"] == 0
    assert "Nothing to prune" in empty("prune", "--older-than", "1d").out


def test_cached_tokens_are_a_part_of_the_tokens_in(empty: Bench) -> None:
    """In both commands, and shared as they are where a request carries several prompts."""
    row = (
        "insert into calls (attempt_id, owner, invocation_id, started_at, provider, host, model, "
        "prompt_hashes, attempt, records, asks, outcome, answers, input_tokens, cached_tokens, "
        "output_tokens, cost_usd, stated_usd, maybe_paid) values ('a', 'o', 'run', "
        "'2026-01-01 00:00:00', 'openai', 'h', 'm', 'aa,bb', 1, 8, 16, 'ok', 16, 100, 64, 10, "
        "0.01, 0.01, 0)"
    )
    store = SqliteStore(empty.store)
    store.transact([lambda c: c.execute(row)])
    store.close()
    (call,) = empty("calls", "--json").json
    assert (call["cached_tokens"], call["stated_usd"]) == (64, 0.01)
    assert "tokens in  cached  tokens out" in empty("calls").out
    found = empty("spend", "--by", "prompt", "--json").json
    assert [line["cached_tokens"] for line in found["lines"]] == [32, 32]
    assert found["total"]["cached_tokens"] == 64
    assert "tokens in  cached  tokens out" in empty("spend").out


def test_a_hundred_thousand_calls_take_seconds(tmp_path: Path, empty: Bench) -> None:
    """The ledger of years is read in one go."""
    store = SqliteStore(empty.store)
    many = [
        (uuid.UUID(int=place).hex, f"run-{place % 300}", f"2026-{place % 12 + 1:02}-01 00:00:00")
        for place in range(100_000)
    ]
    store.transact(
        [
            lambda c: c.executemany(
                "insert into calls (attempt_id, owner, invocation_id, started_at, provider, host, "
                "model, prompt_hashes, attempt, records, asks, outcome, answers, input_tokens, "
                "output_tokens, cost_usd, maybe_paid) values (?, 'o', ?, ?, 'openai', 'h', 'm', "
                "'aa,bb', 1, 8, 16, 'ok', 16, 100, 10, 0.01, 0)",
                many,
            )
        ]
    )
    store.close()
    started = time.monotonic()
    assert len(empty("calls", "--json", "--limit", "50").json) == 50
    found = empty("spend", "--by", "day", "--json").json
    seconds = time.monotonic() - started
    assert (found["total"]["requests"], len(found["lines"])) == (100_000, 12)
    assert seconds < 10, f"{seconds:.1f} s"
