"""Doing something around what dbt calls: a method, or a function of one of its modules."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any


def extend(owner: object, name: str, around: Callable[..., Any]) -> None:
    """Call `around` with what `owner` has under `name` and its arguments in place of it; once.

    A second extension of the same name does nothing: a process may start dbt many times.
    """
    method = getattr(owner, name)
    if hasattr(method, "extended_by_assay"):
        return

    @functools.wraps(method)
    def extended(*arguments: Any, **options: Any) -> Any:
        return around(method, *arguments, **options)

    extended.extended_by_assay = True  # type: ignore[attr-defined]
    setattr(owner, name, extended)
