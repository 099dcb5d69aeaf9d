"""A finding: one thing that was looked at, a verdict, and a remedy where one is needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warning", "wrong"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; with a remedy where it is not as it should be.

    What `may_stay` is a warning: nothing breaks if nobody does anything.
    """

    subject: str
    text: str
    remedy: str | None = None
    may_stay: bool = False

    @property
    def verdict(self) -> Verdict:
        """`wrong` needs somebody's hand, and ends `assay doctor` with exit code 1."""
        if self.remedy is None:
            return "ok"
        return "warning" if self.may_stay else "wrong"

    def __str__(self) -> str:
        """Everything in one line."""
        return " ".join(filter(None, [self.verdict, self.subject, self.text, self.remedy]))
