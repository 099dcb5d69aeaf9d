"""Why a value is what it is: what the store knows of a key, and which keys a row stands for.

The store keeps no text of an answer, so a row is found by asking again what its model asks: the
text expressions of the compiled SQL, evaluated over the row, and hashed.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

from assay.core.errors import ConfigError
from assay.core.program import program
from assay.core.redaction import forms
from assay.core.values import key_of, key_seed
from assay.hosts.dbt.lineage import Call, Code
from assay.hosts.dbt.manifest import Manifest, as_held, node_of, unique_keys, with_ancestors
from assay.hosts.duckdb.quoting import literal, quoted
from assay.store import UNSUPPORTED, Ledger, queries
from assay.store.queries import Row

_SHOW = "query 'show all tables'"


@dataclass(frozen=True)
class Place:
    """One row of the warehouse: its table, and a condition that only it fits."""

    schema: str
    table: str
    condition: str
    values: Row

    @property
    def name(self) -> str:
        """The table as people name it."""
        return f"{self.schema}.{self.table}"


@dataclass(frozen=True)
class AskedRow:
    """What one call of a model asks about a row: its text (None without one) and what was sent.

    `sent` has a key for each model and host that ever answered this question, or failed to, with
    the text as it was sent: normalised, and with marks where it was redacted.
    """

    call: Call
    text: str | None
    sent: Mapping[bytes, str]


def known_of(store: Ledger, key: bytes) -> Row:
    """Return what the store knows of a key: task, answer or failure, attempt, cost, last use.

    The attempt is found by time: an answer is dated while the attempt that brought it ends.
    """
    if (answer := store.read(queries.AnswerUnder(key))) is not None:
        return _answered(store, answer | _named(store, key, answer))
    if (failure := store.read(queries.FailureUnder(key))) is None:
        message = f"Neither an answer nor a failure has the key {key.hex()}."
        raise ConfigError(message)
    facts = failure | _named(store, key, failure) | {"state": _state_of(failure)}
    asked = (facts["prompt_hash"], facts["model"], facts["host"])
    facts["attempt"] = store.read(queries.FailedBy(*asked, facts["failed_at"]))
    return facts


def keys_like(store: Ledger, prefix: str) -> list[bytes]:
    """Return the keys of answers and failures that begin with these hex digits."""
    return store.read(queries.KeysLike(prefix))


def find_row(
    connection: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    name: str,
    value: str | None,
    where: str | None,
) -> Place:
    """Return the one row of table `name` whose unique key is `value`, or that fits `where`."""
    schema, table = find_table(connection, name)
    condition = where
    if condition is None:
        column = _key_column(connection, manifest, schema, table)
        condition = f"{quoted(column)}::varchar = {literal(value)}"
    relation = f"{quoted(schema)}.{quoted(table)}"
    found = connection.execute(f"select * from {relation} where {condition} limit 2")  # noqa: S608
    names = [column[0] for column in found.description or ()]
    rows = found.fetchall()
    if len(rows) != 1:
        many = "More than one row" if rows else "No row"
        message = f"{many} of {schema}.{table} fits {condition}; name one with --where."
        raise ConfigError(message)
    return Place(schema, table, condition, dict(zip(names, rows[0], strict=True)))


def find_table(connection: duckdb.DuckDBPyConnection, name: str) -> tuple[str, str]:
    """Return schema and name of a table or view that is called `name` or `schema.name`."""
    schema, _, table = name.rpartition(".")
    found: list[tuple[str, str]] = connection.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where not internal and table_name = ?1 and schema_name in (?2, coalesce(nullif(?2, ''), "
        "schema_name)) union select schema_name, view_name from duckdb_views() "
        "where not internal and view_name = ?1 and schema_name in (?2, coalesce(nullif(?2, ''), "
        "schema_name)) order by 1",
        [table, schema],
    ).fetchall()
    if len(found) == 1:
        return found[0]
    if not found:
        message = f"There is no table {name!r} in the warehouse; see `{program(_SHOW)}`."
        raise ConfigError(message)
    names = ", ".join(f"{schema}.{table}" for schema, table in found)
    message = f"{name!r} may be any of {names}; name the schema."
    raise ConfigError(message)


def asked_about(
    connection: duckdb.DuckDBPyConnection, code: Code, store: Ledger, place: Place
) -> Iterator[AskedRow]:
    """Yield each call that a model above the row's table makes about the row, nearest first.

    A text is looked for in the model's own table first, which holds what was asked about, then in
    what it reads; the first one that the store knows counts.
    """
    manifest = code.manifest
    start = node_of(manifest, place.schema, place.table)
    for name in with_ancestors(manifest, start) if start else ():
        for call in code.calls.get(name, ()):
            texts = list(_texts(connection, manifest, name, call, place))
            if not texts:
                continue
            sent = [AskedRow(call, text, sent_of(store, call, text)) for text in texts]
            yield next((asked for asked in sent if asked.sent or asked.text is None), sent[0])


def sent_of(store: Ledger, call: Call, text: str | None) -> dict[bytes, str]:
    """Return `text` as it was sent, by the keys of `call` that the store knows."""
    prompt_hash = call.task.prompt_hash
    asked = store.read(queries.Askers(prompt_hash))
    sent = {
        key_of(key_seed(prompt_hash, model, host), form): form
        for model, host in asked
        for form in forms(text or "")
        if form
    }
    known = store.read(queries.KnownKeys(tuple(sent)))
    return {key: form for key, form in sent.items() if key in known}


def texts_of(
    connection: duckdb.DuckDBPyConnection, relation: str, condition: str, call: Call
) -> list[str | None]:
    """Return the texts that a call asks about in rows of a relation; none where it has no such.

    The expression of the model is evaluated as it stands, under the name that it gives its table,
    on a connection that is registered for reading.
    """
    alias = quoted(call.relation or "asked")
    query = f"select {call.asked_sql} from {relation} as {alias} where {condition}"  # noqa: S608
    with contextlib.suppress(duckdb.Error):  # a column is not there: another relation has it
        return [row[0] for row in connection.execute(query).fetchall()]
    return []


def _texts(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, name: str, call: Call, place: Place
) -> Iterator[str | None]:
    """Yield what the text of a call may be for the row of `place`."""
    nodes = {**manifest.get("nodes", {}), **manifest.get("sources", {})}
    wanted = unique_keys(nodes[name])
    keys = as_held(wanted, place.values)
    if keys and len(keys) == len(wanted):
        condition = " and ".join(
            f"{quoted(key)}::varchar = {literal(place.values[key])}" for key in keys
        )
    else:
        condition = place.condition
    for near in (name, *manifest.get("parent_map", {}).get(name, ())):
        if (node := nodes.get(near)) is not None:
            table = node.get("alias") or node.get("identifier") or node["name"]
            relation = f"{quoted(node['schema'])}.{quoted(table)}"
            yield from texts_of(connection, relation, condition, call)[:1]


def _key_column(
    connection: duckdb.DuckDBPyConnection, manifest: Manifest, schema: str, table: str
) -> str:
    """Return the column by which a table's rows are told apart, its own or that of a model above.

    Raises `ConfigError` where no single one is known.
    """
    query = "select column_name from duckdb_columns() where schema_name = ? and table_name = ?"
    columns = [row[0] for row in connection.execute(query, [schema, table]).fetchall()]
    start = node_of(manifest, schema, table)
    for name in with_ancestors(manifest, start) if start else ():
        keys = unique_keys(manifest["nodes"].get(name, {}))
        if len(keys) == 1 and (held := as_held(keys, columns)):
            return held[0]
    message = (
        f"The unique key of {schema}.{table} is not known; choose the row with --where, such as "
        f"--where '{quoted(columns[0])} = 17' (it has {', '.join(columns)})."
    )
    raise ConfigError(message)


def _answered(store: Ledger, facts: Row) -> Row:
    asked = (facts["prompt_hash"], facts["model"], facts["host"])
    attempt = store.read(queries.AnsweredBy(*asked, facts["answered_at"]))
    run = store.read(queries.LastUse(facts["prompt_hash"], facts["model"]))
    facts |= {"attempt": attempt, "cost_usd": None, "last_run": run, "source": None}
    if attempt and attempt["cost_usd"] is not None and attempt["answers"]:
        facts["cost_usd"] = attempt["cost_usd"] / attempt["answers"]
    if run is not None:
        fresh = facts["answered_at"] >= run["started_at"]
        facts["source"] = "asked in the last run" if fresh else "from the store in the last run"
    return facts


def _named(store: Ledger, key: bytes, facts: Row) -> Row:
    """Return what names a key: its hex digits, that it is answered, and the task on record."""
    specs = store.read(queries.TaskSpecs())
    _, spec = specs.get(facts["prompt_hash"], ("", "null"))
    return {"key": key.hex(), "state": "answered", "task": json.loads(spec)}


def _state_of(facts: Row) -> str:
    if facts["discarded_at"] is not None:
        return "discarded"
    if facts["status"] == UNSUPPORTED:
        return "unsupported: this provider cannot judge the text, another one is asked afresh"
    return "dead letter" if facts["next_try_at"] is None else "failed, tried again by a build"
