"""What Jinja makes of macros and models, kept in dbt's folder: dbt compiles all of it each run.

A text is looked up by itself, so one that was edited is compiled anew, and nothing else is.
"""

from __future__ import annotations

import atexit
import hashlib
import marshal
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
from dbt.version import get_installed_version
from dbt_common.clients import jinja
from dbt_common.clients.jinja import MacroFuzzEnvironment

from assay.core.kept_file import keep
from assay.hosts.dbt.extending import extend

FILE = "assay_templates.bin"
"""Made by Python's `marshal`; whoever may write to dbt's folder may write models, too."""

_MOST = 5_000
"""With more templates than these, those that the last run did not use are let go."""

_MADE_BY = repr((sys.version, jinja2.__version__, str(get_installed_version())))


class Templates:
    """Compiled templates: those of the file at `path`, and those that this process makes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept = _read(path)
        self._used: dict[bytes, CodeType] = {}
        self._is_new = False

    def code(
        self, environment: jinja2.Environment, source: str, compiled: Callable[[], Any]
    ) -> Any:
        """Return the code of `source` in this kind of environment: as kept, or as `compiled`."""
        kind = type(environment).__name__
        key = hashlib.blake2b(f"{kind}\0{source}".encode(), digest_size=16).digest()
        code = self._used.get(key) or self._kept.get(key)
        if code is None:
            code = compiled()
            self._is_new = True
        self._used[key] = code
        return code

    def save(self) -> None:
        """Write the file where there is something new."""
        if not self._is_new:
            return
        every = self._kept | self._used
        content = marshal.dumps((_MADE_BY, self._used if len(every) > _MOST else every))
        keep(self._path, content)


def keep_templates(folder: Path) -> None:
    """Let dbt look in `folder` before it compiles a template; called once, before it begins."""
    if jinja.MACRO_DEBUGGING:  # then dbt writes down what it compiles
        return
    templates = Templates(folder / FILE)

    def compile_once(
        compile_: Callable[..., Any], environment: jinja2.Environment, source: Any, *rest: Any
    ) -> Any:
        if rest or not isinstance(source, str):
            return compile_(environment, source, *rest)
        return templates.code(environment, source, lambda: compile_(environment, source))

    extend(MacroFuzzEnvironment, "compile", compile_once)
    atexit.register(templates.save)


def _read(path: Path) -> dict[bytes, CodeType]:
    """Return what the file holds; nothing where it is missing, broken or made by others."""
    try:
        made_by, kept = marshal.loads(path.read_bytes())  # noqa: S302 - our own
    except (OSError, ValueError, EOFError, TypeError):
        return {}
    return kept if made_by == _MADE_BY and isinstance(kept, dict) else {}
