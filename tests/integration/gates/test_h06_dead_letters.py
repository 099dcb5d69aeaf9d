"""H06: dead letters are listed, shown, replayed and discarded, and none is lost on the way."""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.faultd import FaultServer

from ..dbt.project import KEY, Project, asking, table
from ..faults.engine_room import POISON, SCORE, engine_room
from .assay_line import Said, assay, command

POISONED = "poison,kind=badlabel,marker=POISON"
REFUSED = "refusetext,marker=POISON"
SECRET = "row-canary-7c1e"
TEXTS = [f"text {place}" for place in range(6)] + [f"{SECRET} {POISON} {at}" for at in range(3)]


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """A server that keeps the texts it was sent."""
    with FaultServer(keep_texts=True) as running:
        yield running


KEPT = {"ASSAY_STORE_INPUTS": "true", "ASSAY_MAX_FAILED_SHARE": "1"}


class Desk:
    """A store with three dead letters of nine asks, and the command line over it."""

    def __init__(self, folder: Path, server: FaultServer, scenario: str, **changed: Any) -> None:
        changed = {"store_inputs": True} | changed
        self.project = Project(folder, {}, asking(server) | KEPT)
        self.server = server
        self.store = folder / ".assay" / "store.sqlite"
        self.url = server.url
        with engine_room(server.url(scenario), folder, store=self.store, **changed) as room:
            room.ask(TEXTS)
        server.reset()

    def __call__(self, *arguments: str, scenario: str = "good", **env: str) -> Said:
        """Run `assay dead-letters` against the server under a scenario."""
        more = asking(self.server, scenario) | env
        return assay(self.project, "dead-letters", *arguments, **more)

    def listed(self, *arguments: str) -> list[dict[str, Any]]:
        """The letters that `list` shows."""
        found: list[dict[str, Any]] = self("list", "--json", *arguments).json
        return found

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the store."""
        with contextlib.closing(sqlite3.connect(self.store)) as connection:
            return connection.execute(sql).fetchall()

    def execute(self, sql: str, *values: Any) -> None:
        """Change the store behind everybody's back."""
        with contextlib.closing(sqlite3.connect(self.store)) as connection, connection:
            connection.execute(sql, values)

    @property
    def counts(self) -> tuple[int, int]:
        """Answers and failures in the store."""
        return (
            self.rows("select count(*) from answers")[0][0],
            self.rows("select count(*) from failures")[0][0],
        )


@pytest.fixture
def desk(tmp_path: Path, server: FaultServer) -> Desk:
    """Six answers, three refusals."""
    return Desk(tmp_path, server, REFUSED)


def sent(server: FaultServer) -> list[str]:
    """The texts that were sent since the last reset."""
    return sorted(text for entry in server.ledger.entries for text in entry.texts)


def words_of(value: Any) -> str:
    """The name of a test case: what is typed."""
    return " ".join(value) if isinstance(value, tuple) else ""


def test_h06_list_shows_why_and_no_text(desk: Desk) -> None:
    """Hash and length stand for the text, in JSON and in lines, and no terminal sees it."""
    said = desk("list")
    letters = desk.listed()
    assert [one["status"] for one in letters] == ["refused"] * 3
    assert {one["text_length"] for one in letters} == {len(TEXTS[-1])}
    assert "3 letters" in said.out
    assert SECRET not in said.out + said.err + str(letters)


def test_h06_show_prints_the_text_only_when_told(desk: Desk) -> None:
    """With the task as it was asked."""
    key = desk.listed()[0]["key"]
    told = desk("show", key[:10], "--text", "--json").json
    assert SECRET not in desk("show", key).out
    assert told["text"] in TEXTS
    assert told["task"]["labels"][0]["name"] == "billing"


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (("--status", "refused"), 3),
        (("--status", "invalid"), 0),
        (("--model", "stub", "--kind", "classify"), 3),
        (("--model", "other"), 0),
        (("--older-than", "1h"), 0),
        (("--older-than", "0s"), 3),
        (("--state", "waiting"), 0),
    ],
    ids=words_of,
)
def test_h06_filters_narrow_down(shared: Desk, arguments: tuple[str, ...], count: int) -> None:
    """Each field that is given must fit."""
    assert len(shared.listed(*arguments)) == count


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, server: FaultServer) -> Desk:
    """A desk that nobody changes."""
    return Desk(tmp_path_factory.mktemp("shared"), server, REFUSED)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("replay",), "narrow it down"),
        (("discard", "--reason", "old"), "narrow it down"),
        (("discard", "--all", "--reason", " "), "--reason is blank"),
        (("list", "--status", "refusd"), "choose one of"),
        (("list", "--older-than", "week"), "write a number"),
        (("show", "zz"), "hex digits"),
        (("show", "ffffffff"), "No letter"),
    ],
    ids=words_of,
)
def test_h06_a_wrong_word_changes_nothing(
    shared: Desk, arguments: tuple[str, ...], words: str
) -> None:
    """Exit code 2 and one line that says what to do."""
    before = shared.rows("select * from failures")
    said = shared(*arguments)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert words in said.err
    assert shared.rows("select * from failures") == before


