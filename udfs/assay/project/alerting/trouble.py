"""A trouble: one thing that somebody should know of, and whether it is news."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

State = Literal["new", "changed", "still", "over"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong: what is so, what to do about it, and whose it is.

    `kind` is `red`, `search`, `drift`, `spend`, `dead_letters` or `published`; `subject` tells
    troubles of one kind apart; `detail` changes where it is another trouble than before. No text
    of a row and no secret is in any of it.
    """

    kind: str
    subject: str
    said: str
    remedy: str
    owners: tuple[str, ...] = ()
    detail: str = ""

    @property
    def key(self) -> str:
        """What it is remembered by."""
        return f"{self.kind}:{self.subject}"


@dataclass(frozen=True, slots=True)
class News:
    """A trouble that is to be told: `new`, `changed`, `still` there after a day, or `over`."""

    state: State
    trouble: Trouble

    @property
    def line(self) -> str:
        """The sentence that people read."""
        if self.state == "over":
            return f"Over: {self.trouble.said}."
        again = "Still: " if self.state == "still" else ""
        owners = f" ({', '.join(self.trouble.owners)})" if self.trouble.owners else ""
        return f"{again}{self.trouble.said}; {self.trouble.remedy}.{owners}"

    @property
    def facts(self) -> dict[str, Any]:
        """The same for a program."""
        facts = {"state": self.state, **asdict(self.trouble)}
        del facts["detail"]
        return facts | {"owners": list(self.trouble.owners)}
