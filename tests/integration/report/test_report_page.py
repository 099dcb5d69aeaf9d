"""The report in a real browser: nothing leaves, nothing runs, all is there, in every size."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from assay.project.report.page import SECTIONS

from .browser import PROGRAMS, browser
from .shop import HOSTILE, Shop

pytestmark = pytest.mark.wants(*PROGRAMS)
PHONE = 375
_SECONDS = 10


def opened(chromium: webdriver.Chrome, shop: Shop) -> webdriver.Chrome:
    """The browser with the latest report of a shop in it, and nothing noted before."""
    chromium.get("about:blank")
    for log in ("browser", "performance"):
        chromium.get_log(log)
    chromium.get(shop.latest.as_uri())
    return chromium


def requested(chromium: webdriver.Chrome) -> list[str]:
    """The addresses that the browser asked for, of the page itself and what it loads."""
    events = [json.loads(entry["message"])["message"] for entry in chromium.get_log("performance")]
    sent = [event for event in events if event["method"] == "Network.requestWillBeSent"]
    return [event["params"]["request"]["url"] for event in sent]


def scripted(chromium: webdriver.Chrome, expression: str) -> Any:
    """The value of an expression in the page."""
    return chromium.execute_script(f"return {expression}")


@pytest.mark.parametrize("name", ["shop", "hostile"])
def test_the_page_loads_nothing_and_nothing_is_refused(
    name: str, chromium: webdriver.Chrome, request: pytest.FixtureRequest
) -> None:
    """Its own address and its empty icon; the console is silent about policy and errors."""
    shop = request.getfixturevalue(name)
    page = opened(chromium, shop)
    assert {url for url in requested(page) if not url.startswith("data:")} == {
        shop.latest.as_uri()
    }
    assert page.get_log("browser") == []
    assert scripted(page, "performance.getEntriesByType('resource').length") == 0


def test_what_would_load_is_refused_and_seen(
    chromium: webdriver.Chrome, shop: Shop, tmp_path: Path
) -> None:
    """The policy holds, and this test would notice: an image and a script put into the page."""
    spoiled = tmp_path / "spoiled.html"
    page = shop.latest.read_text(encoding="utf-8")
    bad = "<img src='https://leak.example/x.png'><script>document.title = 'ran'</script>"
    spoiled.write_text(page.replace("</main>", f"{bad}</main>"), encoding="utf-8")
    chromium.get_log("browser")
    chromium.get(spoiled.as_uri())
    refused = " ".join(entry["message"] for entry in chromium.get_log("browser"))
    assert "leak.example" in refused
    assert "script" in refused
    assert chromium.title != "ran"


def test_every_section_is_there_and_its_link_leads_to_it(
    chromium: webdriver.Chrome, shop: Shop
) -> None:
    """Each link of the navigation is clicked; its section comes to the top or into view."""
    page = opened(chromium, shop)
    for name, title in SECTIONS:
        page.find_element(By.CSS_SELECTOR, f"nav a[href='#{name}']").click()
        assert page.current_url.endswith(f"#{name}")
        assert _comes_into_view(page, name), title
        heading = page.find_element(By.CSS_SELECTOR, f"#{name} h2")
        assert heading.text


def test_what_to_do_leads_and_each_place_is_there(chromium: webdriver.Chrome, shop: Shop) -> None:
    """The first section has the terminal's sentences; a click on one shows what it is about."""
    page = opened(chromium, shop)
    assert page.find_element(By.CSS_SELECTOR, "main > section").get_attribute("id") == "todo"
    links = page.find_elements(By.CSS_SELECTOR, ".todo a")
    places = [str(link.get_attribute("href")).partition("#")[2] for link in links]
    assert "column-silver-notes-topic" in places
    assert all(page.find_elements(By.ID, place) for place in places)
    links[places.index("column-silver-notes-topic")].click()
    assert scripted(page, "document.querySelector('.card:target h3').innerText") == (
        "silver.notes.topic"
    )


def test_the_first_column_is_an_odd_one(chromium: webdriver.Chrome, shop: Shop) -> None:
    """It is marked, with what is odd; the one without is below it and is not."""
    first, second = opened(chromium, shop).find_elements(By.CSS_SELECTOR, "#columns article")
    assert "silver.notes.topic" in first.text
    assert "mean confidence 0.4" in first.find_element(By.CSS_SELECTOR, ".odd").text
    assert second.find_elements(By.CSS_SELECTOR, ".odd") == []


