"""Where a system has no `fcntl`, no fork and no signal 9, as Windows: all loads, leases hold."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from functools import partial
from pathlib import Path

WITHOUT = """
import os, signal, sys, warnings
import asyncio, subprocess, threading, logging, random  # Python's own know their system already
for name in ("fcntl", "grp", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in ("register_at_fork", "fork", "statvfs", "killpg", "getuid", "geteuid"):
    delattr(os, name)
del signal.SIGKILL
warnings.simplefilter("ignore", UserWarning)  # the library says that it has no locks of a system
"""

STORE = """
from pathlib import Path
from assay.store import open_store
store = open_store(Path(sys.argv[1]))
claim = lambda: store.claim([[b"k" * 16]])[0].ours
"""


def run(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """A process of a system without them."""
    program = [sys.executable, "-c", WITHOUT + textwrap.dedent(code), *map(str, arguments)]
    return subprocess.Popen(program, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def test_every_door_can_be_imported() -> None:
    """Nothing that only one system has is wanted while modules are read."""
    process = run(
        "import assay.plugin, assay.cli.main, assay.project.publishing.publish; print(1)"
    )
    assert process.communicate()[0] == "1\n"


def test_leases_hold_while_their_owner_lives_and_no_longer(tmp_path: Path) -> None:
    """Another process gets nothing until the holder is killed, and then everything."""
    path = tmp_path / "store.sqlite"
    holder = run(STORE + "print(len(claim()), flush=True); sys.stdin.read()", path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "1\n"
    ask = partial(run, STORE + "print(len(claim())); store.close()", path)
    assert ask().communicate()[0] == "0\n"
    holder.kill()
    holder.communicate()
    assert ask().communicate()[0] == "1\n"
