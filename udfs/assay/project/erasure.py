"""Erasing one subject: its rows in the warehouse and in publications, and the texts they hold."""

from __future__ import annotations

import shutil
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from assay.core.canonical import normalise
from assay.core.errors import ConfigError
from assay.hosts.dbt.lineage import Code
from assay.hosts.duckdb.quoting import literal, quoted
from assay.project.explain import texts_of
from assay.project.publishing.publish import SNAPSHOT, current, publications

_TEXTS = "wanted_texts"


@dataclass(frozen=True)
class Subject:
    """Whose rows are meant: those with `value` in `column`, and those with one of `texts`."""

    column: str | None = None
    value: str | None = None
    texts: frozenset[str] = frozenset()

    @property
    def is_named(self) -> bool:
        """Whether a column tells its rows."""
        return self.column is not None


@dataclass(frozen=True, slots=True)
class Hit:
    """The rows of one table that belong to a subject: how many, and the condition they fit."""

    table: str
    relation: str
    condition: str
    rows: int


def parse_subject(text: str | None) -> Subject:
    """Return the subject of `column=value`; raise `ConfigError` for anything else."""
    if text is None:
        return Subject()
    column, sign, value = text.partition("=")
    if sign and column.strip() and value.strip():
        return Subject(column.strip(), value.strip())
    message = f"--subject {text!r} is no subject; write column=value, such as customer_id=17."
    raise ConfigError(message)


def hits(
    connection: duckdb.DuckDBPyConnection, subject: Subject, *, views: bool = False
) -> list[Hit]:
    """Return the tables of an open file that hold rows of a subject; with `views`, these as well.

    A row is the subject's when the named column has its value, or a text column is one of its
    texts, or holds one within a STRUCT, a list, a MAP or JSON.
    """
    if subject.texts:
        connection.execute(f"create or replace temp table {_TEXTS} (text varchar)")
        rows = [[text] for text in sorted(subject.texts)]
        connection.executemany(f"insert into {_TEXTS} values (?)", rows)  # noqa: S608
    found = []
    for schema, table, columns in _relations(connection, views=views):
        relation = f"{quoted(schema)}.{quoted(table)}"
        if condition := _condition(subject, columns):
            query = f"select count(*) from {relation} where {condition}"  # noqa: S608
            (count,) = connection.execute(query).fetchall()[0]
            if count:
                found.append(Hit(f"{schema}.{table}", relation, condition, int(count)))
    return found


def check_column(connection: duckdb.DuckDBPyConnection, subject: Subject) -> None:
    """Raise `ConfigError` for a column that no table has: its rows would seem to be gone."""
    known = {
        name.lower() for _, _, columns in _relations(connection, views=True) for name in columns
    }
    if subject.column is None or subject.column.lower() in known:
        return
    message = (
        f"No table of the warehouse has a column {subject.column!r}; nothing was changed. Give "
        "--subject the name of the key that the tables carry."
    )
    raise ConfigError(message)


def reached(
    connection: duckdb.DuckDBPyConnection, subject: Subject, models: Container[str]
) -> tuple[list[Hit], list[Hit]]:
    """Return the rows that may be deleted, and those that are left to a person.

    Another subject may have said the same: so a text alone deletes rows only from `models`, which
    a build makes again.
    """
    named, said = replace(subject, texts=frozenset()), Subject(texts=subject.texts)
    mine = [hit for hit in hits(connection, subject) if hit.table in models]
    mine += [hit for hit in hits(connection, named) if hit.table not in models]
    known = {hit.table for hit in mine}
    left = [
        hit for hit in hits(connection, said) if hit.table not in models and hit.table not in known
    ]
    return mine, left


def texts_of_subject(
    connection: duckdb.DuckDBPyConnection, subject: Subject, code: Code
) -> set[str]:
    """Return every text of a subject's rows, and every text that a model asks about them.

    Rows of views count: often nothing else holds all columns that were asked about.
    """
    calls = [call for calls in code.calls.values() for call in calls]
    texts: set[str | None] = set()
    for hit in hits(connection, subject, views=True):
        for column, kind in _columns(connection, hit.relation).items():
            held = f"(select {quoted(column)} from {hit.relation} where {hit.condition}) as held"  # noqa: S608
            for leaf, source in _leaves(column, kind):
                query = f"select {leaf} from {held}{source}"  # noqa: S608
                texts |= {row[0] for row in connection.execute(query).fetchall()}
        for call in calls:
            texts |= set(texts_of(connection, hit.relation, hit.condition, call))
    return {text for text in texts if text and normalise(text)}


