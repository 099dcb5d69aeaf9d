"""One sentence where dbt and DuckDB would wrap what we say, or print a traceback of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper, LocalEnvironment
from dbt_common.exceptions import DbtRuntimeError

from udfs import fence
from udfs.errors import AssayError, our_words
from udfs.extending import extend


def speak_in_sentences() -> None:
    """Let dbt print what we say as we said it: from SQL and from Python models."""
    extend(DuckDBCursorWrapper, "execute", _execute)
    extend(LocalEnvironment, "submit_python_job", _submit)


def _execute(execute: Callable[..., Any], *arguments: Any) -> Any:
    """An error of ours comes back from DuckDB in its words; what the fence stops has a remedy."""
    try:
        return execute(*arguments)
    except duckdb.Error as error:
        if (said := our_words(str(error))) is not None:
            raise type(error)(said) from None
        if (remedy := fence.remedy(error)) is not None:
            raise type(error)(f"{error}\n{remedy}") from None
        raise


def _submit(submit: Callable[..., Any], *arguments: Any) -> Any:
    """dbt-duckdb makes a traceback of whatever a Python model raises, a red gate included."""
    try:
        return submit(*arguments)
    except DbtRuntimeError as error:
        if isinstance(error.__context__, AssayError):
            raise DbtRuntimeError(str(error.__context__)) from None
        raise
