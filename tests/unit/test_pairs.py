"""Pairs held against labelled ones: what the candidates lose, and what the outcomes are worth."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from assay.core.errors import ConfigError
from assay.project.evaluation.pairs import PairsSource, evaluate_pairs, pairs_table


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """Four pairs, with outcomes in an envelope."""
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create table matches as select a as key_a, b as key_b, {'value': said} as verdict "
            "from (values (1, 2, 'matched'), (1, 3, 'matched'), (4, 5, 'ambiguous'), "
            "(6, 7, null)) as pairs(a, b, said)"
        )
    return path


def labels(folder: Path, text: str) -> Path:
    """A file of labelled pairs."""
    path = folder / "labels.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_list_of_all_matches_judges_every_pair(tmp_path: Path, warehouse: Path) -> None:
    """What is matched and not in it is wrong; what is in it and no candidate is lost."""
    data = labels(tmp_path, "key_a,key_b\n1,2\n4,5\n6,7\n8,9\n")
    figures = evaluate_pairs(PairsSource("matches", data, "verdict.value"), warehouse)
    assert (figures["matches"], figures["found"]) == (4, 0.75)
    assert figures["became"] == {"matched": 1, "ambiguous": 1, "unanswered": 1}
    assert (figures["precision"], figures["recall"]) == (0.5, 0.25)
    assert "found    0.750 (" in pairs_table(figures)


def test_labels_judge_the_pairs_that_have_one(tmp_path: Path, warehouse: Path) -> None:
    """A pair that nobody has labelled is neither right nor wrong."""
    data = labels(tmp_path, "key_a,key_b,is_match\n1,2,true\n4,5,false\n")
    source = PairsSource("matches", data, "verdict.value", "is_match")
    figures = evaluate_pairs(source, warehouse)
    assert (figures["precision"], figures["recall"], figures["matches"]) == (1.0, 1.0, 1)


def test_candidates_alone_are_measured_by_what_they_find(tmp_path: Path, warehouse: Path) -> None:
    """Without outcomes there is no precision."""
    figures = evaluate_pairs(
        PairsSource("matches", labels(tmp_path, "key_a,key_b\n1,2\n")), warehouse
    )
    assert figures["found"] == 1.0
    assert "Precision" not in pairs_table(figures)


@pytest.mark.parametrize(
    ("pairs", "outcome", "text", "said"),
    [
        ("no_such", None, "key_a,key_b\n1,2\n", "--pairs 'no_such' cannot be read"),
        ("matches", "no_such", "key_a,key_b\n1,2\n", "by --outcome a column of it"),
        ("matches", None, "a,b\n1,2\n", "has no column 'key_a'; there are a, b"),
    ],
)
def test_what_is_not_there_is_named(
    tmp_path: Path, warehouse: Path, pairs: str, outcome: str | None, text: str, said: str
) -> None:
    """Table, column and file, each with what to do."""
    with pytest.raises(ConfigError, match=said):
        evaluate_pairs(PairsSource(pairs, labels(tmp_path, text), outcome), warehouse)