def delete(connection: duckdb.DuckDBPyConnection, found: Iterable[Hit]) -> None:
    """Delete the rows that were hit, all or none."""
    connection.execute("begin")
    for hit in found:
        connection.execute(f"delete from {hit.relation} where {hit.condition}")  # noqa: S608
    connection.execute("commit")
    connection.execute("checkpoint")


def rewrite(database: Path) -> None:
    """Write the warehouse anew from its live rows: DuckDB does not overwrite what it deletes."""
    unborn = database.with_name(database.name + ".new")
    unborn.unlink(missing_ok=True)
    name = quoted(database.stem)  # as views may spell it
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach {literal(database)} as {name}")
        connection.execute(f"attach {literal(unborn)} as assay_rewritten")
        connection.execute(f"copy from database {name} to assay_rewritten")
        connection.execute("detach assay_rewritten")
        unborn.chmod(database.stat().st_mode & 0o777)
        unborn.replace(database)


@dataclass(frozen=True, slots=True)
class Publication:
    """A publication that holds rows of a subject; the `is_current` one consumers read."""

    folder: Path
    rows: int
    is_current: bool


def published_hits(folder: Path, subject: Subject) -> Iterator[Publication]:
    """Yield the publications in `folder` whose snapshot holds rows of a subject."""
    now = current(folder)
    for path in publications(folder):
        with duckdb.connect(str(path / SNAPSHOT), read_only=True) as connection:
            rows = sum(hit.rows for hit in hits(connection, subject))
        if rows:
            yield Publication(path, rows, now is not None and now.folder == path.resolve())


def retire(found: Iterable[Publication]) -> None:
    """Remove publications that are not current, with all their files."""
    for one in found:
        if not one.is_current:
            shutil.rmtree(one.folder)


def _relations(
    connection: duckdb.DuckDBPyConnection, *, views: bool
) -> list[tuple[str, str, dict[str, str]]]:
    """Return schema, name and columns with their types of each table, or of tables and views."""
    wanted = "('BASE TABLE', 'VIEW')" if views else "('BASE TABLE')"
    rows = connection.execute(
        "select table_schema, table_name, list(column_name order by ordinal_position), "  # noqa: S608
        "list(columns.data_type order by ordinal_position) "
        "from information_schema.columns "
        "join information_schema.tables using (table_catalog, table_schema, table_name) "
        f"where table_catalog = current_database() and table_type in {wanted} "
        "group by all order by all"
    ).fetchall()
    return [
        (schema, name, dict(zip(names, kinds, strict=True))) for schema, name, names, kinds in rows
    ]


def _condition(subject: Subject, columns: Mapping[str, str]) -> str:
    """Return the condition that a subject's rows of a table fit; blank where none can."""
    wanted = (subject.column or "").lower()  # as SQL compares names
    parts = [
        f"{quoted(name)}::varchar = {literal(subject.value)}"
        for name in columns
        if name.lower() == wanted
    ]
    listed = f"(select text from {_TEXTS})"  # noqa: S608
    leaves = [leaf for name, kind in columns.items() for leaf in _leaves(name, kind)]
    for leaf, source in leaves if subject.texts else ():
        found = f"{leaf} in {listed}"
        parts.append(f"exists (select 1 from {source[2:]} where {found})" if source else found)  # noqa: S608
    return " or ".join(parts)


def _leaves(column: str, kind: str) -> Iterator[tuple[str, str]]:
    """Yield SQL for the texts of a column, and what its relation is joined with for them.

    Of a nested value these are all texts within; of a MAP the keys as well.
    """
    if kind == "VARCHAR":
        yield quoted(column), ""
        return
    if "VARCHAR" not in kind and kind != "JSON":
        return
    source = f", json_tree(to_json({quoted(column)})) as leaf"
    yield "case when leaf.type = 'VARCHAR' then leaf.atom ->> '$' end", source
    if kind.startswith("MAP("):
        yield "leaf.key", source


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    described = connection.execute(f"describe {relation}").fetchall()
    return {name: kind for name, kind, *_ in described}
