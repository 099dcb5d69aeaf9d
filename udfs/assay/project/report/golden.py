"""Golden columns: how right answers are, by version and label, and what is taken for what."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from assay.project.report.facts import plain
from assay.store import Evaluation

MOST_LABELS = 12
"""Up to so many labels have a table of what they were taken for; of more, the worst pairs."""

_MOST_VERSIONS = 8
_MOST_PAIRS = 12
_SURE = 0.05
"""From so far on the mean confidence is said to be away from what is right."""

Place = tuple[str, str, str]
"""Model, column and golden rows."""


class Version(NamedTuple):
    """The last evaluation of one prompt and model: since when, and how right it is."""

    since: str
    model: str
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GoldenColumn:
    """A column with golden rows; `least` is the accuracy that its test asks for, if it does.

    `recalls` are by label {label, rows, right, recall, low, high, answers}, the worst first.
    """

    name: str
    now: Evaluation
    least: float | None
    versions: Sequence[Version]
    recalls: Sequence[Mapping[str, Any]]

    @property
    def labels(self) -> list[str]:
        """What was answered, in the order of the right answers, then all else."""
        given = {name for one in self.recalls for name in one.get("answers", {})}
        golds = [str(one["label"]) for one in self.recalls if one.get("answers")]
        return [*golds, *sorted(given - {*golds})]

    @property
    def pairs(self) -> list[tuple[str, str, int]]:
        """Right answer, answer and count of the commonest mistakes."""
        wrong = Counter(
            {
                (str(one["label"]), given): count
                for one in self.recalls
                for given, count in one.get("answers", {}).items()
                if given != one["label"]
            }
        )
        return [(*pair, count) for pair, count in wrong.most_common(_MOST_PAIRS)]

    @property
    def calibrated(self) -> str:
        """What confidence is worth, in words; blank where answers have none."""
        sure, error = self.now.mean_confidence, self.now.calibration_error
        if sure is None or error is None:
            return ""
        away = sure - self.now.accuracy
        word = "about as sure as they are right"
        if abs(away) >= _SURE:
            word = f"too {'sure' if away > 0 else 'unsure'} by {abs(away) * 100:.0f} points"
        return (
            f"mean confidence {sure:.1%}, right in {self.now.accuracy:.1%}: {word} "
            f"(calibration error {error:.3f})"
        )


def golden_columns(
    evaluations: Sequence[Evaluation], least: Mapping[Place, float]
) -> list[GoldenColumn]:
    """Return each column that was evaluated, those that did not pass first."""
    found: dict[Place, list[Evaluation]] = {}
    for one in evaluations:
        found.setdefault((one.model_name, one.column_name, one.golden), []).append(one)
    columns = [_column(several, least.get(place)) for place, several in found.items()]
    return sorted(columns, key=lambda column: (column.now.passed, column.now.accuracy))


def _column(several: Sequence[Evaluation], least: float | None) -> GoldenColumn:
    now = several[-1]
    return GoldenColumn(
        name=plain(f"{now.model_name}.{now.column_name.replace('.value', '', 1)}", 80),
        now=now,
        least=least,
        versions=list(_versions(several))[-_MOST_VERSIONS:],
        recalls=sorted(_recalls(now), key=lambda one: (one["recall"], one["label"])),
    )


def _versions(several: Sequence[Evaluation]) -> Iterator[Version]:
    """Yield the last evaluation of each prompt and model, the oldest version first."""
    last = {(one.prompt_hash, one.model): one for one in several}
    first = {(one.prompt_hash, one.model): one for one in reversed(several)}
    for name, one in last.items():
        since = first[name].evaluated_at
        yield Version(since, one.model, one.accuracy, one.accuracy_low, one.accuracy_high)


def _recalls(one: Evaluation) -> list[dict[str, Any]]:
    try:
        listed = json.loads(one.recalls)
        return [label for label in listed if {"label", "recall"} <= label.keys()]
    except (ValueError, TypeError, AttributeError):
        return []
