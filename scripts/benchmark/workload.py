"""The workload: texts made by SQL, and a throw-away dbt project that asks about them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import yaml

from assay.core.clock import now_utc
from assay.core.values import Ask, Outcome, Question
from assay.faultd import answer
from assay.functions.classify import Classify, Label
from assay.store import StoredAnswer
from assay.store.sqlite.rows import put_answers
from assay.store.sqlite.verbs import SqliteStore

REPOSITORY = Path(__file__).parents[2]
MODEL, HOST, KEY = "stub", "loopback", "sk-bench"
DBT_SECONDS = 900
"""The longest that one dbt invocation may take."""

LABELS = ("billing", "delivery", "returns", "quality", "sizing", "advice", "account", "other")
WORDS = (
    "the order arrived late and box was broken please refund my money today thanks blue tent pole "
    "zip size boots never works with this again jacket too small support did not answer"
)
MARK = "POISON"
"""A text with this word is refused by faultd's `refusetext`."""

_LABEL_LIST = "[" + ", ".join(f"'{label}'" for label in LABELS) + "]"
LABEL = f"{{{{ ai_classify('body', {_LABEL_LIST}) }}}} as topic"
ENVELOPE = f"{{{{ ai_classify('body', {_LABEL_LIST}, detail=true) }}}} as topic"
QUESTION = Question(Classify(labels=tuple(Label(name=name) for name in LABELS)), MODEL, HOST)
"""What `LABEL` asks, as the engine knows it."""

FUSED = (
    f"{LABEL}, {{{{ ai_extract('body', ['product', 'problem']) }}}} as details, "
    "{{ ai_sentiment('body') }} as score"
)
_ROWS_PER_COMMIT = 20_000


def texts_sql(rows: int, distinct: int, poisoned: int = 0) -> str:
    """Return a model of `rows` rows with `distinct` texts of about 30 words, the same each time.

    `poisoned` of the texts, evenly spread, carry `MARK`.
    """
    count = WORDS.count(" ") + 1
    said = f"[words[1 + cast(hash(k * 31 + j) % {count} as bigint)] for j in range(28)]"
    mark = f"if(k % {distinct // poisoned} = 0, ' {MARK}', '')" if poisoned else "''"
    return (
        "{{ config(materialized='table') }}\n"  # noqa: S608 - numbers and words of our own
        f"with vocabulary as (select string_split('{WORDS}', ' ') as words),\n"
        f"texts as (select k, array_to_string({said}, ' ') || ' ' || k || {mark} as body\n"
        f"from range({distinct}) as t(k), vocabulary)\n"
        f"select i as id, body from range({rows}) as r(i)\n"
        f"inner join texts on k = (i * 7919) % {distinct} order by i"
    )


def asking_sql(columns: str) -> str:
    """Return a model that asks about every text; incremental, so that `--full-refresh` matters."""
    config = "{{ config(materialized='incremental', unique_key='id') }}"
    return f"{config}\nselect id, body, {columns} from {{{{ ref('texts') }}}}"


def label_of(text: str) -> str:
    """Return the label that faultd's model gives to `text`."""
    return str(answer(text, {"type": "string", "enum": list(LABELS)}))


@dataclass(frozen=True, slots=True)
class DbtRun:
    """One dbt invocation: seconds from start to end, and the most memory it held, in bytes."""

    seconds: float
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Landed:
    """What became of the rows: answered, without an answer, and with somebody else's answer.

    `healthy_unanswered` leaves the texts out that are refused by design.
    """

    rows: int
    unanswered: int
    healthy_unanswered: int
    misplaced: int
    statuses: Mapping[str, int]