def test_h06_replay_takes_out_exactly_what_it_answered(desk: Desk) -> None:
    """One letter is asked again, it alone; it leaves with its answer, the others stay."""
    first, *others = desk.listed()
    said = desk("replay", "--key", first["key"])
    assert (said.code, desk.counts) == (0, (7, 2))
    assert "Answered 1, failed again 0, not asked 0" in said.out
    assert len(sent(desk.server)) == 1
    assert desk.listed() == others


def test_h06_a_failure_counts_one_run_more(desk: Desk) -> None:
    """None leaves, and the exit code says so."""
    said = desk("replay", "--all", scenario=REFUSED)
    assert (said.code, desk.counts) == (1, (6, 3))
    assert [one["attempts"] for one in desk.listed()] == [2, 2, 2]
    assert sent(desk.server) == sorted(TEXTS[6:])


def test_h06_attempts_are_capped(desk: Desk) -> None:
    """What failed in ten runs is left alone until somebody raises the cap for a command."""
    desk.execute("update failures set attempts = 10")
    left = desk("replay", "--all")
    assert (left.code, sent(desk.server), desk.counts) == (1, [], (6, 3))
    assert "failed in 10 runs" in left.out
    assert desk("replay", "--all", "--max-failed-runs", "11").code == 0
    assert desk.counts == (9, 0)


def test_h06_replay_keeps_to_the_budget(desk: Desk) -> None:
    """At the wall nothing more is sent; what was not asked is a dead letter as before."""
    before = {one["key"]: one for one in desk.listed()}
    said = desk("replay", "--all", ASSAY_MAX_REQUESTS="1", ASSAY_MAX_IN_FLIGHT="1")
    after = {one["key"]: one for one in desk.listed()}
    assert (said.code, desk.counts) == (3, (7, 2))
    assert after.items() <= before.items()


def test_h06_a_stopped_replay_leaves_letters_as_they_were(desk: Desk) -> None:
    """A wrong key stops it before anything is lost."""
    before = desk.listed()
    said = desk("replay", "--all", scenario="s401")
    assert (said.code, desk.listed()) == (1, before)
    assert "HTTP 401" in said.err
    assert KEY not in said.out + said.err


def test_h06_a_killed_replay_loses_no_letter(desk: Desk) -> None:
    """SIGKILL with requests in flight: what was not answered is there, and the next build asks."""
    running = subprocess.Popen(
        command("dead-letters", "replay", "--all"),
        cwd=desk.project.root,
        env=desk.project._environment(asking(desk.server, "hang")),
    )
    while not desk.server.ledger.entries and running.poll() is None:
        time.sleep(0.05)
    running.kill()
    running.wait()
    assert desk.counts == (6, 3)
    assert [one["attempts"] for one in desk.listed("--state", "waiting")] == [1, 1, 1]
    with engine_room(desk.server.url(), desk.project.root, store=desk.store) as room:
        assert {one.status for one in room.ask(TEXTS)} == {"ok"}


def test_h06_a_discard_is_on_record_and_settles_for_good(desk: Desk) -> None:
    """Who, when and why; it stays a failure, and a model that needs it asks nobody."""
    key = desk.listed()[0]["key"]
    said = desk("discard", "--key", key, "--reason", "test data", "--by", "ana")
    shown = desk("show", key, "--json").json
    assert (said.code, desk.counts) == (0, (6, 3))
    assert shown["state"] == "discarded"
    assert shown["error"].startswith("discarded: ")
    assert [(one["reason"], one["discarded_by"]) for one in shown["discards"]] == [
        ("test data", "ana")
    ]
    desk.server.reset()
    with engine_room(desk.server.url(), desk.project.root, store=desk.store) as room:
        assert {one.status for one in room.ask(TEXTS[6:])} == {"refused"}
    assert sent(desk.server) == []


