"""dlt as it runs here: it tells nobody, reads no file of settings, and keeps nothing elsewhere.

What it is told by the environment has to stand there before it is imported; so this runs in a
process of its own, and only there.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from assay.core.extras import extra

_ALWAYS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__SENTRY_DSN": "",
    "RUNTIME__LOG_LEVEL": "CRITICAL",  # its warnings quote addresses and rows
    "RUNTIME__INTERCEPT_SIGNALS": "false",
    "LOAD__WORKERS": "1",  # one transaction has one thread
    "LOAD__RAISE_ON_MAX_RETRIES": "1",  # after a part that failed nothing can be kept
    "LOAD__TRUNCATE_STAGING_DATASET": "true",
    # Rows as dictionaries and as Arrow fill the same columns, so that a source may change over.
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID": "true",
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_ID": "true",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
}
_UNLESS_SAID = {
    "DESTINATION__REPLACE_STRATEGY": "insert-from-staging",  # old rows are there until the end
    "RUNTIME__REQUEST_TIMEOUT": "30",
    "RUNTIME__REQUEST_MAX_ATTEMPTS": "5",
    "RUNTIME__REQUEST_BACKOFF_FACTOR": "0.5",
}


def prepare(work: Path, environ: MutableMapping[str, str] = os.environ) -> Any:
    """Set what dlt is to find, empty its working folder, import it and return it.

    `work` is the folder that all of it goes to. Raises `ConfigError` where it is not installed.
    """
    environ.update(_ALWAYS)
    for name, value in _UNLESS_SAID.items():
        environ.setdefault(name, value)
    for name in ("DLT_DATA_DIR", "DLT_PROJECT_DIR", "DLT_LOCAL_DIR"):
        environ[name] = str(work)
    empty(work)
    with extra("load", "Loading sources"):
        import dlt
    _only_the_environment(work)
    return dlt


def empty(work: Path) -> None:
    """Leave nothing in the working folder: what dlt has to remember is in the warehouse.

    A folder that remembered a cursor could be ahead of rows that were never kept.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)


def _only_the_environment(work: Path) -> None:
    """Let settings and secrets come from the environment alone, and `work` be dlt's home."""
    from dlt.common.configuration.container import Container
    from dlt.common.configuration.providers import EnvironProvider
    from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
    from dlt.common.runtime.run_context import RunContext

    class OnlyEnvironment(RunContext):  # type: ignore[misc, unused-ignore]
        """Where dlt is: in a folder of the project, without files of settings."""

        def __init__(self) -> None:
            super().__init__(str(work))
            self._global_dir = str(work)

        def initial_providers(self) -> list[Any]:
            """Return where settings are looked for."""
            return [EnvironProvider()]

    Container()[PluggableRunContext].reload(OnlyEnvironment())
