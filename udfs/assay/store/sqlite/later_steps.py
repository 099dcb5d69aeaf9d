"""The schema of the store, second part: what has been added since; new steps go to its end."""

from __future__ import annotations

import sqlite3

from assay.store.sqlite.steps import migration


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
def calibration(connection: sqlite3.Connection) -> None:
    """How sure the answers to golden rows were, and how far that is from the share of right."""
    for column in ("mean_confidence real", "calibration_error real"):
        connection.execute(f"alter table evaluations add column {column}")


@migration
def asked_with(connection: sqlite3.Connection) -> None:
    """What shaped the answers of an attempt and is in no key: the mode, and some settings."""
    connection.execute("alter table calls add column asked_with text")


@migration
def rungs(connection: sqlite3.Connection) -> None:
    """In which mode a model was found to stand, when, and under which settings; see `rungs.py`."""
    connection.execute(
        """
        create table rungs (
            host text not null,
            model text not null,
            mode text not null,
            under text not null,
            found_at text not null,
            primary key (host, model)
        ) without rowid
        """
    )


@migration
def batches(connection: sqlite3.Connection) -> None:
    """What is asked by the file: each batch, and its requests with their texts until their reply.

    `keys` are the 16 bytes of each ask, one after the other.
    """
    connection.execute(
        """
        create table batches (
            id text primary key,
            provider text not null,
            host text not null,
            model text not null,
            run_id text not null,
            place text not null,
            owner text not null,
            remote_id text,
            status text not null,
            message text not null,
            written_at text not null,
            submitted_at text,
            expires_at text,
            requests integer not null,
            input_tokens integer not null
        ) without rowid
        """
    )
    connection.execute(
        """
        create table batch_packs (
            custom_id text primary key,
            batch text not null,
            keys blob not null,
            reserved_usd real,
            body text not null
        )
        """
    )
    connection.execute("create index packs_of_batch on batch_packs (batch)")


@migration
def cascades(connection: sqlite3.Connection) -> None:
    """What was learnt of each cascade, once: from which confidence on the cheap answer is kept."""
    connection.execute(
        """
        create table cascades (
            cascade text primary key,
            name text not null,
            kind text not null,
            prompt_hash text not null,
            cheap text not null,
            dear text not null,
            host text not null,
            alpha real not null,
            delta real not null,
            sample integer not null,
            texts integer not null,
            drawn integer not null,
            threshold real,
            kept integer not null,
            errors integer not null,
            bound real,
            invocation_id text not null,
            calibrated_at text not null
        ) without rowid
        """
    )


@migration
def repairs(connection: sqlite3.Connection) -> None:
    """What was proposed for cells, and every decision about it; the last one of a repair holds."""
    connection.execute(
        """
        create table repairs (
            id text primary key,
            relation text not null,
            key_column text not null,
            row_key text not null,
            column_name text not null,
            before text,
            after text,
            reason text not null,
            rule text not null,
            confidence real not null,
            proposed_at text not null
        ) without rowid
        """
    )
    connection.execute("create index repairs_of_rows on repairs (relation, row_key)")
    connection.execute(
        """
        create table repair_decisions (
            place integer primary key,
            repair_id text not null,
            decision text not null,
            decided_at text not null,
            decided_by text not null
        )
        """
    )
    connection.execute("create index decisions_of_repair on repair_decisions (repair_id, place)")


@migration
def vectors(connection: sqlite3.Connection) -> None:
    """The numbers of answers that are vectors: float32, least byte first; gone with the answer."""
    connection.execute(
        """
        create table vectors (
            key blob primary key,
            floats blob not null,
            checksum blob not null
        )
        """
    )
    connection.execute(
        "create trigger vectors_of_answers after delete on answers when old.kind = 'embed' "
        "begin delete from vectors where key = old.key; end"
    )


@migration
def ageing(connection: sqlite3.Connection) -> None:
    """When answers are to be checked again, and those whose place a later one has taken.

    Without `expires_at` an answer is good for ever. `tried_at` is when it was last tried in vain,
    `misses` how often in a row there was nothing to hold it against; both null for none.
    """
    for column in ("expires_at text", "tried_at text", "misses integer"):
        connection.execute(f"alter table answers add column {column}")
    connection.execute(
        """
        create table superseded (
            key blob not null,
            kind text not null,
            model text not null,
            host text not null,
            prompt_hash text not null,
            value text not null,
            confidence real,
            answered_by text not null,
            answered_at text not null,
            checksum blob not null,
            expires_at text,
            tried_at text,
            misses integer,
            primary key (key, answered_at)
        ) without rowid
        """
    )
