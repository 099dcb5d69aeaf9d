"""dbt under `strace`: what it and its children connected to and ran, as the kernel saw it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pytest

from .dbt.project import Project

SECONDS = 240

needs_strace = pytest.mark.wants("strace")


@dataclass(frozen=True)
class Traced:
    """How a command ended, all it printed, and its calls of connect, sendto and execve."""

    code: int
    output: str
    calls: str

    @property
    def hosts(self) -> set[str]:
        """Every address of the internet that was connected or sent to."""
        v4 = re.findall(r'inet_addr\("([^"]+)"\)', self.calls)
        v6 = re.findall(r'inet_pton\(AF_INET6, "([^"]+)"', self.calls)
        return {*v4, *v6}

    @property
    def name_lookups(self) -> int:
        """How often a name server was asked, on whatever address it listens."""
        return len(re.findall(r"sin6?_port=htons\(53\)", self.calls))

    @property
    def programs(self) -> set[str]:
        """Every program that was started."""
        started = re.findall(r'execve\("([^"]+)".* = 0$', self.calls, re.MULTILINE)
        return {Path(name).name for name in started}


def dbt_traced(project: Project, *arguments: str, without: Collection[str] = ()) -> Traced:
    """Run dbt under strace in the environment of the project; skip where it may not trace.

    Variables that `without` names are taken out of the environment.
    """
    trace = project.root.parent / f"{project.root.name}.trace"
    environment = project._environment({})
    bare = {name: said for name, said in environment.items() if name not in without}
    dbt = str(Path(sys.executable).with_name("dbt"))
    calls = "trace=connect,sendto,sendmsg,sendmmsg,execve"
    done = subprocess.run(
        ["strace", "-f", "-qq", "-s", "256", "-e", calls, "-o", str(trace), dbt, *arguments],
        cwd=project.root,
        env=bare,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )
    if not trace.exists() or "execve(" not in (said := trace.read_text(errors="replace")):
        pytest.skip("strace may not trace here")
    return Traced(done.returncode, done.stdout.decode("utf-8", "replace"), said)
