"""One JSON file for a site: written after each green build, whole at any moment, and watched."""

from __future__ import annotations

import datetime
import functools
import http.server
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assay.core.errors import PublishError
from assay.project.publishing.deliver import Delivery, deliver
from assay.project.publishing.destinations.open import open_destination
from assay.project.publishing.freshness import behind, troubles_of
from assay.project.publishing.publish import current, publish

from ..dbt.project import Project, table
from . import file_publisher
from .assay_line import Said, assay
from .publisher import release

CHECKS = """\
models:
  - name: counts
    config:
      unique_key: topic
      meta: {publish: "json:site/counts.json"}
    data_tests:
      - expression_is_true:
          arguments: {expression: "topic <> 'BROKEN'"}
"""
MODELS = {
    "gold/counts.sql": "{{ config(materialized='table') }}\n"
    "select topic, count(*) as note_count from {{ ref('notes') }} group by 1",
    "gold/counts.yml": CHECKS,
}
GREEN = [(1, "glad"), (2, "cross"), (3, "glad")]


@dataclass(frozen=True)
class Story:
    """A green build, the same again, a red one, and one of dbt alone, which writes no file."""

    project: Project
    green: Said
    first: dict[str, Any]
    second: dict[str, Any]
    fresh: Said
    red: Said
    after_red: dict[str, Any]
    skipped: Said
    doctor: Said
    mended: Said


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Builds in a project whose gold says where it goes."""
    project = Project(tmp_path_factory.mktemp("site"), MODELS)
    file = project.root / "site" / "counts.json"

    def notes(*rows: tuple[Any, ...]) -> None:
        project.write("bronze/notes.sql", table("id, topic", *rows))

    def held() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found

    notes(*GREEN)
    green, first = assay(project, "build"), held()
    assert assay(project, "publish").code == 0
    second, fresh = held(), assay(project, "fresh")
    notes(*GREEN, (4, "BROKEN"))
    red, after_red = assay(project, "build"), held()
    notes(*GREEN, (4, "new"))
    project.dbt("build")
    skipped = assay(project, "fresh", "--max-age", "2d")
    file.unlink()
    doctor = assay(project, "doctor", "--offline")
    assay(project, "publish")
    return Story(
        project,
        green,
        first,
        second,
        fresh,
        red,
        after_red,
        skipped,
        doctor,
        assay(project, "fresh"),
    )


def test_a_green_build_writes_the_file(story: Story) -> None:
    """Sorted by the key, with the time and the hash inside, and a line of the build on it."""
    assert story.first["rows"] == [
        {"topic": "cross", "note_count": 1},
        {"topic": "glad", "note_count": 2},
    ]
    assert (story.first["table"], story.first["row_count"]) == ("counts", 2)
    assert "Delivered counts, 2 rows, to json:site/counts.json (2 written, 0" in story.green.out


def test_it_is_written_anew_when_nothing_has_changed(story: Story) -> None:
    """Else nobody could tell a quiet day from a build that writes no more."""
    assert story.second["published_at"] > story.first["published_at"]
    assert story.second | {"published_at": ""} == story.first | {"published_at": ""}
    assert story.fresh.code == 0, story.fresh


def test_a_red_build_leaves_it(story: Story) -> None:
    """What consumers see is what was green."""
    assert story.red.code == 1
    assert story.after_red == story.second


def test_a_build_that_skips_its_writing_is_found(story: Story) -> None:
    """Gold has gone on, and the file has not; it may be young all the same."""
    assert story.skipped.code == 1
    assert "BAD  site/counts.json does not hold what counts is now." in story.skipped.out


def test_a_file_that_is_gone_is_found_and_made_again(story: Story) -> None:
    """By the doctor; publishing mends it."""
    assert "site/counts.json is missing" in story.doctor.out
    assert story.mended.code == 0, story.mended


# --- without dbt ---------------------------------------------------------------------------------


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    """A warehouse with a table of values of many kinds."""
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema gold")
        connection.execute(
            "create table gold.big as select n::int as id, 'a' as turn, "
            "{'b': [n, null]} as nested, if(n = 1, 'nan'::double, n) as share, "
            "date '2026-01-02' as day, 'é\"\n' as text "
            "from range(50) t(n)"
        )
    return warehouse


def sent(warehouse: Path, file: Path, key: str = "id") -> list[Delivery]:
    """Publish a warehouse and deliver its table."""
    folder = warehouse.parent / "published"
    done = publish(warehouse, folder, release("run", "big"))
    return deliver(done, {"big": [key]}, open_destination(f"json:{file}"), "the file")


def read(file: Path) -> dict[str, Any]:
    """What a site reads."""
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"), parse_constant=strict)
    return found


def strict(constant: str) -> None:
    """No browser reads what is not JSON."""
    raise AssertionError(constant)


def test_values_are_those_of_json(gold: Path, tmp_path: Path) -> None:
    """Nested ones nested, and null for what JSON has no number for."""
    file = tmp_path / "site" / "big.json"
    assert sent(gold, file) == [Delivery("big", 50, 50, 0)]
    second = read(file)["rows"][1]
    assert second["nested"] == {"b": [1, None]}
    assert (second["share"], second["day"], second["text"]) == (None, "2026-01-02", 'é"\n')
    assert [row["id"] for row in read(file)["rows"]] == list(range(50))


def test_what_changed_is_counted(gold: Path, tmp_path: Path) -> None:
    """By the key, as with every destination."""
    file = tmp_path / "big.json"
    sent(gold, file)
    with duckdb.connect(str(gold)) as connection:
        connection.execute("update gold.big set turn = 'b' where id < 3")
        connection.execute("delete from gold.big where id >= 48")
    assert sent(gold, file) == [Delivery("big", 48, 3, 2)]
    assert sent(gold, file) == [Delivery("big", 48, 0, 0)]


@pytest.mark.parametrize("content", ["[1, 2]", "not JSON", '{"published_at": "2026-01-01"}'])
def test_a_file_of_somebody_else_is_left_alone(gold: Path, tmp_path: Path, content: str) -> None:
    """Whoever mistypes a path loses nothing."""
    file = tmp_path / "theirs.json"
    file.write_text(content)
    with pytest.raises(PublishError, match="Assay did not make"):
        sent(gold, file)
    assert file.read_text() == content
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".new"] == []


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_leaves_the_old_file_or_the_new_one(gold: Path, tmp_path: Path, seed: int) -> None:
    """At whatever moment, and the next publication is whole and leaves nothing beside it."""
    file = tmp_path / "site" / "big.json"
    command = [sys.executable, file_publisher.__file__, str(gold), str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"1\n"
        time.sleep(random.Random(seed).uniform(0, 0.3))  # noqa: S311 - any moment will do
        child.send_signal(signal.SIGKILL)
    held = read(file)
    assert len({row["turn"] for row in held["rows"]}) == 1
    assert len(held["rows"]) == held["row_count"] == 50
    sent(gold, file)
    assert [path.name for path in file.parent.iterdir()] == ["big.json"]


# --- freshness -----------------------------------------------------------------------------------

NOW = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def stamped(file: Path, at: str = "2026-03-01T09:00:00+00:00", **more: Any) -> Path:
    """A file that says when it was published."""
    said = {"published_at": at, "table": "big", "content_hash": "h1", "rows": []}
    file.write_text(json.dumps(said | more), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("at", "gold", "said"),
    [
        ("2026-03-01T09:00:00+00:00", None, []),
        ("2026-03-01T09:00:00+00:00", {"big": "h1"}, []),
        ("2026-02-27T12:00:00+00:00", {"big": "h1"}, ["is 2 days old"]),
        ("2026-03-01T09:00:00+00:00", {"big": "h2"}, ["does not hold what big is now"]),
        ("2026-03-01T09:00:00+00:00", {}, ["holds big, which is no table of gold"]),
        ("2027-03-01T09:00:00+00:00", None, ["a clock is wrong"]),
        ("2026-03-01T09:00:00", None, ["does not say when it was published"]),
        ("yesterday", None, ["does not say when it was published"]),
    ],
)
def test_the_time_inside_the_file_counts(
    tmp_path: Path, at: str, gold: Mapping[str, str] | None, said: list[str]
) -> None:
    """And the hash, where gold is at hand."""
    found = troubles_of(str(stamped(tmp_path / "big.json", at)), DAY, NOW, gold)
    assert len(found) == len(said)
    assert all(word in line for word, line in zip(said, found, strict=True))


def test_a_publication_is_looked_at_as_well(gold: Path, tmp_path: Path) -> None:
    """Its manifest says the same of all tables; a file that stays behind it is told."""
    file = tmp_path / "big.json"
    sent(gold, file)
    done = current(gold.parent / "published")
    assert done is not None
    now = datetime.datetime.now(datetime.UTC)
    assert list(behind([file], done, 1.0, now)) == []
    assert troubles_of(str(done.folder / "manifest.json"), DAY, now, None) == []
    stamped(file, now.isoformat())
    assert list(behind([file], done, None, now)) == [f"{file} does not hold what big is now"]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """A server of files on this machine."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_url_is_looked_at_from_anywhere(site: str, tmp_path: Path) -> None:
    """What consumers get, with whatever a cache on the way has kept."""
    stamped(tmp_path / "big.json")
    assert troubles_of(f"{site}/big.json", DAY, NOW, None) == []
    assert troubles_of(f"{site}/none.json", DAY, NOW, None) == [
        f"{site}/none.json cannot be read: HTTP 404"
    ]
    (line,) = troubles_of("http://127.0.0.1:9/big.json", DAY, NOW, None)
    assert "cannot be read" in line
