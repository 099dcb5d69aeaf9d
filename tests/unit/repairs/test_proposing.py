"""What is proposed for a table, and what is not; tables of our own making, in a real DuckDB."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assay.core.errors import ConfigError
from assay.project.repairs.proposing import propose
from assay.project.repairs.stated import Stated, accepted_suites
from assay.store import Repair

from ..suggestions.tables import TABLE, put

N = 120
CITIES = ("Lisbon", "Vienna", "Bergen", "Malaga")


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory."""
    with duckdb.connect(config={"threads": 1}) as opened:
        yield opened


def but(values: Sequence[Any], **at: Any) -> list[Any]:
    """Values with others in the places that are named: `p7=` is the eighth."""
    return [at.get(f"p{place}", value) for place, value in enumerate(values)]


def codes() -> dict[str, list[str]]:
    """Two columns that say the same of each row."""
    return {name: [f"{name}{place % 4}" for place in range(N)] for name in ("code", "zip")}


def proposed(
    connection: duckdb.DuckDBPyConnection, stated: Any = None, **columns: Any
) -> dict[tuple[str, str], Repair]:
    """The proposals for a table with a key `id`, by column and row."""
    put(connection, id=list(range(len(next(iter(columns.values()))))), **columns)
    found = propose(connection, TABLE, "id", stated or Stated())
    return {(each.column_name, each.row_key): each for each in found}


def changes(found: dict[tuple[str, str], Repair]) -> dict[tuple[str, str], tuple[Any, ...]]:
    """What each proposal says, in short."""
    return {cell: (each.before, each.after, each.reason) for cell, each in found.items()}


def test_the_rows_that_agree_say_what_is_right(connection: duckdb.DuckDBPyConnection) -> None:
    """A wrong value and a missing one, each in a group that is of one mind."""
    cities = but([CITIES[place % 4] for place in range(N)], p7="Lisbon", p9=None)
    found = proposed(connection, **codes(), city=cities)
    assert changes(found) == {
        ("city", "7"): ("Lisbon", "Malaga", "dependency"),
        ("city", "9"): (None, "Vienna", "dependency"),
    }
    assert found["city", "7"].rule == "follows from code; zip"
    assert 0.9 < found["city", "7"].confidence < 1


