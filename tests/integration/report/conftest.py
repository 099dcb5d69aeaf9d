"""Fixtures of the tests of the report."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from selenium import webdriver

from .browser import browser
from .shop import HOSTILE, LABELS, Shop, fill


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Three runs over a hundred texts with ordinary labels; its report is written."""
    made = fill(Shop(tmp_path_factory.mktemp("shop")), LABELS)
    made.page()
    return made


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The same with labels, models and messages that mean harm; its report is written."""
    made = fill(Shop(tmp_path_factory.mktemp("hostile")), HOSTILE, runs=1)
    made.page()
    return made


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A browser."""
    with browser(tmp_path_factory.mktemp("profile"), 1200, 900) as driver:
        yield driver
