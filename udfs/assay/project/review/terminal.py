"""Reviewing in a terminal: a row at a time, a key for each judgement; pure but for what is given.

`say` prints, `read_key` waits for a key and `read_line` for a line; so a test can be the person.
"""

from __future__ import annotations

import string
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field

from assay.core.errors import ConfigError
from assay.core.plural import counted
from assay.project.review.column import SEPARATOR
from assay.project.review.desk import Desk
from assay.project.review.rows import Row

ACCEPT = ("a", "\r", "\n")
SKIP, BACK, QUIT, TYPE = "s", "b", "q", "t"
_NUMBERS = "123456789" + string.ascii_uppercase
"""The keys of labels: more than these are typed."""

_ENDS = (QUIT, "\x03", "\x04", "")
"""Also Ctrl-C and Ctrl-D, where they come as letters, and the end of the input."""

_MOST_LINES = 16


@dataclass
class Reviewed:
    """What became of a session: how many rows were accepted, corrected, skipped."""

    accepted: int = 0
    corrected: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        rows = counted(self.accepted + self.corrected, "golden row")
        judged = f"{self.accepted} accepted, {self.corrected} corrected"
        return f"{rows}: {judged}; {self.skipped} skipped."


@dataclass
class ReviewTerminal:
    """One session at a desk; `width` is how many characters a line of the terminal holds."""

    desk: Desk
    say: Callable[[str], None]
    read_key: Callable[[], str]
    read_line: Callable[[str], str]
    width: int = 80
    done: Reviewed = field(default_factory=Reviewed)
    _past: list[str] = field(default_factory=list)
    _marked: list[str] | None = None

    def run(self) -> Reviewed:
        """Show one row after the other until there is none, or the person quits."""
        place = 0
        while place < len(self.desk.rows):
            row, self._marked = self.desk.rows[place], None
            self.say("\n".join(self._screen(row, place)))
            step = self._judged(row)
            if step is None:
                break
            place = max(0, place + step)
        return self.done

    def _judged(self, row: Row) -> int | None:
        """Wait for a key that says what becomes of a row; return where to go, None for the end."""
        while True:
            key = self.read_key()
            if key in _ENDS:
                return None
            if key == BACK:
                return self._back()
            try:
                if (step := self._answered(row, key)) is not None:
                    return step
            except ConfigError as error:
                self.say(f"  {error}")

    def _answered(self, row: Row, key: str) -> int | None:
        """Do what a key says; None for a key that says nothing."""
        if key == SKIP:
            return self._noted("skipped", 1)
        if key in ACCEPT:
            return self._accepted(row)
        choices = self.desk.column.choices or ()
        if key in _NUMBERS[: len(choices)]:
            return self._labelled(row, choices[_NUMBERS.index(key)])
        if key == TYPE:
            return self._corrected(row, self.read_line("  right answer: "))
        return None

    def _accepted(self, row: Row) -> int:
        """Write the answer, or the labels that were marked in its place."""
        if self._marked is not None:
            return self._corrected(row, SEPARATOR.join(self._marked))
        self.say(f"  right: {self.desk.accept(row.key) or 'nothing to find'}")
        return self._noted("accepted", 1)

    def _labelled(self, row: Row, label: str) -> int | None:
        """Write a label; where several can be right mark it only, and stay."""
        if not self.desk.column.is_several:
            return self._corrected(row, label)
        self._mark(row, label)
        return None

    def _mark(self, row: Row, label: str) -> None:
        """Add one of several labels to what is right, or take it out; nothing is written yet."""
        if self._marked is None:
            self._marked = [part for part in (row.value or "").split(SEPARATOR) if part]
        is_in = label in self._marked
        self._marked = [one for one in (*self._marked, label) if not (is_in and one == label)]
        right = self.desk.column.written(SEPARATOR.join(self._marked))
        self.say(f"  would be right: {right or 'no label'}; Enter writes it")

    def _corrected(self, row: Row, answer: str) -> int:
        said = self.desk.correct(row.key, answer)
        self.say(f"  right: {said or 'nothing to find'}")
        return self._noted("accepted" if said == (row.value or "") else "corrected", 1)

    def _noted(self, what: str, count: int) -> int:
        setattr(self.done, what, getattr(self.done, what) + count)
        if count > 0:
            self._past.append(what)
        return count

    def _back(self) -> int:
        """Take back what was said of the row before, and go there."""
        if not self._past:
            return 0
        what = self._past.pop()
        if what != "skipped":
            self.desk.undo()
        return self._noted(what, -1)

    # What is shown

    def _screen(self, row: Row, place: int) -> list[str]:
        head = f"{self.desk.column.name}  {place + 1} of {len(self.desk.rows)}  row {row.key}"
        lines = [plain(line) for line in row.text.splitlines()]
        wrapped = [part for line in lines for part in textwrap.wrap(line, self.width - 4) or [""]]
        rest = len(wrapped) - _MOST_LINES
        shown = [f"  {line}" for line in wrapped[:_MOST_LINES]]
        more = [f"  … {counted(rest, 'more line')}"] if rest > 0 else []
        return [
            "",
            head,
            "",
            *shown,
            *more,
            "",
            f"  {told(row)}",
            *self._why(row),
            *self._keys(row),
        ]

    def _why(self, row: Row) -> list[str]:
        return [f"  ! {plain(reason)}" for reason in row.why]

    def _keys(self, row: Row) -> list[str]:
        choices = self.desk.column.choices or ()
        numbered = [f"{key} {label}" for key, label in zip(_NUMBERS, choices, strict=False)]
        nothing = "a no label" if self.desk.column.is_several else "a nothing to find"
        accept = ["a accept" if row.value is not None else nothing]
        accept = accept if self.desk.can_accept(row) else []
        words = [*accept, *numbered, "t type", "s skip", "b back", "q quit"]
        return textwrap.wrap(
            "   ".join(word.replace(" ", "\xa0") for word in words),
            self.width - 2,
            initial_indent="  ",
            subsequent_indent="  ",
            break_on_hyphens=False,
        )


def told(row: Row) -> str:
    """Return an answer and what it is worth, in a line."""
    sure = "" if row.confidence is None else f"  confidence {row.confidence:.2f}"
    by = f"  by {plain(row.model)}" if row.model else ""
    return f"{plain(row.value or 'NULL')}{sure}{by}"


def plain(text: str) -> str:
    """Return a text without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
