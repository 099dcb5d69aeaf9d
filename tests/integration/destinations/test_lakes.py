"""Gold in Delta Lake, Iceberg and DuckLake: merged by key, counted, never doubled, never half."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from assay.core.errors import PublishError
from assay.project.publishing.deliver import Delivery

from ..gates import dying
from ..s3 import KEYS, s3
from .conftest import Lance, Place
from .lakes import Delta, Duck, Iceberg
from .test_deliveries import GREEN, Gold, texts

__all__ = ["s3"]

pytestmark = pytest.mark.destinations


@pytest.fixture
def gold(tmp_path: Path) -> Gold:
    """Three mails, published."""
    made = Gold(tmp_path)
    made.mails(GREEN)
    return made


@pytest.fixture
def bucket(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """Delta Lake in a bucket of this machine, which the environment names."""
    for name, value in {**KEYS, "AWS_ENDPOINT_URL": s3, "AWS_ALLOW_HTTP": "true"}.items():
        monkeypatch.setenv(name, value)
    return Delta(f"s3://lake/{tmp_path.name}")


@pytest.fixture(params=[Delta, Iceberg, Duck])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each of them in a folder, with nothing in it."""
    found: Place = request.param(tmp_path / "lake")
    return found


@pytest.fixture(params=[Delta, Iceberg, Duck, "bucket"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Those in folders, and the one in a bucket."""
    kind = request.param
    found: Place = request.getfixturevalue(kind) if kind == "bucket" else kind(tmp_path / "lake")
    return found


def test_rows_come_change_and_go_with_gold(gold: Gold, lake: Place) -> None:
    """By key, and the second time nothing differs."""
    assert gold.deliver(lake) == [Delivery("mails", 3, 3, 0)]
    assert lake.rows("mails")[0] == (1, "glad", [1, 0, 0.5])
    assert gold.deliver(lake) == [Delivery("mails", 3, 0, 0)]
    gold.mails("(1, 'glad', [1, 0, 0.5]), (2, 'cross', [0, 1, 0]), (4, 'new', [0, 0, 1])")
    assert gold.deliver(lake) == [Delivery("mails", 3, 2, 1)]
    assert texts(lake) == [(1, "glad"), (2, "cross"), (4, "new")]
    gold.publish("delete from mails")
    assert gold.deliver(lake) == [Delivery("mails", 0, 0, 3)]
    gold.publish("insert into mails select n, 'x', null from range(3000) t(n)")
    assert gold.deliver(lake) == [Delivery("mails", 3000, 3000, 0)]
    gold.publish("update mails set body = 'y' where mail_id < 2000")
    assert gold.deliver(lake) == [Delivery("mails", 3000, 2000, 0)]
    assert len(lake.rows("mails")) == 3000


def test_values_of_every_type_travel(gold: Gold, lake: Place) -> None:
    """With a key of two columns, and names with blanks and capitals."""
    gold.publish(
        "create or replace table kinds as select 'k' as \"Its Name\", 1::utinyint as small, "
        "170141183460469231731687303715884105727::hugeint as huge, 1.25::decimal(9,2) as price, "
        "uuid() as id, date '2026-01-02' as day, timestamp '2026-01-02 03:04:05' as moment, "
        "timestamptz '2026-01-02 03:04:05+00' as instant, true as yes, 'x'::blob as raw, "
        "{'a': [1, 2]} as nested, 2::tinyint as tiny, 0.5::float as half, 0.5::double as share",
        tables=["mails", "kinds"],
    )
    keys = {"kinds": ["Its Name", "id"]}
    assert gold.deliver(lake, keys) == [Delivery("kinds", 1, 1, 0)]
    assert gold.deliver(lake, keys) == [Delivery("kinds", 1, 0, 0)]
    gold.publish("update kinds set share = 1", tables=["mails", "kinds"])
    assert gold.deliver(lake, keys) == [Delivery("kinds", 1, 1, 0)]
    ((row),) = lake.rows("kinds")
    assert row[2] == "170141183460469231731687303715884105727"


def test_what_is_wrong_is_red_and_nothing_changed(gold: Gold, folder: Place) -> None:
    """A count that disagrees, other columns; not in a bucket, whose server here lists nothing."""
    gold.deliver(folder)
    folder.add_double()
    before = texts(folder)
    gold.mails("(2, 'changed', null), (3, 'kept', null), (4, 'new', null), (1, 'glad', null)")
    try:
        gold.deliver(folder)
    except PublishError:
        assert texts(folder) == before
    else:  # the merge has written the double anew, as one row
        assert len(folder.rows("mails")) == 4
    gold.publish("alter table mails add column topic varchar")
    with pytest.raises(PublishError, match=r"it lacks topic \(VARCHAR\); drop it there"):
        gold.deliver(folder)


def test_a_table_of_somebody_else_is_left_alone(gold: Gold, lake: Place) -> None:
    """Its rows would be deleted."""
    lake.make_foreign()
    with pytest.raises(PublishError, match="there is a table mails that Assay did not make"):
        gold.deliver(lake)
    assert lake.rows("mails") == [(77,)]


@pytest.fixture(params=[Delta, Iceberg, Duck, Lance, "postgres"])
def any_place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """The lakes, LanceDB and Postgres."""
    kind = request.param
    found: Place = request.getfixturevalue(kind) if kind == "postgres" else kind(tmp_path / "lake")
    return found


@pytest.mark.parametrize(
    "step",
    [
        step if step in dying.OFTEN else pytest.param(step, marks=pytest.mark.whole)
        for step in dying.STEPS
    ],
)
def test_a_kill_at_each_step_leaves_old_or_new(
    tmp_path: Path, any_place: Place, step: str
) -> None:
    """Never half, and whoever comes next delivers the whole; nothing is doubled."""
    warehouse = tmp_path / "warehouse.duckdb"
    made = (
        "create or replace table gold.big as select n::int as id, '{}' as turn from range({}) t(n)"
    )

    def change(turn: str, count: int) -> None:
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("create schema if not exists gold")
            connection.execute(made.format(turn, count))

    def sent(step: str) -> int:
        command = [sys.executable, dying.__file__, str(warehouse), any_place.address, step]
        here = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.run(command, check=False, timeout=120, env=here).returncode

    def turns() -> set[tuple[str, int]]:
        held = [turn for _, turn in any_place.rows("big")]
        return {(turn, len(held)) for turn in held}

    change("a", 50)
    assert sent("never") == 0
    change("b", 40)
    assert sent(step) == -signal.SIGKILL
    assert turns() in ({("a", 50)}, {("b", 40)})
    if step == "opened":
        assert turns() == {("a", 50)}
    if step in ("kept", "closed"):
        assert turns() == {("b", 40)}
    assert sent("never") == 0
    assert turns() == {("b", 40)}
