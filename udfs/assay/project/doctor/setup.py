"""The set-up: the profile, and what runs at each start of Python."""

from __future__ import annotations

import base64
import csv
import hashlib
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from assay.hosts.dbt.profiles import NAME_PLUGIN, DbtProfile
from assay.project.doctor.finding import Finding


def setup_findings(profile: DbtProfile) -> Iterator[Finding]:
    """Yield what there is to say about the profile and start-up files."""
    yield from _profile(profile)
    yield from pth_findings(Path(sysconfig.get_path("purelib")))


def pth_findings(packages: Path) -> Iterator[Finding]:
    """Yield the `.pth` files of a site-packages folder that no installed package vouches for.

    Python reads each at every start and runs its lines that begin with `import`.
    """
    vouched = _recorded(packages)
    stray, changed = [], []
    for file in sorted(packages.glob("*.pth")):
        if file.name not in vouched:
            stray.append(file.name)
        elif vouched[file.name] not in ("", _hash(file)):
            changed.append(file.name)
    remedy = "Python runs it at each start: look into it, then remove `.venv` and run "
    remedy += "./scripts/setup."
    if changed:
        text = f"{', '.join(changed)} in {packages} was changed since it was installed."
        yield Finding("pth", text, remedy)
    if stray:
        text = f"{', '.join(stray)} in {packages} belongs to no installed package."
        yield Finding("pth", text, remedy)
    if not stray and not changed:
        yield Finding("pth", f"No stray `.pth` file in {packages}.")


def _profile(profile: DbtProfile) -> Iterator[Finding]:
    if not profile.name:
        yield Finding("profile", "There is no dbt project that names one; nothing to check.")
        return
    yield Finding("profile", f"{profile.name} of {profile.file}; path: {profile.database}.")
    if profile.repeats_queries:
        remedy = "Remove it: dbt-duckdb then hides the real error (dbt-duckdb #578)."
        text = f"{profile.name} of {profile.file} sets `retries.query_attempts`."
        yield Finding("profile", text, remedy)
    if (trouble := profile.without_plugin) is not None:
        yield Finding("profile", trouble, NAME_PLUGIN)


def _recorded(packages: Path) -> dict[str, str]:
    """Return the `.pth` files that packages brought, with the hash on record, blank for none."""
    found = {}
    for record in packages.glob("*.dist-info/RECORD"):
        for row in csv.reader(record.read_text(encoding="utf-8", errors="replace").splitlines()):
            if row and row[0].endswith(".pth"):
                found[row[0]] = row[1] if len(row) > 1 else ""
    return found


def _hash(file: Path) -> str:
    """Return the hash of a file as RECORD spells it."""
    raw = hashlib.sha256(file.read_bytes()).digest()
    return "sha256=" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
