"""Links of all Markdown files lead to a file that is there, and to a heading in it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
AWAY = ("http://", "https://", "mailto:")
SKIPPED = {".venv", ".venv-lock", "target", "published", "node_modules", ".git", ".pytest_cache"}
PAGES = sorted(
    path for path in ROOT.rglob("*.md") if not SKIPPED & set(path.relative_to(ROOT).parts)
)
INDEX = ROOT / "docs" / "index.md"


def prose(text: str) -> str:
    """Markdown without its blocks of code."""
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.M | re.S)


def links(text: str) -> list[str]:
    """The targets of links and images, as they are written; not those inside code marks."""
    return re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "`code`", prose(text)))


@cache
def anchors(page: Path) -> frozenset[str]:
    """The names that a forge gives to the headings of a page; a second one gets a number."""
    seen: dict[str, int] = {}
    found = set()
    for heading in re.findall(r"^#+ (.*)$", prose(page.read_text(encoding="utf-8")), re.M):
        words = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower().strip()
        name = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        count = seen[name] = seen.get(name, -1) + 1
        found.add(f"{name}-{count}" if count else name)
    return frozenset(found)


def wrong(page: Path, text: str) -> list[str]:
    """The links of a page that lead nowhere."""
    lost = []
    for link in links(text):
        target, _, anchor = unquote(link).partition("#")
        to = (page.parent / target) if target else page
        reached = to.exists() and to.resolve().is_relative_to(ROOT)
        if not link.startswith(AWAY) and not (
            reached and (not anchor or (to.suffix == ".md" and anchor in anchors(to)))
        ):
            lost.append(link)
    return lost


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Files, folders and headings; addresses elsewhere are not tried."""
    assert wrong(page, page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "link", ["nowhere.md", "gates.md#no-such-heading", "../../elsewhere", "#none"]
)
def test_a_link_that_leads_nowhere_is_found(link: str) -> None:
    """The helper of these tests, on a page of docs."""
    assert wrong(INDEX, f"See [it]({link}).") == [link]


def test_every_page_of_docs_is_linked_from_its_front_page() -> None:
    """Decisions by their folder, the others by name."""
    linked = {
        (INDEX.parent / link.partition("#")[0]).resolve() for link in links(INDEX.read_text())
    }
    docs = ROOT / "docs"
    pages = {path for path in PAGES if path.is_relative_to(docs) and path != INDEX}

    assert docs / "decisions" in linked
    assert {path for path in pages if docs / "decisions" not in path.parents} <= linked


def test_the_walk_finds_pages_and_links() -> None:
    """A walk that finds none would find none broken."""
    assert len(PAGES) > 25
    assert len(links(INDEX.read_text(encoding="utf-8"))) > 20
