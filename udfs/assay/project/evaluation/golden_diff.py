"""Which golden rows fell and rose between two evaluations, with what was answered then and now.

The store keeps hashes of golden rows, so keys and right answers are read off the golden relation,
and each is hashed again; what was answered is in the store under the prompt of either evaluation.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.core.errors import ConfigError
from assay.core.program import program
from assay.project.answered import answers_to
from assay.project.evaluation.accuracy import golden_key
from assay.project.evaluation.exams import Exam, classify_exam, sentiment_exam
from assay.project.evaluation.golden_checks import GoldenCheck
from assay.store import Evaluation, Ledger, queries

NOTHING = "(none)"
"""What stands for no answer, and for no value of one."""


@dataclass(frozen=True)
class Moved:
    """A golden row that fell or rose: its key and text, what is right, what was said and is.

    `before` and `now` are None where the store has no such answer any more.
    """

    key: str
    text: str | None
    expected: str
    before: str | None
    now: str | None


@dataclass(frozen=True)
class GoldenDiff:
    """Two evaluations of a column, the golden rows that moved, and answers by right answer.

    `compared` is how many golden rows both have judged, `unknown` how many were labelled anew or
    are gone. `confusion` counts (right answer, present answer).
    """

    column: str
    before: Evaluation
    now: Evaluation
    fell: Sequence[Moved]
    rose: Sequence[Moved]
    compared: int
    unknown: int
    confusion: Mapping[tuple[str, str], int]


def evaluations(store: Ledger, check: GoldenCheck) -> list[Evaluation]:
    """Return the evaluations of a column on record, the oldest first."""
    found = store.read(queries.EvaluationsOf())
    place = check.place
    return [one for one in found if (one.model_name, one.column_name, one.golden) == place]


def pick(
    found: Sequence[Evaluation], named: str, before: str | None, now: str | None
) -> tuple[Evaluation, Evaluation]:
    """Return the two evaluations that are compared: the last ones, or those of the named runs.

    Raises `ConfigError` where there are no two, or none of that name.
    """
    last = _named(found, named, now) if now else next(reversed(found), None)
    if last is None:
        message = f"{named} was never held against golden rows; run {program('build')} first."
        raise ConfigError(message)
    earlier = found[: found.index(last)]
    first = _named(found, named, before) if before else next(reversed(earlier), None)
    if first is None:
        message = (
            f"{named} was held against golden rows once; change prompt or model, run "
            f"{program('build')} again, and compare then."
        )
        raise ConfigError(message)
    return first, last


def _named(found: Sequence[Evaluation], named: str, run: str) -> Evaluation:
    fitting = [one for one in found if one.invocation_id.startswith(run)]
    if len(fitting) == 1:
        return fitting[0]
    there = ", ".join(one.invocation_id[:8] for one in found) or "none"
    many = "More than one run" if fitting else "No run"
    message = f"{many} that evaluated {named} begins with {run!r}; there are {there}."
    raise ConfigError(message)


def compare(
    store: Ledger,
    check: GoldenCheck,
    pair: tuple[Evaluation, Evaluation],
    golds: Mapping[str, Any],
    texts: Mapping[str, str],
) -> GoldenDiff:
    """Return what moved between two evaluations; `golds` and `texts` are by key of the row."""
    before, now = pair
    hashes = {key: golden_key(key, gold) for key, gold in golds.items()}
    was, is_now = (_right(store, one) for one in pair)
    known = [key for key in golds if hashes[key] in was and hashes[key] in is_now]
    exam = _exam(check, list(golds.values()))
    said_before, said_now = (_answers(store, check, one, texts, exam) for one in pair)

    def moved(*, fell: bool) -> list[Moved]:
        return [
            Moved(
                key,
                texts.get(key),
                exam(golds[key], True),
                said_before.get(key),
                said_now.get(key),
            )
            for key in known
            if was[hashes[key]] is fell and is_now[hashes[key]] is not fell
        ]

    confusion = Counter((exam(golds[key], True), said_now.get(key, NOTHING)) for key in known)
    return GoldenDiff(
        check.named,
        before,
        now,
        moved(fell=True),
        moved(fell=False),
        len(known),
        len(was.keys() | is_now.keys()) - len(known),
        confusion if check.kind != "extract" else {},
    )


def _right(store: Ledger, evaluation: Evaluation) -> dict[str, bool]:
    rows = store.read(queries.GradedRows(evaluation.fingerprint))
    return {key: graded.is_right for key, graded in rows.items()}


def _answers(
    store: Ledger,
    check: GoldenCheck,
    evaluation: Evaluation,
    texts: Mapping[str, str],
    exam: Callable[[Any, bool], str],
) -> dict[str, str]:
    """Return what was answered to each text under the prompt of an evaluation, as it is judged."""
    found: dict[str, str] = {}
    asked = store.read(queries.Askers(evaluation.prompt_hash))
    for model, host in sorted(asked, key=lambda one: one[0] == evaluation.model):
        asker = (evaluation.prompt_hash, model, host)
        for key, outcome in answers_to(store, asker, texts).items():
            found[key] = exam(_field(outcome.answer, check.path), False)
    return found


def _field(answer: Any, path: Sequence[str]) -> Any:
    for name in path:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def _exam(check: GoldenCheck, golds: Sequence[Any]) -> Callable[[Any, bool], str]:
    """Return what makes words of right answers (True) and of answers (False), as the test does."""
    if check.kind == "extract":
        return lambda value, _: _spelled(value)
    exam: Exam = sentiment_exam(golds) if check.kind == "sentiment" else classify_exam(golds, None)

    def word(value: Any, is_gold: bool) -> str:
        if value is None and check.kind != "sentiment":
            return NOTHING
        return str(exam.gold(value) if is_gold else exam.answer(value))

    return word


def _spelled(value: Any) -> str:
    if value is None or value == []:
        return NOTHING
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
