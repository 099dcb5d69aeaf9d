"""Makes the register, the places and the pages of the example: `python town/make.py`.

Nobody and nothing in them exists. The same seed makes the same files, which a test holds against
those that are here.
"""

from __future__ import annotations

import csv
import datetime
import io
import random
import re
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

from words import BRANDS, CUISINES, ORDERS, SERVICES, SHOPS, STREETS

SEED = 20260301
ROWS = 800
KITCHENS, GOODS, HANDS, CHAINS = 356, 84, 70, 150
TODAY = datetime.date(2026, 3, 1)
CANCELLED, OLD = 0.06, 0.06
SAYS_CUISINE, GIVES_ORDERS = 0.92, 0.04

Rows = list[dict[str, str]]


@dataclass(frozen=True)
class Business:
    """One business as it is: what the register does not say stands here, too.

    `kind` is kitchen, shop, service or chain; `evidence` the kind of page that tells of it.
    """

    name: str
    address: str
    kind: str
    phone: str
    cuisine: str = ""
    evidence: str = "none"
    place: str = "none"
    issued: datetime.date = TODAY
    cancelled: datetime.date | None = None
    wares: tuple[str, ...] = field(default=())


def town(seed: int = SEED) -> list[Business]:
    """Return every business of the town, in the order of the register."""
    luck = random.Random(seed)  # noqa: S311 - a town, no secret
    named = [*_kitchens(luck), *_others(luck, "shop", GOODS, SHOPS)]
    named += [*_others(luck, "service", HANDS, SERVICES), *_chains(luck)]
    luck.shuffle(named)
    doors = [f"{n} {street}" for n, street in product(range(1, 200), STREETS)]
    luck.shuffle(doors)
    made = [
        replace(one, address=door, phone=f"01632 {960000 + n}", issued=_issued(luck))
        for n, (one, door) in enumerate(zip(named, doors, strict=False))
    ]
    return [_dated(luck, one) for one in made]


def _kitchens(luck: random.Random) -> Iterator[Business]:
    """Yield kitchens of all cuisines in turn, no name twice."""
    names = {
        cuisine: [f"{a} {b}" for a, b in (*product(*said.latin), *product(*said.own))]
        for cuisine, said in CUISINES.items()
    }
    for some in names.values():
        luck.shuffle(some)
    for number in range(KITCHENS):
        cuisine = [*CUISINES][number % len(CUISINES)]
        wares = tuple(luck.sample(CUISINES[cuisine].dishes, 3))
        found = luck.choices(("own_site", "listing", "social", "none"), (62, 18, 8, 12))[0]
        place = luck.choices(("open", "closed", "none"), (91, 5, 4))[0]
        name = names[cuisine].pop()
        yield Business(name, "", "kitchen", "", cuisine, found, place, wares=wares)


def _others(
    luck: random.Random,
    kind: str,
    many: int,
    words: tuple[Sequence[str], Sequence[str], Sequence[str]],
) -> Iterator[Business]:
    """Yield businesses at which nobody cooks; half of them have a page."""
    names = [f"{a} {b}" for a, b in product(*words[:2])]
    for name in luck.sample(names, many):
        found = luck.choice(("own_site", "none"))
        wares = tuple(luck.sample(words[2], 3))
        yield Business(name, "", kind, "", "", found, "open", wares=wares)


def _chains(luck: random.Random) -> Iterator[Business]:
    """Yield branches of brands, spelled as registers spell them."""
    forms = ("{}", "{} #{:d}", "{} Restaurant", "{} Ltd.", "THE {}", "{} - {}")
    for number in range(CHAINS):
        form = luck.choice(forms)
        second = number if "#" in form else luck.choice(STREETS)
        name = form.format(BRANDS[number % len(BRANDS)], second)
        yield Business(name, "", "chain", "", place="open")


def _issued(luck: random.Random) -> datetime.date:
    return TODAY - datetime.timedelta(days=luck.randrange(360))


def _dated(luck: random.Random, one: Business) -> Business:
    """Let some be cancelled since, and some be older than a year."""
    age = luck.random()
    if age < CANCELLED:
        return replace(one, cancelled=one.issued + (TODAY - one.issued) / 2)
    if age < CANCELLED + OLD:
        return replace(one, issued=one.issued - datetime.timedelta(days=400))
    return one


