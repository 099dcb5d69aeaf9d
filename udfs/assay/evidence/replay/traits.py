"""What the rest must know of looking nowhere."""

from __future__ import annotations

from assay.core.searching import EvidenceTraits

TRAITS = EvidenceTraits(name="replay", about="the store only: a miss is an error", searches=False)
