"""A large task against llama.cpp: what stands before the records is read once, and then cached."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import assay
from assay.core.settings import load_settings
from assay.engine.session import open_session

from ..dbt.project import REPOSITORY

pytestmark = pytest.mark.llamacpp

LEAST_SHARE = 0.8
"""Of the input tokens of each request but the first; 0.87 was measured for the whole."""


def shops(kind: str) -> Any:
    """The shop's set `topic` of labels or examples."""
    macro = (REPOSITORY / f"macros/shop/ai_{kind}.sql").read_text(encoding="utf-8")
    return yaml.safe_load(re.sub(r"{#-?.*?-?#}|{%.*?%}", "", macro, flags=re.S))["topic"]


def test_labels_and_examples_are_read_once(endpoint: dict[str, str], tmp_path: Path) -> None:
    """Nine labels and the examples of the shop, packs of 16, one after the other."""
    with (REPOSITORY / "seeds/shop_feedback.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["body"] for row in csv.DictReader(file) if 20 <= len(row["body"]) <= 120]
    one_by_one = {"ASSAY_STORE": str(tmp_path / "store.sqlite"), "ASSAY_MAX_IN_FLIGHT": "1"}
    task = assay.Classify(
        labels=shops("labels"),
        examples=[assay.Example(**example) for example in shops("examples")],
    )
    with open_session(load_settings({}, endpoint | one_by_one)) as session:
        with session.run("large") as run:
            run.ask(task, texts[:40])
        columns, rows = session.store.rows("calls")
    calls = [dict(zip(columns, row, strict=True)) for row in rows]
    _, *later = sorted(calls, key=lambda call: call["started_at"])
    shares = [call["cached_tokens"] / call["input_tokens"] for call in later]
    assert len(shares) == 2
    assert min(shares) >= LEAST_SHARE
