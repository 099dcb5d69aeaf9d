"""A Postgres of this machine, started once for all tests that want one, and stores on it.

`either_store` is each of the two that Assay has: tests of what both must do run twice, the half
on the server with `scripts/postgres`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from assay.core.store_place import StoreAddress, StorePlace, store_place

_SCHEMAS = count()
_OTHER = "postgres"
"""Who runs the server where root runs the tests: it refuses to be root's."""

PLACES = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.postgres),
]


def program(name: str) -> str:
    """A program of the newest Postgres that is installed, in Debian's place for it."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda it: it.parts[4])
    found = str(places[-1]) if places else shutil.which(name)
    assert found, f"{name} is not installed; .ci/run installs the package postgresql"
    return found


class Server:
    """A Postgres that listens on a socket in its folder alone; its commits reach the disk."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="assay-postgres-"))
        self.user = _OTHER if os.getuid() == 0 else ""
        if self.user:
            shutil.chown(self.folder, self.user)
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", "assay", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start it, also after `stop`."""
        options = f"-k {self.folder} -c listen_addresses= -c max_connections=60"
        log = str(self.folder / "log")
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-o", options, "-w", "start"
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop it; `immediate` is as if the machine were gone."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop")

    def address(self, schema: str) -> str:
        """What `ASSAY_STORE` takes."""
        return f"postgresql://assay@/postgres?host={self.folder}&schema={schema}"

    def _run(self, name: str, *given: str) -> None:
        command = [program(name), *given]
        if self.user:
            command = ["setpriv", f"--reuid={self.user}", "--clear-groups", *command]
        subprocess.run(
            command, check=True, timeout=120, stdout=subprocess.DEVNULL, cwd=self.folder
        )


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """The server."""
    server = Server()
    yield server
    server.stop("immediate")
    shutil.rmtree(server.folder)


@pytest.fixture
def postgres_address(postgres_server: Server) -> str:
    """A schema in which there is nothing."""
    return postgres_server.address(f"store{next(_SCHEMAS)}_{os.getpid()}")


@pytest.fixture(params=PLACES)
def either_store(request: pytest.FixtureRequest, tmp_path: Path) -> StorePlace:
    """Where a store may be: in a file, or on a server with its journals in a folder here."""
    if request.param == "sqlite":
        return tmp_path / "store.sqlite"
    found: StoreAddress = store_place(request.getfixturevalue("postgres_address"))
    return replace(found, beside=tmp_path / found.beside)
