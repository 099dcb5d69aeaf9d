"""Tables of lakes as a test sees them: read by their own libraries, or by DuckDB's extension."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow

FOREIGN = pyarrow.table({"mail_id": pyarrow.array([77], pyarrow.int32())})


def sorted_rows(table: Any) -> list[tuple[Any, ...]]:
    return sorted((tuple(row.values()) for row in table.to_pylist()), key=lambda row: row[0])


@dataclass
class Delta:
    """A folder of Delta Lake, or a bucket: `s3://BUCKET/PATH`."""

    folder: Path | str

    @property
    def address(self) -> str:
        return f"delta:{self.folder}"

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        import deltalake

        return sorted_rows(deltalake.DeltaTable(self._place(table)).to_pyarrow_table())

    def add_double(self) -> None:
        import deltalake

        held = deltalake.DeltaTable(self._place("mails")).to_pyarrow_table().slice(0, 1)
        deltalake.write_deltalake(self._place("mails"), held, mode="append")

    def make_foreign(self) -> None:
        import deltalake

        deltalake.write_deltalake(self._place("mails"), FOREIGN)

    def _place(self, table: str) -> str:
        return f"{self.folder}/{table}"


@dataclass
class Iceberg:
    """A catalog of Iceberg in a folder."""

    folder: Path

    @property
    def address(self) -> str:
        return f"iceberg:{self.folder}"

    def catalog(self) -> Any:
        from pyiceberg.catalog.sql import SqlCatalog

        self.folder.mkdir(exist_ok=True)
        place = {
            "uri": f"sqlite:///{self.folder / 'catalog.db'}",
            "warehouse": self.folder.as_uri(),
        }
        return SqlCatalog("assay", **place)

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        catalog = self.catalog()
        try:
            return sorted_rows(catalog.load_table(("gold", table)).scan().to_arrow())
        finally:
            catalog.close()

    def add_double(self) -> None:
        catalog = self.catalog()
        mails = catalog.load_table(("gold", "mails"))
        mails.append(mails.scan().to_arrow().slice(0, 1))
        catalog.close()

    def make_foreign(self) -> None:
        catalog = self.catalog()
        catalog.create_namespace("gold")
        catalog.create_table(("gold", "mails"), FOREIGN.schema).append(FOREIGN)
        catalog.close()


@dataclass
class Duck:
    """A DuckLake."""

    file: Path

    @property
    def address(self) -> str:
        return f"ducklake:{self.file}"

    def do(self, statement: str) -> list[tuple[Any, ...]]:
        import duckdb_extension_ducklake

        extension = next(
            Path(duckdb_extension_ducklake.__file__).parent.rglob("*.duckdb_extension")
        )
        with duckdb.connect(config={"autoinstall_known_extensions": False}) as connection:
            connection.execute(
                f"load '{extension}'; attach 'ducklake:{self.file}' as lake; use lake"
            )
            return connection.execute(statement).fetchall()

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        return self.do(f'from "{table}" order by 1')

    def add_double(self) -> None:
        self.do("insert into mails from mails limit 1")

    def make_foreign(self) -> None:
        self.do("create table mails as select 77 as mail_id")
