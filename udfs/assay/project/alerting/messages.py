"""Alerts as a webhook takes them: JSON for a program, text for Slack, a card for Teams. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from assay.core.alerting import Form
from assay.project.alerting.trouble import News

VERSION = 1
"""Of the JSON; it rises when a field changes its meaning."""

_CARD = "application/vnd.microsoft.card.adaptive"
_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"


@dataclass(frozen=True, slots=True)
class Notice:
    """What is sent at once: of which project and run, when (UTC, ISO), and the news."""

    project: str
    run: str
    at: str
    news: Sequence[News]

    @property
    def head(self) -> str:
        """Its first line."""
        return f"Assay: {self.project}" + (f", run {self.run[:8]}" if self.run else "")


def payload(form: Form, notice: Notice) -> dict[str, Any]:
    """Return what is sent as JSON, in the form that a receiver understands."""
    return {"json": _facts, "slack": _slack, "teams": _teams}[form](notice)


def _facts(notice: Notice) -> dict[str, Any]:
    return {
        "version": VERSION,
        "project": notice.project,
        "run": notice.run,
        "at": notice.at,
        "alerts": [one.facts for one in notice.news],
    }


def _slack(notice: Notice) -> dict[str, Any]:
    """A text and no blocks, so that it is shown whole wherever Slack shows it."""
    lines = [f"*{_escaped(notice.head)}*", *(f"• {_escaped(one.line)}" for one in notice.news)]
    return {"text": "\n".join(lines)}


def _escaped(text: str) -> str:
    """Return text in which nothing calls anybody, links or is an entity of Slack."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _teams(notice: Notice) -> dict[str, Any]:
    """A card of text runs, in which nothing is markup."""
    blocks = [_block(notice.head, weight="Bolder"), *(_block(one.line) for one in notice.news)]
    card = {"$schema": _SCHEMA, "type": "AdaptiveCard", "version": "1.4", "body": blocks}
    return {"type": "message", "attachments": [{"contentType": _CARD, "content": card}]}


def _block(text: str, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}
