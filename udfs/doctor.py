"""`assay doctor`: is the store sound, and is anything set up that is known to do harm?"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from udfs.settings import Settings
from udfs.store import Witness, back_up, check, repair, start_over

SQLITE_FIXED = (3, 51, 3)
"""The first SQLite without the WAL-reset bug: https://sqlite.org/wal.html#walresetbug"""

NETWORK_FILE_SYSTEMS = frozenset(
    ("9p", "afs", "ceph", "cifs", "fuse.s3fs", "fuse.sshfs", "glusterfs", "lustre", "nfs", "nfs4")
)
_HEAD_BYTES = 20
_WAL_VERSION = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; with a remedy where it is not as it should be."""

    subject: str
    text: str
    remedy: str | None = None

    def __str__(self) -> str:
        mark = "ok  " if self.remedy is None else "BAD "
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{mark} {self.subject:<8} {self.text}{remedy}"


def command(
    repair_store: Annotated[
        bool,
        typer.Option("--repair", help="Put a damaged store aside, save what is sound of it."),
    ] = False,
    accept_cold_cache: Annotated[
        bool,
        typer.Option("--accept-cold-cache", help="Start over with an empty store."),
    ] = False,
    backup: Annotated[
        Path | None, typer.Option(help="Copy the store to this file, also while it is in use.")
    ] = None,
) -> None:
    """Look at the store and the set-up; exit code 1 when something needs your hand."""
    path = store_path(os.environ)
    if repair_store:
        salvaged = repair(path)
        rows = ", ".join(f"{count:,} {table}" for table, count in salvaged.rows.items())
        typer.echo(f"Saved {rows}. The damaged file is kept as {salvaged.kept}.")
    if accept_cold_cache:
        kept = start_over(path)
        typer.echo(f"Started over{f'; the old file is kept as {kept}' if kept else ''}.")
    if backup is not None:
        back_up(path, backup)
        typer.echo(f"Copied {path} to {backup} ({backup.stat().st_size:,} bytes).")
    findings = list(examine(path, profiles_file(os.environ)))
    for finding in findings:
        typer.echo(str(finding))
    if any(finding.remedy for finding in findings):
        raise typer.Exit(1)


def examine(store: Path, profiles: Path) -> Iterator[Finding]:
    """Yield what there is to say about the store and the set-up; nothing is changed."""
    yield _sqlite(store)
    yield from _store(store)
    yield _file_system(store, Path("/proc/mounts"))
    names = ("dbt-core", "dbt-duckdb", "duckdb")
    yield Finding("versions", ", ".join(f"{name} {version(name)}" for name in names) + ".")
    yield _retries(profiles)


def store_path(environ: Mapping[str, str]) -> Path:
    """Return the file of the store; no key and no provider is needed to look at it."""
    return Path(environ.get("ASSAY_STORE") or Settings.model_fields["store"].default).resolve()


def profiles_file(environ: Mapping[str, str]) -> Path:
    """Return the profiles.yml that dbt reads here."""
    if folder := environ.get("DBT_PROFILES_DIR"):
        return Path(folder) / "profiles.yml"
    here = Path("profiles.yml")
    return here if here.exists() else Path.home() / ".dbt" / "profiles.yml"


def plugin_modules(profiles: Path) -> list[str]:
    """Return the modules of the plugins in a profiles.yml; none where it cannot be read."""
    try:
        document = yaml.safe_load(profiles.read_text(encoding="utf-8"))
        outputs = [
            output
            for name, profile in (document or {}).items()
            if name != "config"
            for output in (profile.get("outputs") or {}).values()
        ]
        named = [plugin["module"] for output in outputs for plugin in output.get("plugins") or []]
    except (OSError, yaml.YAMLError, AttributeError, KeyError, TypeError):
        return []  # dbt says what is wrong with it
    return sorted({module for module in named if isinstance(module, str)})


def _sqlite(store: Path) -> Finding:
    text = f"SQLite {sqlite3.sqlite_version}"
    if sqlite3.sqlite_version_info >= SQLITE_FIXED:
        return Finding("sqlite", f"{text}, without the WAL-reset bug.")
    text += " has the WAL-reset bug (fixed in 3.51.3)"
    if _uses_wal(store):
        remedy = "Close every program that has it open, then start a run: it is switched back."
        return Finding("sqlite", f"{text}, and the store uses a WAL.", remedy)
    return Finding("sqlite", f"{text}; the store keeps a rollback journal, which has not.")


def _uses_wal(store: Path) -> bool:
    """Whether the header of the file says WAL."""
    try:
        with store.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError:
        return False
    return len(head) == _HEAD_BYTES and _WAL_VERSION in head[18:20]


def _store(store: Path) -> Iterator[Finding]:
    known = Witness(store).answers()
    if not store.exists():
        yield _absent(store, known)
        return
    size, mode = store.stat().st_size, stat.S_IMODE(store.stat().st_mode)
    found = check(store)
    text = f"{store}, {size:,} bytes, mode {mode:04o}"
    if found.trouble:
        remedy = "Run `./scripts/assay doctor --repair`, or restore a backup."
        yield Finding("store", f"{text}: {found.trouble}.", remedy)
        return
    private = mode & 0o077 == 0
    yield Finding("store", f"{text}.", None if private else f"Run `chmod 600 {store}`.")
    yield _answers(found.answers, found.unsound, known)
    text = (
        f"{found.failures:,} asks without an answer, {found.dead_letters:,} of them for good; "
        f"{found.interrupted:,} requests were cut off and may have been paid for."
    )
    yield Finding("failures", text)


def _absent(store: Path, known: int) -> Finding:
    if known:
        remedy = (
            "Restore it, or accept that they will be bought again with `./scripts/assay doctor "
            "--accept-cold-cache`."
        )
        return Finding("store", f"{store} is gone; it held {known:,} answers.", remedy)
    return Finding("store", f"{store} is not there yet; the first run makes it.")


def _answers(answers: int, unsound: int, known: int) -> Finding:
    text = f"{answers:,} answers; the checksums of {unsound:,} do not fit."
    if unsound:
        remedy = "They are never served and will be asked again; `--repair` drops them."
        return Finding("answers", text, remedy)
    if known and not answers:
        remedy = "Restore a backup, or run `./scripts/assay doctor --accept-cold-cache`."
        return Finding("answers", f"{text} There were {known:,}.", remedy)
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


def _retries(profiles: Path) -> Finding:
    if not profiles.exists():
        return Finding("profile", f"{profiles} is not there; nothing to check.")
    if outputs := _with_query_attempts(yaml.safe_load(profiles.read_text(encoding="utf-8"))):
        remedy = "Remove it: dbt-duckdb then hides the real error (dbt-duckdb #578)."
        text = f"{profiles} sets `retries.query_attempts` for {', '.join(outputs)}."
        return Finding("profile", text, remedy)
    return Finding("profile", f"{profiles} sets no `retries.query_attempts`.")


def _with_query_attempts(profiles: Any) -> list[str]:
    """Return the outputs, as profile.output, that set `retries.query_attempts`."""
    return [
        f"{profile}.{name}"
        for profile, body in (profiles or {}).items()
        for name, output in ((body or {}).get("outputs") or {}).items()
        if ((output or {}).get("retries") or {}).get("query_attempts") is not None
    ]
