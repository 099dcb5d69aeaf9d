"""A scenario in use: when it applies, what it remembers, and the scenarios it hands over to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from . import replies
from .answers import Answer, digest_number
from .chats import Chat
from .plays import Memory, Play, PlayedCall
from .scenarios.combined import kind_of
from .scenarios.registry import (
    Cast,
    UnknownScenarioError,
    accepted,
    cast,
    find,
    group,
    number,
    written,
)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a request brings besides its text; `now` is monotonic, `created` is unix seconds."""

    sequence: int
    now: float
    created: int
    sink: str
    answer: Answer


@dataclass(slots=True)
class Script:
    """One scenario with its parameters and its memory."""

    spec: str
    seed: int = 0
    memory: Memory = field(default_factory=Memory)
    children: dict[str, Script] = field(default_factory=dict)
    role: Cast = field(init=False)

    def __post_init__(self) -> None:
        """Read the spec; raises UnknownScenarioError."""
        self.role = cast(self.spec)
        _check_parts(self.role)

    def play(self, chat: Chat, moment: Moment) -> Play:
        """The reply to this request."""
        if self.memory.began < 0:
            self.memory.began = moment.now
        call = self._call(chat, moment)
        hit = self._hits(chat)
        player = self.role.scenario.play if hit else replies.good
        name = self.role.scenario.name if hit else "good"
        play = player(call)
        self.memory.seen += 1
        wait = float(self.role.common["wait"]) if hit else 0.0
        steps = (wait, *play.steps) if wait else play.steps
        return replace(play, steps=steps, name=play.name or name)

    def _call(self, chat: Chat, moment: Moment) -> PlayedCall:
        return PlayedCall(
            chat=chat,
            sequence=moment.sequence,
            now=moment.now,
            created=moment.created,
            seed=self.seed,
            sink=moment.sink,
            answer=moment.answer,
            params=self.role.params,
            memory=self.memory,
            delegate=lambda name, params: self._child(name, params).play(chat, moment),
        )

    def _child(self, name: str, params: Mapping[str, str]) -> Script:
        members = group(name)
        if members:
            at = digest_number(f"{self.memory.seen}", f"{name}{self.seed}") % len(members)
            name = members[at].name
            params = accepted(name, params)
        spec = written(name, params)
        if spec not in self.children:
            self.children[spec] = Script(spec, self.seed)
        return self.children[spec]

    def _hits(self, chat: Chat) -> bool:
        common = self.role.common
        if self.role.scenario.packed and not (chat.contract.packed and chat.records):
            return False
        number = self.memory.seen - int(common["skip"])
        if number < 0 or (common["first"] and number >= int(common["first"])):
            return False
        return self._drawn(chat) and self._has_times_left(chat)

    def _drawn(self, chat: Chat) -> bool:
        share = float(self.role.common["p"])
        if share >= 1:
            return True
        if self.role.common["by"] == "content":
            drawn = " ".join(sorted(record.digest for record in chat.records)) or chat.prompt
        else:
            drawn = str(self.memory.seen)
        return digest_number(drawn, f"{self.spec}{self.seed}") % 1_000_000 < share * 1_000_000

    def _has_times_left(self, chat: Chat) -> bool:
        if not self.role.common["times"]:
            return True
        most, faulted = int(self.role.common["times"]), self.memory.faulted
        names = [record.digest for record in chat.records] or [chat.prompt]
        if all(faulted[name] >= most for name in names):
            return False
        faulted.update(set(names))
        return True


def _check_parts(role: Cast) -> None:
    """Refuse at once what a mix or a poison could not play later."""
    match role.scenario.name:
        case "poison":
            own = {"kind", "marker"}
            further = {name: said for name, said in role.params.items() if name not in own}
            cast(written(kind_of(role.params), further))
        case "mix":
            parts = {name.partition(".")[0] for name in role.params}
            for name in parts:
                _ = group(name) or find(name)
            shares = [said for name, said in role.params.items() if "." not in name]
            if sum(map(number, shares)) > 1:
                message = f"The shares of a mix add up to more than 1: {shares}."
                raise UnknownScenarioError(message)
