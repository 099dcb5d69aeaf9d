"""The backlog: asks that wait to be sent, grouped by text and taken out as packs. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from udfs.prompts import estimate_tokens
from udfs.records import Ask, Pack, Record

_RECORD_OVERHEAD_TOKENS = 6

GroupKey = tuple[str, str, bool]
Lane = tuple[str, ...]


@dataclass(slots=True)
class _Group:
    """One text and all its open asks; they leave in the same pack."""

    text: str
    tokens: int
    asks: dict[str, Ask] = field(default_factory=dict)
    ripe: bool = False

    @property
    def lane(self) -> Lane:
        return tuple(sorted(self.asks))


def group_key(ask: Ask) -> GroupKey:
    """Asks with the same key here may share a record: same text, model and isolation."""
    return (ask.text, ask.question.model, ask.question.task.isolate)


class Backlog:
    """Waiting asks, in lanes of texts that carry the same questions.

    A text is *ripe* once no further question about it is expected; only ripe texts are taken,
    oldest first, and a text that is already taken starts a new group if it is asked about again.
    """

    def __init__(self, pack_records: int, pack_tokens: int) -> None:
        self._pack_records = pack_records
        self._pack_tokens = pack_tokens
        self._groups: dict[GroupKey, _Group] = {}
        # Taken from the front: a dict would walk over all that was taken before, each time.
        self._lanes: dict[Lane, OrderedDict[GroupKey, _Group]] = {}
        self._lane_tokens: dict[Lane, int] = {}
        self._ready: deque[Pack] = deque()

    def __len__(self) -> int:
        return len(self._groups) + sum(len(pack.records) for pack in self._ready)

    def add(self, ask: Ask, *, ripe: bool) -> None:
        """Let `ask` wait with the other asks about its text."""
        key = group_key(ask)
        group = self._groups.get(key)
        if group is None:
            tokens = estimate_tokens(ask.text) + _RECORD_OVERHEAD_TOKENS
            group = self._groups[key] = _Group(ask.text, tokens)
        if group.ripe:
            self._leave_lane(group.lane, key, group)
        group.asks[ask.question.task.handle] = ask
        if ripe or group.ripe:
            self._enter_lane(key, group)

    def add_again(self, ask: Ask) -> None:
        """Let `ask`, which a reply has left without an answer, go out with the very next pack."""
        self.add(ask, ripe=True)
        key = group_key(ask)
        self._lanes[self._groups[key].lane].move_to_end(key, last=False)

    def add_pack(self, pack: Pack) -> None:
        """Let `pack` go out next and as it is: a retry, or a part of one."""
        self._ready.append(pack)

    def ripen(self, keys: Iterable[GroupKey]) -> None:
        """Nothing further is expected about these texts."""
        for key in keys:
            group = self._groups.get(key)
            if group is not None and not group.ripe:
                self._enter_lane(key, group)

    def ripen_all(self) -> None:
        """Nothing further is expected about any text."""
        self.ripen(list(self._groups))

    def take(self, *, flush: bool) -> Pack | None:
        """Return the next pack, or None; packs that are not full only with `flush`."""
        if self._ready:
            return self._ready.popleft()
        for lane in self._lanes:
            if flush or self._is_full(lane):
                return self._fill(lane)
        return None

    def asks(self) -> list[Ask]:
        """Return everything that waits; it goes on waiting."""
        asks = [ask for pack in self._ready for ask in pack.asks]
        asks += [ask for group in self._groups.values() for ask in group.asks.values()]
        return asks

    def drain(self) -> list[Ask]:
        """Take out everything that waits."""
        asks = self.asks()
        self._ready.clear()
        self._groups.clear()
        self._lanes.clear()
        self._lane_tokens.clear()
        return asks

    def _enter_lane(self, key: GroupKey, group: _Group) -> None:
        group.ripe = True
        lane = group.lane
        self._lanes.setdefault(lane, OrderedDict())[key] = group
        self._lane_tokens[lane] = self._lane_tokens.get(lane, 0) + group.tokens

    def _leave_lane(self, lane: Lane, key: GroupKey, group: _Group) -> None:
        del self._lanes[lane][key]
        self._lane_tokens[lane] -= group.tokens
        if not self._lanes[lane]:
            del self._lanes[lane], self._lane_tokens[lane]

    def _is_full(self, lane: Lane) -> bool:
        waiting = self._lanes[lane]
        isolated = next(iter(waiting))[2]
        enough = len(waiting) >= self._pack_records
        return isolated or enough or self._lane_tokens[lane] >= self._pack_tokens

    def _fill(self, lane: Lane) -> Pack:
        records: list[Record] = []
        tokens = 0
        for key, group in list(islice(self._lanes[lane].items(), self._pack_records)):
            tokens += group.tokens
            if records and (tokens > self._pack_tokens or len(records) == self._pack_records):
                break
            records.append(Record(group.text, tuple(group.asks[name] for name in lane)))
            self._leave_lane(lane, key, group)
            del self._groups[key]
            if key[2]:
                break
        return Pack(tuple(records))


def pack_of(asks: Iterable[Ask]) -> list[Pack]:
    """Return packs that carry exactly `asks`, a pack for each set of open questions.

    Texts that ask for isolation get a pack each.
    """
    texts: dict[GroupKey, dict[str, Ask]] = {}
    for ask in asks:
        texts.setdefault(group_key(ask), {})[ask.question.task.handle] = ask
    lanes: dict[tuple[Lane, str | None], list[Record]] = {}
    for (text, _, isolated), by_handle in texts.items():
        lane = tuple(sorted(by_handle))
        record = Record(text, tuple(by_handle[name] for name in lane))
        lanes.setdefault((lane, text if isolated else None), []).append(record)
    return [Pack(tuple(records)) for records in lanes.values()]
