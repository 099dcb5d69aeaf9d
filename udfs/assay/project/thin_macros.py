"""The text of a file of macros that makes Assay's functions known by their bare names."""

from __future__ import annotations

from assay.functions import FUNCTIONS

BARE = (
    *(f"ai_{kind}" for kind in FUNCTIONS if kind != "suggest"),
    "ai_chunks",
    "ai_candidates",
    "ai_dedup",
    "ai_agg",
    "ai_search",
    "ai_similarity",
    "ai_due",
    "ai_remove_gone",
)
"""What a model calls."""

_HEAD = "{#- Assay's functions by their bare names: `ai_filter` is `assay.ai_filter`. -#}"


def thin_macros() -> str:
    """Return the text of a `.sql` file for `macros/` of a project that has Assay as a package."""
    return "\n".join([_HEAD, *map(_thin, BARE), ""])


def _thin(name: str) -> str:
    call = f"{{{{- assay.{name}(*varargs, **kwargs) -}}}}"
    return f"\n{{% macro {name}() -%}}\n    {call}\n{{%- endmacro %}}"
