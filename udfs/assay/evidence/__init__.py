"""Evidence: who looks for sources. One contract, a folder each; a new one is a folder and a line.

A folder has `traits.py` with `TRAITS`, which is data, and `search.py` with
`open_evidence(settings)`, which is imported only when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from assay.core.errors import ConfigError
from assay.core.searching import EvidenceTraits, make_known
from assay.evidence.contract import Evidence, ReadsRelations

if TYPE_CHECKING:
    from assay.core.settings import Settings

_FOLDERS = ("http", "openai", "replay", "table")

EVIDENCE: dict[str, EvidenceTraits] = {
    name: import_module(f"{__name__}.{name}.traits").TRAITS for name in _FOLDERS
}
make_known(EVIDENCE)


def open_evidence(settings: Settings) -> Evidence | None:
    """Return who looks for evidence by the settings; None where nobody does."""
    if settings.evidence is None:
        return None
    evidence: Evidence = import_module(f"{__name__}.{settings.evidence}.search").open_evidence(
        settings
    )
    return evidence


def check_has_evidence(settings: Settings, kind: str) -> None:
    """Raise `ConfigError` for a function that needs evidence where nobody looks for any."""
    if settings.evidence is None and settings.traits.asks:
        message = (
            f"ai_{kind} needs evidence, and `ASSAY_EVIDENCE` is not set; set it to one of "
            f"{', '.join(sorted(EVIDENCE))}."
        )
        raise ConfigError(message)


__all__ = ["EVIDENCE", "Evidence", "ReadsRelations", "check_has_evidence", "open_evidence"]
