"""How a function of ours becomes one of DuckDB's: Arrow columns of text in, a column out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import duckdb
from duckdb.func import FunctionNullHandling, PythonUDFType

Udf = Callable[..., Any]


def create_function(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    function: Udf,
    *,
    parameters: int,
    volatile: bool,
    returns: str = "VARCHAR",
) -> None:
    """Register a function of text arguments.

    What asks is volatile, so that DuckDB never runs it while planning (EXPLAIN, constant
    folding); a second evaluation of the same row is a look-up.
    """
    with contextlib.suppress(duckdb.InvalidInputException):  # it was not there yet
        connection.remove_function(name)
    connection.create_function(
        name,
        function,
        ["VARCHAR"] * parameters,
        returns,
        type=PythonUDFType.ARROW,
        null_handling=FunctionNullHandling.SPECIAL,
        side_effects=volatile,
    )
