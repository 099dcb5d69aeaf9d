"""`assay explain` and `assay forget` in a project that dbt built: rows, keys, publications."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assay.faultd import FaultServer
from assay.hosts.duckdb.udfs import register_for_reading
from assay.project.publishing.gold import GoldTable
from assay.project.publishing.publish import Release, publish
from assay.project.review.golden_file import LOG
from assay.store import open_store

from ..dbt.project import Project, asking
from ..faults.engine_room import POISON
from .bench import Bench

REFUSED = "refusetext,marker=POISON"
SECRET = "the tent of Ada Canary leaks"
NOTES = f"""\
id,customer_id,body,title
1,17,{SECRET},tent
2,18,the rope's (good) end,rope
3,19,{POISON} stove,stove
4,20," ",none
"""
TOPICS = """\
{%- set topic = ai_classify('body', ["glad", "it's (cross)"], detail=true) -%}
{{ config(unique_key='id', materialized='incremental') }}

select
    id,
    customer_id,
    body,
    {{ topic }} as topic,
    {{ ai_summarize(['body', 'title']) }} as "Summary"

from {{ ref('notes') }} as notes
where {{ ai_due('id', {'topic': topic}) }}
"""
KEPT_BACK = "select id, customer_id, body from {{ ref('topics') }} where topic.status = 'refused'"
GOLD = "select id, customer_id, topic.value as topic from {{ ref('topics') }}"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project of bronze, silver, quarantine and gold, built twice against a fault server."""
    with FaultServer() as server:
        models = {
            "bronze/notes.sql": "select * from read_csv('data/notes.csv')",
            "silver/topics.sql": TOPICS,
            "silver/topics_quarantined.sql": KEPT_BACK,
            "gold/answers.sql": GOLD,
        }
        env = asking(server, REFUSED, ASSAY_MAX_FAILED_SHARE="1")
        project = Project(tmp_path_factory.mktemp("built"), models, env)
        (project.root / "data").mkdir()
        (project.root / "data" / "notes.csv").write_text(NOTES)
        for _ in range(2):
            run = project.dbt("run")
            assert run.code == 0, run.output
        yield project


