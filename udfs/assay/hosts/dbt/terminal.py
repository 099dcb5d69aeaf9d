"""One terminal for two writers: our line that is rewritten, and what dbt logs above it.

In a build of ours dbt's own lines stay in its log file, and what it says of a failure is told in
short, as it happens; under plain dbt our line gives way to whatever dbt logs.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from typing import Any

from assay.core.colour import RED, YELLOW, painted
from assay.core.plural import counted
from assay.engine.meter import Reading
from assay.hosts.dbt.extending import extend
from assay.hosts.dbt.progress import NOWHERE, Pace, Ticker, line
from assay.hosts.dbt.walk import Walk, steps_of

_NODE = re.compile(r"^(?:\w+ )+Error in \w+ \S+ (?=\()")
"""What dbt puts before the file of a node that failed: its kind of error, and the node again."""

_BARE = re.compile(r"^(?:\w+ )+Error\s+")

_INTERRUPTED = "INTERRUPT Error: "
"""What DuckDB says of a statement that Ctrl-C has ended, which is told of the run."""

_GATE = ".gate_"
_RED_GATE = " is red; what it guards is skipped."
_JUDGED = "`ASSAY_MAX_FAILED_SHARE`"
"""In the message of the hook that judges a run, which the summary of the build has as well."""

_ENCOUNTERED = "Encountered an error:"
"""What dbt puts before what ends a command."""

_PRINTED = frozenset({"PrintEvent", "ShowNode", "CompiledNode", "JinjaLogInfo"})
"""What a macro says for people: by `print`, or by `log` with `info=true`."""
_NOTHING_COMPARED = "ai_label_drift: no accepted shares of "
"""What a test of drift says of a column whose prompt is new; of a whole project it is one line."""

_OVER = "CommandCompleted"
"""dbt's last event."""

_LOUD = ("warn", "error")
_TOLD_OTHERWISE = re.compile(
    r"^(Log\w*(Result|Error|EndLine|CancelLine)|RunResult\w*|EndOfRunSummary"
    r"|NodeFinished|CatchableExceptionOnRun|GenericExceptionOnRun)$"
)
"""Events about a node, of which the end of the node tells in our words."""

_HEADS = {"error": "Error", "fail": "Fail", "warn": "Warn", "partial success": "Partly"}
_COLOURS = {"error": RED, "fail": RED, "partial success": RED, "warn": YELLOW}


class Terminal:
    """What a process of dbt shows of its run, beside what dbt shows."""

    def __init__(self) -> None:
        self._ticker: Ticker | None = None
        self._read: Callable[[], Reading] | None = None
        self._pace = Pace()
        self._walk = Walk()
        self._doing = ""
        self._said: set[str] = set()
        self.is_short = False
        """Whether this is a build of ours, whose lines of dbt go to its log file alone."""

    def open(self, doing: str) -> None:
        """Show the line from now on, in a build of ours; `doing` is what dbt does meanwhile."""
        self.is_short, self._doing = True, doing
        self._ticker = self._ticker or Ticker(self.line, sys.stderr)

    def do(self, doing: str) -> None:
        """dbt does something else now; blank where it may write itself."""
        self._doing = doing
        if not doing and self._ticker is not None:
            self._ticker.erase()

    def follow(self, read: Callable[[], Reading] | None) -> None:
        """Show how far the run is that `read` tells of, too; without one, no line any more."""
        self._pace, self._read = Pace(), read
        if read is None:
            self.close()
        elif self._ticker is None:
            self._ticker = Ticker(self.line, sys.stderr)

    def close(self) -> None:
        """Show no line any more."""
        if self._ticker is not None:
            self._ticker.close()
            self._ticker = None

    def walk(self, walk: Walk) -> None:
        """The nodes of the run are known."""
        self._walk, self._doing = walk, "dbt"

    def line(self, now: float) -> str:
        """Return the line as it is at `now`; blank while there is nothing to tell."""
        read = self._read
        reading = Reading() if read is None else read()
        self._pace.add(now, reading)
        if reading.busy or (self.is_short and self._doing and sys.stderr.isatty()):
            standing = self._walk.standing(self._doing) if self.is_short else NOWHERE
            said = line(standing, reading, self._pace)
            return said if self.is_short else f"assay: {said}"
        return ""

    def see(self, event: Any) -> None:
        """dbt is about to log an event: give way, or tell of it in our words."""
        if not self.is_short:
            self.erase()
            return
        if event.info.name == "NodeStart":
            node = event.data.node_info
            self._walk.started(node.unique_id, node.node_name)
        elif event.info.name == "NodeFinished":
            self._finished(event.data.node_info, event.data.run_result)

    def erase(self) -> None:
        """Clear the line before something is written."""
        if self._ticker is not None:
            self._ticker.erase()

    def write(self, text: str) -> None:
        """Write a line that stays, on standard output as dbt does."""

        def put() -> None:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

        if self._ticker is None:
            put()
        else:
            self._ticker.above(put)

    def _finished(self, node: Any, result: Any) -> None:
        over = self._walk.finished(node.unique_id, result.status)
        name = self._walk.name(node.unique_id, node.node_name)
        if said := _told(name, node.unique_id, result, self._said):
            self.write(said)
        if over and not sys.stderr.isatty():
            self.write(over)


