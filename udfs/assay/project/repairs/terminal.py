"""Looking at proposals in a terminal: one at a time, a key for each decision.

`say` prints and `read_key` waits for a key, so a test can be the person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from assay.core.errors import ConfigError
from assay.project.repairs.deciding import RepairDesk
from assay.project.review.terminal import plain
from assay.store import Repair

_KEYS = "  a accept   r reject   s skip   b back   q quit"
_ENDS = ("q", "\x03", "\x04", "")


@dataclass
class RepairTerminal:
    """One session over the proposals that wait at a desk; `by` is who decides."""

    desk: RepairDesk
    by: str
    say: Callable[[str], None]
    read_key: Callable[[], str]
    _past: list[tuple[Repair, str]] = field(default_factory=list)

    def run(self, waiting: list[Repair]) -> str:
        """Show one after the other until there is none, or the person quits; say what was done."""
        while len(self._past) < len(waiting):
            self.say("\n".join(_screen(waiting[len(self._past)], len(self._past), len(waiting))))
            if not self._decided(waiting[len(self._past)]):
                break
        done = [what for _, what in self._past]
        return ", ".join(
            f"{done.count(what)} {what}" for what in ("accepted", "rejected", "skipped")
        )

    def _decided(self, shown: Repair) -> bool:
        """Wait for a key that decides about a repair; False for the end."""
        while (key := self.read_key()) not in _ENDS:
            if key == "b":
                self._back()
                return True
            try:
                if (what := self._answered(shown, key)) is not None:
                    self._past.append((shown, what))
                    return True
            except ConfigError as error:
                self.say(f"  {error}")
        return False

    def _answered(self, shown: Repair, key: str) -> str | None:
        (now,) = self.desk.named([shown.id])
        if key in ("a", "\r", "\n"):
            self.desk.accept([now], self.by)
            return "accepted"
        if key == "r":
            self.desk.reject([now], self.by)
            return "rejected"
        return "skipped" if key == "s" else None

    def _back(self) -> None:
        """Take back what was decided last, and go there."""
        if self._past:
            last, what = self._past.pop()
            if what != "skipped":
                self.desk.undo(self.desk.named([last.id]), self.by)


def _screen(shown: Repair, place: int, many: int) -> Iterator[str]:
    yield f"\n{shown.relation}  {place + 1} of {many}  {shown.key_column} {plain(shown.row_key)}"
    yield f"\n  {plain(shown.column_name)}: {told(shown.before)}  ->  {told(shown.after)}"
    yield f"  {shown.reason}, confidence {shown.confidence:.2f}: {plain(shown.rule)}"
    yield _KEYS


def told(value: str | None) -> str:
    """Return a value as a person reads it: NULL, or the text in quotes."""
    return "NULL" if value is None else repr(value)
