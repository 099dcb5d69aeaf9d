"""The golden gate with a real store: what is kept, and with what the next run is compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.project.evaluation.golden_gate import GoldenGate
from assay.store import Store, open_store

Grade = Callable[..., list[str]]
ROWS = 40


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of the test's own."""
    opened = open_store(tmp_path / "store.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def said() -> list[str]:
    """What the gate says."""
    return []


@pytest.fixture
def grade(store: Store, said: list[str]) -> Grade:
    """Grade answers of a prompt: the first `wrong` of 40 are wrong. Each call is a run."""
    gate, runs = GoldenGate(store, said.append), iter(range(100))

    def run(prompt: str, wrong: int, sure: float | None = None, **changed: Any) -> list[str]:
        test: dict[str, Any] = {
            "invocation_id": f"run-{next(runs)}",
            "model_name": "silver",
            "column_name": "topic.value",
            "golden": "golden",
            "kind": "label",
            "against": "last",
            "alpha": 0.05,
            "min_rows": 1,
            "min_label_rows": 1,
            "record": True,
        }
        limits = dict.fromkeys(["min_accuracy", "min_macro_f1", "min_token_f1", "min_recall"])
        answers = [
            {
                "key": str(at),
                "gold": "secret",
                "answer": "other" if at < wrong else "secret",
                "answered": True,
                "prompt_hash": prompt,
                "model": "m",
                "confidence": sure,
            }
            for at in range(ROWS)
        ]
        return gate.check(json.dumps(test | limits | changed), json.dumps(answers))

    return run


def rows(store: Store, table: str) -> list[dict[str, Any]]:
    """The rows of a table of the store."""
    columns, found = store.rows(table)
    return [dict(zip(columns, row, strict=True)) for row in found]


@pytest.mark.parametrize(
    ("sure", "error"), [(0.9, pytest.approx(0.15)), (None, None)], ids=["sure", "unknown"]
)
def test_calibration_is_kept_where_answers_have_a_confidence(
    grade: Grade, store: Store, sure: float | None, error: Any
) -> None:
    """Of 40 rows 30 are right."""
    grade("a", 10, sure)
    (row,) = rows(store, "evaluations")
    assert (row["mean_confidence"], row["calibration_error"]) == (pytest.approx(sure), error)


def test_a_significantly_worse_prompt_fails_until_it_is_accepted(grade: Grade) -> None:
    """Also when it is tried again: what failed is never the baseline; `alpha: null` accepts it."""
    assert grade("a", 2) == []
    assert "a fall against prompt a by m" in grade("b", 12)[0]
    assert "a fall against prompt a by m" in grade("b", 12)[0]
    assert grade("b", 12, alpha=None) == []
    assert grade("b", 12) == []
    assert "a fall against prompt b by m" in grade("c", 22)[0]


def test_a_small_loss_is_no_fall_but_many_are_against_the_first(grade: Grade) -> None:
    """Each step alone is chance; `against: first` adds them up."""
    assert [grade("a", 0), grade("b", 4), grade("c", 8)] == [[], [], []]
    assert "a fall against prompt a" in grade("d", 9, against="first")[0]


def test_the_same_answers_again_are_one_set_of_rows(grade: Grade, store: Store) -> None:
    """Each run is an evaluation, the rows are kept once; they hold hashes only."""
    grade("a", 2)
    grade("a", 2)
    answers = rows(store, "golden_answers")

    assert [one["p_value"] for one in rows(store, "evaluations")] == [None, 1.0]
    assert len(answers) == ROWS
    assert sum(one["is_right"] for one in answers) == ROWS - 2
    assert {len(one["golden_key"]) for one in answers} == {32}
    assert "secret" not in json.dumps(answers)


def test_the_row_of_an_evaluation(grade: Grade, store: Store, said: list[str]) -> None:
    """Figures, comparison, whether it passed and why not; and a line in the log."""
    grade("a", 2)
    grade("b", 12)
    first, second = rows(store, "evaluations")

    assert (first["row_count"], first["right_count"], first["passed"]) == (40, 38, 1)
    assert (second["lost"], second["gained"], second["passed"]) == (10, 0, 0)
    assert second["compared_with"] == first["fingerprint"]
    assert second["reasons"].startswith("a fall against prompt a")
    assert [line.partition(";")[2] for line in said] == [
        " nothing earlier to compare with",
        f" p = 0.002 against prompt a by m of {first['evaluated_at'][:10]}",
    ]


def test_nothing_is_kept_where_record_is_off(grade: Grade, store: Store) -> None:
    """As in the fixtures."""
    grade("a", 2, record=False)
    assert rows(store, "evaluations") == rows(store, "golden_answers") == []


def test_nothing_to_grade_is_an_error(store: Store, grade: Grade) -> None:
    """And a golden key that is there twice, too."""
    gate = GoldenGate(store, print)
    grade("a", 2)
    test = json.dumps(
        {"invocation_id": "r", "model_name": "m", "column_name": "c", "golden": "g"}
        | {"kind": "label", "against": "last", "alpha": None, "min_rows": 1, "record": True}
        | dict.fromkeys(["min_accuracy", "min_macro_f1", "min_token_f1", "min_recall"])
        | {"min_label_rows": 1}
    )
    twice = json.dumps([{"key": "1", "gold": "x"}] * 2)

    assert gate.check(test, None) == ["there is no golden row in g"]
    assert "more than once" in gate.check(test, twice)[0]
