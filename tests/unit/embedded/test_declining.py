"""What the embedded models have no way to answer is `unsupported`, and never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

import assay
from assay.core.task import Task


@pytest.mark.parametrize(
    ("task", "why"),
    [
        (assay.Complete(prompt="Write a reply."), "write no text of their own"),
        (assay.Translate(to="German"), "do not translate"),
        (assay.Score(criterion="How urgent is it?"), "cannot judge by a criterion"),
    ],
)
def test_every_text_is_unsupported(tmp_path: Path, task: Task, why: str) -> None:
    """With the reason; a blank one is skipped as ever, and no run stops."""
    with assay.open(store=tmp_path / "store.sqlite") as session, session.run() as run:
        said, blank = run.ask(task, ["The tent leaks.", None])
    assert (said.status, blank.status) == ("unsupported", "skipped")
    assert why in str(said.error)
