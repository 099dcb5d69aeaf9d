"""C12, C21, C22: whatever a function accepts, DuckDB can cast to the type that its macro emits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assay.core.settings import Settings
from assay.core.values import Reply, Request, Usage
from assay.engine.session import open_session
from assay.hosts.duckdb.udfs import Udfs
from assay.providers.fake import FakeProvider

from .project import KEY

NUMBERS = [
    *("0", "-0", "-0.0", "1.0", "5e-324", "1e-400", "1e400", "1e999", "-1e999", "NaN", "Infinity"),
    *("9223372036854775807", "9223372036854775808", "-9223372036854775808"),
    *("-9223372036854775809", "1.7976931348623157e308", "1.7976931348623159e308"),
    *("1" + "0" * 308, "1" + "0" * 309, "9" * 4_300, "9" * 5_000, "0.30000000000000004"),
]
MOMENTS = [
    *("0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01", "+999999-01-01", "-0001-01-01"),
    *("20200101", "2020-W01-1", "2020-02-30", "infinity", "epoch", "٢٠٢٠-01-01", "12:00"),
    *("2020-01-01T24:00", "2020-01-01T00:00:60", "2020-01-01T12:00Z", "2020-01-01 12:00"),
    *("2020-01-01T12:00:00+25:00", "2020-01-01T12:00:00-12:00:01.5", "0001-01-01T00:00+14:00"),
    *("9999-12-31T23:59:59.999999-14:00", "2020-01-01T12:00:00.1234567"),
    *("2020-01-01T12:00[Europe/Berlin]", "2020-01-01\u00a012:00"),
]
TEXTS = ["", "a", "a\x00b", "\ud800", "a\udfff", "\u202e", "\ufffe", "\u2028", "null", '{"a":1}']
SAID = [
    *NUMBERS,
    *(json.dumps(text) for text in (*MOMENTS, *TEXTS)),
    *(json.dumps(text, ensure_ascii=False) for text in TEXTS[1:3]),
    *("true", "false", "null", "[]", "{}", "[[]]", "[null]"),
    "[" * 50 + "]" * 50,
]
"""What a model may say, as JSON or nearly."""

TYPES = {
    "text": "varchar",
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
REST = (
    "status varchar, error varchar, confidence double, model varchar, prompt_hash varchar, "
    "answered_at timestamp"
)
CHANGE = 'struct("field" varchar, "from" varchar, "to" varchar)'
ASSESSMENT = (
    f"struct(quality_score integer, missing_fields varchar[], normalizations {CHANGE}[], "
    "category varchar)"
)


def spoken(request: Request, frame: str) -> Reply:
    """A reply that says of each record the JSON that stands in `SAID` at the place it names."""
    items = [
        f'{{"id":"{id_}","a":{frame.replace("?", SAID[json.loads(record.text)["place"]])}}}'
        for id_, record in zip(request.ids, request.pack.records, strict=True)
    ]
    content = f'{{"answers":[{",".join(items)}]}}'
    return Reply(content, request.model, Usage(10, 5), mode="listed")


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with a record for each thing that may be said."""
    with duckdb.connect() as opened:
        opened.execute(
            f"create table said as select i as id, '{{\"place\":' || i || '}}' as body "
            f"from range({len(SAID)}) as r(i)"
        )
        yield opened


def envelopes(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    task: dict[str, Any],
    type_: str,
    frame: str,
) -> list[dict[str, Any]]:
    """The envelopes that a macro's SQL gives for everything that is said within `frame`."""
    given = {"provider": "openai", "api_key": KEY, "model": "m", "store": folder / "s.sqlite"}
    settings = Settings.model_validate(given)
    session = open_session(settings, FakeProvider(lambda request: spoken(request, frame)))
    udfs = Udfs(session.begin("a-run"))
    udfs.register(connection)
    envelope = f'struct("value" {type_}, {REST})'
    call = f"assay_ask_envelope(assay_task('{json.dumps(task)}'), body)"
    try:
        sql = f"select cast(cast({call} as json) as {envelope}) from said order by id"
        return [row[0] for row in connection.execute(sql).fetchall()]
    finally:
        session.close()


def field(type_: str, *, many: bool) -> dict[str, Any]:
    """A search for one field of this type."""
    found = {"name": "x", "type": type_, "many": many}
    return {"kind": "extract", "grounded": False, "fields": [found]}


CASES = {
    **{
        f"{name}{'s' if many else ''}": (
            field(name, many=many),
            f'struct("x" {sql}{"[]" if many else ""})',
            f'{{"x":{"[?,?]" if many else "?"}}}',
        )
        for name, sql in TYPES.items()
        for many in (False, True)
    },
    "sentiment": ({"kind": "sentiment"}, "double", "?"),
    "filter": ({"kind": "filter", "asked": "Is it?"}, "boolean", "?"),
    "summarize": ({"kind": "summarize"}, "varchar", "?"),
    "complete": ({"kind": "complete", "prompt": "Reply."}, "varchar", "?"),
    "translate": ({"kind": "translate", "to": "German"}, "varchar", "?"),
    "grade": ({"kind": "score", "criterion": "Hot?"}, "double", "?"),
    "assess": (
        {"kind": "assess"},
        ASSESSMENT,
        '{"quality_score":1,"missing_fields":[],"category":"complete",'
        '"normalizations":[{"field":"place","from":"1","to":?}]}',
    ),
    "score": (
        {"kind": "assess"},
        ASSESSMENT,
        '{"quality_score":?,"missing_fields":[],"category":"complete","normalizations":[]}',
    ),
}


@pytest.mark.parametrize(("task", "type_", "frame"), CASES.values(), ids=CASES)
def test_c12_c21_c22_whatever_is_accepted_can_be_cast(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    task: dict[str, Any],
    type_: str,
    frame: str,
) -> None:
    """All else is `invalid`, each record on its own: no value brings the statement down."""
    found = envelopes(connection, tmp_path, task, type_, frame)
    assert {one["status"] for one in found} == {"ok", "invalid"}
    assert [one["error"] for one in found if "not judged" in (one["error"] or "")] == []
