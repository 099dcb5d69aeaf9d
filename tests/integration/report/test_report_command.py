"""`assay report`: which run, where to, what is missing, what may never be shown."""

from __future__ import annotations

import http.client
import signal
import subprocess
import time
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import pytest

from assay.store.sqlite.verbs import SqliteStore

from ..dbt.project import KEY
from .shop import HOSTILE, LABELS, SECRET, Shop, classify, fill


class Elements(HTMLParser):
    """The elements of a page, their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep an element."""
        self.names.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        """Keep a text."""
        self.text += data


def latest(shop: Shop) -> Elements:
    """The latest report of a shop, read."""
    return Elements(shop.latest.read_text(encoding="utf-8"))


def test_the_page_says_what_the_ledger_holds(shop: Shop) -> None:
    """The last run, its tokens and cost, the red gate of the run before, the labels."""
    text = latest(shop).text
    assert "run-0003" in text
    assert "$0.0300" in text
    assert "besides 1 of unknown cost" in text
    assert "3,000" in text
    assert "not a label of this prompt" in text
    assert "delivery" in text
    assert "refusal_text" in text


@pytest.mark.parametrize("name", ["shop", "hostile"])
def test_no_text_of_a_row_no_example_and_no_key_is_shown(
    name: str, request: pytest.FixtureRequest
) -> None:
    """Bodies, summaries, values beyond the labels, examples and kept texts hold the secret."""
    made: Shop = request.getfixturevalue(name)
    made.fail(classify(*LABELS), "invalid: no label")
    page = made.page()
    assert SECRET not in page
    assert KEY not in page
    assert "invalid: no label" in page


def test_no_label_becomes_markup(hostile: Shop) -> None:
    """No script, image, style attribute or handler; a label of 10,000 characters is clipped."""
    page = latest(hostile)
    assert not {"script", "img", "b", "iframe", "use", "image", "foreignobject"} & set(page.names)
    assert not [name for name, _ in page.attributes if name == "style" or name.startswith("on")]
    links = {value for name, value in page.attributes if name in ("href", "src", "xlink:href")}
    assert {link for link in links if link and not link.startswith(("#", "data:,"))} == set()
    assert "<script>alert('x')</script>" in page.text
    assert "\u202e" not in page.text
    assert HOSTILE[-1] not in page.text


def test_a_thousand_labels_are_a_short_page(tmp_path: Path) -> None:
    """The commonest are shown, the others counted."""
    made = fill(Shop(tmp_path), [f"label {place:04}" for place in range(1_000)], runs=1)
    page = made.page()
    assert "labels more" in page
    assert len(page) < 300_000


def test_an_earlier_run_by_the_beginning_of_its_id(shop: Shop) -> None:
    """Red, with the reason; and later runs are mentioned, as the warehouse is theirs."""
    text = Elements(shop.page("--run", "run-0002")).text
    found = text.partition("At a glance\nWhat this run")[0].partition("Prompts")[2]
    assert "2 of 2 expectations of the gates are red" in found
    assert "1 later run is on record" in text
    assert (shop.latest.parent / "report-run-0002.html").exists()


def test_an_id_that_no_run_has_or_several(shop: Shop) -> None:
    """One line that names the last ones."""
    for wanted, said in (("nothing", "No run begins with"), ("run-", "3 runs begin with")):
        done = shop.report("--run", wanted)
        assert done.code == 2
        assert said in done.err
        assert len(done.err.splitlines()) == 1


def test_out_writes_a_copy(shop: Shop, tmp_path: Path) -> None:
    """Besides the kept one."""
    done = shop.report("--out", str(tmp_path / "deep" / "mine.html"))
    assert done.out.splitlines()[-1].endswith("mine.html")
    assert (tmp_path / "deep" / "mine.html").read_bytes() == shop.latest.read_bytes()


def test_without_a_store_or_a_run_it_says_what_to_do(tmp_path: Path) -> None:
    """One line each, exit code 2."""
    made = Shop(tmp_path)
    assert "There is no store" in made.report().err
    assert not made.store.exists()
    SqliteStore(made.store).close()
    done = made.report()
    assert done.code == 2
    assert "knows of no run" in done.err


def test_a_damaged_store_is_one_line(tmp_path: Path) -> None:
    """Not a traceback."""
    made = Shop(tmp_path)
    made.store.write_bytes(b"no database at all" * 100)
    done = made.report()
    assert done.code == 2
    assert "Traceback" not in done.err
    assert "doctor" in done.err


