"""The model that the README opens with, as written, in the shipped project."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .conftest import NewProject
from .project import Project, Run

MODEL = """\
{{ config(materialized='incremental') }}
WITH raw_customers AS (
SELECT * FROM {{ ref('stg_customers') }}
{% if is_incremental() %}
WHERE updated_at > (SELECT MAX(updated_at) FROM {{ this }})
{% endif %}
),
ai_enriched AS (
SELECT
customer_id,
{{ ai_classify('customer_description', 'segment') }} as predicted_segment,
{{ ai_extract('customer_notes', 'interests') }} as extracted_interests,
{{ ai_sentiment('feedback_text') }} as sentiment_score
FROM raw_customers
)
SELECT r.*, e.predicted_segment, e.extracted_interests, e.sentiment_score
FROM raw_customers r
LEFT JOIN ai_enriched e ON r.customer_id = e.customer_id
"""
TABLE = "silver.customers_enriched"
SEGMENTS = {
    "weekend_hiker",
    "alpinist",
    "family_camper",
    "bikepacker",
    "trade_buyer",
    "gift_shopper",
}
TYPES = {
    "customer_id": "INTEGER",
    "customer_description": "VARCHAR",
    "customer_notes": "VARCHAR",
    "feedback_text": "VARCHAR",
    "updated_at": "TIMESTAMP",
    "predicted_segment": "VARCHAR",
    "extracted_interests": "STRUCT(activities VARCHAR[], products VARCHAR[])",
    "sentiment_score": "DOUBLE",
}
NEW_ID = 9001


@dataclass(frozen=True)
class Enriched:
    """The project after the model was built twice, the second time with news in the source."""

    project: Project
    full: Run
    first: list[tuple[Any, ...]]
    calls: int
    incremental: Run
    second: list[tuple[Any, ...]]
    calls_after: int


@pytest.fixture(scope="module")
def enriched(new_project: NewProject) -> Enriched:
    """The model built in full, then again after one customer came and another changed."""
    project = new_project().add_shipped()
    project.write("silver/customers_enriched.sql", MODEL)
    full = project.dbt("build", "--select", "+customers_enriched")
    first, calls = project.rows(f"select * from {TABLE}"), project.calls()
    _bring_news(project.root / "seeds" / "shop_customers.csv")
    incremental = project.dbt("build", "--select", "+customers_enriched")
    second = project.rows(f"select * from {TABLE}")
    return Enriched(project, full, first, calls, incremental, second, project.calls())


def _bring_news(path: Path) -> None:
    """Change the first customer and add a new one, both after all others."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0] |= {
        "customer_notes": "Now owns an ice axe and has taken up ice climbing.",
        "updated_at": "2099-01-01 00:00:00",
    }
    rows.append(
        rows[1]
        | {
            "customer_id": str(NEW_ID),
            "customer_description": "Rides long bicycle tours with bags on the bike.",
            "customer_notes": "Loves bikepacking; wants a saddle bag.",
            "updated_at": "2099-01-02 00:00:00",
        }
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_the_full_run_builds_one_row_per_customer(enriched: Enriched) -> None:
    """Every customer of the source is there once."""
    assert enriched.full.code == 0, enriched.full.output
    expected = enriched.project.rows("select count(*) - 1 from bronze.stg_customers")
    assert expected == [(len(enriched.first),)]
    assert len({row[0] for row in enriched.first}) == len(enriched.first)


def test_the_columns_have_the_types_of_the_design(enriched: Enriched) -> None:
    """A label is text, field sets are structs, a sentiment is a number."""
    assert enriched.project.types(TABLE) == TYPES


def test_the_answers_are_answers(enriched: Enriched) -> None:
    """Labels are of the set, sentiments within the scale, and most texts have one."""
    segments = {row[5] for row in enriched.first} - {None}
    sentiments = [row[7] for row in enriched.first if row[7] is not None]
    assert segments <= SEGMENTS
    assert len(segments) > 1
    assert sentiments
    assert all(-1 <= score <= 1 for score in sentiments)


def test_blank_texts_have_no_answer(enriched: Enriched) -> None:
    """A NULL or blank text gives NULL, not a guess."""
    blank = [row[5] for row in enriched.first if not (row[1] or "").strip()]
    assert blank
    assert set(blank) == {None}


def test_the_incremental_run_adds_the_news_and_keeps_the_rest(enriched: Enriched) -> None:
    """Without a key the changed customer comes as a second row, as dbt does it."""
    assert enriched.incremental.code == 0, enriched.incremental.output
    added = [row for row in enriched.second if row not in enriched.first]
    assert sorted(row[0] for row in added) == [1, NEW_ID]
    assert len(enriched.second) == len(enriched.first) + 2


def test_the_incremental_run_asks_only_about_the_news(enriched: Enriched) -> None:
    """Two rows go out again, and of these only what has changed."""
    asks = enriched.project.store_rows("select sum(asks) from calls")[0][0]
    settled = "select count(*) from (select key from answers union all select key from failures)"
    assert enriched.calls < enriched.calls_after
    assert asks == enriched.project.store_rows(settled)[0][0]
