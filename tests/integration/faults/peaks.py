"""How much memory a piece of work takes at its peak, as the kernel counts it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")
RESET_PEAK = "5"


def peak_growth_bytes(work: Callable[[], object]) -> int:
    """How far the resident memory of this process rises above its present size during `work`."""
    gc.collect()
    CLEAR.write_text(RESET_PEAK)
    before = _kilobytes("VmRSS")
    work()
    return (_kilobytes("VmHWM") - before) * 1024


def _kilobytes(name: str) -> int:
    line = next(row for row in STATUS.read_text().splitlines() if row.startswith(f"{name}:"))
    return int(line.split()[1])
