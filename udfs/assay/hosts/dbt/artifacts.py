"""What the last build left: dbt's results and manifest, where no later look overwrites them.

Each command of dbt writes `target/manifest.json`, and most write `target/run_results.json`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from assay.hosts.dbt.project_folder import target_of

RESULTS, MANIFEST = "run_results.json", "manifest.json"
BUILT = "built"
"""The folder beside dbt's own files in which those of the last build are kept."""


def keep(target: Path) -> None:
    """Keep what a build has just written to `target`; the results last, each in one step."""
    (target / BUILT).mkdir(exist_ok=True)
    for name in (MANIFEST, RESULTS):
        unborn = target / BUILT / f"{name}.new"
        shutil.copyfile(target / name, unborn)
        unborn.replace(target / BUILT / name)


def results_of_build(project: Path) -> dict[str, Any] | None:
    """Return dbt's results of the last build that ended; None where there is none."""
    path = _folder(project) / RESULTS
    return _read(path) if path.exists() else None


def manifest_of_build(project: Path) -> dict[str, Any]:
    """Return the manifest of the last build that ended."""
    return _read(_folder(project) / MANIFEST)


def manifest_if_built(project: Path) -> dict[str, Any]:
    """Return the manifest of the last build; an empty one where there is none to be read."""
    try:
        return manifest_of_build(project)
    except (OSError, ValueError):
        return {}


def _folder(project: Path) -> Path:
    """Return where they are: in dbt's own place where a build without the plugin left them."""
    target = target_of(project)
    built = target / BUILT
    return built if (built / RESULTS).exists() and not _built_since(target) else target


def _built_since(target: Path) -> bool:
    """Whether a build has ended since without the plugin: it had nothing to do."""
    own, kept = target / RESULTS, target / BUILT / RESULTS
    if not own.exists() or own.stat().st_mtime_ns <= kept.stat().st_mtime_ns:
        return False
    return bool(_read(own).get("args", {}).get("which") == "build")


def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
