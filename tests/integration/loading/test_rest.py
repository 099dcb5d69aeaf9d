"""A REST API: pages and a cursor, what goes wrong on the way, and what a second load costs."""

from __future__ import annotations

import pytest

from .conftest import TOKEN, Api, Loading, tickets

pytestmark = pytest.mark.sources


def test_pages_then_what_is_new_then_nothing(shop: Loading, api: Api) -> None:
    """A second load asks from the last cursor on, and one without news takes nothing in."""
    api.rows = tickets(1, 250)
    first = shop.load()
    asked_first, api.asked = api.asked, []
    api.rows += tickets(251, 252, day=2)
    api.rows[0] |= {"body": "changed", "updated_at": "2026-11-02T00:00:00Z"}
    second = shop.loaded()["tickets"]
    asked_second, api.asked = api.asked, []
    third = shop.loaded()["tickets"]

    assert first.code == 0, first.err
    assert first.out.startswith("Loaded  tickets: 250 rows, ")
    assert len(asked_first) == 4  # three pages, and one that is empty
    assert (second["status"], second["rows"]) == ("ok", 3)
    assert all("since=2026-11-01" in path for path in asked_second)
    assert (third["status"], third["rows"]) == ("ok", 0)
    assert all("since=2026-11-02" in path for path in api.asked)
    assert shop.count("tickets") == (252, 252)
    assert shop.rows("select body from bronze_raw.tickets where id = 1") == [("changed",)]


def test_what_passes_is_tried_again(shop: Loading, api: Api) -> None:
    """429 with a time to wait, 500 and a body that is cut: nothing is lost and nothing doubled."""
    api.rows = tickets(1, 150)
    api.moods = [429, 500, 200, "cut", 503]
    done = shop.loaded()["tickets"]

    assert (done["status"], done["rows"]) == ("ok", 150)
    assert shop.count("tickets") == (150, 150)


def test_a_source_that_fails_is_red_and_leaves_its_rows(shop: Loading, api: Api) -> None:
    """The others go on; the next load takes in what this one did not."""
    api.rows = tickets(1, 150)
    shop.source(
        "extra", "import dlt\ndef source():\n    return dlt.resource([{'id': 1}], name='e')"
    )
    assert shop.load().code == 0
    api.rows += tickets(151, 400, day=2)
    api.moods = [200, 200, *[500] * 5]
    done = shop.load()
    listed = shop.load("--list")
    doctor = shop.apart("doctor", "--offline")
    failed_count = shop.count("tickets")
    again = shop.loaded()["tickets"]

    assert done.code == 1
    assert done.out.startswith("Loaded  extra: ")
    assert "Failed  source tickets: HTTPError: 500 " in done.err
    assert done.err.rstrip().endswith("; its rows are as they were")
    assert failed_count == (150, 150)
    assert [line.split()[:2] for line in listed.out.splitlines()[1:]] == [
        ["extra", "ok"],
        ["tickets", "failed"],
    ]
    assert "tickets was not loaded: HTTPError: 500 " in doctor
    assert again["rows"] == 250
    assert shop.count("tickets") == (400, 400)


def test_no_secret_is_written_down(shop: Loading, api: Api) -> None:
    """Not where it is refused and told back, not in the warehouse, not in a file."""
    api.rows = tickets(1, 10)
    shop.source(
        "leaky",
        """
        import logging
        import os

        import dlt
        from dlt.sources.helpers import requests

        from assay.sources import secret


        def source():
            @dlt.resource
            def odd():
                token = secret("ODD_NAME")
                logging.getLogger("some.client").warning("asking with %s", token)
                requests.get(os.environ["TICKETS_URL"] + f"none?key={token}", timeout=5)
                yield {"id": 1}

            @dlt.resource
            def plain():
                yield {"id": 1}

            return [odd, plain]
        """,
    )
    shop.source(
        "loud",
        """
        import os


        def source():
            raise RuntimeError(f"no such user: {os.environ['TICKETS_TOKEN']}")
        """,
    )
    odd, wrong = "canary-odd-value", "canary-wrong-one"
    done = shop.load(ODD_NAME=odd)
    refused = shop.load("tickets", TICKETS_TOKEN=wrong)

    assert "source leaky: HTTPError: 401 " in done.err
    assert "source loud: RuntimeError: no such user: *** (loud.py:6)" in done.err
    assert "source tickets: HTTPError: 401 " in refused.err
    said = done.out + done.err + refused.out + refused.err
    files = [path for path in shop.root.rglob("*") if path.is_file() and path.suffix != ".py"]
    written = b"".join(path.read_bytes() for path in files)
    for canary in (TOKEN, odd, wrong):
        assert canary not in said
        assert canary.encode() not in written


def test_a_new_column_and_a_changed_type_are_told(shop: Loading, api: Api) -> None:
    """A value that does not fit its column has one of its own beside it; old rows stay.

    A key that changes its type is refused, for there would be rows without one.
    """
    api.rows = [row | {"hours": row["id"]} for row in tickets(1, 3)]
    shop.load()
    late = {"body": "late", "updated_at": "2026-11-03T00:00:00Z"}
    api.rows = [late | {"id": 4, "hours": "a few", "due": "2026-12-01"}]
    done = shop.load()
    api.rows = [late | {"id": "five"}]
    refused = shop.load()

    assert done.code == 0, done.err
    assert done.out.rstrip().endswith("; new columns tickets.hours__v_text, tickets.due")
    assert "NOT NULL constraint failed: tickets.id; its rows are as they were" in refused.err
    assert shop.rows("select id, hours, hours__v_text from bronze_raw.tickets order by 1") == [
        (1, 1, None),
        (2, 2, None),
        (3, 3, None),
        (4, None, "a few"),
    ]
