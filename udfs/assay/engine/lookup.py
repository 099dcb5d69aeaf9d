"""From texts to outcomes: keys, what is known already, and the engine for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

from assay.core.canonical import canonical_json
from assay.core.errors import ConfigError
from assay.core.events import LookedUp, RowsCompared, RowsServed
from assay.core.redaction import Redaction, has_marks, redaction_of
from assay.core.task import Task
from assay.core.tokens import estimate_tokens
from assay.core.values import SKIPPED, Ask, Outcome, Question
from assay.engine.at_hand import is_at_hand
from assay.engine.estimate import Census
from assay.engine.loop import Engine
from assay.engine.prices import check_cap
from assay.engine.rechecks import Rechecks, as_they_stand
from assay.engine.state import RunState
from assay.evidence import check_has_evidence
from assay.functions import parse_task
from assay.providers import check_can, model_of
from assay.providers.vectors import dimensions_of, embedding_model

Texts = Sequence[str | None]

CHUNK_TEXTS = 2048
"""So many texts are looked up at once: as many rows as DuckDB hands to a function."""

Found = tuple[list[bytes | None], dict[bytes, Outcome], list[Ask]]
"""The key of each text (None for blank), what is known by key, one ask for each of the rest."""


class Sorted(NamedTuple):
    """What was found of texts: outcomes by key, and one ask for each that is `unknown`.

    `due` are asks of which an answer is known that is to be checked again; it is stale till then.
    """

    keys: list[bytes | None]
    known: dict[bytes, Outcome]
    unknown: list[Ask]
    due: list[Ask]


class Resolver:
    """Answers chunks of texts for one run; safe to call from any thread."""

    def __init__(self, engine: Engine, run: RunState) -> None:
        self._engine = engine
        self._run = run
        self._settings = run.settings
        self._rechecks = Rechecks(run)
        self._questions: dict[str, Question] = {}
        self.censuses: Sequence[Census] = ()

    def register(self, spec: str) -> str:
        """Return the handle of the task that a macro wrote as JSON; parsing is all it costs.

        Raises `ConfigError` for a task that the provider cannot do, and for one that asks for a
        model which a cap on money cannot price.
        """
        return self.bind(parse_task(spec))

    def bind(self, task: Task) -> str:
        """Return the handle of a task, which is put to the model that it asks for from now on.

        Raises `ConfigError` as `register` does.
        """
        if task.handle not in self._questions:
            self._questions[task.handle] = self._question_of(task)
        for census in self.censuses:
            census.meet(task.handle)
        return task.handle

    def _question_of(self, task: Task) -> Question:
        redaction = redaction_of(self._settings.redact, task.redact)
        model, host = model_of(self._settings, task), self._settings.host
        question = Question(task, model, host, redaction)
        if not is_at_hand(question):
            check_can(self._settings.traits, task)
            if task.needs_evidence:
                check_has_evidence(self._settings, task.kind)
            if task.model is not None or task.form == "embedding":
                check_cap(self._settings, question.model)
        return question

    def embedding(self, name: str) -> str:
        """Return in JSON the model of vectors behind a name, blank for the usual one, and how many
        numbers a vector of it has; or the `error` that says why there is none."""
        try:
            model = embedding_model(self._settings, name or None)
            told = {"model": model, "dimensions": dimensions_of(self._settings, model)}
        except ConfigError as error:
            told = {"error": str(error)}
        return canonical_json(told)

    def question(self, handle: str) -> Question:
        """Return the question behind a handle of `register`."""
        if (question := self._questions.get(handle)) is not None:
            return question
        message = f"Unknown task {handle!r}; call the functions through the ai_ macros."
        raise ConfigError(message)

    def ask(self, handle: str, texts: Texts) -> list[Outcome]:
        """Return an outcome for each text, asking for what is not known and waiting for it."""
        question = self.question(handle)
        keys, known = self.settle(handle, texts)
        outcomes = [SKIPPED if key is None else known[key] for key in keys]
        self._run.tell(RowsServed(question, keys, outcomes))
        return restored(question.redaction, outcomes, texts)

    def settle(self, handle: str, texts: Texts) -> tuple[list[bytes | None], dict[bytes, Outcome]]:
        """Return the key of each text and all outcomes by key, as `ask`; no row is counted."""
        keys, known, unknown, due = self._sorted(handle, texts)
        if asks := [*unknown, *self._rechecks.admitted(due, known)]:
            told = self._engine.await_all(self._run, asks)
            known |= {k: one for k, one in told.items() if one.status == "ok" or k not in known}
        return keys, known

    def gather(self, handle: str, texts: Texts, origin: str = "") -> None:
        """Take on what is not known of `texts`, for `origin`, without waiting for it."""
        _, known, unknown, due = self._sorted(handle, texts)
        self._rechecks.note(due, known)
        if unknown:
            self._engine.gather(self._run, unknown, origin)

    def recheck(self) -> None:
        """A statement has gathered all: take on the oldest of what is to be checked again."""
        if asks := self._rechecks.chosen():
            self._engine.gather(self._run, asks)

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Let what is gathered within go out in full packs, and be counted before it is sent."""
        self._engine.begin_gather(self._run)
        try:
            yield
        finally:
            self.recheck()
            self._engine.end_gather(self._run)

    def count(self, handle: str, texts: Texts) -> list[Outcome | None]:
        """Tell the censuses of `texts`, and return what is known of them; nothing is asked."""
        question = self.question(handle)
        keys, known, unknown, due = self._sorted(handle, texts)
        unknown = self._not_in_batches(unknown)
        for census in self.censuses:
            census.count(handle, self.asked(handle, texts), keys, unknown)
            census.recheck(due)
        return restored(question.redaction, in_order(keys, known), texts)

    def peek(self, handle: str, texts: Texts) -> list[Outcome | None]:
        """Return the outcomes that are known; None for what would have to be asked.

        The rows are counted: those that stay as they are in their table belong to the run.
        """
        question = self.question(handle)
        keys, known, unknown, due = self._sorted(handle, texts)
        for census in self.censuses:
            census.compare(handle, self.asked(handle, texts), keys, unknown)
        outcomes = in_order(keys, _without(known, due))
        self._run.tell(RowsCompared(question, keys, outcomes))
        return restored(question.redaction, outcomes, texts)

    def glance(self, handle: str, texts: Texts) -> list[Outcome | None]:
        """As `peek`, for a statement that runs once more than needed: nothing is counted."""
        question = self.question(handle)
        keys, known, _, due = self._sorted(handle, texts)
        return restored(question.redaction, in_order(keys, _without(known, due)), texts)

    def asked(self, handle: str, texts: Texts) -> list[str | None]:
        """Return texts as they are asked about; None for blank ones."""
        asked = self.question(handle).redaction.text
        return [asked(text) or None if text is not None else None for text in texts]

    def _sorted(self, handle: str, texts: Texts) -> Sorted:
        """Return what is known of texts and what is not, and what of the former is due again."""
        keys, known, unknown = self.look_up(handle, texts)
        aged = [key for key, one in known.items() if one.expires_at and self._rechecks.is_due(one)]
        if not aged:
            return Sorted(keys, known, unknown, [])
        question = self.question(handle)
        by_key = dict(zip(keys, texts, strict=True))
        asked = question.redaction.text
        due = [Ask(key, question, asked(by_key[key] or "")) for key in aged]
        return Sorted(keys, known | as_they_stand(due, known), unknown, due)

    def look_up(self, handle: str, texts: Texts) -> Found:
        """Return the key of each text, what is known of them, and one ask for each of the rest.

        What the store knows is remembered on the way; what is known stays in what is returned,
        whatever is forgotten meanwhile.
        """
        question = self.question(handle)
        keys: list[bytes | None] = []
        known: dict[bytes, Outcome] = {}
        unknown: dict[bytes, str] = {}
        remembered, key_of = self._engine.answers.get, question.key
        asked_of = question.redaction.text
        for text in texts:
            if text is None or not (asked := asked_of(text)):
                keys.append(None)
                continue
            key = key_of(asked)
            keys.append(key)
            if (answer := remembered(key)) is not None:
                known[key] = answer
            else:
                unknown[key] = asked
        if unknown:
            self._recall(question, unknown, known)
        return keys, known, [Ask(key, question, text) for key, text in unknown.items()]

    def to_be_asked(self, handle: str, texts: Texts) -> Found:
        """As `look_up`, without the asks that wait for a batch: nobody asks for them again."""
        keys, known, unknown = self.look_up(handle, texts)
        return keys, known, self._not_in_batches(unknown)

    def _not_in_batches(self, asks: Sequence[Ask]) -> list[Ask]:
        held = self._engine.held_by_batches([ask.key for ask in asks])
        return [ask for ask in asks if ask.key not in held]

    def _recall(
        self, question: Question, unknown: dict[bytes, str], known: dict[bytes, Outcome]
    ) -> None:
        """Move what the run or the store knows from `unknown` to `known`, and what is too long."""
        failures = self._run.failures
        for key in [key for key in unknown if key in failures]:
            known[key] = failures[key]
            del unknown[key]
        for key, outcome in self._read_store(question, list(unknown)).items():
            known[key] = outcome
            del unknown[key]
        for key in [key for key, text in unknown.items() if self._is_too_long(text)]:
            known[key] = failures[key] = self._too_long(question)
            del unknown[key]

    def _is_too_long(self, text: str) -> bool:
        most = self._settings.max_text_tokens
        return len(text) > most and estimate_tokens(text) > most

    def _too_long(self, question: Question) -> Outcome:
        most = self._settings.max_text_tokens
        error = f"More than {most:,} estimated tokens (`ASSAY_MAX_TEXT_TOKENS`): not sent."
        return Outcome("too_long", None, error, None, question.model)

    def _read_store(self, question: Question, keys: Sequence[bytes]) -> dict[bytes, Outcome]:
        """Return what the store knows: answers, and failures that this run need not ask again."""
        found = self._engine.fetch(self._run, keys) if keys else {}
        for key, outcome in found.items():
            if outcome.status == "ok":
                self._engine.answers.learn(key, outcome)
            else:
                self._run.failures.setdefault(key, outcome)
        if keys:
            self._run.tell(LookedUp(question, tuple(found.values())))
        return found


