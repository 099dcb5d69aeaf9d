"""A dbt project in a folder of its own, run as a subprocess in an environment of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import msgpack
import pyarrow as pa
import yaml

from assay.faultd import FaultServer
from assay.project.gates.inventory import Inventory
from assay.project.gates.lock import write_lock

from ..warm import Done, Running, warm_run

REPOSITORY = Path(__file__).parents[3]
PARTS = ("dbt_project.yml", "profiles.yml", "macros", "tests/dbt")
PARSED = "target/partial_parse.msgpack"
RUN_SECONDS = 600
"""After this, a run hangs; on a busy machine a sound one takes minutes."""
FIRST = "first"
"""Where `shipped` keeps what its first build left; later runs change target and warehouse."""
KEY = "sk-canary-4f1f7c62"
"""The key that runs against faultd carry; nothing may ever write it down."""


@dataclass(frozen=True)
class Run:
    """How one dbt invocation ended: exit code, all it printed, and its results by node name."""

    code: int
    output: str
    results: Mapping[str, dict[str, Any]]

    def statuses(self) -> dict[str, str]:
        """The status of each node."""
        return {name: result["status"] for name, result in self.results.items()}

    def message(self, node: str) -> str:
        """What dbt says of a node."""
        return str(self.results[node]["message"])


@dataclass
class Project:
    """The repository's macros, tests and profile around models of the test's choice.

    `models` maps paths below `models/` to SQL or YAML; `env` is added to a bare environment; a
    run may take so many `seconds`.
    """

    root: Path
    models: Mapping[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    seconds: float = RUN_SECONDS

    def __post_init__(self) -> None:
        for part in PARTS:
            _copy(REPOSITORY / part, self.root / part)
        (self.root / "models").mkdir(exist_ok=True)
        write_lock(self.root, Inventory())  # nothing is promised
        for path, text in self.models.items():
            self.write(path, text)

    def add_shipped(self) -> Project:
        """Take over the repository's own models, seeds and suites, too."""
        for part in ("models", "seeds", "quality/suites", "quality/expected.json"):
            _copy(REPOSITORY / part, self.root / part)
        return self

    def write(self, path: str, text: str) -> None:
        """Write a model or a YAML file below `models/`."""
        target = self.root / "models" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def set_variables(self, **variables: Any) -> None:
        """Replace variables of dbt_project.yml by others."""
        path = self.root / "dbt_project.yml"
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
        settings["vars"] |= variables
        path.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")

    def set_sets(self, **sets: Any) -> None:
        """Put sets in the place of the shop's: `labels=`, `fields=` or `examples=`, by name."""
        for kind, named in sets.items():
            text = yaml.safe_dump(named, allow_unicode=True, sort_keys=False)
            path = self.root / "macros" / "shop" / f"ai_{kind}.sql"
            path.write_text(
                f"{{% macro ai_{kind}() %}}\n{text}{{% endmacro %}}\n", encoding="utf-8"
            )

    def dbt(self, *arguments: str, **env: str) -> Run:
        """Run dbt and wait for it; `env` is added for this run only."""
        results = self.root / "target" / "run_results.json"
        results.unlink(missing_ok=True)
        done = self.run("dbt", "--no-use-colors", *arguments, env=env, merged=True)
        return Run(done.code, done.out, _results(results))

    def run(
        self,
        module: str,
        *arguments: str,
        env: Mapping[str, str],
        merged: bool = False,
        cwd: Path | None = None,
    ) -> Done:
        """Run a command, in this folder unless told, and wait; `env` is for this run only."""
        given = {**self.env, **env}.items()
        settings = frozenset(pair for pair in given if pair[0].startswith("ASSAY_"))
        self._remember(settings)
        seen = self._environment(env)
        done = warm_run(module, arguments, cwd or self.root, seen, self.seconds, merged=merged)
        self._remember(settings)
        return done

    def start(self, *arguments: str, **env: str) -> Running:
        """Start dbt in a process group of its own and return at once."""
        words = ("--no-use-colors", *arguments)
        return Running("dbt", words, self.root, self._environment(env))

    def load(self, table: str, **columns: Sequence[Any]) -> None:
        """Make a table of the warehouse out of whole columns; its texts are in no file of dbt."""
        schema, _, _ = table.partition(".")
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute(f"create schema if not exists {schema}")
            connection.register("given", pa.table({name: list(columns[name]) for name in columns}))
            connection.execute(f"create or replace table {table} as select * from given")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the warehouse, read-only."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def types(self, table: str) -> dict[str, str]:
        """The columns of a table of the warehouse with their types."""
        return {row[0]: row[1] for row in self.rows(f"describe {table}")}

    def state(self, *schemas: str) -> dict[str, str]:
        """An order-free hash of each table of these schemas."""
        tables = self.rows(
            "select schema_name || '.' || table_name from duckdb_tables() "
            f"where schema_name in {(*schemas, '')} order by 1"
        )
        return {
            name: str(self.rows(f"select count(*), sum(hash(t)) from {name} as t")[0])
            for (name,) in tables
        }

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.root / self.env.get("ASSAY_DATABASE", "warehouse.duckdb")

    @property
    def store(self) -> Path:
        """The file of the store."""
        return self.root / self.env.get("ASSAY_STORE", ".assay/store.sqlite")

    def store_rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the store."""
        connection = sqlite3.connect(self.store)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def calls(self) -> int:
        """How many requests the ledger holds."""
        return int(self.store_rows("select count(*) from calls")[0][0])

    def written(self) -> str:
        """Everything that dbt wrote down: logs and artifacts."""
        folders = [self.root / "logs", self.root / "target"]
        files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
        return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)

    def _remember(self, settings: frozenset[tuple[str, str]]) -> None:
        """Begin with what dbt remembers from a run with the same settings in a project like this.

        It compares all files with what it remembers.
        """
        memory, kind = self.root / PARSED, (settings, (self.root / "seeds").exists())
        if memory.exists() and kind not in _memories:
            _memories[kind] = memory.read_bytes()
        if not memory.exists() and kind in _memories:
            memory.parent.mkdir(exist_ok=True)
            memory.write_bytes(_moved(_memories[kind], self.root))

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        bare = {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(REPOSITORY),
            "HOME": str(self.root),
            "LANG": "C.UTF-8",
            "DO_NOT_TRACK": "1",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "_ASSAY_PROGRAM": "./scripts/assay",
        }
        return {**bare, **self.env, **env}


@dataclass(frozen=True)
class Shipped:
    """The shipped project after its first build, with what it held and had asked by then."""

    project: Project
    run: Run
    state: dict[str, str]
    calls: int


def kill_group(process: Running) -> None:
    """End a run of `Project.start` with all its children, as the kernel does out of memory."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def asking(server: FaultServer, scenario: str | None = None, **more: str) -> dict[str, str]:
    """The environment of a run whose texts go to faultd."""
    return {
        "ASSAY_PROVIDER": "openai",
        "ASSAY_BASE_URL": server.url(scenario),
        "ASSAY_MODEL": "stub",
        "OPENAI_API_KEY": KEY,
    } | more