@dataclass(frozen=True)
class BenchProject:
    """A dbt project in `root` with this repository's macros; `env` is added to a bare one."""

    root: Path
    models: Mapping[str, str]
    env: Mapping[str, str] = field(default_factory=dict)
    gather: bool = True

    def __post_init__(self) -> None:
        (self.root / "models").mkdir(parents=True)
        (self.root / "macros").symlink_to(REPOSITORY / "macros")
        for name, sql in self.models.items():
            self.write(name, sql)
        hooks = {"+pre-hook": "{{ assay_gather() }}"} if self.gather else {}
        project = {
            "name": "assay",
            "version": "1.0",
            "profile": "assay",
            "models": {"assay": hooks},
            "flags": {"send_anonymous_usage_stats": False},
        }
        (self.root / "dbt_project.yml").write_text(yaml.safe_dump(project))
        (self.root / "profiles.yml").write_text(yaml.safe_dump(_profiles()))

    def write(self, name: str, sql: str) -> None:
        """Add or replace a model."""
        (self.root / "models" / f"{name}.sql").write_text(sql)

    def dbt(self, *arguments: str, **env: str) -> DbtRun:
        """Run dbt to its end; raises with the end of its output when it fails."""
        command = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments]
        log = self.root / "dbt.out"
        begun = time.monotonic()
        with log.open("wb") as out:
            process = subprocess.Popen(
                command,
                cwd=self.root,
                env=self._environment() | env,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            code, peak = _ended(process)
        if code:
            message = f"{' '.join(arguments)} failed ({code}):\n{log.read_text()[-3000:]}"
            raise RuntimeError(message)
        return DbtRun(time.monotonic() - begun, peak)

    def statements(self) -> Iterator[tuple[str, str, float]]:
        """Yield model, SQL and seconds of each statement of the last run (needs `LOG_JSON`)."""
        sql = ""
        for line in (self.root / "logs" / "dbt.log").read_text().splitlines():
            event = json.loads(line)
            node = event["data"].get("node_info", {}).get("node_name", "")
            if event["info"]["name"] == "SQLQuery":
                sql = event["data"]["sql"]
            elif event["info"]["name"] == "SQLQueryStatus":
                yield node, sql, float(event["data"]["elapsed"])

    def forget_log(self) -> None:
        """Begin a new log, so that `statements` tells of the next run only."""
        shutil.rmtree(self.root / "logs", ignore_errors=True)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Query the warehouse, read-only."""
        with duckdb.connect(str(self.root / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def landed(self, model: str, *, envelopes: bool = False) -> Landed:
        """Compare each row of a labelling model with what faultd answers to its text."""
        value, status = (
            ("topic.value", "topic.status") if envelopes else ("topic", "'not asked for'")
        )
        grouped = self.rows(f"select body, {value}, {status}, count(*) from {model} group by all")  # noqa: S608
        statuses: dict[str, int] = {}
        for _, _, said, count in grouped:
            statuses[said] = statuses.get(said, 0) + count
        unanswered = [(text, count) for text, topic, _, count in grouped if topic is None]
        return Landed(
            rows=sum(count for *_, count in grouped),
            unanswered=sum(count for _, count in unanswered),
            healthy_unanswered=sum(count for text, count in unanswered if MARK not in text),
            misplaced=sum(
                count
                for text, topic, _, count in grouped
                if topic is not None and topic != label_of(text)
            ),
            statuses=statuses,
        )

    def fill_store(self) -> int:
        """Write an answer to every text straight into the store, and return how many it holds.

        The rows are those that a run would have written, through the same function; only the
        requests are spared.
        """
        texts = [text for (text,) in self.rows("select distinct body from texts")]
        store = SqliteStore(self.root / "store.sqlite")
        try:
            for start in range(0, len(texts), _ROWS_PER_COMMIT):
                stored = [_stored(t) for t in texts[start : start + _ROWS_PER_COMMIT]]
                store.transact([partial(put_answers, stored=stored)])
        finally:
            store.close()
        return len(texts)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self.root),
            "LANG": "C.UTF-8",
            "DO_NOT_TRACK": "1",
            "ASSAY_PROVIDER": "openai",
            "ASSAY_MODEL": MODEL,
            "OPENAI_API_KEY": KEY,
            "ASSAY_DATABASE": str(self.root / "warehouse.duckdb"),
            "ASSAY_STORE": str(self.root / "store.sqlite"),
        } | dict(self.env)


LOG_JSON: Sequence[str] = ("--log-format-file", "json")


def _stored(text: str) -> StoredAnswer:
    outcome = Outcome("ok", json.dumps(label_of(text)), None, None, MODEL, now_utc())
    return StoredAnswer(Ask(QUESTION.key(text), QUESTION, text), outcome)


def _profiles() -> dict[str, Any]:
    """Return the repository's profile with one more target, `floor`, in which Assay is not."""
    profiles: dict[str, Any] = yaml.safe_load((REPOSITORY / "profiles.yml").read_text())
    outputs = profiles["assay"]["outputs"]
    outputs["floor"] = outputs["dev"] | {"plugins": [{"module": "benchmark.floor"}]}
    return profiles


def _ended(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """Wait for a process and return its exit code and the most memory it held, in bytes.

    Whatever ends the wait early, time or Ctrl-C, ends the process and its children, too.
    """
    deadline = time.monotonic() + DBT_SECONDS
    try:
        while time.monotonic() < deadline:
            found, status, usage = os.wait4(process.pid, os.WNOHANG)
            if found:
                process.returncode = os.waitstatus_to_exitcode(status)
                return process.returncode, usage.ru_maxrss * 1024
            time.sleep(0.02)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    message = f"dbt did not end within {DBT_SECONDS} seconds."
    raise TimeoutError(message)