def chunks_of(texts: Texts) -> list[Texts]:
    """Return texts in parts that are looked up at once."""
    return [texts[at : at + CHUNK_TEXTS] for at in range(0, len(texts), CHUNK_TEXTS)]


def _without(known: Mapping[bytes, Outcome], due: Iterable[Ask]) -> Mapping[bytes, Outcome]:
    """Return what is known and not due again."""
    left = {ask.key for ask in due}
    return {key: one for key, one in known.items() if key not in left} if left else known


def in_order(keys: Iterable[bytes | None], known: Mapping[bytes, Outcome]) -> list[Outcome | None]:
    """Return the outcome under each key, None where it is not known; blank ones are skipped."""
    return [SKIPPED if key is None else known.get(key) for key in keys]


_Maybe = TypeVar("_Maybe", Outcome, Outcome | None)


def restored(redaction: Redaction, outcomes: list[_Maybe], texts: Texts) -> list[_Maybe]:
    """Return outcomes with the values of their rows in the place of marks."""
    if not redaction.kinds:
        return outcomes
    pairs = zip(outcomes, texts, strict=True)
    return [_restored(redaction, outcome, text) for outcome, text in pairs]


def _restored(redaction: Redaction, outcome: _Maybe, text: str | None) -> _Maybe:
    if outcome is None or outcome.value is None or text is None or not has_marks(outcome.value):
        return outcome
    return outcome._replace(value=redaction.restored(outcome.value, text))
