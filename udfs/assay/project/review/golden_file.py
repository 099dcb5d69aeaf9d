"""Where judgements go: a CSV file of golden rows; sorted, no key twice, never half written.

Each judgement is on disk before the next row is shown, and each can be taken back.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from assay.core.clock import now_utc
from assay.core.disk import put_on_disk
from assay.core.errors import ConfigError
from assay.hosts.duckdb.data_files import trouble


class Written(NamedTuple):
    """One cell that was written: of which row, what it was before and what it is now.

    None is a row that was not there.
    """

    key: str
    before: str | None
    after: str


@dataclass(frozen=True)
class GoldenFile:
    """The golden rows of one column: a CSV file, and the columns of their keys and right answers.

    `closed` says why no row can be added to it, None where one can.
    """

    path: Path
    key: str
    label: str
    blank_says: bool = False
    closed: str | None = None

    def judged(self) -> dict[str, str]:
        """Return the right answer of each row by its key.

        A blank one is left out, unless it says that there is nothing to find (`blank_says`).
        """
        _, rows = self._read()
        answers = {row[self.key]: row.get(self.label) or "" for row in rows}
        return {key: said for key, said in answers.items() if said or self.blank_says}

    def put(self, key: str, answer: str) -> Written:
        """Write the right answer of a row, in place of what was there.

        Raises `ConfigError` for a new row where none can be added.
        """
        names, rows = self._read()
        found = next((row for row in rows if row[self.key] == key), None)
        if found is None and self.closed is not None:
            raise ConfigError(self.closed)
        before = None if found is None else found.get(self.label) or ""
        if found is None:
            rows.append(found := dict.fromkeys(names, "") | {self.key: key})
        found[self.label] = answer
        self._write(names, rows)
        return Written(key, before, answer)

    def take_back(self, judged: Written) -> None:
        """Make a judgement undone; raise `ConfigError` where somebody has written since."""
        names, rows = self._read()
        found = next((row for row in rows if row[self.key] == judged.key), None)
        if found is None or (found.get(self.label) or "") != judged.after:
            message = (
                f"{self.path} says something else of {judged.key} than what is to be taken back; "
                "correct it there."
            )
            raise ConfigError(message)
        if judged.before is None:
            rows.remove(found)
        else:
            found[self.label] = judged.before
        self._write(names, rows)

    def _read(self) -> tuple[list[str], list[dict[str, str]]]:
        """Return the names of the columns, ours among them, and the rows."""
        names = [self.key, self.label]
        if not self.path.exists():
            return names, []
        if not self.path.is_file():
            message = f"{self.path} is a folder or a device; name a CSV file with --golden."
            raise ConfigError(message)
        if (wrong := trouble(self.path, "csv")) is not None and self.path.stat().st_size:
            raise ConfigError(wrong)
        with self.path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            held = list(reader.fieldnames or names)
            rows = list(reader)
        if self.key not in held or any(None in row or row[self.key] is None for row in rows):
            message = (
                f"{self.path} is no CSV file with a column {self.key!r} and as many values "
                "in each row as names; correct it, or name another file with --golden."
            )
            raise ConfigError(message)
        return [*held, *(name for name in names if name not in held)], rows

    def _write(self, names: list[str], rows: list[dict[str, str]]) -> None:
        """Replace the file at once, its line ends as they were."""
        rows = sorted(rows, key=lambda row: _in_order(row[self.key]))
        is_dos = self.path.exists() and b"\r\n" in self.path.read_bytes()
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, names, lineterminator="\r\n" if is_dos else "\n", restval="")
        writer.writeheader()
        writer.writerows(rows)
        replace_file(self.path, text.getvalue())


LOG = "review.jsonl"
"""The file of a project's `JudgementLog`, among its reports."""


class JudgementLog:
    """What was judged, a line each, so that it can be taken back later; holds no text of a row."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, golden: GoldenFile, judged: Written) -> None:
        """Remember a judgement."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = {**_named(golden), **judged._asdict(), "at": now_utc()}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(line, ensure_ascii=False)}\n")

    def last(self, golden: GoldenFile) -> Written | None:
        """Return the last judgement of a column that was not taken back."""
        found = [line for line in self._lines() if _named(golden).items() <= line.items()]
        if not found:
            return None
        return Written(*(found[-1][name] for name in Written._fields))

    def drop(self, golden: GoldenFile) -> None:
        """Forget the last judgement of a column."""
        lines = list(self._lines())
        places = [at for at, line in enumerate(lines) if _named(golden).items() <= line.items()]
        del lines[places[-1]]
        said = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
        replace_file(self._path, said)

    def __len__(self) -> int:
        """How many judgements can be taken back."""
        return sum(1 for _ in self._lines())

    def clear(self) -> None:
        """Forget all judgements; what they wrote stays."""
        self._path.unlink(missing_ok=True)

    def _lines(self) -> Iterator[dict[str, str]]:
        if self._path.exists():
            yield from map(json.loads, self._path.read_text(encoding="utf-8").splitlines())


def _named(golden: GoldenFile) -> dict[str, str]:
    named = asdict(golden)
    return {"path": str(named["path"]), "label": named["label"]}


def _in_order(key: str) -> tuple[bool, int, str]:
    """Return by what keys are sorted: numbers as numbers, before all else."""
    is_number = key.isascii() and key.isdigit()
    return not is_number, int(key) if is_number else 0, key


def replace_file(path: Path, text: str) -> None:
    """Write a file anew: the old one or the new one is there, whatever happens."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unborn = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        unborn.write_text(text, encoding="utf-8", newline="")
        put_on_disk(unborn)
        unborn.replace(path)
    finally:
        unborn.unlink(missing_ok=True)
    put_on_disk(path.parent)
