"""What suites found in rows that are still the same: kept in dbt's folder, and not asked again.

What a suite finds hangs on nothing but the columns that it reads, its own words and the library,
so a hash over these says whether it would find the same. Only what was green is kept.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from assay.core.kept_file import keep
from assay.project.gates.checks import known_expectations, run_suite
from assay.project.gates.frames import Frame
from assay.project.gates.records import Result, Suite
from assay.project.gates.verdict import reasons

FILE = "assay_gates.json"


class Unchanged:
    """Runs suites, unless the file in `folder` knows what they find; Great Expectations is
    imported for the first that it does not know."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._made_by = _made_by()
        self._before = _read(self._path, self._made_by)
        self._found: dict[str, Any] = dict(self._before.get("found", {}))

    @functools.cached_property
    def known(self) -> frozenset[str]:
        """The types of all expectations that Great Expectations has."""
        return frozenset(self._before.get("known") or known_expectations())

    def run(self, gate: str, suite: Suite, frame: Frame) -> tuple[Result, ...]:
        """Return one result for each expectation of `suite`, in its order, as `run_suite` does."""
        place = f"{gate}/{suite.name}"
        seen, found = fingerprint(suite, frame), self._found.pop(place, {})
        if found.get("fingerprint") == seen:
            self._found[place] = found
            return tuple(Result(**each) for each in found["results"])
        results = run_suite(suite, frame)
        if not any(map(reasons, results)):
            kept = [asdict(result) for result in results]
            self._found[place] = {"fingerprint": seen, "results": kept}
        return results

    def save(self) -> None:
        """Write down what is known now."""
        now = {"made_by": self._made_by, "known": sorted(self.known), "found": self._found}
        if now != self._before:
            keep(self._path, json.dumps(now).encode())


def fingerprint(suite: Suite, frame: Frame) -> str:
    """Return a hash of all that a suite looks at: each value, in order, and what is asked."""
    import pyarrow as pa  # a build that only sums up has no need of it

    asked = [suite, dict(frame.errors), dict(frame.asked), dict(frame.refused)]
    hashing = _Hashing(repr(asked).encode())
    table = frame.table.combine_chunks()
    with pa.ipc.new_stream(pa.PythonFile(hashing, "w"), table.schema) as stream:
        stream.write_table(table)
    return hashing.digest.hexdigest()


class _Hashing(io.RawIOBase):
    """A file that keeps nothing but the hash of what was written to it."""

    def __init__(self, first: bytes) -> None:
        self.digest = hashlib.sha256(first)

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return len(data)


def _made_by() -> list[str]:
    """Return what else a result hangs on: the versions of the library, of pandas and of ours."""
    return [_version(name) for name in ("great_expectations", "pandas", "assay")]


def _version(name: str) -> str:
    with contextlib.suppress(PackageNotFoundError):
        return version(name)
    return ""


def _read(path: Path, made_by: list[str]) -> dict[str, Any]:
    """Return what the file holds; nothing where it is missing, broken or made by others."""
    with contextlib.suppress(OSError, ValueError):
        kept = json.loads(path.read_text("utf-8"))
        if isinstance(kept, dict) and kept.get("made_by") == made_by:
            return kept
    return {}
