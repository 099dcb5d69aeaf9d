"""Fixtures of the dbt tests: projects in temporary folders, and a server to ask."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assay.faultd import FaultServer

from .project import FIRST, Project, Shipped, asking

NewProject = Callable[..., Project]


@pytest.fixture(scope="session")
def one_server() -> Iterator[FaultServer]:
    """One server on one port: what dbt remembers of a project holds for the next one."""
    with FaultServer(keep_texts=True) as running:
        yield running


@pytest.fixture(scope="module")
def server(one_server: FaultServer) -> FaultServer:
    """A server that answers well unless the path says otherwise, and keeps what it was sent."""
    one_server.reset()
    return one_server


@pytest.fixture(scope="module")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> NewProject:
    """Make a project of given models, by paths below `models/`, that asks the local provider."""

    def made(models: dict[str, str] | None = None, **env: str) -> Project:
        return Project(tmp_path_factory.mktemp("project"), models or {}, env)

    return made


@pytest.fixture(scope="module")
def asking_project(new_project: NewProject, server: FaultServer) -> Callable[..., Project]:
    """As `new_project`, but its texts go to the server."""

    def made(models: dict[str, str] | None = None, **env: Any) -> Project:
        return new_project(models, **asking(server), **env)

    return made


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Shipped:
    """The shipped project, built once with the embedded models; leave its store as it is."""
    project = Project(tmp_path_factory.mktemp("shipped")).add_shipped()
    run = project.dbt("build")
    shutil.copytree(project.root / "target", project.root / FIRST)
    shutil.copy(project.warehouse, project.root / FIRST)
    return Shipped(project, run, project.state("silver", "gold"), project.calls())
