"""What the rest must know of search servers."""

from __future__ import annotations

from assay.core.searching import EvidenceTraits

TRAITS = EvidenceTraits(
    name="http",
    about="a search server that answers JSON, such as SearXNG",
    needs=("evidence_url",),
    costs=True,
)