def test_no_name_of_an_axis_lies_on_another(chromium: webdriver.Chrome, shop: Shop) -> None:
    """None was left out, so all must fit: shares from nothing on, in even steps."""
    page = opened(chromium, shop)
    named = scripted(
        page,
        "Array.from(document.querySelectorAll('figure svg')).flatMap((svg, place) => "
        "Array.from(svg.querySelectorAll('text')).filter(text => /^[0-9]+%$/.test("
        "text.textContent)).map(text => [text, text.getBoundingClientRect()]).map(([text, box]) "
        "=> [place, Math.round(box.top), parseInt(text.textContent), box.left, box.right]))",
    )
    lines = [list(line) for _, line in itertools.groupby(sorted(named), lambda one: one[:2])]
    axes = [line for line in lines if len(line) > 1]
    assert axes
    for axis in axes:
        pairs = list(itertools.pairwise(axis))
        assert axis[0][2] == 0
        assert len({after[2] - before[2] for before, after in pairs}) == 1
        assert all(after[3] > before[4] for before, after in pairs)


def test_tables_stand_beside_charts(chromium: webdriver.Chrome, shop: Shop) -> None:
    """A chart is one picture with a name; its numbers open as a table."""
    page = opened(chromium, shop)
    charts = page.find_elements(By.TAG_NAME, "svg")
    assert len(charts) >= 7
    assert all(chart.get_attribute("aria-label") for chart in charts)
    details = page.find_element(By.CSS_SELECTOR, "#columns details")
    details.find_element(By.TAG_NAME, "summary").click()
    assert "delivery" in details.find_element(By.TAG_NAME, "table").text


@pytest.mark.parametrize("name", ["shop", "hostile"])
def test_a_phone_does_not_scroll_sideways(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """At 375 pixels the page is 375 wide; wide tables scroll by themselves, charts fit."""
    shop = request.getfixturevalue(name)
    with browser(tmp_path / "profile", PHONE, 800) as phone:
        phone.get(shop.latest.as_uri())
        for summary in phone.find_elements(By.TAG_NAME, "summary"):
            phone.execute_script("arguments[0].parentElement.open = true", summary)
        assert scripted(phone, "document.documentElement.scrollWidth") == PHONE
        assert scripted(
            phone,
            "Array.from(document.querySelectorAll('svg')).every("
            "svg => svg.getBoundingClientRect().right <= innerWidth)",
        )


def test_light_and_dark_differ_and_are_both_readable(shop: Shop, tmp_path: Path) -> None:
    """One page, two looks; text keeps a contrast of 4.5 on its ground in both (WCAG 2.2 AA)."""
    pictures = []
    for scheme in ("light", "dark"):
        with browser(tmp_path / scheme, 1200, 900, scheme) as driver:
            driver.get(shop.latest.as_uri())
            pictures.append(driver.get_screenshot_as_png())
            for ink, ground in (
                ("ink", "page"),
                ("muted", "card"),
                ("muted", "page"),
                ("good", "good-soft"),
                ("bad", "bad-soft"),
                ("warn", "warn-soft"),
                ("accent", "card"),
            ):
                pair = [_colour(driver, name) for name in (ink, ground)]
                assert _contrast(*pair) >= 4.5, (scheme, ink, ground)
    assert pictures[0] != pictures[1]


def test_charts_take_their_colours_from_the_page(
    shop: Shop, tmp_path: Path, chromium: webdriver.Chrome
) -> None:
    """The same drawing has other colours in the dark."""
    bar = "getComputedStyle(document.querySelector('svg path[fill=\"var(--accent)\"]')).fill"
    light = scripted(opened(chromium, shop), bar)
    with browser(tmp_path / "dark", 1200, 900, "dark") as driver:
        driver.get(shop.latest.as_uri())
        assert scripted(driver, bar) != light


def test_hostile_labels_are_texts(chromium: webdriver.Chrome, hostile: Shop) -> None:
    """No label became an element, in tables or in charts."""
    page = opened(chromium, hostile)
    assert scripted(page, "document.querySelectorAll('script, img, b, iframe').length") == 0
    assert "<script>alert('x')</script>" in page.page_source.replace("&lt;", "<").replace(
        "&gt;", ">"
    )
    assert max(map(len, HOSTILE)) > max(
        map(len, page.find_element(By.TAG_NAME, "main").text.split())
    )


def _comes_into_view(page: webdriver.Chrome, name: str) -> bool:
    """Whether the heading of a section is on the screen, once scrolling has ended."""
    where = f"document.querySelector('#{name} h2').getBoundingClientRect()"
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        box = scripted(page, f"[{where}.top, {where}.bottom, innerHeight]")
        if box[0] >= 0 and box[1] <= box[2]:
            return True
        time.sleep(0.05)
    return False


def _colour(driver: webdriver.Chrome, name: str) -> tuple[float, float, float]:
    """A colour of the page as red, green and blue from 0 to 1."""
    value = scripted(
        driver, f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()"
    )
    red, green, blue = (int(value[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """The contrast ratio of WCAG 2.2."""
    dark, light = sorted(map(_luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: tuple[float, ...]) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
