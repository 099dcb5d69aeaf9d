"""The gauge: estimates follow the usage that replies report."""

from __future__ import annotations

import pytest

from assay.core.values import Usage
from assay.engine.budget import Gauge

from .builders import request

SENT = request("a text", "another one")


@pytest.mark.parametrize(
    ("factor", "expected"), [(3, 3 * SENT.input_tokens), (1, SENT.input_tokens)]
)
def test_a_model_that_counts_more_than_we_estimate_is_believed(factor: int, expected: int) -> None:
    """So much more for the next request, too."""
    gauge = Gauge()
    gauge.read(SENT, Usage(input_tokens=factor * SENT.input_tokens))
    assert gauge.input_tokens(SENT) == expected


@pytest.mark.parametrize("usage", [Usage(), Usage(input_tokens=0), Usage(input_tokens=1)])
def test_the_estimate_is_never_lowered(usage: Usage) -> None:
    """A budget is reserved for the worst, whatever a server says or leaves out."""
    gauge = Gauge()
    gauge.read(SENT, usage)
    assert gauge.input_tokens(SENT) == SENT.input_tokens


def test_each_model_has_its_own() -> None:
    """Vocabularies differ."""
    gauge = Gauge()
    other = request("a text", model="other")
    gauge.read(SENT, Usage(input_tokens=9 * SENT.input_tokens))
    assert gauge.input_tokens(other) == other.input_tokens
