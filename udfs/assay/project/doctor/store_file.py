"""The store as a file: is it there, sound, private, of our schema, and where does it lie?"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from assay.core.plural import counted
from assay.core.program import program
from assay.project.doctor.finding import Finding
from assay.store import Checkup, Witness, check, library, schema_gap, uses_wal

NETWORK_FILE_SYSTEMS = frozenset(
    ("9p", "afs", "ceph", "cifs", "fuse.s3fs", "fuse.sshfs", "glusterfs", "lustre", "nfs", "nfs4")
)


def store_findings(store: Path) -> Iterator[Finding]:
    """Yield what there is to say about the file of the store; nothing is changed."""
    yield _sqlite(store)
    yield from _store(store)
    yield _file_system(store, Path("/proc/mounts"))


def _sqlite(store: Path) -> Finding:
    ours = library()
    text = f"SQLite {ours.version}"
    if ours.is_fixed:
        return Finding("sqlite", f"{text}, without the WAL-reset bug.")
    text += " has the WAL-reset bug (fixed in 3.51.3)"
    if uses_wal(store):
        remedy = "Close every program that has it open, then start a run: it is switched back."
        return Finding("sqlite", f"{text}, and the store uses a WAL.", remedy)
    return Finding("sqlite", f"{text}; the store keeps a rollback journal, which has not.")


def _store(store: Path) -> Iterator[Finding]:
    witness = Witness(store)
    if not store.exists():
        yield _absent(store, witness.answers())
        return
    size, mode = store.stat().st_size, stat.S_IMODE(store.stat().st_mode)
    found = check(store)
    text = f"{store}, {size:,} bytes, mode {mode:04o}"
    if found.trouble:
        remedy = f"Run `{program('doctor --repair')}`, or restore a backup."
        yield Finding("store", f"{text}: {found.trouble}.", remedy)
        return
    private = mode & 0o077 == 0
    yield Finding("store", f"{text}.", None if private else f"Run `chmod 600 {store}`.")
    yield _schema(store)
    yield _answers(found, witness.missing(found.held))
    text = (
        f"{counted(found.failures, 'ask')} without an answer, {found.dead_letters:,} of them for "
        f"good; {counted(found.maybe_paid, 'request')} may have been billed without an answer."
    )
    yield Finding("failures", text)
    if found.open_batches:
        text = f"Open batches: {found.open_batches:,}; see `{program('batch status')}`."
        yield Finding("batches", text)


def _schema(store: Path) -> Finding:
    missing, newer = schema_gap(store)
    if newer:
        remedy = "Upgrade, or point `ASSAY_STORE` elsewhere."
        text = f"The store was written by a newer Assay ({', '.join(sorted(newer))})."
        return Finding("schema", text, remedy)
    if missing:
        text = f"{missing} steps of the schema are missing; the next run takes them."
        return Finding("schema", text)
    return Finding("schema", "The store has the schema of this version.")


def _absent(store: Path, known: int) -> Finding:
    if known:
        remedy = (
            f"Restore it, or accept that they will be bought again with "
            f"`{program('doctor --accept-cold-cache')}`."
        )
        return Finding("store", f"{store} is gone; it held {counted(known, 'answer')}.", remedy)
    return Finding("store", f"{store} is not there yet; the first run makes it.")


def _answers(found: Checkup, missing: int) -> Finding:
    text = f"{counted(found.answers, 'answer')}; the checksums of {found.unsound:,} do not fit."
    if found.unsound:
        remedy = "They are never served and will be asked again; `--repair` drops them."
        return Finding("answers", text, remedy)
    if missing:
        remedy = f"Restore a backup, or run `{program('doctor --accept-cold-cache')}`."
        return Finding("answers", f"{text} {missing:,} that were paid for are lost.", remedy)
    return Finding("answers", text)


def _file_system(store: Path, mounts: Path) -> Finding:
    kind = file_system_of(store.absolute(), mounts)
    if kind in NETWORK_FILE_SYSTEMS:
        remedy = "Its locks cannot be trusted: point `ASSAY_STORE` at a local disk."
        return Finding("disk", f"The store lies on a network file system ({kind}).", remedy)
    return Finding("disk", f"The store lies on {kind or 'a file system that is not known'}.")


def file_system_of(path: Path, mounts: Path) -> str:
    """Return the type of the file system that holds `path`; blank where it cannot be told."""
    if not mounts.exists():
        return ""
    found = {"/": ""}
    for line in mounts.read_text().splitlines():
        _, point, kind, *_ = line.split(" ")
        found[point.encode().decode("unicode_escape")] = kind
    resolved = path.resolve()
    nearest = [str(folder) for folder in (resolved, *resolved.parents) if str(folder) in found]
    return found[nearest[0]]
