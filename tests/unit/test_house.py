"""The house from outside: few rooms, few ways between them, and files called as one would look."""

from __future__ import annotations

import pytest

from .test_layers import FILES, ROOT, imports_of, room_of

MOST_ROOMS, MOST_WAYS = 16, 60

FOUND = {
    "cache": "store",
    "retry": "engine/retry.py",
    "backoff": "engine/breaker.py",
    "rate limit": "engine/rate_limit.py",
    "cost": "engine/prices.py",
    "token": "core/tokens.py",
    "queue": "engine/queue.py",
    "config": "core/settings.py",
    "model": "providers/local/models",
    "schema": "forms/shapes.py",
    "template": "project/starting/templates",
    "http": "providers/openai_compatible/transport.py",
    "client": "providers",
}
"""Where somebody who looks for a word of the field finds it, by name or plain synonym."""


def test_few_rooms_and_few_ways_between_them() -> None:
    """What stands at the top of the package, and which of it imports which."""
    ways = {(room_of(one), room_of(other)) for one in FILES for other in imports_of(one)}
    rooms = {room for way in ways for room in way if room}
    assert len(rooms) <= MOST_ROOMS
    assert len({way for way in ways if "" not in way and way[0] != way[1]}) <= MOST_WAYS


@pytest.mark.parametrize(("word", "place"), FOUND.items())
def test_a_word_of_the_field_is_found(word: str, place: str) -> None:
    """Whoever moves it says here where it is now."""
    assert (ROOT / place).exists(), f"{word!r} is not at {place} any more"
