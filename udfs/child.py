"""dbt as the child of `assay`: as the command `dbt`, but it forgets no Ctrl-C."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from pathlib import Path

from udfs.interrupts import interrupts

SET_UP_EXIT = 2
INTERRUPTED_EXIT = 128 + signal.SIGINT


def main() -> None:
    """Run dbt with the arguments of this process; SIGINT is heard from the first import on."""
    interrupts.remember()  # before the import: it takes a second
    try:
        _run_dbt()
    except KeyboardInterrupt:  # before dbt was there to tell of it
        sys.stderr.write(f"{interrupts.said()}\n")
        sys.exit(INTERRUPTED_EXIT)


def _run_dbt() -> None:
    from dbt.cli.main import cli

    from udfs.interrupted import end_with_a_sentence
    from udfs.profile import profiles_file

    end_with_a_sentence()
    if (trouble := plugin_trouble(profiles_file(os.environ))) is not None:
        sys.stderr.write(f"assay: {trouble}\n")
        sys.exit(SET_UP_EXIT)
    cli(prog_name="dbt")


def plugin_trouble(profiles: Path) -> str | None:
    """Return which plugin of a profile cannot be imported and what to do; None if all can.

    dbt would print a traceback. Nothing is imported that dbt would not import.
    """
    from udfs.profile import plugin_modules

    for module in plugin_modules(profiles):
        try:
            importlib.import_module(module)
        except Exception as error:  # noqa: BLE001 - whatever a broken file raises
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            return (
                f"The plugin {module!r} of {profiles} cannot be imported ({reason}). Correct its "
                "`module` there, or run ./scripts/setup."
            )
    return None


if __name__ == "__main__":
    main()