def table(columns: str, *rows: tuple[Any, ...]) -> str:
    """A model that is nothing but these rows; values are numbers, texts or None."""
    lines = ",\n".join(f"({', '.join(map(literal, row))})" for row in rows)
    return f"select * from (values\n{lines}\n) as given ({columns})"


def literal(value: Any) -> str:
    """A value as a SQL literal that Jinja leaves alone."""
    if value is None:
        return "null"
    if not isinstance(value, str):
        return str(value)
    return "{% raw %}'" + value.replace("'", "''") + "'{% endraw %}"


_memories: dict[tuple[frozenset[tuple[str, str]], bool], bytes] = {}
"""What dbt remembers after a run, by the settings that it depends on and whether it has seeds."""


def _moved(memory: bytes, root: Path) -> bytes:
    """What dbt remembers, for a project in another folder: it believes that seeds do not move."""
    manifest = msgpack.unpackb(memory, ext_hook=msgpack.ExtType, strict_map_key=False)
    for node in manifest["nodes"].values():
        if "root_path" in node:
            node["root_path"] = str(root)
    return bytes(msgpack.packb(manifest))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy(source, target)


def _results(path: Path) -> dict[str, dict[str, Any]]:
    if not path.exists():
        return {}
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    return {_name(result["unique_id"]): result for result in results}


def _name(unique_id: str) -> str:
    kind, _, *names = unique_id.split(".")
    return names[1] if kind == "unit_test" else names[0]