class _Watch:
    """Stands first among dbt's loggers and lets the terminal see every event; writes nothing."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def filter(self, _event: Any) -> bool:
        """Every event may be written by one of the others."""
        return True

    def write_line(self, event: Any) -> None:
        """Let the terminal see it before the others write."""
        self._terminal.see(event)

    def flush(self) -> None:
        """Nothing is held back."""


class _Short:
    """Stands in the place of dbt's logger to standard output: failures and warnings alone."""

    def __init__(self, terminal: Terminal, logger: Any) -> None:
        self._terminal, self._logger = terminal, logger
        self.name = logger.name
        self._lock = threading.Lock()
        self._new: list[str] = []

    def filter(self, event: Any) -> bool:
        """Whether it is to be told, and not told already."""
        info = event.info
        if info.name in _PRINTED or _is_hook(event) or (info.name == _OVER and self._new):
            return True
        return info.level in _LOUD and not _TOLD_OTHERWISE.match(info.name)

    def write_line(self, event: Any) -> None:
        """Write what dbt says, without its stamp; of columns that are new, once for all."""
        if event.info.name == _OVER:
            self._terminal.write(_of_new(self._new))
            return
        said = self._logger.scrubber(event.info.msg).strip().removeprefix(_ENCOUNTERED).strip()
        if said.startswith(_NOTHING_COMPARED):
            self._new.append(said)
        elif said:
            self._terminal.write(said)

    def flush(self) -> None:
        """Each line is flushed as it is written."""


terminal = Terminal()
"""That of this process."""


def show_progress(read: Callable[[], Reading] | None) -> None:
    """Let the terminal of this process follow a run and give way to dbt's log; None ends that."""
    terminal.follow(read)
    if read is not None:
        _listen()


def speak_in_short() -> None:
    """Let dbt tell of failures and warnings alone; its log file has all as ever.

    Whoever asks dbt itself for another output, such as JSON, gets it.
    """
    from dbt.cli import requires
    from dbt.task.runnable import GraphRunnableTask

    extend(requires, "setup_event_logger", _set_up)
    extend(GraphRunnableTask, "_runtime_initialize", _initialize)


def _set_up(set_up: Callable[..., Any], flags: Any, *arguments: Any, **options: Any) -> Any:
    done = set_up(flags, *arguments, **options)
    asked = flags.DEBUG or flags.QUIET or flags.LOG_LEVEL != "info"
    if asked or flags.LOG_FORMAT not in ("default", "text"):
        terminal.is_short = False
        terminal.close()
        return done
    loggers = _listen()
    loggers[:] = [_Short(terminal, one) if _is_stdout(one) else one for one in loggers]
    terminal.do("reading the project")
    return done


def _is_stdout(logger: Any) -> bool:
    return bool(getattr(logger, "name", "") == "stdout_log")


def _listen() -> list[Any]:
    """Let the terminal see dbt's events; return dbt's loggers."""
    from dbt_common.events.event_manager_client import get_event_manager

    loggers: list[Any] = get_event_manager().loggers
    if not any(isinstance(one, _Watch) for one in loggers):
        loggers.insert(0, _Watch(terminal))
    return loggers


def _initialize(initialize: Callable[..., Any], task: Any) -> Any:
    done = initialize(task)
    if terminal.is_short:
        nodes = list(task._flattened_nodes or ())  # noqa: SLF001 - what it is about to run
        units = getattr(task, "selected_unit_tests", ())  # dbt keeps them apart
        nodes += [task.manifest.unit_tests[key] for key in units]
        terminal.walk(Walk(steps_of(nodes, task.manifest)))
    return done


def _is_hook(event: Any) -> bool:
    """Whether it says at the end of a run what has become of a hook that failed."""
    node = getattr(event.data, "node_info", None)
    is_hook = node is not None and node.unique_id.startswith("operation.")
    return is_hook and event.info.name == "RunResultError" and _JUDGED not in event.info.msg


def _of_new(said: list[str]) -> str:
    """Return one line for all columns of which a test of drift had nothing to compare."""
    if len(said) == 1:
        return said[0]
    return f"ai_label_drift: {len(said)} columns have no accepted shares yet; nothing was compared"


def _told(name: str, key: str, result: Any, before: set[str]) -> str:
    """Return what is told of a node that did not end well; blank of all others.

    What stops a run is the same for all that it stops, and is among what was said `before`.
    """
    head = _HEADS.get(result.status)
    if head is None or _INTERRUPTED in result.message:
        return ""
    if key.startswith("test.") and result.status != "error":
        said = f"{name}: {counted(result.num_failures, 'row')} found"
    else:
        where, _, why = _message(key, result.message).partition("\n")
        if why in before:
            why = "  as above"
        before.update({why} if why else ())
        said = f"{name} {where}\n{why}"
    return f"{painted(f'{head:<7}', _COLOURS[result.status])} {said.rstrip()}"


def _message(key: str, message: str) -> str:
    """Return what dbt says of an error, without what stands before it; of a gate its verdict.

    The summary has what a red gate found.
    """
    lines = _BARE.sub("", _NODE.sub("", message)).rstrip().splitlines()
    if _GATE in key and len(lines) > 1 and lines[1].endswith(_RED_GATE):
        return lines[1].strip().removeprefix(key.rpartition(".")[2]).strip()
    return "\n".join(lines)
