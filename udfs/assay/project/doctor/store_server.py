"""The store on a server: can it be reached, privately, does it keep what it is given?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from assay.core.errors import ConfigError, StoreError
from assay.core.plural import counted
from assay.core.program import program
from assay.core.store_place import StoreAddress
from assay.project.doctor.finding import Finding
from assay.store import Checkup, check_server

if TYPE_CHECKING:
    from assay.store.places import ServerCheckup


def server_findings(store: StoreAddress) -> Iterator[Finding]:
    """Yield what there is to say about a store on a server; nothing is changed."""
    try:
        found = check_server(store)
    except (StoreError, ConfigError) as error:
        yield Finding("store", f"{store} cannot be looked at.", str(error))
        return
    yield _server(store, found)
    yield _schema(found)
    if found.found is not None:
        yield from _rows(found.found)


def _server(store: StoreAddress, found: ServerCheckup) -> Finding:
    way = "encrypted" if found.is_encrypted else "this machine alone"
    text = (
        f"{store}, Postgres {found.version}, the way there: {way}; "
        f"processes at work on it: {found.owners}"
    )
    if found.is_durable:
        return Finding("store", f"{text}.")
    remedy = "Set `fsync` and `full_page_writes` to `on` there, and restart the server."
    return Finding("store", f"{text}, and what it commits may not survive a power cut.", remedy)


def _schema(found: ServerCheckup) -> Finding:
    if found.newer:
        remedy = "Upgrade, or point `ASSAY_STORE` elsewhere."
        text = f"The store was written by a newer Assay ({', '.join(sorted(found.newer))})."
        return Finding("schema", text, remedy)
    if found.missing:
        text = f"{found.missing} steps of the schema are missing; the next run takes them."
        return Finding("schema", text)
    return Finding("schema", "The store has the schema of this version.")


def _rows(found: Checkup) -> Iterator[Finding]:
    text = f"{counted(found.answers, 'answer')}; the checksums of {found.unsound:,} do not fit."
    remedy = "They are never served and will be asked again." if found.unsound else None
    yield Finding("answers", text, remedy)
    text = (
        f"{counted(found.failures, 'ask')} without an answer, {found.dead_letters:,} of them for "
        f"good; {counted(found.maybe_paid, 'request')} may have been billed without an answer."
    )
    yield Finding("failures", text)
    if found.open_batches:
        text = f"Open batches: {found.open_batches:,}; see `{program('batch status')}`."
        yield Finding("batches", text)
