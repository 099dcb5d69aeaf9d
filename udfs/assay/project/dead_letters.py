"""Dead letters: which ones are meant, whether they can be asked again, and asking them again."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from assay.core.clock import iso
from assay.core.errors import ConfigError, RunError
from assay.core.settings import Settings
from assay.core.values import Ask, Outcome, Question
from assay.engine.prices import check_cap
from assay.engine.retry import MOST_RUNS
from assay.engine.session import Session
from assay.functions import parse_task
from assay.store import Letter, State, queries

REPLAY = "replay-"
"""What the invocation id of a replay begins with: in the ledger it is a run of its own."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters are meant: all that fit every field that is given.

    Without a `state` these are the dead ones, or with a `key` (hex digits that keys begin with)
    all: who names a key means it.
    """

    model: str | None = None
    kind: str | None = None
    status: str | None = None
    older_than: datetime.timedelta | None = None
    key: str | None = None
    state: State | None = None

    @property
    def is_narrow(self) -> bool:
        """Whether anything but the state narrows it down."""
        given = (self.model, self.kind, self.status, self.older_than, self.key)
        return any(value is not None for value in given)

    def fits(self, letter: Letter, now: datetime.datetime) -> bool:
        """Whether `letter` is meant at `now`."""
        wanted: State | None = self.state or (None if self.key else "dead")
        pairs = (
            (self.model, letter.model),
            (self.kind, letter.kind),
            (self.status, letter.status),
            (wanted, letter.state),
        )
        oldest = iso(now - self.older_than) if self.older_than is not None else None
        return (
            all(want is None or want == have for want, have in pairs)
            and (oldest is None or letter.failed_at < oldest)
            and letter.key.hex().startswith((self.key or "").lower())
        )


@dataclass(frozen=True, slots=True)
class Left:
    """A letter that a replay does not ask, and why."""

    letter: Letter
    reason: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a replay: letters by what came of them, and what ended it early."""

    run_id: str
    answered: Sequence[Letter]
    failed: Sequence[Letter]
    not_attempted: Sequence[Letter]
    left: Sequence[Left]
    stopped: RunError | None = None


def chosen(letters: Iterable[Letter], choice: Choice, now: datetime.datetime) -> list[Letter]:
    """Return the letters that `choice` means, in their order."""
    return [letter for letter in letters if choice.fits(letter, now)]


def prepare(
    letters: Iterable[Letter],
    specs: Mapping[str, tuple[str, str]],
    settings: Settings,
    most_runs: int = MOST_RUNS,
) -> tuple[dict[bytes, Ask], list[Left]]:
    """Return the asks of those letters that can be asked now, by key, and why not the others.

    Each is asked alone: what died in company may live without it, and `isolate`, which is not on
    record, is kept.
    """
    questions: dict[tuple[str, str], Question | None] = {}
    asks: dict[bytes, Ask] = {}
    left: list[Left] = []
    for letter in letters:
        if reason := _hindrance(letter, specs, settings, most_runs):
            left.append(Left(letter, reason))
            continue
        name, text = (letter.prompt_hash, letter.model), letter.text or ""
        if name not in questions:
            questions[name] = _question(*specs[letter.prompt_hash], letter)
        question = questions[name]
        if question is not None and question.key(text) == letter.key:
            asks[letter.key] = Ask(letter.key, question, text)
        else:
            left.append(Left(letter, "its prompt has another form now; build its model again"))
    return asks, left


def replay(session: Session, letters: Sequence[Letter], most_runs: int = MOST_RUNS) -> Replayed:
    """Ask the chosen letters again, them alone, under the limits and the budget of the session.

    An answer takes its letter out, a failure counts one run more; what was not reached stays as
    it was. A process that is killed leaves the rest due: the next build asks them.
    """
    check_cap(session.settings)
    specs = session.store.read(queries.TaskSpecs())
    asks, left = prepare(letters, specs, session.settings, most_runs)
    going = [letter for letter in letters if letter.key in asks]
    run_id = REPLAY + uuid.uuid4().hex
    if not going:
        return Replayed(run_id, (), (), (), left)
    outcomes, stopped = _ask(session, run_id, going, asks)
    by_fate: dict[str, list[Letter]] = {"answered": [], "failed": [], "not_attempted": []}
    for letter in going:
        by_fate[_fate(outcomes[letter.key])].append(letter)
    return Replayed(run_id, left=left, stopped=stopped, **by_fate)


def _ask(
    session: Session, run_id: str, letters: Sequence[Letter], asks: Mapping[bytes, Ask]
) -> tuple[dict[bytes, Outcome | None], RunError | None]:
    """Return what is known of the letters after asking, and what ended it early."""
    stopped: RunError | None = None
    run = session.begin(run_id, builds=False)
    try:
        session.store.make_due(letters)
        run.await_all(list(asks.values()))
    except RunError as error:
        stopped = error
    finally:
        run.close()
        session.store.put_back(letters)
    return {key: run.known(key) for key in asks}, stopped


def _fate(outcome: Outcome | None) -> str:
    if outcome is None or outcome.status == "not_attempted":
        return "not_attempted"
    return "answered" if outcome.status == "ok" else "failed"


def _hindrance(
    letter: Letter, specs: Mapping[str, tuple[str, str]], settings: Settings, most_runs: int
) -> str | None:
    """Return why a letter cannot be asked, or None; no reason holds its text."""
    runs = letter.attempts
    reasons = (
        (
            runs >= most_runs,
            f"it failed in {runs} runs; see --max-failed-runs",
        ),
        (letter.text is None, "its text is not in the store; see --in-next-build"),
        (letter.prompt_hash not in specs, "its task is not in the store; see --in-next-build"),
        (
            letter.host != settings.host,
            f"it was asked of {letter.host!r}; set `ASSAY_PROVIDER` and `ASSAY_BASE_URL` to that",
        ),
        (
            letter.model != settings.model_for(letter.model),
            f"it was asked of the model {letter.model!r}, which is not there any more",
        ),
    )
    return next((reason for applies, reason in reasons if applies), None)


def _question(kind: str, spec: str, letter: Letter) -> Question | None:
    """Return the question of a task on record, or None where it is none any more."""
    try:
        task = parse_task(json.dumps({**json.loads(spec), "kind": kind, "isolate": True}))
    except ConfigError:
        return None
    return Question(task, letter.model, letter.host)
