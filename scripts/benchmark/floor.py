"""The least that a look-up in Python costs: a dbt-duckdb plugin with one UDF and no Assay."""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection
from duckdb.func import FunctionNullHandling, PythonUDFType

_LABEL = "delivery"
_kept: list[object] = []


class FloorPlugin(BasePlugin):  # type: ignore[misc] # dbt is not typed
    """Registers `floor_look_up(text)`: hash each text with SHA-256, look it up in a dict."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Register the function as Assay registers its own: Arrow, NULLs included, volatile."""
        known: dict[bytes, str] = {}

        def look_up(texts: Any) -> Any:
            """Return a label for each text; one that was never seen is learnt on the way."""
            digests = [hashlib.sha256(text.encode()).digest() for text in texts.to_pylist()]
            labels = [known.get(digest) or known.setdefault(digest, _LABEL) for digest in digests]
            return pa.array(labels, pa.string())

        _kept.extend((look_up, conn))
        conn.create_function(
            "floor_look_up",
            look_up,
            ["VARCHAR"],
            "VARCHAR",
            type=PythonUDFType.ARROW,
            null_handling=FunctionNullHandling.SPECIAL,
            side_effects=True,
        )
