"""Budget and pace as rows: each process has its own, and what all of them hold is one sum."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from assay.core.store_place import StoreAddress
from assay.store.postgres.leases import living, space_of
from assay.store.postgres.session import ServerSession
from assay.store.walls import Room, Toll

_TURN = "begin; set local lock_timeout = '60s'; select pg_advisory_xact_lock(%s, %s)"
_WINDOW_SECONDS = 60
_NOW = "floor(extract(epoch from clock_timestamp()))::bigint"

_ENTER = f"""
    insert into starts (host, second, requests, tokens)
    select %(host)s, {_NOW}, 1, %(tokens)s from (
        select coalesce(sum(requests), 0) as requests, coalesce(sum(tokens), 0) as tokens
        from starts where host = %(host)s and second >= {_NOW} - {_WINDOW_SECONDS}
    ) as lately
    where (%(most)s::bigint is null or lately.requests < %(most)s::bigint)
        and (%(most_tokens)s::bigint is null or lately.tokens < %(most_tokens)s::bigint)
    on conflict (host, second) do update
        set requests = starts.requests + 1, tokens = starts.tokens + excluded.tokens
    returning 1
"""  # noqa: S608
_WAIT = f"""
    select min(second) + {_WINDOW_SECONDS} + 1 - extract(epoch from clock_timestamp())
    from starts where host = %(host)s and second >= {_NOW} - {_WINDOW_SECONDS}
"""  # noqa: S608
_TIDY = f"delete from starts where host = %(host)s and second < {_NOW} - 2 * {_WINDOW_SECONDS}"  # noqa: S608

_RESERVE = """
    insert into spend (run, owner, requests, reserved_usd, spent_usd)
    select %(run)s, %(owner)s, 1, %(worst)s, 0 from (
        select coalesce(sum(requests), 0) as requests,
            coalesce(sum(reserved_usd + spent_usd), 0) as taken
        from spend where run = %(run)s
    ) as held
    where (%(most)s::bigint is null or held.requests < %(most)s::bigint)
        and (%(cap)s::float8 is null or held.taken + %(worst)s <= %(cap)s::float8)
    on conflict (run, owner) do update
        set requests = spend.requests + 1,
            reserved_usd = spend.reserved_usd + excluded.reserved_usd
    returning 1
"""
_OPEN = "select owner from spend where run = %(run)s and reserved_usd > %(crumb)s"
_PAY = """
    update spend set spent_usd = spent_usd + %(cost)s,
        reserved_usd = greatest(0, reserved_usd - %(worst)s)
    where run = %(run)s and owner = %(owner)s
"""
_CRUMB_USD = 1e-9
"""What additions of floats leave behind."""


class ServerWalls:
    """One session for all of it, beside those of the store: no wait here holds a claim up.

    Its commits do not wait for the disk: what a server that loses power forgets is the count of
    its last second, and with it go the sessions of all who were counted.
    """

    def __init__(self, address: StoreAddress, owner: str) -> None:
        self._address, self._owner = address, owner
        self._space = space_of(address.schema)
        self._lock = threading.Lock()
        self._session: ServerSession | None = None

    def enter(self, toll: Toll) -> float:
        """Count a request among those of this minute, or say when to ask again."""
        given = {
            "host": toll.host,
            "tokens": toll.tokens,
            "most": toll.requests_per_minute,
            "most_tokens": toll.tokens_per_minute,
        }
        with self._turn(f"pace:{toll.host}") as session:
            if session.native(_ENTER, given).fetchone():
                session.native(_TIDY, given)
                return 0.0
            (wait,) = session.native(_WAIT, given).fetchone()
            return max(0.05, float(wait or 0.0))

    def reserve(self, toll: Toll) -> Room:
        """Set the worst cost of a request aside, in one sum over all processes."""
        given = {
            "run": toll.run_id,
            "owner": self._owner,
            "worst": toll.worst_usd or 0.0,
            "most": toll.max_requests,
            "cap": toll.max_cost_usd,
            "crumb": _CRUMB_USD,
        }
        if toll.max_cost_usd is not None and toll.worst_usd is None:
            return "none"
        with self._turn(f"run:{toll.run_id}") as session:
            if session.native(_RESERVE, given).fetchone():
                return "taken"
            owners = [name for (name,) in session.native(_OPEN, given)]
            alive = living(session, self._space) if owners else ()
            return "later" if any(name in alive for name in owners) else "none"

    def pay(self, toll: Toll, cost_usd: float | None) -> None:
        """Replace a reservation by what was spent."""
        worst = toll.worst_usd or 0.0
        given = {
            "run": toll.run_id,
            "owner": self._owner,
            "worst": worst,
            "cost": worst if cost_usd is None else cost_usd,
        }
        with self._turn(f"run:{toll.run_id}") as session:
            session.native(_PAY, given)

    def close(self) -> None:
        """End the session."""
        with self._lock:
            if self._session is not None:
                self._session.close()
                self._session = None

    @contextmanager
    def _turn(self, name: str) -> Iterator[ServerSession]:
        """Yield the session in a transaction that nobody else has under this name."""
        with self._lock:
            session = self._opened()
            number = zlib.crc32(name.encode()) >> 1
            try:
                session.native(_TURN, [self._space ^ 1, number])
                yield session
                session.native("commit")
            except BaseException:
                session.rollback()
                raise

    def _opened(self) -> ServerSession:
        if self._session is None:
            session = ServerSession(self._address)
            session.native(
                f"set search_path to {self._address.schema}, pg_temp; set synchronous_commit = off"
            )
            self._session = session
        return self._session
