"""The store's schema as a list of steps: the decorator is `list.append`, names are kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

Migration = Callable[[sqlite3.Connection], None]

MIGRATIONS: list[Migration] = []


def migration(step: Migration) -> Migration:
    """Register a step; it runs once for each store, in the order of this file."""
    MIGRATIONS.append(step)
    return step


def migrate(connection: sqlite3.Connection) -> None:
    """Apply the steps that are missing; call inside a transaction, so that it is all or none."""
    connection.execute("create table if not exists migrations (name text primary key)")
    for step in missing_steps(connection):
        step(connection)
        connection.execute("insert into migrations values (?)", [step.__name__])


def missing_steps(connection: sqlite3.Connection) -> list[Migration]:
    """Return the steps that this store has not seen, in their order."""
    applied = _applied(connection)
    return [step for step in MIGRATIONS if step.__name__ not in applied]


def unknown_steps(connection: sqlite3.Connection) -> set[str]:
    """Return the names of steps that this store has seen and we do not know: it is newer."""
    return _applied(connection) - {step.__name__ for step in MIGRATIONS}


def _applied(connection: sqlite3.Connection) -> set[str]:
    query = "select count(*) from sqlite_master where type = 'table' and name = 'migrations'"
    (known,) = connection.execute(query).fetchone()
    rows = connection.execute("select name from migrations") if known else ()
    return {name for (name,) in rows}


@migration
def m001_answers(connection: sqlite3.Connection) -> None:
    """Answers by key; `value` is canonical JSON, `checksum` covers the row."""
    connection.execute(
        """
        create table answers (
            key blob primary key,
            kind text not null,
            model text not null,
            host text not null,
            prompt_hash text not null,
            value text not null,
            confidence real,
            answered_by text not null,
            answered_at text not null,
            checksum blob not null
        ) without rowid
        """
    )


@migration
def m002_calls(connection: sqlite3.Connection) -> None:
    """The ledger: one row for each attempt, written when it has ended."""
    connection.execute(
        """
        create table calls (
            attempt_id text primary key,
            owner text not null,
            invocation_id text not null,
            started_at text not null,
            provider text not null,
            host text not null,
            model text not null,
            prompt_hashes text not null,
            attempt integer not null,
            records integer not null,
            asks integer not null,
            reserved_usd real,
            ended_at text,
            outcome text not null,
            http_status integer,
            error text,
            answers integer not null,
            input_tokens integer,
            output_tokens integer,
            cost_usd real,
            latency_seconds real,
            maybe_paid integer not null,
            request_id text
        )
        """
    )
    connection.execute("create index calls_by_invocation on calls (invocation_id)")


@migration
def m003_failures(connection: sqlite3.Connection) -> None:
    """Asks without an answer; one whose `next_try_at` is null is a dead letter."""
    connection.execute(
        """
        create table failures (
            key blob primary key,
            kind text not null,
            model text not null,
            host text not null,
            prompt_hash text not null,
            status text not null,
            error text not null,
            attempts integer not null,
            failed_at text not null,
            next_try_at text,
            text text
        ) without rowid
        """
    )


@migration
def m004_tasks(connection: sqlite3.Connection) -> None:
    """What each prompt hash stands for, so that an answer can be explained and replayed."""
    connection.execute(
        """
        create table tasks (
            prompt_hash text primary key,
            kind text not null,
            spec text not null,
            first_seen_at text not null
        ) without rowid
        """
    )


@migration
def m005_leases(connection: sqlite3.Connection) -> None:
    """Which running process has taken which ask on; see `leases.py`."""
    connection.execute(
        """
        create table leases (
            key blob primary key,
            owner text not null
        ) without rowid
        """
    )


@migration
def m006_runs(connection: sqlite3.Connection) -> None:
    """One row for each run that opened the store; `stopped_by` says what ended it early."""
    connection.execute(
        """
        create table runs (
            invocation_id text primary key,
            started_at text not null,
            provider text not null,
            host text not null,
            model text,
            stopped_by text,
            message text
        ) without rowid
        """
    )


@migration
def discards(connection: sqlite3.Connection) -> None:
    """Who gave which failure up, when and why; rows are only ever added.

    A failure is discarded while a row here has its key and its `failed_at`: when it was replayed
    and fails anew, it is an ordinary dead letter again.
    """
    connection.execute(
        """
        create table discards (
            discard_id text primary key,
            key blob not null,
            failed_at text not null,
            kind text not null,
            model text not null,
            host text not null,
            prompt_hash text not null,
            status text not null,
            attempts integer not null,
            reason text not null,
            discarded_by text not null,
            discarded_at text not null
        ) without rowid
        """
    )
    connection.execute("create index discards_by_key on discards (key)")


@migration
def gate_results(connection: sqlite3.Connection) -> None:
    """What each gate of each run counted, one row for each expectation; see `gates.py`."""
    connection.execute(
        """
        create table gate_results (
            invocation_id text not null,
            gate text not null,
            suite text not null,
            place integer not null,
            expectation text not null,
            column_name text not null,
            threshold text not null,
            minimum_evaluated integer not null,
            row_count integer,
            evaluated integer,
            unexpected integer,
            unexpected_share real,
            success integer not null,
            error text,
            reasons text not null,
            checked_at text not null,
            primary key (invocation_id, gate, suite, place)
        ) without rowid
        """
    )


@migration
def served(connection: sqlite3.Connection) -> None:
    """What became of each question in each run: rows with a text, and texts the store knew."""
    connection.execute(
        """
        create table served (
            invocation_id text not null,
            kind text not null,
            prompt_hash text not null,
            model text not null,
            row_count integer not null,
            stored integer not null,
            primary key (invocation_id, kind, prompt_hash, model)
        ) without rowid
        """
    )


@migration
def evaluations(connection: sqlite3.Connection) -> None:
    """What `ai_accuracy` measured in each run; `golden_answers` has the rows by `fingerprint`."""
    connection.execute(
        """
        create table evaluations (
            invocation_id text not null,
            model_name text not null,
            column_name text not null,
            golden text not null,
            kind text not null,
            prompt_hash text not null,
            model text not null,
            fingerprint text not null,
            row_count integer not null,
            answered integer not null,
            right_count integer not null,
            accuracy real not null,
            accuracy_low real not null,
            accuracy_high real not null,
            macro_f1 real,
            macro_f1_low real,
            macro_f1_high real,
            token_f1 real,
            token_f1_low real,
            token_f1_high real,
            recalls text not null,
            compared_with text,
            compared_rows integer,
            lost integer,
            gained integer,
            p_value real,
            passed integer not null,
            reasons text not null,
            evaluated_at text not null,
            primary key (invocation_id, model_name, column_name, golden)
        ) without rowid
        """
    )


@migration
def golden_answers(connection: sqlite3.Connection) -> None:
    """Which golden rows were right, once for each different evaluation; hashes, no text."""
    connection.execute(
        """
        create table golden_answers (
            fingerprint text not null,
            golden_key text not null,
            is_right integer not null,
            token_f1 real,
            primary key (fingerprint, golden_key)
        ) without rowid
        """
    )


@migration
def cut_replies_are_due_again(connection: sqlite3.Connection) -> None:
    """A reply that hit its limit does not make a text too long: such failures are tried again."""
    connection.execute(
        "update failures set status = 'invalid', next_try_at = failed_at "
        "where status = 'too_long' and error = 'The reply hit the output limit.'"
    )


@migration
def statements(connection: sqlite3.Connection) -> None:
    """SQL that asks, as a build compiled it last, by unique id; a hook has `#` in its id.

    What dbt leaves behind holds only what its last command has compiled.
    """
    connection.execute(
        """
        create table statements (
            id text primary key,
            sql text not null,
            built_at text not null
        ) without rowid
        """
    )


@migration
def looks(connection: sqlite3.Connection) -> None:
    """Those runs that asked and built nothing: of `dbt show`, `assay evaluate`, replays."""
    connection.execute("create table looks (invocation_id text primary key) without rowid")


@migration
def fates(connection: sqlite3.Connection) -> None:
    """What became of the rows of each question in each run, by status; from here on `stored` of
    `served` counts rows, too.

    `row_count` were served so, `kept` were known before and stay in their table; `reason` is what
    most of them say. The fate `repeated` is a part of `ok`: another row had the same text.
    """
    connection.execute(
        """
        create table fates (
            invocation_id text not null,
            kind text not null,
            prompt_hash text not null,
            model text not null,
            fate text not null,
            row_count integer not null,
            kept integer not null,
            reason text not null,
            primary key (invocation_id, kind, prompt_hash, model, fate)
        ) without rowid
        """
    )


@migration
def stated_costs(connection: sqlite3.Connection) -> None:
    """What the server says of an attempt beside its tokens: the cached ones, money, the tier."""
    for column in ("cached_tokens integer", "stated_usd real", "service_tier text"):
        connection.execute(f"alter table calls add column {column}")


@migration
def batches(connection: sqlite3.Connection) -> None:
    """What is asked by the file: each batch, and its requests with their texts until their reply.

    `keys` are the 16 bytes of each ask, one after the other.
    """
    connection.execute(
        """
        create table batches (
            id text primary key, provider text not null, host text not null,
            model text not null, run_id text not null,
            place text not null, owner text not null,
            remote_id text, status text not null, message text not null,
            written_at text not null, submitted_at text, expires_at text,
            requests integer not null, input_tokens integer not null
        ) without rowid
        """
    )
    connection.execute(
        """
        create table batch_packs (
            custom_id text primary key, batch text not null, keys blob not null,
            reserved_usd real, body text not null
        )
        """
    )
    connection.execute("create index packs_of_batch on batch_packs (batch)")


@migration
def calibration(connection: sqlite3.Connection) -> None:
    """How sure the answers to golden rows were, and how far that is from the share of right."""
    for column in ("mean_confidence real", "calibration_error real"):
        connection.execute(f"alter table evaluations add column {column}")
