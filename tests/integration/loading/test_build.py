"""Before dbt: a build loads first, is red where a source is, and dbt knows how fresh it is."""

from __future__ import annotations

import duckdb
import pytest
import yaml

from ..gates.assay_line import assay
from .conftest import Api, Loading, tickets

pytestmark = pytest.mark.sources

SOURCES = {
    "sources": [
        {
            "name": "desk",
            "schema": "bronze_raw",
            "tables": [
                {
                    "name": "tickets",
                    "config": {
                        "freshness": {"error_after": {"count": 26, "period": "hour"}},
                        "loaded_at_query": "select max(loaded_at) from bronze_raw.loads "
                        "where source = 'tickets' and status = 'ok'",
                    },
                }
            ],
        }
    ]
}


def test_a_build_loads_first_and_is_red_where_a_source_is(shop: Loading, api: Api) -> None:
    """dbt goes on with the rows that there are, nothing is published, and freshness is dbt's."""
    project = shop.project
    project.write("bronze/_desk__sources.yml", yaml.safe_dump(SOURCES))
    project.write(
        "bronze/bronze_tickets.sql", "select id, body from {{ source('desk', 'tickets') }}"
    )
    api.rows = tickets(1, 10)
    first = assay(project, "build")
    fresh = project.dbt("source", "freshness")
    shop.load("tickets")  # no news is news: it was looked
    api.rows = api.rows[:4]
    shop.load("--from-start")  # fewer rows, and nothing was lost
    api.rows += tickets(11, 12, day=2)
    api.moods = [401]
    second = assay(project, "build")
    seen = shop.rows("select count(*) from bronze.bronze_tickets")
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("update bronze_raw.loads set loaded_at = loaded_at - interval 2 day")
    stale = project.dbt("source", "freshness")

    assert first.code == 0, first.err
    assert "Loaded  tickets: 10 rows, " in first.err
    assert fresh.code == 0, fresh.output
    assert second.code == 1
    assert "Red     source tickets: HTTPError: 401 " in second.out
    assert "Not published" in second.out + second.err
    assert seen == [(4,)]
    assert "after the last build" not in second.err
    assert stale.code == 1
    assert "ERROR STALE" in stale.output


def test_what_is_asked_for_has_to_be_there(loading: Loading) -> None:
    """No source at all, one of another name, and a file that no source can be called as."""
    none = loading.load()
    loading.source("tickets", "def source():\n    pass")
    near = loading.load("ticket")
    (loading.root / "sources/Odd-Name.py").write_text("")
    odd = loading.load()

    assert (none.code, near.code, odd.code) == (2, 2, 2)
    assert "There is no source in " in none.err
    assert "name another folder in `ASSAY_SOURCES`." in none.err
    assert near.err.rstrip().endswith("did you mean tickets?")
    assert "cannot be a source by its name; rename it to small letters" in odd.err
