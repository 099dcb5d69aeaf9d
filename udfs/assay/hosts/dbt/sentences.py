"""One sentence where dbt and DuckDB would wrap what we say, or print a traceback of ours."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
from dbt.adapters.duckdb.environments.local import LocalEnvironment
from dbt_common.exceptions import DbtRuntimeError

from assay.core.errors import AssayError, our_words
from assay.hosts.dbt.extending import extend


@contextlib.contextmanager
def in_our_words() -> Iterator[None]:
    """Raise an error of ours that comes back from DuckDB as we said it."""
    try:
        yield
    except duckdb.Error as error:
        if (said := our_words(str(error))) is None:
            raise
        raise type(error)(said) from None


def speak_in_sentences() -> None:
    """Let dbt print what a Python model of ours says as it said it."""
    extend(LocalEnvironment, "submit_python_job", _submit)


def _submit(submit: Callable[..., Any], *arguments: Any) -> Any:
    """dbt-duckdb makes a traceback of whatever a Python model raises, a red gate included."""
    try:
        return submit(*arguments)
    except DbtRuntimeError as error:
        if isinstance(error.__context__, AssayError):
            raise DbtRuntimeError(str(error.__context__)) from None
        raise
