"""From what a person writes after `--to` to a destination."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from assay.core.errors import ConfigError
from assay.project.publishing.destinations.contract import Destination
from assay.project.publishing.destinations.lance import LanceFolder
from assay.project.publishing.destinations.postgres import PostgresSchema

_LANCE = "lancedb:"
_POSTGRES = ("postgresql", "postgres")


def open_destination(address: str) -> Destination:
    """Return the destination at an address; nothing is opened before its context is entered.

    Raises `ConfigError` for an address that is neither `lancedb:FOLDER` nor `postgresql://...`.
    """
    folder = address.removeprefix(_LANCE)
    if folder != address and folder and "://" not in folder:
        return LanceFolder(Path(folder))
    if urlsplit(address).scheme in _POSTGRES:
        return PostgresSchema(address)
    message = (
        f"--to '{shown(address)}' is no destination; write lancedb:FOLDER, with a folder of this "
        "machine, or postgresql://HOST/DATABASE."
    )
    raise ConfigError(message)


def shown(address: str) -> str:
    """Return an address without the user and the password in it, and without options."""
    host = address.partition("?")[0].rpartition("@")
    return f"{host[0].partition('://')[0]}://{host[2]}" if host[1] else host[2]
