"""A session: an engine on its store, with who answers and who watches; put together here alone."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Literal, Self

from assay.core.events import Nobody
from assay.core.settings import IN_CALL, PREFIX, Settings, load_settings, with_changes
from assay.engine.answers import MOST_ANSWERS, Answers
from assay.engine.loop import Engine
from assay.engine.prices import check_cap
from assay.engine.run import Run
from assay.evidence import Evidence, ReadsRelations, open_evidence
from assay.providers import EMBEDDED, Provider, open_provider
from assay.store import Store, open_store
from assay.telemetry import open_telemetry

_ALONE = {
    "provider": EMBEDDED.name,
    **dict.fromkeys(("model", "base_url", "profile", "api_key")),
    **dict.fromkeys(("max_cost_usd", "max_requests", "requests_per_minute", "tokens_per_minute")),
    "batch": False,
}
"""What the embedded models beside an endpoint are asked under: nothing of its limits holds."""


class Session:
    """Runs on one store that ask one provider; use it as a context manager, or `close` it.

    Holds the connections to both and what was answered of late. Any number of threads may begin
    runs and ask in them.
    """

    def __init__(
        self, settings: Settings, engine: Engine, evidence: Evidence | None = None
    ) -> None:
        self.settings = settings
        self._engine = engine
        self._evidence = evidence
        self._embedded: Session | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def store(self) -> Store:
        """The store that the answers are kept in."""
        return self._engine.store

    def run(
        self,
        name: str = "run",
        *,
        max_cost_usd: float | None = None,
        max_requests: int | None = None,
        over_budget: Literal["refuse", "spend"] | None = None,
    ) -> Run:
        """Begin a run; in the ledger it is called `name` with eight digits after it.

        `max_cost_usd` (US dollars), `max_requests` and `over_budget` replace the settings of the
        same name. Raises `ConfigError` for a cap on money with a model whose price is not known.
        """
        given = {
            "max_cost_usd": max_cost_usd,
            "max_requests": max_requests,
            "over_budget": over_budget,
        }
        changed = {field: value for field, value in given.items() if value is not None}
        settings = settings_of(self.settings, changed)
        check_cap(settings)
        run_id = f"{name}-{uuid.uuid4().hex[:8]}"
        return self._run(run_id, settings, builds=False)

    def begin(self, run_id: str, *, builds: bool = True, settings: Settings | None = None) -> Run:
        """Begin the run of a host that has a name for it already, such as dbt's invocation.

        One that `builds` nothing is on record from its first ask on, and as such. `settings` are
        those of the session with other limits.
        """
        return self._run(run_id, settings or self.settings, builds=builds)

    def _run(self, run_id: str, settings: Settings, *, builds: bool) -> Run:
        """Begin a run that may ask the embedded models, too, beside who is asked otherwise."""
        state = self._engine.begin(run_id, settings, builds=builds)
        if settings.answerer.free:
            return Run(self._engine, state)

        def beside() -> Run:
            self.store.begin_run(run_id, settings, builds=builds)  # it is on record as this one
            return self._embedded_session().begin(run_id, builds=builds)

        return Run(self._engine, state, beside)

    def _embedded_session(self) -> Session:
        """Return the session of the embedded models on the same store; opened when needed."""
        with self._lock:
            if self._embedded is None:
                settings = with_changes(self.settings, _ALONE)
                provider, answers = open_provider(settings), Answers()
                engine = Engine(settings, self.store, provider, Nobody(), answers)
                self._embedded = Session(settings, engine)
            return self._embedded

    def read_relations_by(self, connect: Callable[[], Any]) -> None:
        """Let evidence that is in the warehouse be read by what `connect` returns."""
        if isinstance(self._evidence, ReadsRelations):
            self._evidence.read_by(connect)

    def cancel(self) -> None:
        """Stop all runs: nothing more is sent, and threads that wait get `Cancelled`."""
        self._engine.cancel_all()
        if self._embedded is not None:
            self._embedded.cancel()

    def close(self) -> None:
        """End all runs and let store and provider go; safe to call twice."""
        if self._embedded is not None:  # first: what the other says of a run's rows is to stay
            self._embedded.end_runs()
        self.end_runs()
        self.store.close()

    def end_runs(self) -> None:
        """End all runs and let the provider go; the store stays open."""
        self._engine.close()


def open_session(
    settings: Settings, provider: Provider | None = None, *, most_answers: int = MOST_ANSWERS
) -> Session:
    """Return a session on the store that `settings` name, which asks `provider` or theirs.

    It remembers at most so many answers; others are read from the store again. Raises
    `StoreError` where the store cannot be opened or trusted; where answers are paid for, also one
    that has lost some.
    """
    store = open_store(settings.store, guarded=settings.traits.remote)
    answerer, observer = provider or open_provider(settings), open_telemetry(settings)
    evidence, answers = open_evidence(settings), Answers(most_answers)
    engine = Engine(settings, store, answerer, observer, answers, evidence)
    return Session(settings, engine, evidence)


def settings_of(settings: Settings | None, changed: Mapping[str, Any]) -> Settings:
    """Return `settings`, or the defaults, with what is `changed`; checked as a whole.

    Without `settings` the key is that of the environment. Raises `ConfigError` that names what
    is wrong.
    """
    if settings is None and "api_key" not in changed:
        return load_settings(changed, _without_ours(os.environ), IN_CALL)
    return with_changes(settings, changed)


def _without_ours(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which arguments are overruled by nothing: the key is in it."""
    return {name: value for name, value in environ.items() if not name.startswith(PREFIX)}