def test_h06_what_was_discarded_is_replayed_by_its_key_alone(desk: Desk) -> None:
    """Not among all; by key it is asked, and a second discard of the same failure is none."""
    key = desk.listed()[0]["key"]
    desk("discard", "--key", key, "--reason", "no")
    again = desk("discard", "--key", key, "--reason", "no")
    assert "Discarded 0 letters; 1 had been before" in again.out
    assert desk("replay", "--all").code == 0
    assert desk.counts == (8, 1)
    assert desk("replay", "--key", key).code == 0
    assert desk.counts == (9, 0)
    assert desk.rows("select count(*) from discards") == [(1,)]


def test_h06_inputs_can_stay_out_of_the_store(tmp_path: Path, server: FaultServer) -> None:
    """D16: no byte of the text is there; such a letter waits for the next build instead."""
    desk = Desk(tmp_path, server, REFUSED, store_inputs=False)
    said = desk("replay", "--all")
    assert (said.code, sent(server)) == (1, [])
    assert "its text is not in the store" in said.out
    assert SECRET.encode() not in desk.store.read_bytes()
    assert desk("replay", "--all", "--in-next-build").code == 0
    assert [one["state"] for one in desk.listed("--state", "waiting")] == ["waiting"] * 3


@pytest.mark.parametrize(
    "change",
    ["host = 'elsewhere'", "prompt_hash = 'gone'", "text = 'another text'"],
)
def test_h06_what_is_not_the_same_question_is_not_asked(desk: Desk, change: str) -> None:
    """An answer never lands under the key of another ask."""
    desk.execute(f"update failures set {change}")
    said = desk("replay", "--all")
    assert (said.code, sent(desk.server), desk.counts) == (1, [], (6, 3))
    assert "Left 3" in said.out


def test_g24_forget_leaves_no_trace_of_a_text(desk: Desk) -> None:
    """Answers and failures about it go, whatever was asked, and the file holds no byte of it."""
    with engine_room(desk.server.url(), desk.project.root, store=desk.store) as room:
        room.ask(TEXTS[:1], SCORE)
    texts = desk.project.root / "forget.txt"
    texts.write_text("\n".join([TEXTS[0], TEXTS[-1], "never seen"]))
    said = assay(desk.project, "forget", "--from", str(texts), "--json")
    assert (said.code, desk.counts) == (0, (5, 2))
    removed = {line["where"]: line["rows"] for line in said.json if line["state"] == "removed"}
    assert removed == {"store answers": 2, "store failures": 1}
    assert TEXTS[-1].encode() not in desk.store.read_bytes()
    assert TEXTS[-2].encode() in desk.store.read_bytes()


# --- in a project -------------------------------------------------------------------------------

MODEL = """\
{%- set topic = ai_classify('body', ['glad', 'cross'], detail=true) -%}
{{ config(unique_key='id') }}

select
    id,
    body,
    {{ topic }} as topic

from {{ ref('notes') }}
where {{ ai_due('id', {'topic': topic}) }}
"""
NOTES = [(1, "the tent leaks"), (2, f"{POISON} rope"), (3, f"{POISON} stove")]


def test_h06_the_next_build_takes_over_what_was_replayed_or_became_due(
    tmp_path: Path, server: FaultServer
) -> None:
    """One row was replayed and costs nothing, one became due and is asked, one stays as it is."""
    project = Project(
        tmp_path,
        {"bronze/notes.sql": table("id, body", *NOTES), "silver/topics.sql": MODEL},
        asking(server, REFUSED) | KEPT,
    )
    assert project.dbt("run").code == 0
    keys = [key for (key,) in project.store_rows("select hex(key) from failures order by text")]
    server.reset()
    good = asking(server) | KEPT
    assert assay(project, "dead-letters", "replay", "--key", keys[0], **good).code == 0
    assert assay(project, "dead-letters", "replay", "--key", keys[1], "--in-next-build").code == 0
    assert sent(server) == [NOTES[1][1]]
    server.reset()
    run = project.dbt("run", **good)
    assert run.code == 0, run.output
    rows = project.rows("select id, topic.status from silver.topics order by id")
    assert rows == [(1, "ok"), (2, "ok"), (3, "ok")]
    assert sent(server) == [NOTES[2][1]]


def test_h06_a_letter_that_waits_is_tried_by_a_build_when_its_time_has_come(
    tmp_path: Path, server: FaultServer
) -> None:
    """`invalid` once is due at once: it is no dead letter, and `list` leaves it to the build."""
    desk = Desk(tmp_path, server, POISONED)
    waiting = desk.listed("--state", "waiting")
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    assert desk.listed() == []
    assert {one["status"] for one in waiting} == {"invalid"}
    assert all(datetime.datetime.fromisoformat(one["next_try_at"]) < now for one in waiting)