def test_a_store_alone_gives_a_page(tmp_path: Path) -> None:
    """One run, no warehouse, a message that means harm, a model of 10,000 characters."""
    made = Shop(tmp_path)
    made.run(1, classify("a", "b"), model="m" * 10_000, error="<b>cut</b>")
    made.stop(1, "<script>spent</script>")
    text = Elements(made.page()).text
    assert "There is no warehouse" in text
    assert "stopped (budget): <script>spent</script>" in text
    assert "m" * 200 not in text


@pytest.mark.parametrize("damage", [b"", b"no database"])
def test_a_damaged_warehouse_gives_a_page(damage: bytes, tmp_path: Path) -> None:
    """It says that AI columns are left out; a 0-byte file is an empty warehouse to DuckDB."""
    made = Shop(tmp_path)
    made.run(1, classify("a", "b"))
    made.warehouse.write_bytes(damage)
    text = Elements(made.page()).text
    assert "could not be read" in text or "No table of the warehouse has an AI column" in text


def test_a_warehouse_that_is_in_use_gives_a_page(shop: Shop) -> None:
    """A build holds it: the store's part is there, and one line says who has it."""
    with duckdb.connect(str(shop.warehouse)):
        text = Elements(shop.page()).text
    assert "is open in process" in text
    assert "run-0003" in text


def test_columns_without_a_task_on_record_show_no_value(tmp_path: Path) -> None:
    """Labels are known from the task alone."""
    made = fill(Shop(tmp_path), LABELS, runs=1)
    made.keep([lambda connection: connection.execute("delete from tasks")])
    text = Elements(made.page()).text
    assert "not on record" in text
    assert "delivery" not in text


def test_golden_results_are_drawn_where_the_store_has_them(tmp_path: Path) -> None:
    """Two prompt versions, the second one worse, both surer than they are right."""
    made = fill(Shop(tmp_path), LABELS, runs=1)
    if "evaluations" not in _tables(made):
        made.keep([lambda connection: connection.execute(_EVALUATIONS)])
    row = (
        "insert into evaluations (invocation_id, model_name, column_name, golden, kind, "
        "prompt_hash, model, fingerprint, row_count, answered, right_count, accuracy, "
        "accuracy_low, accuracy_high, recalls, passed, reasons, evaluated_at, mean_confidence, "
        "calibration_error) values "
        "('run-0001', 'notes', ?, 'golden_notes', 'classify', ?, 'stub', 'f', 100, 100, 90, "
        "?, 0.8, 0.95, '{}', ?, ?, '2026-03-01 12:00:00', 0.973, 0.073)"
    )
    made.keep(
        [
            lambda c: c.execute(row, ["topic", "a" * 32, 0.9, 1, ""]),
            lambda c: c.execute(row, ["topic2", "b" * 32, 0.7, 0, "it fell"]),
        ]
    )
    text = Elements(made.page()).text
    assert "90.0%" in text
    assert "it fell" in text
    assert "golden_notes" in text
    assert "0.973" in text
    assert "0.073" in text


def test_what_the_vendor_had_in_its_cache_is_told(shop: Shop) -> None:
    """As a part of the tokens in."""
    assert "40.0% of the input from the vendor's cache" in Elements(shop.page()).text


def test_open_serves_the_page_on_loopback_until_ctrl_c(shop: Shop) -> None:
    """The page and nothing else of this machine; another host name is refused."""
    with subprocess.Popen(
        shop.command("--open", "--no-browser"),
        cwd=shop.folder,
        env=shop.environment() | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(2)][-1]
        address = urlsplit(said.split()[0])
        assert address.hostname == "127.0.0.1"
        assert _get(address.port, "/") == (200, shop.latest.read_text(encoding="utf-8"))
        assert _get(address.port, "/../store.sqlite")[0] == 404
        assert _get(address.port, "/", Host="rebound.example")[0] == 404
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
        assert time.monotonic() - begun < 5


def _get(port: int | None, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port or 0, timeout=60)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8")
    finally:
        connection.close()


def _tables(shop: Shop) -> set[str]:
    store = SqliteStore(shop.store)
    (rows,) = store.transact(
        [lambda connection: connection.execute("select name from sqlite_master").fetchall()]
    )
    store.close()
    return {name for (name,) in rows}


_EVALUATIONS = """
    create table evaluations (
        invocation_id text not null, model_name text not null, column_name text not null,
        golden text not null, kind text not null, prompt_hash text not null,
        model text not null, fingerprint text not null, row_count integer not null,
        answered integer not null, right_count integer not null, accuracy real not null,
        accuracy_low real not null, accuracy_high real not null, macro_f1 real,
        macro_f1_low real, macro_f1_high real, token_f1 real, token_f1_low real,
        token_f1_high real, recalls text not null, compared_with text, compared_rows integer,
        lost integer, gained integer, p_value real, passed integer not null,
        reasons text not null, evaluated_at text not null
    )
"""
