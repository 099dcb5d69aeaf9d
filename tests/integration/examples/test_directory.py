"""The example of the directory: from a register to a page, typed as a new user types it."""

from __future__ import annotations

import contextlib
import csv
import functools
import http.server
import json
import runpy
import shutil
import sys
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from assay.store import open_store

from ..dbt.project import REPOSITORY
from ..report.browser import PROGRAMS, browser
from ..warm import Done
from .example import Example

pytestmark = pytest.mark.whole

SECONDS = 20
PHONE = 375
FEW_WRONG = 4
CLOSED = ("OPERATIONAL", "CLOSED_PERMANENTLY")


class Town(Example):
    """The example, built on a night of our choice."""

    def night(self, day: str) -> Done:
        """Build and publish it, as cron would."""
        return self.run("assay.cli.main", "build", env={"ASSAY_NOW": day})

    def file(self) -> dict[str, Any]:
        """The published file."""
        read: dict[str, Any] = json.loads((self.root / "site/directory.json").read_text("utf-8"))
        return read

    def searches(self) -> int:
        """How often something was searched for, on all nights."""
        store = open_store(self.root / ".assay" / "store.sqlite")
        columns, rows = store.rows("calls")
        store.close()
        return [dict(zip(columns, row, strict=True))["model"] for row in rows].count("search")


@pytest.fixture
def truth(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The businesses as the generator made them, by their phone number, which no two share."""
    home = REPOSITORY / "examples" / "directory" / "town"
    monkeypatch.syspath_prepend(str(home))
    made = runpy.run_path(str(home / "make.py"))["town"]()
    sys.modules.pop("words", None)
    return {one.phone: one for one in made}


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder over HTTP on loopback."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    """The example after its first night."""
    made = Town(tmp_path_factory.mktemp("town") / Path("examples/directory"))
    done = made.night("2026-03-01T04:00")
    assert done.code == 0, done.out + done.err
    return made


def test_the_directory_is_what_is_true_of_the_town(town: Town, truth: dict[str, Any]) -> None:
    """No branch, no shop, nothing closed; every place with a quote that stands in its page."""
    with (town.root / "register/pages.csv").open(encoding="utf-8") as file:
        pages = {row["url"]: row for row in csv.DictReader(file)}
    rows = town.file()["rows"]
    cited = [pages[row["source_url"]] for row in rows]
    true = [truth[row["phone"]] for row in rows]
    said = [(row["cuisine"], one.cuisine) for row, one in zip(rows, true, strict=True)]

    assert 230 <= len(rows) <= 250
    assert not any("SYSTEM" in row["about"] or "Ignore" in row["about"] for row in rows)
    assert {(one.kind, one.place, one.cancelled) for one in true} == {("kitchen", "open", None)}
    assert all(
        row["source_quote"] in f"{page['title']} {page['text']}"
        for row, page in zip(rows, cited, strict=True)
    )
    assert sum(cuisine not in (None, right) for cuisine, right in said) <= FEW_WRONG
    assert sum(cuisine is None for cuisine, _ in said) < len(rows) / 10


def test_names_in_twelve_scripts_are_listed(town: Town) -> None:
    """What the embedded models cannot judge by name is held against evidence."""
    names = "".join(row["name"] for row in town.file()["rows"])
    scripts = {unicodedata.name(letter).split()[0] for letter in names if letter.isalpha()}

    assert scripts >= {
        *("ARABIC", "CJK", "CYRILLIC", "DEVANAGARI", "ETHIOPIC", "GEORGIAN", "GREEK", "HANGUL"),
        *("HIRAGANA", "KATAKANA", "LATIN", "TAMIL", "THAI"),
    }


def test_the_next_night_asks_nobody_and_writes_the_file_anew(town: Town) -> None:
    """A month later listings and posts are due, and rows without evidence a week later."""
    first, before = town.file(), town.searches()
    assert town.night("2026-03-02T04:00").code == 0
    second = town.file()
    assert town.searches() == before
    assert (second["content_hash"], second["rows"]) == (first["content_hash"], first["rows"])
    assert second["published_at"] > first["published_at"]

    assert town.night("2026-03-31T05:00").code == 0
    due = "select count(*) from silver.silver_verified where found.evidence_kind in ({})"
    ((listed,),) = town.rows(due.format("'listing', 'social', 'none'"))
    assert town.searches() == before + listed
    verified = {row["evidence_kind"]: row["verified_at"][:10] for row in town.file()["rows"]}
    assert verified == {
        "own_site": "2026-03-01",
        "listing": "2026-03-31",
        "social": "2026-03-31",
    }


@pytest.mark.wants(*PROGRAMS)
def test_the_page_shows_the_file_and_nothing_leaves(
    town: Town, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Searched by words; it fits a phone, says nothing of age while it is new, and is silent."""
    many = len(town.file()["rows"])
    profile = tmp_path_factory.mktemp("profile")
    with served(town.root / "site") as url, browser(profile, PHONE, 800) as page:
        names = opened(page, url)
        assert page.find_element(By.ID, "count").text == f"{many} of {many} places"
        assert len(names) == many
        assert not page.find_element(By.ID, "old").is_displayed()
        assert page.execute_script("return document.documentElement.scrollWidth") == PHONE
        page.find_element(By.ID, "words").send_keys("寿司")
        shown = [one.text for one in page.find_elements(By.CSS_SELECTOR, "li h2")]
        assert shown
        assert all("寿司" in name for name in shown)
        events = [json.loads(one["message"])["message"] for one in page.get_log("performance")]
        sent = [one["params"] for one in events if one["method"] == "Network.requestWillBeSent"]
        asked = {one["request"]["url"] for one in sent}
        assert {one for one in asked if not one.startswith("data:")} == {
            url,
            f"{url}directory.json",
        }
        assert page.get_log("browser") == []


@pytest.mark.wants(*PROGRAMS)
def test_the_page_says_that_the_file_is_old_and_runs_nothing_of_it(
    town: Town, tmp_path: Path
) -> None:
    """A build that writes no more is seen by readers, too; names and addresses are text."""
    site = tmp_path / "site"
    shutil.copytree(town.root / "site", site)
    file = town.file() | {"published_at": "2026-03-01T04:00:00+00:00"}
    wrong = {"name": "<img src=x onerror=alert(1)>", "source_url": "javascript:alert(1)"}
    file["rows"] = [file["rows"][0] | wrong]
    (site / "directory.json").write_text(json.dumps(file), "utf-8")
    with served(site) as url, browser(tmp_path / "profile", 1100, 900, "dark") as page:
        names = opened(page, url)
        assert [name.text for name in names] == [wrong["name"]]
        assert "days old" in page.find_element(By.ID, "old").text
        assert page.find_elements(By.CSS_SELECTOR, "li img, a[href^=javascript]") == []


def opened(page: webdriver.Chrome, url: str) -> list[WebElement]:
    """Open the page; the names that it shows once the file is read."""
    page.get("about:blank")
    page.get_log("performance")
    page.get(url)
    found: list[WebElement] = WebDriverWait(page, SECONDS).until(
        lambda _: page.find_elements(By.CSS_SELECTOR, "li h2")
    )
    return found


def test_a_second_source_that_fails_stops_the_file(town: Town) -> None:
    """All places are closed of a sudden: the gate of gold is red, and the file stays."""
    places, before = town.root / "register/places.csv", town.file()
    places.write_text(places.read_text("utf-8").replace(*CLOSED), "utf-8")
    done = town.night("2026-04-01T04:00")

    assert done.code == 1
    assert "gate_gold" in done.out + done.err
    assert town.file() == before
