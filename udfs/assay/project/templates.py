"""Templates of pages: escaped throughout, strict, and compiled once, as Python does its modules.

To compile that of a report takes as long as to write the page.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket


def templates_in(folder: Path, **options: Any) -> Environment:
    """Return the templates of one of our folders; `options` are those of Jinja's environment."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        bytecode_cache=_BesideModules(str(folder / "__pycache__"), "%s.jinja"),
        **options,
    )


class _BesideModules(FileSystemBytecodeCache):
    """Keeps what Python's own cache keeps: beside the source, if it may, for this source alone."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write it down unless Python writes none, or nobody may write there."""
        if not sys.dont_write_bytecode:
            with contextlib.suppress(OSError):
                super().dump_bytecode(bucket)
