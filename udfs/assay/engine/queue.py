"""The backlog: asks that wait to be sent, grouped by text and taken out as packs. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assay.core.tokens import estimate_tokens
from assay.core.values import Ask, Pack, Record

_RECORD_OVERHEAD_TOKENS = 6

GroupKey = tuple[str, str, bool, str]
Handles = tuple[str, ...]


@dataclass(slots=True)
class _Group:
    """One text and all its open asks, by task; they leave in the same pack.

    `refused` are the reasons why earlier answers to them were.
    """

    text: str
    tokens: int
    asks: dict[str, Ask] = field(default_factory=dict)
    refused: dict[str, None] = field(default_factory=dict)
    lane: _Lane | None = None


@dataclass(slots=True)
class _Lane:
    """Ripe texts that carry the same tasks, in the order in which they are to leave.

    Texts leave at the front, where a dict would walk over all that left before, each time.
    """

    handles: Handles
    groups: OrderedDict[GroupKey, _Group] = field(default_factory=OrderedDict)
    tokens: int = 0

    def remove(self, key: GroupKey) -> None:
        """Take one text out."""
        group = self.groups.pop(key)
        self.tokens -= group.tokens
        group.lane = None


def group_key(ask: Ask) -> GroupKey:
    """Asks with the same key here may share a record: same text, model, isolation and form."""
    task = ask.question.task
    return (ask.text, ask.question.model, task.isolate, task.form)


class Backlog:
    """Waiting asks, in lanes of texts that carry the same questions.

    A text is *ripe* once no further question about it is expected; only ripe texts are taken,
    oldest first, and a text that is already taken starts a new group if it is asked about again.
    """

    def __init__(self, bounds: Mapping[str, tuple[int, int]]) -> None:
        """`bounds` are by form: most records and most tokens of a pack."""
        self._bounds = bounds
        self._groups: dict[GroupKey, _Group] = {}
        self._lanes: dict[Handles, _Lane] = {}
        self._ready: deque[Pack] = deque()

    def __len__(self) -> int:
        return len(self._groups) + sum(len(pack.records) for pack in self._ready)

    @property
    def has_untried(self) -> bool:
        """Whether anything waits that no failed pack has carried."""
        return bool(self._groups)

    def add(self, ask: Ask, *, ripe: bool) -> GroupKey:
        """Let `ask` wait with the other asks about its text, and return that text's key."""
        key = group_key(ask)
        group = self._groups.get(key)
        if group is None:
            tokens = estimate_tokens(ask.text) + _RECORD_OVERHEAD_TOKENS
            group = self._groups[key] = _Group(ask.text, tokens)
        was_ripe = self._leave_lane(key, group)
        group.asks[ask.question.task.handle] = ask
        if ripe or was_ripe:
            self._enter_lane(key, group)
        return key

    def add_again(self, ask: Ask, reason: str) -> None:
        """Let `ask`, which a reply has left without an answer, go out with the very next pack."""
        key = self.add(ask, ripe=True)
        self._groups[key].refused[reason] = None
        if (lane := self._groups[key].lane) is not None:
            lane.groups.move_to_end(key, last=False)

    def add_pack(self, pack: Pack) -> None:
        """Let `pack` go out next and as it is: a retry, or a part of one."""
        self._ready.append(pack)

    def add_alone(self, asks: Iterable[Ask], reasons: Mapping[bytes, str]) -> None:
        """Let each text of `asks` go out next in a pack of its own, which says what was wrong."""
        for pack in pack_of(asks):
            for record in pack.records:
                said = dict.fromkeys(reasons[ask.key] for ask in record.asks)
                self._ready.append(Pack((record,), complaint="; ".join(said)))

    def ripen(self, keys: Iterable[GroupKey]) -> None:
        """Nothing further is expected about these texts."""
        for key in keys:
            group = self._groups.get(key)
            if group is not None and group.lane is None:
                self._enter_lane(key, group)

    def ripen_all(self) -> None:
        """Nothing further is expected about any text."""
        self.ripen(list(self._groups))

    def take(self, *, flush: bool) -> Pack | None:
        """Return the next pack, or None; packs that are not full only with `flush`."""
        if self._ready:
            return self._ready.popleft()
        for lane in self._lanes.values():
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
        return asks

    def _enter_lane(self, key: GroupKey, group: _Group) -> None:
        handles = tuple(sorted(group.asks))
        if (lane := self._lanes.get(handles)) is None:
            lane = self._lanes[handles] = _Lane(handles)
        lane.groups[key] = group
        lane.tokens += group.tokens
        group.lane = lane

    def _leave_lane(self, key: GroupKey, group: _Group) -> bool:
        """Take a text out of its lane; return whether it was in one."""
        if (lane := group.lane) is None:
            return False
        lane.remove(key)
        self._drop_if_empty(lane)
        return True

    def _drop_if_empty(self, lane: _Lane) -> None:
        if not lane.groups:
            del self._lanes[lane.handles]

    def _is_full(self, lane: _Lane) -> bool:
        _, _, isolated, form = next(iter(lane.groups))
        most_records, most_tokens = self._bounds[form]
        enough = len(lane.groups) >= most_records
        return isolated or enough or lane.tokens >= most_tokens

    def _fill(self, lane: _Lane) -> Pack:
        groups, handles = lane.groups, lane.handles
        most_records, most_tokens = self._bounds[next(iter(groups))[3]]
        records: list[Record] = []
        refused: list[str] = []
        tokens = 0
        while groups and len(records) < most_records:
            key, group = groups.popitem(last=False)
            if records and tokens + group.tokens > most_tokens:
                groups[key] = group
                groups.move_to_end(key, last=False)
                break
            tokens += group.tokens
            del self._groups[key]
            asks = group.asks
            refused += group.refused
            records.append(Record(group.text, tuple([asks[name] for name in handles])))
            if key[2]:
                break
        lane.tokens -= tokens
        self._drop_if_empty(lane)
        return Pack(tuple(records), complaint="; ".join(refused) if len(records) == 1 else "")


def pack_of(asks: Iterable[Ask]) -> list[Pack]:
    """Return packs that carry exactly `asks`, a pack for each set of open questions.

    Texts that ask for isolation get a pack each.
    """
    texts: dict[GroupKey, dict[str, Ask]] = {}
    for ask in asks:
        texts.setdefault(group_key(ask), {})[ask.question.task.handle] = ask
    lanes: dict[tuple[Handles, str | None], list[Record]] = {}
    for (text, _, isolated, _), by_handle in texts.items():
        handles = tuple(sorted(by_handle))
        record = Record(text, tuple(by_handle[name] for name in handles))
        lanes.setdefault((handles, text if isolated else None), []).append(record)
    return [Pack(tuple(records)) for records in lanes.values()]