def test_two_columns_that_only_have_each_other_are_left(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """One of them is wrong, and nobody knows which, unless the project says what follows."""
    columns = {"code": codes()["code"], "city": [CITIES[place % 4] for place in range(N)]}
    columns["city"] = but(columns["city"], p7="Lisbon")
    assert proposed(connection, **columns) == {}
    found = changes(proposed(connection, Stated(follows={"city": ["code"]}), **columns))
    assert found == {("city", "7"): ("Lisbon", "Malaga", "dependency")}


def test_a_wrong_determinant_is_outvoted(connection: duckdb.DuckDBPyConnection) -> None:
    """Zip and phone say Lisbon, so it is the code that is wrong, not the city."""
    columns = {
        name: [f"{name}{place % 4}" for place in range(N)] for name in ("code", "zip", "phone")
    }
    columns["code"] = but(columns["code"], p8="code1")
    found = proposed(connection, **columns, city=[CITIES[place % 4] for place in range(N)])
    assert changes(found) == {("code", "8"): ("code1", "code0", "dependency")}


def test_a_second_value_of_a_group_stands(connection: duckdb.DuckDBPyConnection) -> None:
    """Two towns may share a code: more than a third of the group has it."""
    cities = [CITIES[place % 4] if place % 4 or place % 3 else "Porto" for place in range(N)]
    cities = ["Porto" if place % 8 == 0 else city for place, city in enumerate(cities)]
    stated = Stated(follows={"city": ["code"]})
    found = proposed(connection, stated, code=[f"P{place % 4}" for place in range(N)], city=cities)
    assert {each.after for each in found.values()} <= {"Porto"}


def test_a_unit_goes_and_so_do_digits_of_a_program(connection: duckdb.DuckDBPyConnection) -> None:
    """The unit is spelled in several ways; 0.07200000000000001 is 0.072."""
    weights = [f"{place % 30 + 1}.0 {('oz', 'oz.', 'ounce')[place % 3]}" for place in range(N)]
    shares = but([f"0.0{place % 8 + 1}" for place in range(N)], p3="0.07200000000000001%")
    shares = but(shares, **{f"p{place}": f"0.0{place % 8 + 1}%" for place in range(30, 40)})
    found = proposed(connection, weight=weights, share=shares)
    assert found["weight", "0"].after == "1"
    assert found["share", "3"].after == "0.072"
    assert len(found) == N + 11


def test_a_percentage_that_may_be_another_number_is_left(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """5 % beside shares of one is 0.05, and nobody says so."""
    shares = [f"0.0{place % 8 + 1}" if place % 6 else "5%" for place in range(N)]
    assert proposed(connection, share=shares) == {}


def test_a_letter_behind_a_number_is_no_unit(connection: duckdb.DuckDBPyConnection) -> None:
    """1000x is a typing error, and 1000 another thing."""
    numbers = but([str(1000 + place) for place in range(N)], p3="100x")
    assert proposed(connection, number=numbers) == {}


def test_a_word_for_no_value_becomes_none(connection: duckdb.DuckDBPyConnection) -> None:
    """Where the profile says that it is no answer."""
    values = but([str(place * 3) for place in range(N)], p2="N/A", p70="N/A")
    found = changes(proposed(connection, bitterness=values))
    assert found == {("bitterness", row): ("N/A", None, "missing") for row in ("2", "70")}


def test_slips_of_the_pen_are_mended(connection: duckdb.DuckDBPyConnection) -> None:
    """Rare spellings of common values, and those that differ in case alone."""
    kinds = but(["acute care hospital", "children clinic"] * 60, p4="acute caxe hospital")
    found = changes(proposed(connection, kind=but(kinds, p5="Children clinic")))
    assert found == {
        ("kind", "4"): ("acute caxe hospital", "acute care hospital", "spelling"),
        ("kind", "5"): ("Children clinic", "children clinic", "spelling"),
    }


def test_an_accepted_suite_is_heard(connection: duckdb.DuckDBPyConnection) -> None:
    """A set that a person accepted: what is a letter off is mended, what is far is left."""
    suite = {
        "meta": {},
        "expectations": [
            {
                "type": "expect_column_values_to_be_in_set",
                "kwargs": {"column": "size", "value_set": ["small", "large"]},
            }
        ],
    }
    sizes = but(["small", "large"] * 10, p3="smal", p4="huge")
    found = proposed(
        connection, Stated(suites={"quality/suites/silver/things.json": suite}), size=sizes
    )
    assert changes(found) == {("size", "3"): ("smal", "small", "spelling")}
    assert found["size", "3"].rule.startswith("quality/suites/silver/things.json: ")


def test_what_ai_assess_said_holds_where_the_value_is_the_same(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """One row has changed since it was assessed; the other names a column that is not there."""
    connection.execute(
        """
        create or replace table main.things as select id, country, {
            'value': {'quality_score': 80, 'missing_fields': []::varchar[], 'normalizations': [
                {'field': 'country', 'from': 'germany', 'to': 'DE'},
                {'field': 'planet', 'from': 'germany', 'to': 'Earth'}
            ], 'category': null::varchar},
            'status': 'ok', 'confidence': 0.9::double
        } as assessment
        from (values (1, 'germany'), (2, 'Deutschland')) as given (id, country)
        """
    )
    (found,) = propose(connection, TABLE, "id", Stated())
    assert (found.row_key, found.before, found.after) == ("1", "germany", "DE")
    assert (found.reason, found.rule, found.confidence) == (
        "normalization",
        "ai_assess: assessment",
        0.9,
    )


def test_a_number_that_the_column_cannot_hold_is_no_proposal(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Typed columns get values of their type only; a repair of one is there as text."""
    floors = but([place % 4 for place in range(N)], p7=1)
    found = proposed(connection, **codes(), floor=floors)
    assert changes(found) == {("floor", "7"): ("1", "3", "dependency")}


def test_the_same_cell_has_the_same_id(connection: duckdb.DuckDBPyConnection) -> None:
    """So that a decision outlives the next proposal."""
    values = but([str(place * 3) for place in range(N)], p2="N/A")
    first, again = (proposed(connection, bitterness=values) for _ in range(2))
    assert first["bitterness", "2"].id == again["bitterness", "2"].id


@pytest.mark.parametrize(
    ("key", "follows", "said"),
    [
        ("cod", {}, r"--key: main.things has no column 'cod'; did you mean 'code'\?"),
        (
            "code",
            {},
            "'code' does not tell the rows of main.things apart: 120 rows, 4 values; name",
        ),
        ("hole", {}, "120 rows, 1 rows without; name a column with --key"),
        ("id", {"citty": ["code"]}, r"follows: citty: .* did you mean 'city'\?"),
        (
            "id",
            {"city": ["zip"]},
            "follows: city: main.things has no column 'zip'; it has id, code",
        ),
    ],
)
def test_bad_names_are_told_with_the_nearest(
    connection: duckdb.DuckDBPyConnection, key: str, follows: dict[str, list[str]], said: str
) -> None:
    """The thing and the remedy."""
    put(
        connection,
        id=list(range(N)),
        code=[f"P{place % 4}" for place in range(N)],
        city=[CITIES[place % 4] for place in range(N)],
        hole=[None, *range(1, N)],
    )
    with pytest.raises(ConfigError, match=said):
        propose(connection, TABLE, key, Stated(follows=follows))


def test_names_and_values_are_data(connection: duckdb.DuckDBPyConnection) -> None:
    """Quotes and statements in them stay text."""
    hostile = "it's \"); drop table main.things; --"
    cities = but([(hostile, *CITIES)[place % 4] for place in range(N)], p7=hostile)
    columns = {'a "code"': [f"'{place % 4}" for place in range(N)], "the city": cities}
    stated = Stated(follows={"the city": ['a "code"']})
    found = changes(proposed(connection, stated, **columns))
    assert found == {("the city", "7"): (hostile, "Bergen", "dependency")}


def test_a_suite_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """By its path; a suggested one is not heard at all."""
    folder = tmp_path / "quality" / "suites" / "silver"
    folder.mkdir(parents=True)
    (folder / "things.json").write_text('{"meta": {"suggested": true}}')
    assert accepted_suites(folder.parent, "things") == {}
    pattern = {"type": "x", "kwargs": {"column": "a", "regex": "("}}
    (folder / "things.json").write_text(json.dumps({"expectations": [pattern]}))
    with pytest.raises(ConfigError, match=r"things.json is no suite that can be read .*mend it"):
        accepted_suites(folder.parent, "things")
