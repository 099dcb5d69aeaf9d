"""The page of the gates in a real browser: in the dark, on a phone, and nothing leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

from assay.project.gates.data_docs import page, write_page
from assay.project.gates.records import Result

from ..report.browser import PROGRAMS, browser

pytestmark = pytest.mark.wants(*PROGRAMS)
PHONE = 375
RESULT = Result(
    *("orders", 0, "expect_column_values_to_be_in_set", "channel", "mostly=1", 1),
    *(650, 650, 0, 0.0, True),
)
RED = replace(RESULT, suite="bills", unexpected=3, unexpected_share=3 / 650, success=False)
SAID = {
    ("gate_silver", "orders", 0): f"`channel` is one of ticket, review, {'chat' * 40}",
    ("gate_silver", "bills", 0): "`channel` matches `^[a-z]+$`",
}


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A dark phone that shows the page of a red gate."""
    folder = tmp_path_factory.mktemp("docs")
    html = page({"gate_silver": [RESULT, RED]}, "run-1", "2026-03-01 12:00:00", SAID)
    file: Path = write_page(folder, html)
    with browser(tmp_path_factory.mktemp("profile"), PHONE, 800, "dark") as driver:
        driver.get(file.as_uri())
        yield driver


def test_what_is_red_is_on_the_first_screen(phone: webdriver.Chrome) -> None:
    """With what was expected and what was found, above all suites."""
    todo = phone.find_element(By.CSS_SELECTOR, ".todo")
    assert todo.rect["y"] < 400
    assert "channel matches ^[a-z]+$" in todo.text
    assert "3 of 650 values unexpected" in todo.text


def test_a_suite_is_a_line_that_opens(phone: webdriver.Chrome) -> None:
    """The red one is open; the green one opens by a click, and reads as a sentence."""
    red, green = phone.find_elements(By.TAG_NAME, "details")
    assert (red.get_attribute("open"), green.get_attribute("open")) == ("true", None)
    green.find_element(By.TAG_NAME, "summary").click()
    assert green.find_element(By.TAG_NAME, "li").text.startswith(
        "channel is one of ticket, review"
    )
    assert "650 of 650" in green.text


def test_it_is_dark_fits_and_loads_nothing(phone: webdriver.Chrome) -> None:
    """As wide as the phone whatever a set holds, with a dark ground and a silent console."""
    for details in phone.find_elements(By.TAG_NAME, "details"):
        phone.execute_script("arguments[0].open = true", details)
    assert phone.execute_script("return document.documentElement.scrollWidth") == PHONE
    ground = phone.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(20, 23, 26)"
    assert phone.execute_script("return performance.getEntriesByType('resource').length") == 0
    assert phone.get_log("browser") == []
