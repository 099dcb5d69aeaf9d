"""What the rest must know of evidence in the warehouse."""

from __future__ import annotations

from assay.core.searching import EvidenceTraits

TRAITS = EvidenceTraits(
    name="table",
    about="a relation of the warehouse with `url`, `title` and `text`",
    needs=("evidence_table",),
)
