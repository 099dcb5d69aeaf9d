"""`assay`, `python -m assay`: the command line; Ctrl-C during its imports leaves no traceback."""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Import the command line and run it; where a library of it is missing, one line says so.

    Whoever was made deaf to SIGINT, as jobs in the background of a script are, stays so.
    """
    heard = signal.getsignal(signal.SIGINT)
    if heard is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from assay.core import collector
    from assay.core.ending import run_and_end
    from assay.core.errors import ConfigError
    from assay.core.extras import extra

    collector.let_it_start()
    try:
        with extra("dbt", "The command `assay`"):
            from assay.cli.main import run
    except ConfigError as error:
        sys.stderr.write(f"assay: {error}\n")
        sys.exit(2)
    signal.signal(signal.SIGINT, heard)
    run_and_end(run)


if __name__ == "__main__":
    main()
