"""What is odd about answers: each sentence, its limit, and what sets the limit."""

from __future__ import annotations

from typing import Any

import pytest

from assay.core.settings import Settings
from assay.project.concerns import answerer_of, concerns
from assay.project.report.facts import ColumnFacts, Histogram, Shares, State

FINE = {"good": 50, "bad": 50}


def column(labels: dict[str, int] | None = None, **changed: Any) -> ColumnFacts:
    """A column of 100 answers, of which nothing is odd unless told."""
    state = State("", "", "p", labels or FINE)
    facts: dict[str, Any] = {
        "table": "silver.notes",
        "name": "topic",
        "kind": "classify",
        "spec": "",
        "model": "m",
        "prompt_hash": "p",
        "other_prompts": 0,
        "statuses": {"ok": 100},
        "confidence": None,
        "scores": None,
        "shares": [Shares("topic.value", state, (), None, None)],
    }
    return ColumnFacts(**(facts | changed))


def sure(mean: float) -> Histogram:
    """The confidence of 100 answers."""
    return Histogram(0, 1, [100], mean, mean)


def told(*columns: ColumnFacts, meta: dict[str, Any] | None = None) -> list[str]:
    """The sentences, where golden rows are none of anybody's business."""
    config = {"meta": {"assay_golden": False} | (meta or {})}
    node = {"resource_type": "model", "schema": "silver", "name": "notes", "config": config}
    return [one.line for one in concerns(columns, manifest={"nodes": {"model.a.notes": node}})]


def test_of_healthy_columns_nothing_is_said() -> None:
    """Nor where there is no column at all."""
    assert told(column()) == []
    assert concerns([], answerer=Settings().answerer) == []


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (
            {"labels": {"good": 96, "bad": 4}},
            "notes.topic: 96% of 100 answers are good; assay query "
            '"from silver.notes using sample 10"',
        ),
        (
            {"confidence": sure(0.499)},
            "notes.topic: mean confidence 0.499 of 100 answers; try examples, or another model",
        ),
        (
            {"nulls": 51},
            "notes.topic: 51% of 100 answers are NULL; do the texts hold what is asked?",
        ),
        (
            {"statuses": {"ok": 99, "unsupported": 1, "skipped": 7}},
            "notes.topic: 1 of 100 rows is `unsupported`; this provider cannot judge them, "
            "another may",
        ),
    ],
    ids=["one_label", "unsure", "null", "unjudged"],
)
def test_each_oddity_has_its_sentence(odd: dict[str, Any], said: str) -> None:
    """The column, what is so, what to do."""
    assert told(column(**odd)) == [said]


def test_at_a_limit_nothing_is_said() -> None:
    """Over it something is."""
    shares = {"good": 90, "bad": 10}
    assert told(column(shares, nulls=50, confidence=sure(0.5))) == []


def test_few_answers_are_no_news() -> None:
    """Of nineteen nothing is said, and most answers to a question of yes and no may be one."""
    assert told(column({"good": 19}, statuses={"ok": 19}, nulls=19)) == []
    for kind in ("filter", "match", "verify"):
        assert told(column({"true": 100}, kind=kind)) == []


def test_the_worst_comes_first() -> None:
    """One label before an unsure one, whatever the order of the columns."""
    unsure = column(confidence=sure(0.1), name="a")
    one_sided = column({"good": 100}, name="b")
    found = concerns([unsure, one_sided], answerer=Settings().answerer)
    assert [one.name for one in found] == ["provider", "one_label", "confidence", "golden"]
    assert found[0].line == (
        "Answers come from `local` (embedded, no key, no network); good for trying out, see "
        "docs/quality.md"
    )


def test_a_model_and_a_column_have_limits_of_their_own() -> None:
    """In `meta`, which dbt hands down from the project."""
    one_sided = column({"good": 96, "bad": 4}, confidence=sure(0.6))
    assert told(one_sided, meta={"assay_most_one_label": 0.97}) == []
    assert len(told(one_sided, meta={"assay_least_confidence": 0.7})) == 2


def test_a_limit_that_is_none_is_said() -> None:
    """And the usual one holds."""
    (said,) = told(column(), meta={"assay_most_null": "half"})
    assert said == "notes: `meta: assay_most_null` is 'half'; give a share from 0 to 1"


def test_columns_that_were_never_evaluated_share_a_line() -> None:
    """Free text cannot be."""
    columns = [column(name=name) for name in "abcd"]
    free = [column(name=kind, kind=kind) for kind in ("summarize", "complete", "embed")]
    (found,) = concerns([*columns, *free])
    assert found.line == (
        "Answers never held against golden rows: notes.a, notes.b, notes.c and 1 more; see "
        "docs/golden.md"
    )


def test_who_answers_is_known_by_the_name_of_the_provider() -> None:
    """A replay without a model replays the embedded one."""
    assert [getattr(answerer_of(name, None), "name", None) for name in ("replay", "gone")] == [
        "local",
        None,
    ]
