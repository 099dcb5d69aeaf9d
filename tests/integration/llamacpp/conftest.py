"""The server of `scripts/llamacpp`, started once for the tests of this folder, ended by its id."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..dbt.project import KEY, REPOSITORY

START_SECONDS = 300
"""The first start installs 127 MB."""


@pytest.fixture(scope="session")
def port() -> int:
    """A port that is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def endpoint(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a run whose texts go to llama.cpp.

    The model is slow on a busy machine, and unfit: most of its rows may fail.
    """
    log = tmp_path_factory.mktemp("llamacpp") / "server.log"
    command = [str(REPOSITORY / "scripts/llamacpp"), "--port", str(port)]
    with (
        log.open("w") as output,
        subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as server,
    ):
        try:
            _await(server, log)
            yield {
                "ASSAY_PROVIDER": "openai",
                "ASSAY_BASE_URL": f"http://127.0.0.1:{port}/v1",
                "ASSAY_PROFILE": "llamacpp",
                "ASSAY_MODEL": "smollm2",
                "OPENAI_API_KEY": KEY,
                "ASSAY_DEADLINE_SECONDS": "300",
                "ASSAY_MAX_IN_FLIGHT": "2",
                "ASSAY_MAX_FAILED_SHARE": "1",
            }
        finally:
            server.terminate()


def _await(server: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the server says that it listens; fail with what it says instead."""
    end = time.monotonic() + START_SECONDS
    while "listens on" not in log.read_text(encoding="utf-8"):
        if server.poll() is not None or time.monotonic() > end:
            pytest.fail(f"llama.cpp did not start: {log.read_text(encoding='utf-8')[-2000:]}")
        time.sleep(0.2)
