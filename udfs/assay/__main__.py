"""`assay`, `python -m assay`: the command line; Ctrl-C during its imports leaves no traceback."""

from __future__ import annotations

import signal


def main() -> None:
    """Import the command line and run it.

    Whoever was made deaf to SIGINT, as jobs in the background of a script are, stays so.
    """
    heard = signal.getsignal(signal.SIGINT)
    if heard is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from assay.cli.main import run

    signal.signal(signal.SIGINT, heard)
    run()


if __name__ == "__main__":
    main()
