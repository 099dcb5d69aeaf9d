"""What is current now goes to destinations, each by itself: the project's, and those of `--to`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assay.core.errors import ConfigError, PublishError
from assay.core.plural import counted
from assay.hosts.dbt.artifacts import manifest_of_build
from assay.project.publishing.deliver import Delivery, Keys, chosen_keys, deliver
from assay.project.publishing.destinations.contract import Destination
from assay.project.publishing.destinations.open import json_file, open_destination, shown
from assay.project.publishing.gold import Target, gold_keys, targets
from assay.project.publishing.publish import Published


@dataclass(frozen=True, slots=True)
class Order:
    """A destination, what people call it, and the tables that go there with their keys."""

    destination: Destination
    name: str
    keys: Keys


@dataclass(frozen=True, slots=True)
class Carried:
    """What was delivered, as facts and as a line each, and what went wrong, a line each."""

    delivered: list[dict[str, Any]]
    lines: list[str]
    wrong: list[str]


def orders(
    project: Path, addresses: Sequence[str] = (), tables: Sequence[str] = ()
) -> list[Order]:
    """Return what is to be delivered: where the project says, and to these addresses.

    `tables` are those that go to the addresses, all of gold unless named. Raises `ConfigError`
    before anything is published.
    """
    if tables and not addresses:
        message = f"All of gold is published; `{tables[0]}` is for --to, which is missing."
        raise ConfigError(message)
    manifest = manifest_of_build(project)
    keys, said = gold_keys(manifest), _by_address(targets(manifest))
    wanted = [(address, chosen_keys(keys, names)) for address, names in said.items()]
    wanted += [(address, chosen_keys(keys, tables)) for address in addresses]
    return [Order(open_destination(one), shown(one), chosen) for one, chosen in wanted]


def _by_address(found: Sequence[Target]) -> dict[str, list[str]]:
    """Return the tables for each address; raise `ConfigError` where two want one file."""
    said: dict[str, list[str]] = {}
    for target in found:
        said.setdefault(target.address, []).append(target.table)
    for address, names in said.items():
        if json_file(address) is not None and len(names) > 1:
            message = f"{' and '.join(names)} both go to {address}; give each a file of its own."
            raise ConfigError(message)
    return said


def carry_out(done: Published, orders: Sequence[Order]) -> Carried:
    """Deliver to each destination, also after another failed."""
    carried = Carried([], [], [])
    for order in orders:
        try:
            found = deliver(done, order.keys, order.destination, order.name)
        except (ConfigError, PublishError) as error:
            before = f"{order.name} holds what it held before"
            carried.wrong.append(f"{before}: {str(error).rstrip('.')}")
            continue
        carried.delivered.extend({"destination": order.name, **asdict(one)} for one in found)
        carried.lines.extend(_line(one, order.name) for one in found)
    return carried


def not_delivered(wrong: str) -> str:
    """Return the line that says what was not delivered, and why."""
    return f"Not delivered: {wrong}."


def _line(one: Delivery, name: str) -> str:
    return (
        f"Delivered {one.table}, {counted(one.rows, 'row')}, to {name} "
        f"({one.written:,} written, {one.deleted:,} deleted)"
    )
