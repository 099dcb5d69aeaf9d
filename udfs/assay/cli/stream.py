"""`assay stream MODEL`: a model on events as they come; it runs until it is told to end."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from assay.cli.console import Json, one_line, print_json, span
from assay.core.errors import ConfigError
from assay.core.extras import extra
from assay.core.project import Project
from assay.core.settings import Settings
from assay.engine.session import open_session
from assay.hosts.dbt.process import code_beside
from assay.hosts.dbt.project_folder import project_here
from assay.hosts.dbt.settings import settings_here
from assay.hosts.stream.contract import StreamContract, contract_of, read_contract
from assay.hosts.stream.intake import Intake
from assay.hosts.stream.kafka import check_topics, client_config
from assay.hosts.stream.loop import Stream
from assay.hosts.stream.outlet import Outlet
from assay.hosts.stream.state import StreamState

_TERMINAL_SECONDS = 0.5
_LOG_SECONDS = 10.0
_CLEAR_LINE = "\r\x1b[2K"


def command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model that streams.")],
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Look at contract, brokers and topics, make the landing folder; end."
        ),
    ] = False,
    compiled: Annotated[
        bool,
        typer.Option(
            "--compiled", help="Begin with what the last start compiled: no dbt, no warehouse."
        ),
    ] = False,
    create_topics: Annotated[
        bool, typer.Option("--create-topics", help="Make the topics that it writes to.")
    ] = False,
    until_idle: Annotated[
        str | None,
        typer.Option("--until-idle", metavar="SPAN", help="End once nothing came for 30s, 5m."),
    ] = None,
    member: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What tells this process from others; of transactions."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a model on the events of a Kafka topic as they come, and send each where it belongs.

    It ends in good order on SIGTERM and Ctrl-C, with exit code 0; a process that is killed loses
    nothing. What a model needs is on the page docs/how-to/stream-from-kafka.md.
    """
    idle = span("--until-idle", until_idle).total_seconds() if until_idle else None
    settings, project = settings_here().within(project_here()), project_here()
    with extra("stream", "`assay stream`"):
        import confluent_kafka  # noqa: F401 - said before dbt compiles for ten seconds
    config = client_config(settings, model)
    contract = _contract(model, settings, compiled=compiled)
    folder = _landing(contract, settings, project)
    with open_session(settings) as session:
        stream = Stream(contract, session, folder)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: stream.stop())
        check_topics(config, contract.options.topic, contract.topics, create=create_topics)
        if check:
            typer.echo(f"ok   {model} reads {contract.options.topic}, lands in {folder}.")
            return
        _run(stream, config, settings, member or _member(), idle)
    if as_json:
        print_json(stream.state.facts())
    else:
        typer.echo(f"Streamed  {stream.state.told()}")


def _contract(model: str, settings: Settings, *, compiled: bool) -> StreamContract:
    """Return the contract: compiled now and kept for a later start, or as kept by an earlier."""
    kept = settings.store.parent / "streams" / f"{model}.json"
    if compiled:
        return read_contract(kept, model)
    code = code_beside("--select", model, "--full-refresh")
    contract = contract_of(code.manifest, model)
    kept.parent.mkdir(parents=True, exist_ok=True)
    written = kept.with_suffix(f".{os.getpid()}.new")
    written.write_text(contract.written(), encoding="utf-8")
    written.replace(kept)
    return contract


def _landing(contract: StreamContract, settings: Settings, project: Project) -> Path:
    """Return the folder of what is landed; raise where a build could not read it."""
    folder = project.path(contract.options.landing) / contract.options.topic
    within = any(
        folder.resolve().is_relative_to(each.resolve()) for each in settings.data_directories
    )
    if not within and not settings.external_access:
        message = (
            f"{contract.model} lands in {folder}, which is in no folder that SQL may read; name "
            "it in `ASSAY_DATA_DIRECTORIES`, or set `landing` of its stream."
        )
        raise ConfigError(message)
    return folder


def _run(
    stream: Stream, config: dict[str, object], settings: Settings, member: str, idle: float | None
) -> None:
    intake = Intake(config, stream.contract)
    outlet = Outlet(config, stream.contract, member)
    shown = _Shown(wanted=settings.progress)
    try:
        stream.run(intake, outlet, idle_seconds=idle, tell=shown.see)
    finally:
        shown.end()
        outlet.close()
        intake.close()
        stream.close()


def _member() -> str:
    return f"{socket.gethostname()}-{os.getpid()}"


class _Shown:
    """One line on standard error: rewritten on a terminal, elsewhere one every ten seconds.

    What the stream is halted by is said at once.
    """

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._on_terminal = sys.stderr.isatty()
        self._due = 0.0
        self._halted = ""

    def see(self, state: StreamState) -> None:
        """Show where the stream stands, if it is time."""
        news = state.halted != self._halted
        if not self._wanted or (time.monotonic() < self._due and not news):
            return
        self._halted = state.halted
        self._due = time.monotonic() + (_TERMINAL_SECONDS if self._on_terminal else _LOG_SECONDS)
        line = one_line(state.line())
        if self._on_terminal:
            width = os.get_terminal_size(sys.stderr.fileno()).columns
            sys.stderr.write(f"{_CLEAR_LINE}{line[: width - 1]}")
        else:
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the terminal as it was."""
        if self._wanted and self._on_terminal:
            sys.stderr.write(_CLEAR_LINE)
