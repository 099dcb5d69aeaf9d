"""Gold in LanceDB and in Postgres with pgvector: by key, whole, counted, and never doubled."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assay.cli.delivery import Order, carry_out
from assay.core.errors import PublishError
from assay.project.publishing.deliver import RECORD, Delivery, deliver
from assay.project.publishing.destinations.open import open_destination, shown
from assay.project.publishing.publish import current, publish

from ..gates.publisher import release
from .conftest import Lance, Place, Postgres

pytestmark = pytest.mark.destinations

HERE = Path(__file__).parent
KEYS = {"mails": ["mail_id"]}
COLUMNS = "mail_id INTEGER, body VARCHAR, embedding FLOAT[3]"
GREEN = "(1, 'glad', [1, 0, 0.5]), (2, 'it''s \"ß\"', [0, 1, 0]), (3, null, null)"


@dataclass
class Gold:
    """A warehouse with tables of gold, and what is published of it."""

    root: Path

    @property
    def folder(self) -> Path:
        """Where gold is published."""
        return self.root / "published"

    def publish(self, *statements: str, tables: Sequence[str] = ("mails",)) -> None:
        """Change gold, and publish it."""
        warehouse = self.root / "warehouse.duckdb"
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("create schema if not exists gold; use gold")
            for statement in statements:
                connection.execute(statement)
        publish(warehouse, self.folder, release("run1", *tables))

    def mails(self, rows: str) -> None:
        """Publish these mails."""
        self.publish(
            f"create or replace table mails ({COLUMNS})", f"insert into mails values {rows}"
        )

    def deliver(self, place: Place, keys: dict[str, list[str]] = KEYS) -> list[Delivery]:
        """Deliver what is published."""
        done = current(self.folder)
        assert done is not None
        return deliver(done, keys, open_destination(place.address), shown(place.address))


@pytest.fixture
def gold(tmp_path: Path) -> Gold:
    """Three mails, published."""
    made = Gold(tmp_path)
    made.mails(GREEN)
    return made


def texts(place: Place) -> list[tuple[Any, ...]]:
    """What the destination holds, without vectors."""
    return [row[:2] for row in place.rows("mails")]


def test_rows_come_change_and_go_with_gold(gold: Gold, place: Place) -> None:
    """By key: what is new or differs is written, what is gone is deleted, the rest not touched."""
    assert gold.deliver(place) == [Delivery("mails", 3, 3, 0)]
    assert texts(place) == [(1, "glad"), (2, 'it\'s "ß"'), (3, None)]
    gold.mails("(1, 'glad', [1, 0, 0.5]), (2, 'cross', [0, 1, 0]), (4, 'new', [0, 0, 1])")
    assert gold.deliver(place) == [Delivery("mails", 3, 2, 1)]
    assert texts(place) == [(1, "glad"), (2, "cross"), (4, "new")]


def test_once_more_changes_nothing(gold: Gold, place: Place) -> None:
    """Nothing is doubled, nothing is written, and both are on record."""
    gold.deliver(place)
    assert gold.deliver(place) == [Delivery("mails", 3, 0, 0)]
    lines = (gold.folder / RECORD).read_text().splitlines()
    said = [json.loads(line) for line in lines]
    assert [(line["table"], line["rows"], line["written"]) for line in said] == [
        ("mails", 3, 3),
        ("mails", 3, 0),
    ]
    assert said[0]["destination"] == shown(place.address)


def test_a_vector_that_changes_is_written(gold: Gold, place: Place) -> None:
    """And found there, by what the store itself searches with."""
    gold.deliver(place)
    gold.mails(GREEN.replace("[0, 1, 0]", "[0, 0, 1]"))
    assert gold.deliver(place) == [Delivery("mails", 3, 1, 0)]


def test_lancedb_searches_what_was_delivered(gold: Gold, lance: Lance) -> None:
    """The vectors are vectors there."""
    gold.deliver(lance)
    found = lance.database.open_table("mails").search([0.1, 0.9, 0]).limit(1).to_list()
    assert [row["mail_id"] for row in found] == [2]


def test_pgvector_searches_what_was_delivered(gold: Gold, postgres: Postgres) -> None:
    """The same."""
    gold.deliver(postgres)
    nearest = "select mail_id from mails order by embedding <=> '[0.1,0.9,0]' limit 1"
    assert postgres.query(nearest) == [(2,)]


@pytest.mark.parametrize("most", [10, 6_000])
def test_many_rows_go_at_once(gold: Gold, place: Place, most: int) -> None:
    """However many: with the rest of them, or without."""
    gold.publish("insert into mails select n, 'x', null from range(10, 10000) t(n)")
    gold.deliver(place)
    gold.publish(f"delete from mails where mail_id between 10 and {9 + most}")
    assert gold.deliver(place) == [Delivery("mails", 9993 - most, 0, most)]
    assert len(place.rows("mails")) == 9993 - most


def test_a_process_that_is_killed_leaves_old_or_new(gold: Gold, place: Place) -> None:
    """At whatever moment: all rows are of one publication, and the next delivery is whole."""
    command = [sys.executable, "-m", "deliverer", str(gold.root), place.address]
    here = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=here) as child:
        assert child.stdout is not None
        assert [child.stdout.readline() for _ in range(3)] == [b"0\n", b"1\n", b"2\n"]
        time.sleep(random.uniform(0, 0.2))  # noqa: S311 - any moment is one to be killed at
        child.send_signal(signal.SIGKILL)
    held = place.rows("mails")
    assert len(held) == 500
    assert len({body for _, body, *_ in held}) == 1
    gold.mails(GREEN)
    gold.deliver(place)
    assert len(place.rows("mails")) == 3


def test_values_of_every_type_travel(gold: Gold, place: Place) -> None:
    """What a store has no type for goes as text; the second time nothing differs."""
    gold.publish(
        "create or replace table kinds as select 'k' as name, 1::utinyint as small, "
        "170141183460469231731687303715884105727::hugeint as huge, 1.25::decimal(9,2) as price, "
        "uuid() as id, date '2026-01-02' as day, timestamp '2026-01-02 03:04:05' as moment, "
        "timestamptz '2026-01-02 03:04:05+00' as instant, true as yes, 'x'::blob as raw, "
        "{'a': [1, 2]} as nested, ['a', null] as list, 'b'::enum('a', 'b') as one_of, "
        "'{\"a\": 1}'::json as doc, 0.5::double as share, time '01:02:03' as at",
        tables=["mails", "kinds"],
    )
    keys = {"kinds": ["name", "id"]}
    assert gold.deliver(place, keys) == [Delivery("kinds", 1, 1, 0)]
    assert gold.deliver(place, keys) == [Delivery("kinds", 1, 0, 0)]
    ((row),) = place.rows("kinds")
    assert row[2] == "170141183460469231731687303715884105727"
    assert row[10] == '{"a":[1,2]}'


def test_a_count_that_disagrees_is_red_and_nothing_changed(gold: Gold, place: Place) -> None:
    """Whatever made it so there: what was there before is there still."""
    gold.deliver(place)
    place.add_double()
    before = place.rows("mails")
    gold.mails("(1, 'changed', null), (4, 'new', null)")
    with pytest.raises(PublishError, match=r"mails has \d rows there and 2 in gold"):
        gold.deliver(place)
    assert place.rows("mails") == before


def test_of_several_tables_one_that_fails_takes_all_back(gold: Gold, place: Place) -> None:
    """The first was replaced, the second is red: the first holds what it held."""
    gold.deliver(place)
    gold.publish("create table others as select 1 as id", tables=["mails", "others"])
    keys = {"others": ["id"], **KEYS}
    place.add_double()
    gold.publish("delete from mails where mail_id = 3", tables=["mails", "others"])
    with pytest.raises(PublishError, match="mails has"):
        gold.deliver(place, keys)
    with pytest.raises(Exception, match="others"):
        place.rows("others")


def test_a_table_of_somebody_else_is_left_alone(gold: Gold, place: Place) -> None:
    """Its rows would be deleted."""
    place.make_foreign()
    with pytest.raises(PublishError, match="there is a table mails that Assay did not make"):
        gold.deliver(place)
    assert place.rows("mails") == [(77,)]


def test_other_columns_are_told(gold: Gold, place: Place) -> None:
    """By name and type; nothing is dropped by itself."""
    gold.deliver(place)
    gold.publish("alter table mails add column topic varchar", "alter table mails drop body")
    with pytest.raises(
        PublishError, match=r"it lacks topic \(\w+\), it has body \(\w+\); drop it"
    ):
        gold.deliver(place)
    assert len(place.rows("mails")) == 3


@pytest.mark.parametrize("rows", ["(1, 'a', null), (1, 'b', null)", "(null, 'a', null)"])
def test_a_key_that_is_none_is_told_before_anything_is_sent(
    gold: Gold, rows: str, lance: Lance
) -> None:
    """Two rows with one key, or a row without."""
    gold.mails(rows)
    with pytest.raises(PublishError, match="mail_id is no key of mails"):
        gold.deliver(lance)
    assert not lance.folder.exists()


def test_one_that_fails_is_red_and_the_others_are_served(gold: Gold, lance: Lance) -> None:
    """By the command: a line for each, and facts for the JSON."""
    done = current(gold.folder)
    assert done is not None
    addresses = ["postgresql://me:s3cret@127.0.0.1:1/shop", lance.address]
    orders = [Order(open_destination(one), shown(one), KEYS) for one in addresses]
    carried = carry_out(done, orders)
    assert [one["destination"] for one in carried.delivered] == [lance.address]
    assert carried.lines == [f"Delivered mails, 3 rows, to {lance.address} (3 written, 0 deleted)"]
    (wrong,) = carried.wrong
    assert wrong.startswith("postgresql://127.0.0.1:1/shop holds what it held before: ")


def test_a_vector_that_no_store_takes_is_told(gold: Gold, lance: Lance) -> None:
    """LanceDB would make it NULL."""
    gold.mails("(1, 'a', [0, 'nan'::float, 1])")
    with pytest.raises(PublishError, match="not finite in embedding; mend its model"):
        gold.deliver(lance)


def test_a_server_that_is_not_there_is_a_line_without_its_password(gold: Gold) -> None:
    """The address is told without it, too."""
    address = "postgresql://me:s3cret@127.0.0.1:1/shop"
    done = current(gold.folder)
    assert done is not None
    with pytest.raises(PublishError) as caught:
        deliver(done, KEYS, open_destination(address), shown(address))
    assert "s3cret" not in str(caught.value)
    assert "connection" in str(caught.value)
