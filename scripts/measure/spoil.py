"""Puts known errors into a table: what a measurement needs where no one has marked them."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence

Row = list[str | None]


def spoiled(rows: Sequence[Row], share: float, seed: int) -> list[Row]:
    """Return the rows with about `share` of the cells made wrong, each in one of five ways.

    A letter or digit is replaced, a value is lost, a word stands for it, another row's value
    stands in its place, or its case is changed. Blank cells stay, and the first column, which
    names the row.
    """
    draw = random.Random(seed)  # noqa: S311 - errors must be repeatable, not secret
    return [[_cell(rows, row, place, share, draw) for place in range(len(row))] for row in rows]


def _cell(
    rows: Sequence[Row], row: Row, place: int, share: float, draw: random.Random
) -> str | None:
    value = row[place]
    if not place or not value or draw.random() >= share:
        return value
    way = draw.choice(WAYS)
    return way(value, [each[place] or "" for each in draw.sample(rows, 1)], draw)


def _typo(value: str, _others: Sequence[str], draw: random.Random) -> str:
    place = draw.randrange(len(value))
    return value[:place] + draw.choice(string.ascii_lowercase) + value[place + 1 :]


def _lost(_value: str, _others: Sequence[str], _draw: random.Random) -> None:
    return None


def _marker(_value: str, _others: Sequence[str], draw: random.Random) -> str:
    return draw.choice(("N/A", "unknown", "-"))


def _other(value: str, others: Sequence[str], _draw: random.Random) -> str:
    return others[0] or value


def _case(value: str, _others: Sequence[str], _draw: random.Random) -> str:
    return value.swapcase()


WAYS: tuple[Callable[..., str | None], ...] = (_typo, _lost, _marker, _other, _case)
