"""`ai_verify` in a model: verified by a table, due by its date, kept through an outage."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from assay.store import open_store

from .conftest import NewProject
from .project import Project, Run, table

pytestmark = pytest.mark.whole

PAGES = table(
    "url, title, text",
    ("https://kim.example.com/", "Kim", "Kim Kitchen is open. Phone: 416-555-0101."),
    ("https://www.yelp.com/biz/abc", "Abc", "Abc Foods has 4 stars. Phone: 416-555-0102."),
)
PLACES = """\
-- depends_on: {{ ref('pages') }}
{%- set phone = ai_verify(
    'place', 'What is its phone number?', {'phone': 'text'}, detail=true,
    kinds={'listing': {'hosts': ['yelp'], 'days': 30}, 'own_site': 180}
) -%}
{{ config(unique_key='place') }}

select place, {{ phone }} as phone
from (values ('Kim Kitchen'), ('Abc Foods'), ('Nowhere Grill'), (' ')) as places (place)
where {{ ai_due('place', {'phone': phone}) }}
"""
EVIDENCE = {"ASSAY_EVIDENCE": "table", "ASSAY_EVIDENCE_TABLE": "bronze.pages"}
SHOWN = """
    select
        place, phone.status, phone.value.phone, phone.evidence_kind, phone.evidence[1].quote,
        cast(phone.verified_at as date)::varchar, cast(phone.recheck_at as date)::varchar,
        phone.stale
    from silver.places where place <> ' ' order by place
"""
NOTHING = ("Nowhere Grill", "unclear", None, "none", None, None, "2026-01-08", False)


@dataclass(frozen=True)
class Nights:
    """The project after three nights: the runs, and what each left."""

    project: Project
    runs: tuple[Run, ...]
    shown: tuple[list[tuple[object, ...]], ...]


@pytest.fixture(scope="module")
def nights(new_project: NewProject) -> Nights:
    """Verified on the first of January; 29 and 31 days later; then the pages are gone."""
    models = {"bronze/pages.sql": PAGES, "silver/places.sql": PLACES}
    project = new_project(models, **EVIDENCE)
    runs, shown = [], []
    for day in ("2026-01-01", "2026-01-30", "2026-02-01"):
        runs.append(project.dbt("run", ASSAY_NOW=day))
        shown.append(project.rows(SHOWN))
    project.write("bronze/pages.sql", f"{PAGES} where url is null")
    runs.append(project.dbt("run", ASSAY_NOW="2026-03-05"))
    shown.append(project.rows(SHOWN))
    return Nights(project, tuple(runs), tuple(shown))


def searched(nights: Nights, day: str) -> int:
    """How many searches the ledger has from before this day."""
    store = open_store(nights.project.root / ".assay" / "store.sqlite")
    columns, rows = store.rows("calls")
    store.close()
    calls = [dict(zip(columns, row, strict=True)) for row in rows]
    return sum(row["model"] == "search" and str(row["started_at"]) < day for row in calls)


def test_a_place_has_what_a_source_says_with_a_quote(nights: Nights) -> None:
    """A blank text is skipped and a place of which nothing is said is unclear."""
    assert all(run.code == 0 for run in nights.runs), nights.runs[-1].output
    kim = ("ok", "416-555-0101", "own_site", "Kim Kitchen", "2026-01-01", "2026-06-30", False)
    abc = ("ok", "416-555-0102", "listing", "Abc Foods", "2026-01-01", "2026-01-31", False)
    assert nights.shown[0] == [("Abc Foods", *abc), ("Kim Kitchen", *kim), NOTHING]


def test_only_what_is_due_is_looked_at(nights: Nights) -> None:
    """The unclear one after a week, the listing after 30 days, the site of its own not yet."""
    after = ("2026-01-02", "2026-01-31", "2026-02-02", "2026-03-06")
    assert [searched(nights, day) for day in after] == [3, 4, 5, 7]
    places = {row[0]: row for row in nights.shown[2]}
    assert places["Abc Foods"][5:] == ("2026-02-01", "2026-03-03", False)
    assert places["Kim Kitchen"][5:] == ("2026-01-01", "2026-06-30", False)


def test_a_check_in_vain_keeps_the_row_and_says_so(nights: Nights) -> None:
    """Its value, and the time at which it was verified."""
    places = {row[0]: row for row in nights.shown[3]}
    assert places["Abc Foods"][1:6] == (
        *("ok", "416-555-0102", "listing", "Abc Foods"),
        "2026-02-01",
    )
    assert places["Abc Foods"][6:] == ("2026-03-12", True)
