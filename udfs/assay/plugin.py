"""The dbt-duckdb plugin: reads the settings, starts the engine, registers the UDFs, serves ops.

This is where the parts are put together; nothing imports it but dbt.
"""

from __future__ import annotations

import atexit
import gc
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.environments.local import DuckDBCursorWrapper, LocalEnvironment
from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.events.logging import AdapterLogger
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.compilation import Compiler
from dbt.flags import get_flags
from dbt.task.compile import CompileTask
from dbt.task.docs.generate import GenerateTask
from dbt_common.exceptions import DbtRuntimeError
from dbt_common.invocation import get_invocation_id
from duckdb import ConnectionException, DuckDBPyConnection, DuckDBPyRelation

from assay.core import collector
from assay.core.errors import AssayError, ConfigError, GateError
from assay.core.extras import extra

try:
    with extra("dbt", "The plugin `assay.plugin`"):
        import pyarrow as pa
except ConfigError as error:  # which dbt would print with a traceback
    raise DbtRuntimeError(str(error)) from None

from assay.core.reach import Reach
from assay.core.settings import Settings, load_settings
from assay.engine.run import Run
from assay.engine.session import Session, open_session
from assay.hosts.dbt import artifacts, home, notices
from assay.hosts.dbt.compile import is_beside, write_the_rest
from assay.hosts.dbt.docs import annotate
from assay.hosts.dbt.extending import extend
from assay.hosts.dbt.interrupted import end_with_a_sentence
from assay.hosts.dbt.interrupts import interrupts
from assay.hosts.dbt.lineage import HOOK
from assay.hosts.dbt.package import other_version
from assay.hosts.dbt.project_folder import project_here
from assay.hosts.dbt.secrets import look_up_secrets_once
from assay.hosts.dbt.sentences import in_our_words, speak_in_sentences
from assay.hosts.dbt.statements import LOOKING, Statements
from assay.hosts.dbt.terminal import show_progress
from assay.hosts.duckdb import fence, reading
from assay.hosts.duckdb.registering import create_function
from assay.hosts.duckdb.udfs import Udfs
from assay.project.evaluation.golden_gate import GoldenGate
from assay.project.gates.gate import Gatekeeper
from assay.project.gates.judge import Judge
from assay.project.tables import table_of
from assay.store import Store

_log = AdapterLogger("Assay")


class _Workshop:
    """One session for each set of settings in this process, its run, and all UDFs ever registered.

    DuckDB crashes when it calls a function whose Python object is gone, so none is let go.
    """

    def __init__(self) -> None:
        self.project = project_here()
        """The project of the running invocation, once the plugin is loaded."""
        self._lock = threading.Lock()
        self._sessions: dict[Settings, Session] = {}
        self._latest: Session | None = None
        self._run: Run | None = None
        self._kept: list[object] = []
        self.reach = Reach()
        self.attend(None)

    def session(self, settings: Settings) -> Session:
        """Return the session for `settings`."""
        with self._lock:
            if settings not in self._sessions:
                self._sessions[settings] = open_session(settings)
            self._latest = self._sessions[settings]
            return self._latest

    def begin(self, session: Session, *, builds: bool) -> Run:
        """Begin the run of dbt's invocation; what an earlier one has left in flight is ended."""
        if self._run is not None:
            self._run.close()
        self._run = session.begin(get_invocation_id(), builds=builds)
        return self._run

    @property
    def store(self) -> Store:
        """The store of the session that was asked for last: the one of the running invocation."""
        if self._latest is None:
            message = (
                "The plugin is not loaded; name `assay.plugin` under `plugins` in profiles.yml."
            )
            raise GateError(message)
        return self._latest.store

    def watch(self, *, wanted: bool) -> None:
        """Show, or show no longer, how far the run is that was begun last."""
        run = self._run
        show_progress((lambda: run.spend) if wanted and run is not None else None)

    def attend(self, tell: Callable[[str, str], None] | None) -> None:
        """Hear of the SQL of a run that asks, and `tell` of it, or keep that of its hooks."""
        self.executed: dict[str, str] = {}
        self.statements = Statements(tell or self._keep_executed)

    def _keep_executed(self, key: str, sql: str) -> None:
        if HOOK in key:
            self.executed[key] = sql

    def keep(self, thing: object) -> None:
        """Hold on to `thing` until the process ends."""
        self._kept.append(thing)

    def cancel(self) -> None:
        """Let nothing more be sent and nobody wait; called when dbt cancels its queries."""
        for session in list(self._sessions.values()):
            session.cancel()

    def close(self) -> None:
        """Close all sessions; called when the process ends."""
        self.watch(wanted=False)
        for session in self._sessions.values():
            session.close()
        gc.unfreeze()  # or DuckDB's binding says at the very end that everything has leaked


