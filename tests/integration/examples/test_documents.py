"""The example of the documents: from a folder to gold, typed as a new user types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from assay.faultd import FaultServer

from ..dbt.project import asking
from .example import Example

pytestmark = pytest.mark.whole


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Example:
    """The example after `assay ingest` and plain `dbt build`."""
    example = Example(tmp_path_factory.mktemp("papers") / Path("examples/documents"))
    said = example.run("assay.cli.main", "ingest", "inbox", "--json", env={})
    assert json.loads(said.out)["statuses"] == {"ok": 11, "no_text": 1, "empty": 1}
    run = example.dbt("build")
    assert run.code == 0, run.output
    return example


def test_papers_are_sorted(papers: Example) -> None:
    """Every file has a row in silver with a status, and in gold where it has text."""
    accounted = (
        "select status, category.status, count(*) from silver.silver_documents group by all"
    )
    sorted_by = "select category from gold.gold_documents where folder = 'inbox/invoices'"

    assert sorted(papers.rows(accounted)) == [
        ("empty", "skipped", 1),
        ("no_text", "skipped", 1),
        ("ok", "ok", 11),
    ]
    assert papers.rows(sorted_by) == [("invoice",)] * 3


def test_gold_says_where_an_amount_stands(papers: Example) -> None:
    """By page and quote; only documents with pages have the former."""
    found = papers.rows('select path, amount, page, "quote" from gold.gold_amounts')
    paged = {path for path, _, page, _ in found if page is not None}

    assert len(found) >= 3
    assert all(amount in quote for _, amount, _, quote in found)
    assert paged
    assert paged == {path for path, *_ in found if path.endswith(".pdf")}


def test_three_questions_about_eleven_papers_are_one_request(papers: Example) -> None:
    """They are about the same text, and leave together; texts are those of the documents."""
    with FaultServer(keep_texts=True) as server:
        run = papers.dbt("run", "--select", "silver_documents", **asking(server))
        texts = [text for entry in server.ledger.entries for text in entry.texts]
        requests = len(server.ledger.entries)

    assert run.code == 0, run.output
    assert (requests, len(texts)) == (1, 11)
    assert any("INVOICE 0417" in text for text in texts)


def test_a_build_brings_in_what_has_changed(papers: Example) -> None:
    """The folder stands in the profile: what is new is in gold, what is gone is not."""
    (papers.root / "inbox/letters/thanks.md").unlink()
    (papers.root / "inbox/letters/mould.txt").write_text("I complain about mould in flat 3.")
    done = papers.run("assay.cli.main", "build", env={})
    letters = "select path from gold.gold_documents where folder = 'inbox/letters' order by 1"

    assert done.code == 0, done.out + done.err
    assert "13 documents: 11 ok, 1 no_text, 1 empty; 1 read, 12 unchanged, 1 gone" in done.err
    assert [Path(path).name for (path,) in papers.rows(letters)] == [
        "heating.txt",
        "mould.txt",
        "noise.html",
    ]


def test_a_folder_that_cannot_be_read_stops_gold(papers: Example) -> None:
    """The gate of bronze is red where less than half of a folder has text."""
    for number in range(4):
        (papers.root / f"inbox/lists/broken{number}.pdf").write_bytes(b"%PDF-1.4 cut")
    papers.run("assay.cli.main", "ingest", "inbox", env={})
    run = papers.dbt("build")

    assert run.code == 1
    assert run.statuses()["gate_bronze"] == "error"
    assert run.statuses()["gold_documents"] == "skipped"
