"""`scripts/setup`: an environment for this folder, also after the folder was moved or copied."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PYPROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "tool"
version = "1"
scripts.tool = "tool:main"
[tool.setuptools]
py-modules = ["tool"]
"""
TOOL = "def main():\n    print(__file__)\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a program of its own, set up once; setuptools is lent by this environment."""
    root = tmp_path_factory.mktemp("made") / "first"
    (root / "scripts").mkdir(parents=True)
    shutil.copy(REPOSITORY / "scripts/setup", root / "scripts/setup")
    (root / "scripts/compile_imported").touch()
    files = {"requirements.txt": "# Nothing.\n", "pyproject.toml": PYPROJECT, "tool.py": TOOL}
    for name, text in files.items():
        (root / name).write_text(text, encoding="utf-8")
    assert "Installing" in set_up(root)
    return root


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder, in an environment that knows of none."""
    env = {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "PYTHONPATH": sysconfig.get_path("purelib"),
    }
    return subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=True
    )


def set_up(root: Path) -> str:
    """What the set-up of a project says."""
    return run(root, "./scripts/setup").stderr


def where(root: Path) -> str:
    """Whose code `tool` runs in a shell that has activated the environment of a folder."""
    return run(root, "bash", "-c", "source .venv/bin/activate; tool").stdout.strip()


def test_an_environment_goes_with_its_folder(made: Path, tmp_path: Path) -> None:
    """A copy, moved into a folder with an odd name, runs its own code; the original runs its own.

    A file of the lock with other line ends is the same lock.
    """
    assert (set_up(made), where(made)) == ("", str(made / "tool.py"))
    copied = tmp_path / "copied"
    shutil.copytree(made, copied, symlinks=True)
    moved = copied.rename(tmp_path / "it's #1 é & so on")
    assert where(moved) == str(made / "tool.py")
    assert "Installing" in set_up(moved)
    assert (where(moved), where(made)) == (str(moved / "tool.py"), str(made / "tool.py"))
    lock = moved / "requirements.txt"
    lock.write_bytes(lock.read_bytes().replace(b"\n", b"\r\n"))
    assert set_up(moved) == ""
