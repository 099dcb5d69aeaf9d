"""How a process ends that has made a million objects: without taking them apart."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
from collections.abc import Callable


def run_and_end(main: Callable[[], object]) -> None:
    """Run `main`; let the process then end with its exit code once threads and handlers are done.

    Nothing is collected and no module taken down, which takes as long as a second after dbt. What
    registered a handler before is passed over, so call this early. Where `main` raises what is no
    exit code, or its output cannot be written, Python ends as ever.
    """
    codes: list[int] = []
    atexit.register(_leave, codes)  # what is registered first is called last
    try:
        main()
        codes.append(0)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            codes.append(end.code or 0)
        raise


def _leave(codes: list[int]) -> None:
    with contextlib.suppress(OSError, ValueError):  # of which Python tells at its own end
        sys.stdout.flush()
        sys.stderr.flush()
        for code in codes:
            os._exit(code)