def licences(businesses: Sequence[Business], seed: int = SEED) -> Rows:
    """Return the register: a row for each licence, renewed ones with their former row as well."""
    luck = random.Random(seed + 1)  # noqa: S311
    former = [
        replace(one, issued=one.issued - datetime.timedelta(days=luck.randrange(20, 200)))
        for one in luck.sample(businesses, ROWS - len(businesses))
    ]
    rows = sorted([*businesses, *former], key=lambda one: (one.issued, one.name))
    return [
        {
            "licence_id": f"L{number:05}",
            "operating_name": luck.choice(
                (one.name, one.name, one.name.upper(), f" {one.name}  ")
            ),
            "address": one.address,
            "issued_on": str(one.issued),
            "cancelled_on": str(one.cancelled or ""),
        }
        for number, one in enumerate(rows, start=1)
    ]


def places(businesses: Sequence[Business], seed: int = SEED) -> Rows:
    """Return a second source, which spells names and addresses in its own way."""
    luck = random.Random(seed + 2)  # noqa: S311
    known = [one for one in businesses if one.place != "none"]
    return [
        {
            "place_id": f"P{number:05}",
            "name": luck.choice(("{}", "{} Restaurant", "The {}")).format(one.name),
            "address": _shortened(one.address),
            "status": "OPERATIONAL" if one.place == "open" else "CLOSED_PERMANENTLY",
            "phone": one.phone,
        }
        for number, one in enumerate(sorted(known, key=lambda one: one.address), start=1)
    ]


def _shortened(address: str) -> str:
    for long, short in (("Street", "St."), ("Road", "Rd"), ("Avenue", "Ave."), ("Lane", "Ln")):
        address = address.replace(long, short)
    return f"{address}, Fairhaven".upper()


def pages(businesses: Sequence[Business], seed: int = SEED) -> Rows:
    """Return what a search would find: sites, listings, posts, and pages of no use."""
    luck = random.Random(seed + 3)  # noqa: S311
    rows = [_page(luck, one) for one in businesses if one.evidence != "none"]
    for street in STREETS:
        text = f"Ten things to see on {street}: a museum, two churches and places to eat."
        rows.append(_row(f"https://walks.example/{_slug(street)}", f"A walk on {street}", text))
    return sorted(rows, key=lambda row: row["url"])


def _page(luck: random.Random, one: Business) -> dict[str, str]:
    wares = f"{one.wares[0]}, {one.wares[1]} and {one.wares[2]}"
    slug = f"{_slug(one.name)}-{one.phone[-4:]}"
    where = f"{one.name}, {one.address}, Fairhaven."
    if one.kind != "kitchen":
        said = "A shop with" if one.kind == "shop" else "At your service with"
        text = f"{where} {said} {wares}. Phone: {one.phone}."
        return _row(f"https://{slug}.example/", one.name, text)
    food = (
        f"{one.cuisine.title()} food"
        if luck.random() < SAYS_CUISINE
        else "food that we grew up with"
    )
    menu = f"Restaurant with {food}: our kitchen cooks {wares} for you."
    text = f"{where} {menu} Phone: {one.phone}."
    if luck.random() < GIVES_ORDERS:
        text = f"{text} {luck.choice(ORDERS)}"
    if one.evidence == "listing":
        return _row(f"https://listings.example/biz/{slug}", f"{one.name} - Listings", text)
    if one.evidence == "social":
        return _row(f"https://pictures.example/{slug}", f"{one.name} on Pictures", text)
    return _row(f"https://{slug}.example/", one.name, text)


def _row(url: str, title: str, text: str) -> dict[str, str]:
    return {"url": url, "title": title, "text": text}


def _slug(name: str) -> str:
    """Return the Latin letters of a name, for a host; of other scripts there are none."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain)) or "place"


def files() -> dict[str, str]:
    """Return what each file holds, by its path in the example."""
    made = town()
    return {
        "register/licences.csv": _csv(licences(made)),
        "register/places.csv": _csv(places(made)),
        "register/pages.csv": _csv(pages(made)),
        "seeds/brands.csv": _csv([{"brand": brand} for brand in sorted(BRANDS)]),
    }


def _csv(rows: Rows) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, [*rows[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


if __name__ == "__main__":
    home = Path(sys.argv[0]).resolve().parents[1]
    for name, text in files().items():
        (home / name).write_text(text, encoding="utf-8")
