"""`assay publish --to`: what is current now goes to destinations, each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from assay.core.errors import ConfigError, PublishError
from assay.core.plural import counted
from assay.hosts.dbt.artifacts import manifest_of_build
from assay.project.publishing.deliver import Delivery, Keys, chosen_keys, deliver
from assay.project.publishing.destinations.contract import Destination
from assay.project.publishing.destinations.open import open_destination, shown
from assay.project.publishing.publish import Published
from assay.project.publishing.verdict import gold_keys


@dataclass(frozen=True, slots=True)
class Order:
    """A destination, what people call it, and the tables that go there with their keys."""

    destination: Destination
    name: str
    keys: Keys


def orders(project: Path, addresses: Sequence[str], tables: Sequence[str]) -> list[Order]:
    """Return what is to be delivered; raise `ConfigError` before anything is published."""
    if not addresses:
        if tables:
            message = f"All of gold is published; `{tables[0]}` is for --to, which is missing."
            raise ConfigError(message)
        return []
    keys = chosen_keys(gold_keys(manifest_of_build(project)), tables)
    return [Order(open_destination(one), shown(one), keys) for one in addresses]


def carry_out(
    done: Published, orders: Sequence[Order], *, quiet: bool
) -> tuple[list[dict[str, Any]], list[str]]:
    """Deliver to each destination, also after another failed; return facts and what went wrong."""
    delivered, wrong = [], []
    for order in orders:
        try:
            found = deliver(done, order.keys, order.destination, order.name)
        except (ConfigError, PublishError) as error:
            wrong.append(f"{order.name} holds what it held before: {str(error).rstrip('.')}")
            typer.echo(f"Not delivered: {wrong[-1]}.", err=True)
            continue
        delivered += [{"destination": order.name, **asdict(one)} for one in found]
        if not quiet:
            typer.echo("\n".join(_line(one, order.name) for one in found))
    return delivered, wrong


def _line(one: Delivery, name: str) -> str:
    return (
        f"Delivered {one.table}, {counted(one.rows, 'row')}, to {name} "
        f"({one.written:,} written, {one.deleted:,} deleted)"
    )