_workshop = _Workshop()


def _listen_for_cancel() -> None:
    """Hear of Ctrl-C: dbt interrupts DuckDB, which cannot interrupt a Python function.

    dbt-duckdb tells its plugins nothing of it, so what dbt calls when it stops is extended, once;
    not the cancelling of one connection, which is left out for threads that have none open. A
    connection that its thread closes meanwhile has nothing to cancel, and is no reason to fail.
    """

    def cancel(cancel_open: Callable[..., Any], *arguments: Any) -> Any:
        _workshop.cancel()
        return cancel_open(*arguments)

    def cancel_one(cancel: Callable[..., Any], *arguments: Any) -> Any:
        with suppress(ConnectionException):
            return cancel(*arguments)

    extend(DuckDBConnectionManager, "cancel_open", cancel)
    extend(DuckDBConnectionManager, "cancel", cancel_one)


def _load_in_turn() -> None:
    """Let sources be loaded one after the other.

    Two models that load a source at once would meet in DuckDB's catalog, and one would fail.
    """
    turn = threading.Lock()

    def load(load_source: Callable[..., Any], *arguments: Any) -> Any:
        with turn:
            return load_source(*arguments)

    extend(LocalEnvironment, "load_source", load)


def _attend_to_sql(settings: Settings) -> None:
    """Tell of SQL that asks; say what to do where the fence refuses, or a file cannot be read.

    The settings are those of the plugin that was loaded last, as with all that is extended.
    """
    _workshop.reach = settings

    def execute(method: Callable[..., Any], cursor: Any, sql: str, *arguments: Any) -> Any:
        _workshop.statements.executed(sql)
        with in_our_words(), reading.explained(sql, _workshop.reach, _workshop.project):
            return method(cursor, sql, *arguments)

    def compile_node(method: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        node = method(*arguments, **options)
        _workshop.statements.compiled(node)
        return node

    extend(DuckDBCursorWrapper, "execute", execute)
    extend(Compiler, "compile_node", compile_node)


def _annotate_docs(settings: Settings) -> None:
    """Let `dbt docs generate` write down what made each AI column, once the tables are known."""

    def results(get_results: Callable[..., Any], task: GenerateTask, **found: Any) -> Any:
        annotate(task.manifest, found["nodes"], settings)
        return get_results(task, **found)

    extend(GenerateTask, "get_catalog_results", results)


def _find_seeds() -> None:
    """Read seeds where the project is now: dbt remembers where it was when it was parsed."""

    def path(_method: Callable[..., str], adapter: DuckDBAdapter, model: Mapping[str, Any]) -> str:
        return home.seed_file(adapter.config, model)

    extend(DuckDBAdapter, "get_seed_file_path", path)


def _keep_what_builds_leave() -> None:
    """Let a build keep its results and manifest where later commands of dbt do not write."""

    def write(method: Callable[..., Any], results: RunExecutionResult, path: str) -> Any:
        written = method(results, path)
        if get_flags().WHICH not in LOOKING:
            artifacts.keep(Path(path).parent)
        return written

    extend(RunExecutionResult, "write", write)


def _compile_the_rest() -> None:
    """Let `dbt compile`, run beside for a command of ours, compile what a build would run, too."""

    def after_run(method: Callable[..., Any], task: CompileTask, *arguments: Any) -> Any:
        if type(task) is CompileTask and is_beside(task.config.project_target_path):
            write_the_rest(task, _workshop.executed)
        return method(task, *arguments)

    extend(CompileTask, "after_run", after_run)


atexit.register(_workshop.close)


class Plugin(BasePlugin):
    """What dbt-duckdb sees of Assay: `plugins: [{module: assay.plugin, alias: assay}]`."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Check the settings and begin a run; dbt prints our one line when they are wrong."""
        inherited = (self.creds.settings or {}) if self.creds else {}
        config = {name: value for name, value in plugin_config.items() if name not in inherited}
        try:
            self._project = _workshop.project = home.project_of_dbt()
            given = load_settings(config)
            database = home.place_files(self.creds, self._project) if self.creds else None
            home.check_here(given, self._project, database)
            self._settings = given.within(self._project)
            _check_profile(inherited, self._settings)
            self._session = _workshop.session(self._settings)
        except AssayError as error:
            raise DbtRuntimeError(str(error)) from None
        look_up_secrets_once()
        _listen_for_cancel()
        _load_in_turn()
        _attend_to_sql(self._settings)
        speak_in_sentences()
        end_with_a_sentence()
        _annotate_docs(self._settings)
        _find_seeds()
        _compile_the_rest()
        _keep_what_builds_leave()
        for warning in self._warnings():
            _warn(warning)
        notices.hear(_warn)
        collector.let_it_work()
        builds = getattr(get_flags(), "WHICH", "") not in LOOKING
        self._run = _workshop.begin(self._session, builds=builds)
        _workshop.attend(self._run.built if builds else None)
        _workshop.watch(
            wanted=self._settings.progress and not getattr(get_flags(), "QUIET", False)
        )
        interrupts.listen(_workshop.cancel)
        interrupts.count(lambda: self._run.spend.answered)

    def _warnings(self) -> Iterator[str]:
        if self._settings.external_access:
            yield fence.OPEN
        if (stranger := home.other_code(self._project.root)) is not None:
            yield stranger
        if (odd := other_version()) is not None:
            yield odd

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Register the UDFs on the root connection, once for each time the file is opened."""
        self._session.read_relations_by(conn.cursor)
        udfs = Udfs(self._run)
        udfs.register(conn, counting=_only_looks())  # what asks while dbt compiles, asks nobody
        gate = GoldenGate(self._session.store, _log.info)
        create_function(conn, "assay_grade", gate.grade, parameters=2, volatile=True)
        most, root = self._settings.max_failed_share, self._project.root
        judge = Judge(self._run, most, root, _log.info)
        create_function(conn, "assay_judge", judge.run, parameters=1, volatile=True)
        _workshop.keep((udfs, gate, judge, conn))

    def configure_cursor(self, cursor: DuckDBPyConnection) -> None:
        """Close the fence; now, because attachments and extensions of the profile are in place."""
        fence.enclose(cursor, self._settings, self._project)

    def load(self, source_config: Any) -> pa.Table:
        """Return a table of the store, such as `calls`; `served` with what this run did so far."""
        self._run.note_served()
        try:
            return table_of(self._session.store, str(source_config.identifier))
        except ConfigError as error:
            raise DbtRuntimeError(str(error)) from None

    def default_materialization(self) -> str:
        """Source tables are copied: what a run reports does not move while it is read."""
        return "table"


def _warn(said: str) -> None:
    _log.warning(f"Warning: {said}")


def _only_looks() -> bool:
    return is_beside(getattr(get_flags(), "TARGET_PATH", None) or "")


def run_gate(gate: str, relations: Mapping[str, DuckDBPyRelation]) -> pa.Table:
    """Run the suites of a gate; what the Python models `gate_<layer>` call, in dbt's process.

    Returns one row for each expectation; raises `GateError` with a line for each red one, once
    all are in the store.
    """
    keeper = Gatekeeper(_workshop.store, get_invocation_id(), _workshop.project)
    return keeper.check(gate, relations)


def _check_profile(options: Mapping[str, Any], reach: Reach) -> None:
    """Refuse options that dbt sets anew on each cursor: behind the fence none can be set."""
    if options and not reach.external_access:
        message = (
            f"profiles.yml has `settings:` ({', '.join(options)}), which locked options refuse; "
            "move them to `config_options:`."
        )
        raise ConfigError(message)
