"""The UDFs: Arrow rows in, Arrow rows out, in an asking, a gathering and a peeking form.

The macros emit the asking form, which counts on the connection of a plan. A pre-hook runs the
same statement in the gathering form first, which queues the rows of the whole relation; `ai_due`
compares tables with the peeking form.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from assay.core.chunks import chunks_of
from assay.core.json_text import pair_of, text_of
from assay.core.values import Outcome, Question
from assay.engine.lookup import Resolver, Texts
from assay.engine.run import Run
from assay.hosts.duckdb import indexed_search, vectors
from assay.hosts.duckdb.registering import Udf, create_function

Column = Any
"""A `pyarrow.ChunkedArray` of text; pyarrow has no types of its own."""

_TEXT = pa.string()
_JSON = json.JSONEncoder()
_OF = "@"
"""Between the handle of a task and the node that gathers; a handle holds none."""


class Udfs:
    """The functions that are registered in DuckDB; keep the object as long as the connection.

    All take the handle of a task and a text and return text: a bare value (text for plain tasks,
    else JSON) or an envelope in JSON, which the macros cast to its SQL type.
    """

    def __init__(self, run: Run, resolver: Resolver | None = None) -> None:
        self._run = run
        self._resolver = resolver or run.resolver

    def register(self, connection: duckdb.DuckDBPyConnection, *, counting: bool = False) -> None:
        """Register all functions on a root connection; once more is fine, also on another one.

        With `counting` those that ask count instead, also in the views that a statement reads.
        """
        asking: dict[str, Udf] = {
            "assay_ask_value": self.count_value if counting else self.ask_value,
            "assay_ask_envelope": self.count_envelope if counting else self.ask_envelope,
            "assay_gather_value": self.gather,
            "assay_gather_envelope": self.gather,
            "assay_peek_value": self.peek_value,
            "assay_peek_envelope": self.peek_envelope,
            "assay_glance_value": self.glance_value,
            "assay_glance_envelope": self.glance_envelope,
        }
        for name, function in asking.items():
            create_function(connection, name, function, parameters=2, volatile=True)
        marks: dict[str, Udf] = {
            "assay_begin_gather": self.begin_gather,
            "assay_end_gather": self.end_gather,
        }
        for name, function in marks.items():
            create_function(connection, name, function, parameters=1, volatile=True)
        indexed_search.register(connection, None if counting else self._run.indexes)
        _register_pure(connection)
        create_function(connection, "assay_task", self.task, parameters=1, volatile=False)
        create_function(connection, "assay_embedding", self.embedding, parameters=1, volatile=True)
        create_function(connection, "assay_task_of", self.task_of, parameters=2, volatile=False)

    def task(self, specs: Column) -> Column:
        """Register tasks and return their handles; DuckDB folds it, so it runs once a query."""
        handles = {spec: self._resolver.register(spec) for spec in set(specs.to_pylist())}
        return pa.array([handles[spec] for spec in specs.to_pylist()], _TEXT)

    def task_of(self, nodes: Column, specs: Column) -> Column:
        """As `task`, for the gathering statement of a dbt node, whose name the handles carry."""
        handles, names = self.task(specs).to_pylist(), nodes.to_pylist()
        pairs = zip(handles, names, strict=True)
        return pa.array([f"{handle}{_OF}{name}" for handle, name in pairs], _TEXT)

    def embedding(self, names: Column) -> Column:
        """The models of vectors behind names, blank for the usual one, in JSON; or what is wrong.

        `{"model": ..., "dimensions": ...}` or `{"error": ...}`: macros ask before they compile.
        """
        return pa.array([self._resolver.embedding(name) for name in names.to_pylist()], _TEXT)

    def ask_value(self, handles: Column, texts: Column) -> Column:
        """Bare values, asked for and waited for."""
        return self._map(handles, texts, self._resolver.ask, _bare)

    def ask_envelope(self, handles: Column, texts: Column) -> Column:
        """Envelopes, asked for and waited for."""
        return self._map(handles, texts, self._resolver.ask, _envelope)

    def peek_value(self, handles: Column, texts: Column) -> Column:
        """Bare values that are known; NULL for what would have to be asked."""
        return self._map(handles, texts, self._resolver.peek, _bare)

    def peek_envelope(self, handles: Column, texts: Column) -> Column:
        """Envelopes that are known; NULL for what would have to be asked."""
        return self._map(handles, texts, self._resolver.peek, _envelope)

    def glance_value(self, handles: Column, texts: Column) -> Column:
        """As `peek_value`, while a statement gathers: its rows come once more."""
        return self._map(handles, texts, self._resolver.glance, _bare)

    def glance_envelope(self, handles: Column, texts: Column) -> Column:
        """As `peek_envelope`, while a statement gathers: its rows come once more."""
        return self._map(handles, texts, self._resolver.glance, _envelope)

    def count_value(self, handles: Column, texts: Column) -> Column:
        """As `peek_value`, and the rows are counted for a plan."""
        return self._map(handles, texts, self._resolver.count, _bare)

    def count_envelope(self, handles: Column, texts: Column) -> Column:
        """As `peek_envelope`, and the rows are counted for a plan."""
        return self._map(handles, texts, self._resolver.count, _envelope)

    def gather(self, handles: Column, texts: Column) -> Column:
        """Queue the rows and return NULLs at once."""
        for handle, _, values in _by_handle(handles, texts):
            task, _, origin = handle.partition(_OF)
            self._resolver.gather(task, values, origin)
        return pa.nulls(len(texts), _TEXT)

    def begin_gather(self, names: Column) -> Column:
        """Tell the run that the statement of the node with this name is about to gather."""
        for name in names.to_pylist():
            self._run.begin_gather(name)
        return pa.array(names.to_pylist(), _TEXT)

    def end_gather(self, hashes: Column) -> Column:
        """Tell the run that the statement whose hash this is has gathered all."""
        self._run.end_gather()
        return pa.array(hashes.to_pylist(), _TEXT)

    def _map(
        self,
        handles: Column,
        texts: Column,
        resolve: Callable[[str, Texts], Sequence[Outcome | None]],
        show: Callable[[Question, Outcome, str | None], str | None],
    ) -> Column:
        shown: list[str | None] = [None] * len(texts)
        for handle, places, values in _by_handle(handles, texts):
            question = self._resolver.question(handle)
            try:
                outcomes = resolve(handle, values)
            except (KeyboardInterrupt, SystemExit):  # DuckDB makes a query error of them
                self._run.cancel()
                raise
            for place, outcome, text in zip(places, outcomes, values, strict=True):
                shown[place] = None if outcome is None else show(question, outcome, text)
        return pa.array(shown, _TEXT)


def text(contents: Column, texts: Column) -> Column:
    """What is asked about in JSON and in what has parts, each beside its text; see `text_of`."""
    pairs = zip(contents.to_pylist(), texts.to_pylist(), strict=True)
    return pa.array([text_of(*pair) for pair in pairs], _TEXT)


def chunks(texts: Column, tokens: Column, overlaps: Column) -> Column:
    """The chunks of each text as a list in JSON, NULL of NULL; see `chunks_of`."""
    rows = zip(texts.to_pylist(), tokens.to_pylist(), overlaps.to_pylist(), strict=True)
    cut = [
        None if text is None else _chunks(text, int(most), int(over)) for text, most, over in rows
    ]
    return pa.array(cut, _TEXT)


def _chunks(text: str, tokens: int, overlap: int) -> str:
    found = [
        {
            "chunk_id": chunk.id,
            "chunk": number,
            "page": chunk.page,
            "position": chunk.position,
            "text": chunk.text,
        }
        for number, chunk in enumerate(chunks_of(text, tokens, overlap), start=1)
    ]
    return _JSON.encode(found)


def pair(ones: Column, others: Column) -> Column:
    """Two records of JSON as one text each; see `pair_of`."""
    pairs = zip(ones.to_pylist(), others.to_pylist(), strict=True)
    return pa.array([pair_of(*two) for two in pairs], _TEXT)


def text_sql(expression: str) -> str:
    """Return the text of an expression as SQL, as `_assay_text.sql` writes it."""
    plain = f"cast({expression} as varchar)"
    return (
        f"case when regexp_matches(typeof({expression}), 'JSON|STRUCT|MAP|VARIANT|]') "
        f"then assay_text(to_json({expression}), {plain}) else {plain} end"
    )


def register_for_reading(connection: duckdb.DuckDBPyConnection) -> None:
    """Let a command read what a model reads or asks about, views that ask among it.

    Nobody is asked: their answers are NULL.
    """
    for name in ("assay_ask_value", "assay_ask_envelope"):
        create_function(connection, name, _unasked, parameters=2, volatile=True)
    create_function(connection, "assay_task", lambda specs: specs, parameters=1, volatile=False)
    _register_pure(connection)
    indexed_search.register(connection, None)


def _register_pure(connection: duckdb.DuckDBPyConnection) -> None:
    create_function(connection, "assay_text", text, parameters=2, volatile=False)
    create_function(connection, "assay_chunks", chunks, parameters=3, volatile=False)
    create_function(connection, "assay_pair", pair, parameters=2, volatile=False)
    vectors.register(connection)


def _unasked(_handles: Column, texts: Column) -> Column:
    return pa.nulls(len(texts), _TEXT)


def _by_handle(
    handles: Column, texts: Column
) -> list[tuple[str, Sequence[int], list[str | None]]]:
    """Return each handle with the places of its rows and their texts; mostly there is one."""
    values = texts.to_pylist()
    different = handles.unique().to_pylist()
    if len(different) == 1:
        return [(different[0], range(len(values)), values)]
    named = handles.to_pylist()
    found = {
        handle: [place for place, name in enumerate(named) if name == handle]
        for handle in different
    }
    return [(handle, places, [values[p] for p in places]) for handle, places in found.items()]


def _bare(question: Question, outcome: Outcome, _text: str | None) -> str | None:
    value = None if outcome.value is None else question.task.shown(outcome.value)
    if value is None or not question.task.plain:
        return None if value == "null" else value
    return value[1:-1] if "\\" not in value else str(json.loads(value))


def _envelope(question: Question, outcome: Outcome, text: str | None) -> str:
    """Return the envelope as JSON; `value` is JSON already."""
    task, answer = question.task, outcome.value
    shown = "null" if answer is None else task.shown(answer)
    value, evidence = _with_evidence(question, shown, text)
    further = task.further(answer, outcome.expires_at, stale=outcome.stale)
    confidence = "null" if outcome.confidence is None else repr(float(outcome.confidence))
    return (
        f'{{"value":{value},"status":"{outcome.status}",'
        f'"error":{_quoted(outcome.error)},"confidence":{confidence},'
        f'"model":{_quoted(outcome.model)},"prompt_hash":"{task.prompt_hash}",'
        f'"answered_at":{_quoted(outcome.answered_at)}{evidence}{further}}}'
    )


def _with_evidence(question: Question, value: str, text: str | None) -> tuple[str, str]:
    """Return an answer, and the evidence that is said behind it where quotes are asked for."""
    if not question.task.quotes:
        return value, ""
    if value == "null":
        return value, ',"evidence":null'
    values, evidence = question.task.with_evidence(json.loads(value), text or "")
    return _JSON.encode(values), f',"evidence":{_JSON.encode(evidence)}'


def _quoted(text: str | None) -> str:
    return "null" if text is None else _JSON.encode(text)
