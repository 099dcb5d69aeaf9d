"""From a request to a play: routes, scripts, ledger and control pages; no sockets here."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from . import replies
from .answers import Answer, answer
from .chats import read_chat
from .desk import BatchDesk
from .dialect import Dialect
from .dialects import ANY
from .hosted import PATH as HOSTED
from .latency import NO_LATENCY, Latency
from .ledger import Bill, Entry
from .mishaps import mishaps
from .plays import Ending, Play
from .scenarios.registry import UnknownScenarioError, number
from .scripts import Moment, Script
from .searches import Searches
from .speaking import refusal, spoken_root, worded
from .vectors import PATH as VECTORS
from .vectors import read_vectors
from .wire import BadRequestError, HttpRequest, frame

CHAT = "/v1/chat/completions"
MODELS = "/v1/models"
SEARCH = "/search"
MODEL = "stub"
JSON_LINES = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """How a server plays; `scenario` is played where the path names none, `batches` is how it
    plays batches."""

    scenario: str = "good"
    dialect: Dialect = ANY
    answer: Answer = answer
    latency: Latency = NO_LATENCY
    keep_texts: bool = False
    seed: int = 0
    batches: str = ""


@dataclass(frozen=True, slots=True)
class Performance:
    """A play, its ledger entry (None for control pages) and the seconds before it starts."""

    play: Play
    delay: float = 0.0
    entry: Entry | None = None
    ledger: Bill | None = None


class Service:
    """One server's state: its default scenario, its scripts, its ledger."""

    def __init__(
        self,
        settings: ServiceSettings,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.wall = wall
        self.sink = ""
        self.sink_totals: Callable[[], dict[str, int]] = dict
        self.default = settings.scenario
        self.scripts: dict[str, Script] = {}
        self.ledger = Bill(settings.keep_texts)
        self.script(self.default)
        self.desk = self._desk(settings.batches)
        self.searches = Searches()
        self._levers: dict[str, Callable[[bytes], None]] = {
            "reset": lambda _: self.reset(),
            "scenario": lambda body: self.switch(_wanted(body, "scenario")),
            "batches": lambda body: self.switch_batches(_wanted(body, "batches")),
            "searches": lambda body: self.searches.switch(_wanted(body, "searches")),
            "clock": lambda body: self.desk.pass_time(number(_wanted(body, "seconds"))),
        }

    def script(self, spec: str) -> Script:
        """The script of a scenario, with what it remembers; raises UnknownScenarioError."""
        if spec not in self.scripts:
            self.scripts[spec] = Script(spec, self.settings.seed)
        return self.scripts[spec]

    def reset(self) -> None:
        """Begin a new ledger; forget files, batches and what the scripts remember."""
        self.ledger = Bill(self.settings.keep_texts)
        self.scripts = {}
        self.desk = self._desk(self.settings.batches)

    def _desk(self, spec: str) -> BatchDesk:
        dialect, now = self.settings.dialect, int(self.wall())
        return BatchDesk(dialect, self._answered, self._book, now, mishaps(spec))

    def switch(self, spec: str) -> None:
        """Change the default scenario; its script starts afresh."""
        self.scripts.pop(spec, None)
        self.script(spec)
        self.default = spec

    def switch_batches(self, spec: str) -> None:
        """Change how batches are played; those that there are go on."""
        self.desk.mishaps = mishaps(spec)
        self.desk.met.clear()

    def perform(self, request: HttpRequest) -> Performance:
        """What to send to a request, booked in the ledger when a model is asked."""
        path = request.path.partition("?")[0]
        try:
            if path.startswith("/_faultd/"):
                return Performance(self._control(request.method, path, request.body))
            return self._routed(path, request)
        except UnknownScenarioError as wrong:
            return Performance(_problem(404, str(wrong), "unknown_scenario"))
        except BadRequestError as wrong:
            return Performance(_problem(wrong.status, str(wrong)))

    def _routed(self, path: str, request: HttpRequest) -> Performance:
        spec, route = self._route(path)
        if (request.method, route) == ("GET", SEARCH):
            named = spec if path.startswith("/s/") else ""
            return Performance(self.searches.perform(named, request.path))
        route = spoken_root(self.settings.dialect, route)
        if (request.method, route) == ("POST", HOSTED):
            return Performance(self.searches.host(request.body))
        if request.method == "POST" and route in (CHAT, VECTORS):
            return self._model(spec, route, request)
        if (request.method, route) == ("GET", MODELS):
            return Performance(_page(_models(self.settings.dialect)))
        if self.desk.knows(route):
            return Performance(self.desk.perform(spec, route, request))
        return Performance(_problem(404, f"faultd has no {request.method} {path}"))

    def _route(self, path: str) -> tuple[str, str]:
        if not path.startswith("/s/"):
            return self.default, path
        spec, _, rest = path[3:].partition("/")
        return unquote(spec), f"/{rest}"

    def _model(self, spec: str, route: str, request: HttpRequest) -> Performance:
        ledger = self.ledger
        entry, play = self._answered(spec, request, route=route)
        thought = self.settings.latency.seconds(entry.sequence, play.completion_tokens)
        delay = thought * play.slowdown if play.billed else 0.0
        return Performance(play, delay, entry, ledger)

    def _answered(
        self, spec: str, request: HttpRequest, batch: str = "", route: str = CHAT
    ) -> tuple[Entry, Play]:
        """What a model says, on the wire or in a batch, and the entry of it, which is open."""
        dialect, script = self.settings.dialect, self.script(spec)
        if route == VECTORS:
            chat = read_vectors(request.body, request.headers)
        else:
            chat = read_chat(request.body, request.headers, dialect)
        now = self.clock()
        entry = self.ledger.open(chat, spec, now, batch)
        moment = Moment(entry.sequence, now, int(self.wall()), self.sink, self.settings.answer)
        try:
            play = refusal(dialect, request, chat) or worded(
                dialect, chat, script.play(chat, moment)
            )
        except Exception as wrong:  # noqa: BLE001  an answer function of a test may raise anything
            play = _problem(500, f"faultd: {type(wrong).__name__}: {wrong}", "faultd_bug")
        return entry, play

    def _book(self, entry: Entry, play: Play, across: int) -> None:
        """Close the entry of a request in a batch, of whose reply so many bytes can be had."""
        self.ledger.close(entry, play, across, self.clock(), gone=not across)

    def _control(self, method: str, path: str, body: bytes) -> Play:
        match method, path.removeprefix("/_faultd/"):
            case "GET", "ledger":
                return _page({"scenario": self.default} | self.summary())
            case "GET", "requests":
                lines = "".join(f"{line}\n" for line in self.ledger.lines())
                return Play((frame(200, lines.encode(), content_type=JSON_LINES),))
            case "POST", name if name in self._levers:
                self._levers[name](body)
                return _page({name: True})
            case _:
                return _problem(404, f"faultd has no {method} {path}")

    def summary(self) -> dict[str, object]:
        """The ledger's totals and what reached the sink."""
        searches = {"searches": self.searches.count}
        return self.ledger.summary() | self.sink_totals() | searches


def bad_request(wrong: BadRequestError) -> Performance:
    """The answer to bytes that are no request, after which the connection closes."""
    play = _problem(wrong.status, str(wrong))
    return Performance(Play(play.steps, wrong.status, Ending.CLOSE))


def _wanted(body: bytes, name: str) -> str:
    """What a control page is sent: the bare text, or a JSON object that holds it by name."""
    text = body.decode("utf-8", "replace").strip()
    if not text.startswith("{"):
        return text
    try:
        return str(json.loads(text)[name])
    except (ValueError, KeyError):
        raise BadRequestError(400, f'the body is to be {{"{name}": "..."}}') from None


def _models(dialect: Dialect) -> dict[str, object]:
    said = {"object": "model", "created": 0, "owned_by": "faultd"}
    return {"object": "list", "data": [{"id": name} | said for name in dialect.models]}


def _page(document: object) -> Play:
    return Play((frame(200, json.dumps(document).encode()),))


def _problem(status: int, message: str, code: str | None = None) -> Play:
    body = json.dumps(replies.error_body(status, message, code)).encode()
    return Play((frame(status, body),), status=status, name=code or "")
