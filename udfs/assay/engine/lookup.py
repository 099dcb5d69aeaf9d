"""From texts to outcomes: keys, what is known already, and the engine for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assay.core.canonical import normalise
from assay.core.errors import ConfigError
from assay.core.events import LookedUp, RowsCompared, RowsServed
from assay.core.settings import Settings
from assay.core.tokens import estimate_tokens
from assay.core.values import SKIPPED, Ask, Outcome, Question
from assay.engine.estimate import Census
from assay.engine.loop import Engine
from assay.engine.prices import check_cap
from assay.functions import parse_task
from assay.providers import check_can

Texts = Sequence[str | None]


class Resolver:
    """Answers chunks of texts; safe to call from any thread."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine
        self._questions: dict[str, Question] = {}
        self.censuses: Sequence[Census] = ()

    def register(self, spec: str) -> str:
        """Return the handle of the task that a macro wrote as JSON; parsing is all it costs.

        Raises `ConfigError` for a task that the provider cannot do, and for one that asks for a
        model which a cap on money cannot price.
        """
        task = parse_task(spec)
        if task.handle not in self._questions:
            check_can(self._settings.traits, task)
            if task.model is not None:
                check_cap(self._settings, task.model)
            model = self._settings.model_for(task.model)
            self._questions[task.handle] = Question(task, model, self._settings.host)
        for census in self.censuses:
            census.meet(task.handle)
        return task.handle

    def question(self, handle: str) -> Question:
        """Return the question behind a handle of `register`."""
        if (question := self._questions.get(handle)) is not None:
            return question
        message = f"Unknown task {handle!r}; call the functions through the ai_ macros."
        raise ConfigError(message)

    def ask(self, handle: str, texts: Texts) -> list[Outcome]:
        """Return an outcome for each text, asking for what is not known and waiting for it."""
        question = self.question(handle)
        keys, open_asks = self._look_up(question, texts)
        if open_asks:
            self._engine.settle(open_asks)
        settled = self._engine.settled
        outcomes = [SKIPPED if key is None else settled[key] for key in keys]
        self._engine.tell(RowsServed(question, keys, outcomes))
        return outcomes

    def gather(self, handle: str, texts: Texts, node: str = "") -> None:
        """Take on what is not known of `texts`, for a dbt node, without waiting for it."""
        _, open_asks = self._look_up(self.question(handle), texts)
        if open_asks:
            self._engine.gather(open_asks, node)

    def count(self, handle: str, texts: Texts) -> list[Outcome | None]:
        """Tell the censuses of `texts`, and return what is known of them; nothing is asked."""
        keys, open_asks = self._look_up(self.question(handle), texts)
        for census in self.censuses:
            census.count(handle, _normal(texts), keys, open_asks)
        return self._known(keys)

    def peek(self, handle: str, texts: Texts) -> list[Outcome | None]:
        """Return the outcomes that are known; None for what would have to be asked.

        The rows are counted: those that stay as they are in their table belong to the run.
        """
        question = self.question(handle)
        keys, open_asks = self._look_up(question, texts)
        for census in self.censuses:
            census.compare(handle, _normal(texts), keys, open_asks)
        known = self._known(keys)
        self._engine.tell(RowsCompared(question, keys, known))
        return known

    def glance(self, handle: str, texts: Texts) -> list[Outcome | None]:
        """As `peek`, for a statement that runs once more than needed: nothing is counted."""
        keys, _ = self._look_up(self.question(handle), texts)
        return self._known(keys)

    def _known(self, keys: Iterable[bytes | None]) -> list[Outcome | None]:
        settled = self._engine.settled
        return [SKIPPED if key is None else settled.get(key) for key in keys]

    def _look_up(self, question: Question, texts: Texts) -> tuple[list[bytes | None], list[Ask]]:
        """Return the key of each text (None for blank) and one ask for each that is not known.

        What the store knows is read into `engine.settled` on the way.
        """
        keys: list[bytes | None] = []
        unknown: dict[bytes, str] = {}
        settled, key_of = self._engine.settled, question.key
        for text in texts:
            if text is None or not (normal := normalise(text)):
                keys.append(None)
                continue
            key = key_of(normal)
            keys.append(key)
            if key not in settled:
                unknown[key] = normal
        if unknown:
            self._read_store(question, unknown)
        asks = [Ask(key, question, text) for key, text in unknown.items() if key not in settled]
        return keys, [ask for ask in asks if self._may_be_sent(ask)]

    def _may_be_sent(self, ask: Ask) -> bool:
        """Whether the text is within the cap; if it is not, that settles it: `too_long`."""
        most = self._settings.max_text_tokens
        if len(ask.text) <= most or estimate_tokens(ask.text) <= most:
            return True
        error = f"More than {most:,} estimated tokens (`ASSAY_MAX_TEXT_TOKENS`): not sent."
        self._engine.settled[ask.key] = Outcome("too_long", None, error, None, ask.question.model)
        return False

    def _read_store(self, question: Question, keys: Iterable[bytes]) -> None:
        found = self._engine.fetch(list(keys))
        for key, outcome in found.items():
            self._engine.settled.setdefault(key, outcome)
        self._engine.tell(LookedUp(question, tuple(found.values())))


def _normal(texts: Texts) -> list[str | None]:
    """Return texts as they are asked about; None for blank ones."""
    return [normalise(text) or None if text is not None else None for text in texts]
