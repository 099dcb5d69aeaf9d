"""One table as one JSON file, for a static site: written beside, checked, and renamed.

It is written anew at each publication, also where no row has changed: `published_at` in it is how
`assay fresh` knows that somebody still writes it.
"""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assay.core.disk import put_on_disk
from assay.core.errors import PublishError
from assay.hosts.duckdb.quoting import quoted
from assay.project.publishing.destinations.contract import Replacement, Shipment, not_ours
from assay.project.publishing.stamp import stamp_of

_UNBORN = ".new"
_ROWS = "rows"

Row = dict[str, Any]


class JsonFile:
    """A `Destination`: a file of this machine that holds one table."""

    errors: tuple[type[Exception], ...] = (OSError,)

    def __init__(self, file: Path) -> None:
        self._file = file
        self._unborn = file.with_name(f".{file.name}{_UNBORN}")
        self._table: str | None = None

    def __enter__(self) -> Self:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._unborn.unlink(missing_ok=True)

    def replace(self, shipment: Shipment) -> Replacement:
        """Write the file beside the one that is there, sorted by the key, a row on a line.

        Raises `PublishError` for a file that Assay did not make of this table.
        """
        if self._table is not None:
            message = f"{self._file} is one table's; give {shipment.name} a file of its own"
            raise PublishError(message)
        self._table = shipment.name
        held, rows = self._held(shipment.name), _rows(shipment)
        self._unborn.write_text(_spelled(shipment, rows), encoding="utf-8", newline="\n")
        put_on_disk(self._unborn)
        return _difference(shipment, held, rows)

    def count(self, name: str) -> int:
        """Return how many rows the file holds, read again from the disk."""
        return len(json.loads(self._unborn.read_text(encoding="utf-8"))[_ROWS])

    def keep(self) -> None:
        """Let it take the place of the file that is there, at once."""
        self._unborn.replace(self._file)
        put_on_disk(self._file.parent)

    def _held(self, table: str) -> list[Row]:
        if not self._file.exists():
            return []
        try:
            content = json.loads(self._file.read_text(encoding="utf-8"))
        except ValueError:
            content = None
        stamp = stamp_of(content)
        if stamp is None or stamp.table != table:
            raise PublishError(not_ours(self._file.name))
        return list(content[_ROWS])


def _rows(shipment: Shipment) -> list[Row]:
    """Return the rows as JSON has them; a number that is none in JSON is null."""
    table, key = quoted(shipment.name), ", ".join(map(quoted, shipment.key))
    found = shipment.connection.execute(
        f"select to_json({table})::varchar from {table} order by {key}"  # noqa: S608
    ).fetchall()
    return [json.loads(text, parse_constant=lambda _: None) for (text,) in found]


def _spelled(shipment: Shipment, rows: list[Row]) -> str:
    head = {
        "published_at": shipment.published_at,
        "table": shipment.name,
        "content_hash": shipment.content_hash,
        "row_count": len(rows),
    }
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    start = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    return f'{start},\n "{_ROWS}": [\n{lines}\n]}}\n'


def _difference(shipment: Shipment, held: list[Row], rows: list[Row]) -> Replacement:
    before = {_key(shipment, row): row for row in held}
    now = {_key(shipment, row): row for row in rows}
    written = sum(key not in before or before[key] != row for key, row in now.items())
    return Replacement(written, len(before.keys() - now.keys()))


def _key(shipment: Shipment, row: Row) -> tuple[str, ...]:
    return tuple(json.dumps(row.get(column)) for column in shipment.key)
