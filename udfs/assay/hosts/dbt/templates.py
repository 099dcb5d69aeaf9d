"""What Jinja makes of macros and models, kept between runs: dbt compiles all of it in each.

It lies where Python keeps what it makes of modules, in `__pycache__` beside them, and is as safe:
nothing is read from a project. A template is looked up by its text, so one that was edited is
compiled anew, and nothing else is.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from dbt.version import get_installed_version
from dbt_common.clients import jinja
from dbt_common.clients.jinja import (
    MacroFuzzEnvironment,
    extract_toplevel_blocks,
    get_environment,
)
from jinja2.bccache import FileSystemBytecodeCache

from assay.hosts.dbt.extending import extend

PATTERN = "dbt-%s.jinja"

_MOST = 5_000
"""With more files than these all are let go: most are of texts that are no more."""

_HERE = Path(__file__).parent / "__pycache__"
_MACROS = {"macro", "materialization", "test", "data_test"}
"""The blocks that dbt takes for macros, each a template of its own."""

_MADE_BY = f"{jinja2.__version__} {get_installed_version()}"


class Templates:
    """Compiled templates: those in files of `folder`, and those that this process makes."""

    def __init__(self, folder: Path) -> None:
        self._files = FileSystemBytecodeCache(str(folder), PATTERN)
        self._known: dict[tuple[str, str], Any] = {}
        if len([*folder.glob(PATTERN % "*")]) > _MOST:
            with contextlib.suppress(OSError):
                self._files.clear()

    def code(
        self, environment: jinja2.Environment, source: str, compiled: Callable[[], Any]
    ) -> Any:
        """Return the code of `source` in this kind of environment: as kept, or as `compiled`."""
        place = type(environment).__name__, source
        if place not in self._known:
            self._known[place] = self._looked_up(environment, source, compiled)
        return self._known[place]

    def _looked_up(
        self, environment: jinja2.Environment, source: str, compiled: Callable[[], Any]
    ) -> Any:
        name = f"{type(environment).__name__} {_MADE_BY} {source}"
        bucket = self._files.get_bucket(environment, name, None, source)
        if bucket.code is None:
            bucket.code = compiled()
            if not sys.dont_write_bytecode:
                with contextlib.suppress(OSError):  # where nobody may write, nothing is kept
                    self._files.set_bucket(bucket)
        return bucket.code


def keep_templates() -> None:
    """Let dbt look here before it compiles a template; called once, before it begins."""
    if jinja.MACRO_DEBUGGING:  # then dbt writes down what it compiles
        return
    templates = Templates(_HERE)

    def compile_once(
        compile_: Callable[..., Any], environment: jinja2.Environment, source: Any, *rest: Any
    ) -> Any:
        if rest or not isinstance(source, str):
            return compile_(environment, source, *rest)
        return templates.code(environment, source, lambda: compile_(environment, source))

    extend(MacroFuzzEnvironment, "compile", compile_once)


def compile_macros(folder: Path) -> None:
    """Compile all macros in the files of a folder, as a build would at its first; for set-ups."""
    templates, environment = Templates(_HERE), get_environment()
    for file in sorted(folder.rglob("*.sql")):
        blocks = extract_toplevel_blocks(file.read_text(encoding="utf-8"), _MACROS, False)
        for text in filter(None, (block.full_block for block in blocks)):
            _compile(templates, environment, text)


def _compile(templates: Templates, environment: jinja2.Environment, source: str) -> None:
    templates.code(environment, source, lambda: environment.compile(source))
