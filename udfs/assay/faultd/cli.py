"""The command line: start, say where, serve until a signal, print the bill."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import Annotated

import typer

from .dialects import dialect_named
from .latency import Latency
from .mishaps import TAKES
from .scenarios.registry import COMMON, SCENARIOS, UnknownScenarioError
from .server import Listener, base_url
from .service import MODEL, Service, ServiceSettings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


def _show_scenarios(wanted: bool) -> None:
    if not wanted:
        return
    for scenario in SCENARIOS.values():
        takes = " ".join(f"{name}={said}" for name, said in scenario.defaults.items())
        typer.echo(f"{scenario.name:14} {scenario.rows:12} {scenario.about} {takes}".rstrip())
    typer.echo(
        "any scenario takes: " + " ".join(f"{name}={said}" for name, said in COMMON.items())
    )
    typer.echo(f"batches take: {' '.join(TAKES)}")
    raise typer.Exit


ListOption = Annotated[
    bool,
    typer.Option("--list", callback=_show_scenarios, is_eager=True, help="List the scenarios."),
]


@app.command()
def serve(  # noqa: PLR0917  one parameter per option
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8399,
    scenario: Annotated[str, typer.Option(help="Played unless the path names one.")] = "good",
    dialect: Annotated[str, typer.Option(help="The vendor whose server is played.")] = "any",
    latency_median: Annotated[float, typer.Option(help="Seconds; lognormal.")] = 0.0,
    latency_sigma: Annotated[float, typer.Option(help="Of the lognormal.")] = 0.4,
    seconds_per_token: Annotated[float, typer.Option(help="For each output token.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Of latency and of every draw.")] = 0,
    keep_texts: Annotated[
        bool, typer.Option("--keep-texts", help="Keep record texts in the log.")
    ] = False,
    batches: Annotated[str, typer.Option(help="How batches are played: hours=1,shuffled.")] = "",
    scenarios: ListOption = False,
) -> None:
    """Serve chat completions on loopback; on SIGINT or SIGTERM print what was paid, as JSON."""
    latency = Latency(latency_median, latency_sigma, seconds_per_token, seed)
    try:
        settings = ServiceSettings(
            scenario,
            dialect_named(dialect),
            latency=latency,
            keep_texts=keep_texts,
            seed=seed,
            batches=batches,
        )
        listener = Listener(Service(settings), host, port)
    except (UnknownScenarioError, ValueError) as wrong:
        raise typer.BadParameter(str(wrong)) from None
    asyncio.run(_serve(listener))
    typer.echo(json.dumps(listener.service.summary()))


async def _serve(listener: Listener) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await listener.start()
    base = listener.service.settings.dialect.base
    typer.echo(greeting(base_url(listener.host, listener.port, base)))
    await stop.wait()
    await listener.stop()


def greeting(url: str) -> str:
    """The line that says where faultd listens and how to point Assay at it."""
    settings = f"ASSAY_PROVIDER=openai ASSAY_BASE_URL={url} ASSAY_MODEL={MODEL}"
    return f"faultd listens on {url}; use: {settings} OPENAI_API_KEY=unused"
