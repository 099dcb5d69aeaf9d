"""The census: what a run would ask, counted before a cent is spent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from assay.core.redaction import kinds_of_marks
from assay.core.settings import Settings
from assay.core.values import Ask, Pack
from assay.engine.prices import cost_usd, usual_price, with_search
from assay.engine.queue import Backlog
from assay.forms import bounds_of, form_of

ASSUMED_TOKENS_PER_SECOND = 50
"""How fast an endpoint is taken to write that has not been asked yet."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is due: rows, distinct texts and asks seen, how many are stored, what the rest takes.

    `rows` are those of the model, due or not; tokens are estimates. `cost_usd` is None when the
    price of a model is not known, `minutes` where nothing is known of how long a request takes.
    `latency_seconds` is the measured mean of a request, None where `minutes` is no measurement.
    `at_least` marks a plan that may be short of what answers still to come will make due;
    `rechecks` are asks whose answers have aged, and are counted as stored.
    `redacted` counts by kind the marks in the texts that are to be sent, each once a text.
    """

    rows: int
    texts: int
    asks: int
    stored: int
    requests: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    minutes: float | None = None
    latency_seconds: float | None = None
    at_least: bool = False
    rechecks: int = 0
    redacted: Mapping[str, int] = field(default_factory=dict)


def timed(plan: Estimate, settings: Settings, latency_seconds: float | None) -> Estimate:
    """Return a plan with how long it takes at the present limits.

    `latency_seconds` is the mean of one request; None where none was sent yet: then an endpoint
    is taken to write 50 tokens a second, and the embedded provider's time is unknown.
    """
    assumed = None
    if settings.traits.remote and plan.requests:
        assumed = plan.output_tokens / plan.requests / ASSUMED_TOKENS_PER_SECOND
    seconds = assumed if latency_seconds is None else latency_seconds
    minutes = minutes_of(plan, settings, seconds)
    return replace(plan, minutes=minutes, latency_seconds=latency_seconds)


def minutes_of(plan: Estimate, settings: Settings, latency_seconds: float | None) -> float | None:
    """Return how long a plan takes at the present limits; None while no latency is known.

    `latency_seconds` is the mean of one request. The slowest of three sets the pace: requests in
    flight, requests a minute and tokens a minute.
    """
    if not plan.requests:
        return 0.0
    if latency_seconds is None:
        return None
    minutes = [plan.requests * latency_seconds / settings.max_in_flight / 60]
    if settings.requests_per_minute is not None:
        minutes.append(plan.requests / settings.requests_per_minute)
    if settings.tokens_per_minute is not None:
        minutes.append((plan.input_tokens + plan.output_tokens) / settings.tokens_per_minute)
    return max(minutes)


class Census:
    """Counts the asks of any number of statements; an ask that several need counts once.

    What no statement has `gathered` is asked chunk by chunk, so that only texts of one chunk
    share requests.
    """

    def __init__(self, settings: Settings, *, gathered: bool = True) -> None:
        self._settings = settings
        self._gathered = gathered
        self._chunks: list[list[bytes]] = []
        self._rows: Counter[str] = Counter()
        self._compared: Counter[str] = Counter()
        self._texts: set[str] = set()
        self._known: set[bytes] = set()
        self._unknown: dict[bytes, Ask] = {}
        self._texted: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._at_least = False
        self._aged: dict[bytes, Ask] = {}

    def meet(self, question: str) -> None:
        """Take note of a question that the statement asks, of however few rows."""
        self._texted[question] += 0

    def count(
        self,
        question: str,
        texts: Iterable[str | None],
        keys: Sequence[bytes | None],
        unknown: Sequence[Ask],
    ) -> None:
        """Take note of rows by texts and keys (None for blank ones) and of the asks to be made."""
        self._rows[question] += len(keys)
        due = {ask.key for ask in unknown}
        texted = [key for key in keys if key is not None]
        self._texted[question] += len(texted)
        if due:
            self._waiting[question] += sum(key in due for key in texted)
        self.take(unknown)
        self._see(texts, keys)

    def compare(
        self,
        question: str,
        texts: Iterable[str | None],
        keys: Sequence[bytes | None],
        unknown: Sequence[Ask],
    ) -> None:
        """Take note of rows that `ai_due` compares, and of those among them that are known.

        What is not known is due: it is counted when the model asks for it.
        """
        self._compared[question] += len(keys)
        due = {ask.key for ask in unknown}
        pairs = [pair for pair in zip(texts, keys, strict=True) if pair[1] not in due]
        self._see([text for text, _ in pairs], [key for _, key in pairs])

    def recheck(self, asks: Iterable[Ask]) -> None:
        """Take note of asks that have an answer which is to be checked again."""
        self._aged |= {ask.key: ask for ask in asks}

    def take(self, asks: Iterable[Ask]) -> None:
        """Take note of asks to be made, whose rows were counted or do not matter."""
        new = {ask.key: ask for ask in asks if ask.key not in self._unknown}
        self._unknown |= new
        if new and not self._gathered:
            self._chunks.append(list(new))

    def fall_short(self) -> None:
        """Take note that not all could be counted."""
        self._at_least = True

    def add(self, other: Census) -> None:
        """Take note of all asks that another census has counted; its rows stay with it."""
        chunks = [[key for key in chunk if key not in self._unknown] for chunk in other._chunks]
        self._chunks += [chunk for chunk in chunks if chunk]
        self.take(other._unknown.values())
        self.recheck(other._aged.values())
        self._see(other._texts, other._known)
        self._at_least = self._at_least or other.at_least

    @property
    def at_least(self) -> bool:
        """Whether what was counted may be less than what a run of the statement would ask.

        What hangs on answers that are not known, by `where`, `case` or as its text, is not seen:
        it is reached by no more rows than have an answer to the question that it hangs on.
        """
        return self._at_least or any(
            other != question and self._texted[other] <= self._texted[question] - waiting
            for question, waiting in self._waiting.items()
            for other in self._texted
        )

    @property
    def rows(self) -> int:
        """How many rows the question of the most rows is about."""
        return max((self._rows | self._compared).values(), default=0)

    def _see(self, texts: Iterable[str | None], keys: Iterable[bytes | None]) -> None:
        self._texts.update(text for text in texts if text is not None)
        self._known.update(key for key in keys if key is not None and key not in self._unknown)

    def _packs(self) -> Iterator[Pack]:
        """Yield what would be sent: packs of what was gathered, and packs of each chunk."""
        alone = {key for chunk in self._chunks for key in chunk}
        waiting = self._unknown | self._rechecked()
        for keys in ([key for key in waiting if key not in alone], *self._chunks):
            backlog = Backlog(bounds_of(self._settings))
            for key in keys:
                backlog.add(waiting[key], ripe=True)
            while (pack := backlog.take(flush=True)) is not None:
                yield pack

    def plan(self) -> Estimate:
        """Return the plan, packed as a run would pack it."""
        requests = tokens_in = tokens_out = 0
        cost: float | None = 0.0
        for pack in self._packs():
            form = form_of(pack)
            spent_in = form.compose(pack, 0).input_tokens
            spent_out = form.expected_output_tokens(pack)
            price = cost_usd(usual_price(self._settings, pack.model), spent_in, spent_out)
            price = with_search(self._settings, pack.questions[0].task, price)
            cost = None if cost is None or price is None else cost + price
            requests, tokens_in, tokens_out = (
                requests + 1,
                tokens_in + spent_in,
                tokens_out + spent_out,
            )
        asks = len(self._known) + len(self._unknown)
        return Estimate(
            self.rows,
            len(self._texts),
            asks,
            len(self._known),
            requests,
            tokens_in,
            tokens_out,
            cost,
            at_least=self.at_least,
            rechecks=len(self._rechecked()),
            redacted=self._redacted(),
        )

    def _rechecked(self) -> dict[bytes, Ask]:
        """Return what one run checks again of what has aged."""
        most = self._settings.max_rechecks
        return dict(list(self._aged.items())[:most])

    def _redacted(self) -> dict[str, int]:
        asks = [*self._unknown.values(), *self._rechecked().values()]
        texts = {ask.text for ask in asks if ask.question.redaction.kinds}
        counts = Counter(kind for text in texts for kind in kinds_of_marks(text))
        return {kind: counts[kind] for kind in sorted(counts)}
