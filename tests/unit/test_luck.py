"""Luck: a limit of all refuses a pack with the share in which it refuses the others."""

from __future__ import annotations

from assay.engine.blame import BLAMED, SUSPECT, Luck

from .builders import pack, seeded

PACK, OTHERS = pack("big"), [pack(f"text {number}") for number in range(50)]


def after(rounds: int, *, served: int = 0, refused: int = 0) -> float:
    """The chance of a pack that is refused, with so many of the others between two times."""
    luck = Luck()
    for _ in range(rounds):
        luck.refuses(PACK)
        for other in OTHERS[:served]:
            luck.accepts(other)
        for other in OTHERS[served : served + refused]:
            luck.refuses(other)
    return luck.chance(PACK)


def test_b02_a_pack_that_is_refused_while_all_others_are_served_is_too_big() -> None:
    """A few times are enough where many were served between them."""
    assert after(1, served=20) == 1
    assert after(3, served=20) < SUSPECT
    assert after(6, served=20) < BLAMED


def test_b02_while_nobody_is_served_nothing_is_learnt() -> None:
    """An allowance that is used up refuses everybody, however often."""
    assert after(100, refused=20) == 1
    assert after(100) == 1


def test_b02_a_limit_of_all_blames_hardly_anybody() -> None:
    """Each of 2,000 packs is refused four times in five by chance, until it is served."""
    luck, draw = Luck(), seeded(2)
    waiting, blamed = [pack(f"text {number}") for number in range(2000)], 0
    while waiting:
        again = []
        for one in waiting:
            if draw.random() < 0.2:
                luck.accepts(one)
                continue
            luck.refuses(one)
            blamed += luck.chance(one) < BLAMED
            again.append(one)
        waiting = again
    assert blamed <= 1


def test_what_was_served_or_split_begins_anew() -> None:
    """The parts of a pack have the luck of their own."""
    luck = Luck()
    for _ in range(3):
        luck.refuses(PACK)
        luck.accepts(OTHERS[0])
    assert luck.chance(PACK) < 1
    luck.forgets(PACK)
    assert luck.chance(PACK) == 1