@pytest.fixture
def bench(built: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A copy of the project with the commands over it; nothing is asked any more."""
    shutil.copytree(built.root, tmp_path / "p", symlinks=True)
    monkeypatch.chdir(tmp_path / "p")
    shutil.copy(tmp_path / "p/.assay/store.sqlite", tmp_path / "p/store.sqlite")
    return Bench(tmp_path / "p")


def query(bench: Bench, sql: str) -> list[tuple[Any, ...]]:
    """Ask the warehouse."""
    with duckdb.connect(str(bench.warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def published(bench: Bench, times: int) -> list[Path]:
    """Publish gold so many times; the last one is current."""
    release = Release("run-id-1", [GoldTable("gold", "answers")], [], {})
    folder = bench.folder / "published"
    return [publish(bench.warehouse, folder, release).folder for _ in range(times)]


# explain


def test_a_row_is_explained_column_by_column(bench: Bench) -> None:
    """Task, prompt, model, attempt, cost; a text of two columns is found as well."""
    topic, summary = bench("explain", "silver.topics:2", "--json").json
    assert (topic["columns"], summary["columns"]) == (["topics.topic"], ["topics.Summary"])
    assert topic["state"] == summary["state"] == "answered"
    assert [one["name"] for one in topic["task"]["labels"]] == ["glad", "it's (cross)"]
    assert (
        topic["value"]
        == f'"{query(bench, "select topic.value from silver.topics where id=2")[0][0]}"'
    )
    assert (topic["model"], topic["host"]) == ("stub", "loopback")
    assert topic["attempt"]["outcome"] in ("ok", "partial")
    assert json.loads(topic["attempt"]["asked_with"]) == {"mode": "keyed"}
    assert topic["attempt"]["started_at"] <= topic["answered_at"] <= topic["attempt"]["ended_at"]
    assert topic["is_sound"] is True
    assert topic["source"] in ("asked in the last run", "from the store in the last run")


def test_no_text_is_shown_unless_told(bench: Bench) -> None:
    """Nor an answer that may quote it: of a summary only that there is one."""
    said = bench("explain", "topics:1").out + bench("explain", "topics:1", "--json").out
    assert SECRET not in said
    assert "it may quote the text; add --show-text" in said
    shown = bench("explain", "topics:1", "--column", "topic", "--show-text").out
    assert SECRET in shown


def test_a_failure_is_explained(bench: Bench) -> None:
    """Why, in how many runs, and that no build tries it again."""
    (topic,) = bench("explain", "topics:3", "--column", "topic", "--json").json
    assert (topic["state"], topic["status"], topic["next_try_at"]) == (
        "dead letter",
        "refused",
        None,
    )
    assert topic["attempt"]["outcome"] == "refused"


def test_a_blank_text_is_explained(bench: Bench) -> None:
    """Nothing was asked, and nothing is missing."""
    (topic,) = bench("explain", "topics:4", "--column", "topic", "--json").json
    assert topic["state"] == "skipped: there is no text"


def test_a_row_of_gold_is_traced_to_the_model_that_asked(bench: Bench) -> None:
    """By the key that it has in common with it; or by any condition."""
    by_key = bench("explain", "gold.answers:2", "--column", "topic", "--json").json
    where = ("explain", "gold.answers", "--where", "customer_id = 18", "--column", "topic")
    assert by_key == bench(*where, "--json").json != []


@pytest.mark.parametrize("spelled", ["ID", '"id"', '"Id"'])
def test_a_unique_key_is_a_name_as_duckdb_binds_it(bench: Bench, spelled: str) -> None:
    """In quotes, as `ai_due` asks for where a name is no word, and in any case."""
    manifest = bench.folder / "target" / "manifest.json"
    told = json.loads(manifest.read_text())
    told["nodes"]["model.assay.topics"]["config"]["unique_key"] = spelled
    manifest.write_text(json.dumps(told))
    for row in ("silver.topics:2", "gold.answers:2"):
        (topic,) = bench("explain", row, "--column", "topic", "--json").json
        assert topic["state"] == "answered"


def test_a_key_is_explained_and_may_be_cut_short(bench: Bench) -> None:
    """The same facts as by the row."""
    (topic,) = bench("explain", "topics:2", "--column", "topic", "--json").json
    (by_key,) = bench("explain", topic["key"][:9], "--json").json
    assert {**by_key, "text_length": topic["text_length"]} == topic


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("topics",), "write schema.table:ID"),
        (("nowhere:1",), "There is no table 'nowhere'"),
        (("topics:99",), "No row of silver.topics fits"),
        (("topics", "--where", "true"), "More than one row of silver.topics"),
        (("topics:1", "--column", "mood"), "No AI column 'mood' is above silver.topics"),
        (("bronze.notes:1",), "The unique key of bronze.notes is not known"),
        (("bronze.notes", "--where", "id = 1"), "No model above bronze.notes"),
        (("abc",), "at least the first 4"),
        (("00000000000000",), "No answer and no failure has a key"),
    ],
)
def test_what_cannot_be_explained_is_one_line(
    bench: Bench, arguments: tuple[str, ...], words: str
) -> None:
    """It names the thing and what to write."""
    done = bench("explain", *arguments)
    assert (done.code, words in done.error) == (2, True), done


# forget


def lines(bench: Bench, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Exit code and the lines of `forget` by place."""
    done = bench("forget", *arguments, "--json")
    assert done.error == "", done.error
    return done.code, {line["where"]: line for line in done.json}


def test_a_subject_goes_out_of_store_and_warehouse(bench: Bench) -> None:
    """All that was asked about its rows, also about two columns, and its rows of every table."""
    code, found = lines(bench, "--subject", "customer_id=17")
    assert code == 0
    assert found["store answers"]["rows"] == 2
    gone = {where: line["rows"] for where, line in found.items() if where.startswith("warehouse")}
    assert gone == {"warehouse silver.topics": 1, "warehouse gold.answers": 1}
    assert found["sources"]["state"] == "left to you"
    assert query(bench, "select list(id order by id) from silver.topics") == [([2, 3, 4],)]
    assert SECRET.encode() not in bench.warehouse.read_bytes()
    assert "No row" in bench("explain", "topics:1").error


def test_a_text_that_failed_goes_out_of_quarantine(bench: Bench) -> None:
    """By its text, from the tables that models make."""
    text = f"{POISON} stove"
    code, found = lines(bench, "--sql", "select body from silver.topics where id = 3")
    assert code == 0
    assert found["store failures"]["rows"] >= 1
    assert found["warehouse silver.topics_quarantined"]["state"] == "removed"
    assert query(bench, "select count(*) from silver.topics_quarantined") == [(0,)]
    assert query(bench, f"select count(*) from silver.topics where body = '{text}'") == [(0,)]


def test_what_was_judged_is_forgotten(bench: Bench) -> None:
    """An extracted answer is a piece of a text; a dry run only counts it."""
    log = Path("target") / "assay" / LOG
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text('{"key": "17", "before": null, "after": "Ann Lee"}\n', encoding="utf-8")
    _, found = lines(bench, "--subject", "customer_id=17", "--dry-run")
    assert (found["review log"]["rows"], log.exists()) == (1, True)
    _, found = lines(bench, "--subject", "customer_id=17")
    assert (found["review log"]["state"], log.exists()) == ("removed", False)


def test_a_dry_run_changes_nothing(bench: Bench) -> None:
    """It says what would go."""
    before = (bench.store.read_bytes(), bench.warehouse.read_bytes())
    code, found = lines(bench, "--subject", "customer_id=17", "--dry-run")
    assert (code, found["store answers"]["state"]) == (0, "would be removed")
    assert (bench.store.read_bytes(), bench.warehouse.read_bytes()) == before


def test_a_text_deletes_nothing_from_a_table_that_no_model_makes(bench: Bench) -> None:
    """Another subject may have said the same, and nothing would bring that row back."""
    with duckdb.connect(str(bench.warehouse)) as connection:
        connection.execute("create schema raw")
        connection.execute("create table raw.inbox as select ? as body", [SECRET])
    texts = bench.folder / "texts.txt"
    texts.write_text(SECRET)
    code, found = lines(bench, "--from", str(texts))
    assert (code, found["warehouse raw.inbox"]["state"]) == (1, "left to you")
    assert query(bench, "select count(*) from raw.inbox") == [(1,)]


@pytest.mark.parametrize(
    "value",
    [
        "{'note': ?, 'id': 3}",
        "[{'notes': ['other', ?]}]",
        "map {'said': ?}",
        "map {?: 1}",
        "json_object('deep', json_array(?))",
    ],
)
def test_texts_within_nested_columns_are_seen(bench: Bench, value: str) -> None:
    """Of a row that a text names, and of a row whose subject is named: its answer goes."""
    with duckdb.connect(str(bench.warehouse)) as connection:
        connection.execute("create schema raw")
        made = f"create table raw.inbox as select 99 as person, 'x' as key, {value} as said"
        connection.execute(made, [SECRET])
        connection.execute("insert into raw.inbox select 98, 'y', null")
    texts = bench.folder / "texts.txt"
    texts.write_text(SECRET)
    code, found = lines(bench, "--from", str(texts), "--dry-run")
    assert (code, found["warehouse raw.inbox"]["rows"]) == (1, 1)
    _, by_name = lines(bench, "--subject", "person=99")
    assert by_name["warehouse raw.inbox"]["rows"] == 1
    assert by_name["store answers"]["rows"] >= 1
    assert query(bench, "select person from raw.inbox") == [(98,)]


@pytest.mark.parametrize("text", ["to_json(body)", "json_object('body', body, 'title', 'tent')"])
def test_texts_of_a_query_are_those_that_are_asked_about(bench: Bench, text: str) -> None:
    """A string of JSON is the string itself; what is behind the statement does not matter."""
    sql = f"select {text} from silver.topics where id = 1; -- hers"
    _, found = lines(bench, "--sql", sql, "--dry-run")
    assert found["store answers"]["rows"] == 1


def test_a_view_that_asks_stops_nothing(bench: Bench) -> None:
    """Its rows are those of tables, and nobody is asked."""
    with duckdb.connect(str(bench.warehouse)) as connection:
        register_for_reading(connection)
        asked = "assay_ask_value(assay_task('{}'), body)"
        connection.execute(
            f"create view seen as select customer_id, {asked} as topic from silver.topics"
        )
    assert "No model above" in bench("explain", "seen", "--where", "customer_id = 17").error
    code, found = lines(bench, "--subject", "customer_id=17")
    assert (code, found["store answers"]["rows"]) == (0, 2)


def test_nothing_is_forgotten_under_a_running_process(bench: Bench) -> None:
    """It knows the answers, and its journal would bring them back after a kill."""
    holder = open_store(bench.store)
    forgotten = bench("forget", "--subject", "customer_id=17")
    holder.close()
    assert (forgotten.code, "in use by 1 running process" in forgotten.error) == (2, True)
    assert query(bench, "select count(*) from silver.topics where customer_id = 17") == [(1,)]
    assert lines(bench, "--subject", "customer_id=17")[1]["store answers"]["rows"] == 2


def test_old_publications_go_and_the_current_one_is_named(bench: Bench) -> None:
    """Consumers are not left without gold: the commands that replace it are said, exit code 1."""
    old, current = published(bench, 2)
    code, found = lines(bench, "--subject", "customer_id=17")
    assert (code, old.exists(), current.exists()) == (1, False, True)
    assert found[f"publication {old.name}"]["state"] == "removed"
    left = found[f"publication {current.name}"]
    assert (left["state"], left["rows"]) == ("left to you", 1)
    assert "assay publish --keep 1" in left["note"]
    (anew,) = published(bench, 1)
    code, found = lines(bench, "--subject", "customer_id=17")
    assert (code, current.exists(), anew.exists()) == (0, False, True)


def test_a_locked_warehouse_stops_it_before_anything_is_forgotten(bench: Bench) -> None:
    """A build is running: half of it would be worse than nothing."""
    import subprocess
    import sys

    hold = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); "
        "sys.stdin.read()"
    )
    before = bench.store.read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(bench.warehouse)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        forgotten = bench("forget", "--subject", "customer_id=17")
        explained = bench("explain", "topics:1")
        looked_at = bench("doctor", "--offline")
        holder.communicate()
    assert (forgotten.code, "is open in process" in forgotten.error) == (2, True)
    assert (explained.code, "is open in process" in explained.error) == (2, True)
    assert (looked_at.code, "is open in process" in looked_at.out) == (0, True)
    assert bench.store.read_bytes() == before


def test_what_is_no_subject_is_one_line(bench: Bench) -> None:
    """How to write one."""
    assert "write column=value" in bench("forget", "--subject", "17").error
    assert "give --subject, --key" in bench("forget").error
    assert "cannot be read" in bench("forget", "--from", "nowhere.txt").error


def test_a_column_that_no_table_has_is_not_taken_for_forgotten(bench: Bench) -> None:
    """A slip of the pen must not look as if nobody had been there; case does not matter."""
    done = bench("forget", "--subject", "custmer_id=17")
    assert (done.code, "has a column 'custmer_id'" in done.error) == (2, True)
    found = bench("forget", "--subject", "CUSTOMER_ID=17", "--dry-run", "--json").json
    assert any(line["state"] == "would be removed" for line in found)
