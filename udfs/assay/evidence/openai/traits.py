"""What the rest must know of a hosted search."""

from __future__ import annotations

from assay.core.searching import EvidenceTraits

TRAITS = EvidenceTraits(
    name="openai",
    about="a hosted web search by the Responses API of the endpoint",
    costs=True,
)
