"""Each kind of issue is found where it is, and not where it is not."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pytest

from assay.project.suggestions.relations import Relation

from .tables import issues, put, suggested

DAY = datetime.date(2025, 1, 1)
CITIES = ("Lisbon", "Vienna", "Bergen", "Zagreb", "Malaga", "Tampere")
N = 240


def days(*later: int) -> list[datetime.date]:
    """A day for each number."""
    return [DAY + datetime.timedelta(days=number) for number in later]


def cities(n: int = N) -> list[str]:
    """Cities in turn."""
    return [CITIES[i % 6] for i in range(n)]


def changed(values: list[Any], **at: Any) -> list[Any]:
    """The values with some replaced: `at(p3="x")` puts x into place 3."""
    return [at.get(f"p{place}", value) for place, value in enumerate(values)]


@dataclass(frozen=True)
class Case:
    """Columns, the kind and the column of the issue, and how many rows it has."""

    name: str
    kind: str
    column: str
    columns: dict[str, Any] = field(default_factory=dict)
    wrong: int = 1


NUMBERS = [float(20 + i * 7 % 31) for i in range(N)]
CASES = [
    Case("null", "missing_values", "size", {"size": changed(NUMBERS, p7=None)}),
    Case("word for none", "missing_values", "size", {"size": changed(cities(), p7="N/A")}),
    Case("blank", "missing_values", "city", {"city": changed(cities(), p7="  ", p9="")}, 2),
    Case("far out", "outliers", "size", {"size": changed(NUMBERS, p7=90_000.0)}),
    Case("negative", "outliers", "size", {"size": changed(NUMBERS, p7=-90.0)}),
    Case(
        "far date",
        "outliers",
        "day",
        {"day": changed(days(*(i % 50 for i in range(N))), p7=datetime.date(9999, 12, 31))},
    ),
    Case("typo", "format_inconsistencies", "city", {"city": changed(cities(), p7="Lisbun")}),
    Case("case", "format_inconsistencies", "city", {"city": changed(cities(), p7="VIENNA")}),
    Case(
        "unit in a number",
        "format_inconsistencies",
        "size",
        {"size": changed([str(i % 40) for i in range(N)], p7="12 kg", p9="7%")},
        2,
    ),
    Case(
        "unit in several spellings",
        "format_inconsistencies",
        "size",
        {"size": [f"{i % 40}.5 {('oz', 'oz.', 'ounce')[i % 3]}" for i in range(N)]},
        N,
    ),
    Case(
        "another date format",
        "format_inconsistencies",
        "day",
        {"day": changed([f"2025-0{i % 9 + 1}-1{i % 8}" for i in range(N)], p7="7/4/25")},
    ),
    Case(
        "does not follow",
        "logical_errors",
        "city",
        {"post_code": [f"P{i % 6}" for i in range(N)], "city": changed(cities(), p7="Zagreb")},
    ),
    Case(
        "null where the others know",
        "logical_errors",
        "city",
        {"post_code": [f"P{i % 6}" for i in range(N)], "city": changed(cities(), p7=None)},
    ),
    Case("key twice", "logical_errors", "code", {"code": changed([*range(N)], p7=3)}, 2),
    Case(
        "end before start",
        "logical_errors",
        "begins",
        {
            "begins": changed(days(*(i % 90 for i in range(N))), p7=DAY.replace(year=2026)),
            "ends": days(*(i % 90 + 1 + i % 5 for i in range(N))),
        },
    ),
    Case(
        "low above high",
        "logical_errors",
        "price_min",
        {
            "price_min": changed([i % 70 for i in range(N)], p7=500),
            "price_max": [i % 70 + 5 + i % 7 for i in range(N)],
        },
    ),
    Case(
        "unknown key",
        "referential_integrity",
        "shop_id",
        {"shop_id": changed([i % 9 for i in range(N)], p7=77)},
    ),
]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with nine shops, in memory."""
    with duckdb.connect() as opened:
        put(opened, Relation("main", "shops"), id=range(9), name=[f"shop {i}" for i in range(9)])
        yield opened


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_is_found(connection: duckdb.DuckDBPyConnection, case: Case) -> None:
    """With its kind, its column and its rows."""
    put(connection, **{"number": range(N)} | case.columns)

    found = issues(suggested(connection).found, case.kind, case.column)
    assert case.wrong in [each.candidate.wrong for each in found]
    assert all(each.reason and each.severity in ("high", "medium", "low") for each in found)


SOUND: dict[str, dict[str, Any]] = {
    "numbers": {"size": NUMBERS},
    "mostly null": {"size": [i if i % 3 else None for i in range(N)]},
    "skewed sums": {"size": [round(1.021**i, 2) for i in range(N)]},
    "cities": {"city": cities()},
    "short codes": {"code": ["CA", "GA", "PA", "MA"] * 50 + ["WA"] * 2 + ["VA"] * 38},
    "numbered things": {"room": [f"room {i % 40}" for i in range(N)]},
    "one unit": {"size": [f"{i % 40} kg" for i in range(N)]},
    "no number": {"size": [f"{i % 3} {CITIES[i % 6]} street {CITIES[i % 5]}" for i in range(N)]},
    "dates": {"day": [f"2025-0{i % 9 + 1}-1{i % 8}" for i in range(N)]},
    "unrelated": {
        "a": [i * 7919 % 13 for i in range(N)],
        "b": [i * 104729 % 11 for i in range(N)],
    },
    "two shops at one address": {
        "address": [f"{i % 12} street" for i in range(N)],
        "shop": [f"shop {i % 12}{'ab'[i // 12 % 10 == 0]}" for i in range(N)],
    },
    "unordered days": {
        "born": days(*(i * 37 % 90 for i in range(N))),
        "paid": days(*(i * 53 % 90 for i in range(N))),
    },
    "known shops": {"shop_id": [i % 9 for i in range(N)]},
    "numbers of another thing": {"shop_id": [i % 90 for i in range(N)]},
    "free text": {"body": [f"{CITIES[i % 6]} was {'very ' * (i % 7)}good" for i in range(N)]},
}


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_found_in_a_sound_table(
    connection: duckdb.DuckDBPyConnection, name: str
) -> None:
    """What holds today may be suggested; nothing that does not."""
    put(connection, **{"number": range(N)} | SOUND[name])

    found = [
        (each.candidate.rule.kind, each.candidate.rule.columns, each.candidate.wrong)
        for each in suggested(connection).found
        if each.candidate.wrong
    ]
    assert found == []
