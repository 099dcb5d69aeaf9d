"""Judges: how the embedded models answer each function, a module for each kind that they can.

A module has `judge(task, embedder)`, which returns the function that answers `task` for a list of
texts.
"""

from __future__ import annotations

from pkgutil import iter_modules

KINDS = frozenset(module.name for module in iter_modules(__path__))
"""The kinds of the functions that have a judge."""
