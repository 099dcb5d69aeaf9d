"""dbt as the child of `assay`: as the command `dbt`, but it forgets no Ctrl-C."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Mapping, MutableMapping, Sequence

from assay.core import collector
from assay.core.colour import is_coloured
from assay.core.ending import run_and_end
from assay.hosts.dbt.interrupts import interrupts
from assay.hosts.dbt.progress import IN_SHORT
from assay.hosts.dbt.terminal import speak_in_short, terminal

SET_UP_EXIT = 2
_WARN_ERROR = "DBT_WARN_ERROR"
_ALL_WARNINGS = ["--warn-error-options", '{"error": "all"}']
_NO = ("", "0", "false", "f", "no", "n", "off")
"""How an environment says no."""
INTERRUPTED_EXIT = 128 + signal.SIGINT


def main() -> None:
    """Run dbt with the arguments of this process; SIGINT is heard from the first import on."""
    collector.let_it_start()
    interrupts.remember()  # before the import: it takes a second
    in_short = sys.argv[1:2] == [IN_SHORT]
    if in_short:
        sys.argv.pop(1)
        terminal.open("starting dbt")
    try:
        _run_dbt(in_short=in_short)
    except KeyboardInterrupt:  # before dbt was there to tell of it
        terminal.close()
        sys.stderr.write(f"{interrupts.said()}\n")
        sys.exit(INTERRUPTED_EXIT)
    finally:
        terminal.close()


def _run_dbt(*, in_short: bool) -> None:
    from dbt.cli.main import cli

    from assay.hosts.dbt.interrupted import end_with_a_sentence
    from assay.hosts.dbt.templates import keep_templates

    end_with_a_sentence()
    keep_templates()
    if (trouble := plugin_trouble(os.environ)) is not None:
        terminal.close()
        sys.stderr.write(f"assay: {trouble}\n")
        sys.exit(SET_UP_EXIT)
    if in_short:
        speak_in_short()
    colour_where_seen(os.environ)
    compilation, build = (cli.commands[name].params for name in ("compile", "build"))
    known = {parameter.name for parameter in compilation}
    # So that a compilation selects what the build with the same arguments selects.
    compilation += [parameter for parameter in build if parameter.name not in known]
    terminal.do("")  # what is wrong with the arguments is written before dbt logs
    cli(strict(sys.argv[1:], os.environ), prog_name="dbt")


def colour_where_seen(environ: MutableMapping[str, str]) -> None:
    """Let dbt write colour codes to a terminal alone, unless its variables say otherwise."""
    seen = {"DBT_USE_COLORS": is_coloured(), "DBT_USE_COLORS_FILE": False}
    for name, is_seen in seen.items():
        if not is_seen:
            environ.setdefault(name, "false")


def strict(arguments: Sequence[str], environ: MutableMapping[str, str]) -> list[str]:
    """Return the arguments of dbt with `--warn-error` in the words that dbt takes beside ours.

    dbt refuses it, with a traceback, where a project has `warn_error_options`, as this one has;
    so does it the variable, which is taken out of `environ`. All warnings include those of ours.
    """
    told = [each for each in arguments if each in {"--warn-error", "--no-warn-error"}]
    said = environ.pop(_WARN_ERROR, "").strip().lower() not in _NO
    rest = [each for each in arguments if each not in told]
    wanted = told[-1] == "--warn-error" if told else said
    own = any(each.startswith(_ALL_WARNINGS[0]) for each in rest)  # the narrower word holds
    return [*rest, *_ALL_WARNINGS] if wanted and not own else rest


def plugin_trouble(environ: Mapping[str, str]) -> str | None:
    """Return why the profile cannot be used or which of its plugins cannot be imported, or None.

    It says what to do: dbt would print a traceback. Nothing is imported that dbt would not import.
    """
    from dbt_common.exceptions import DbtRuntimeError

    from assay.core.errors import ConfigError
    from assay.hosts.dbt.profiles import profile_here

    try:
        profile = profile_here(environ)
    except ConfigError as error:
        return str(error)
    for module in profile.modules:
        try:
            importlib.import_module(module)
        except DbtRuntimeError as error:  # our own says what is missing
            return str(error.msg)
        except Exception as error:  # noqa: BLE001 - whatever a broken file raises
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            return (
                f"The plugin {module!r} of {profile.file} cannot be imported ({reason}). Correct "
                "its `module` there, or install what it needs."
            )
    return None


if __name__ == "__main__":
    run_and_end(main)
