"""From what a person writes after `--to`, or as `meta: publish`, to a destination."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from assay.core.errors import ConfigError
from assay.project.publishing.destinations.contract import Destination
from assay.project.publishing.destinations.json_file import JsonFile
from assay.project.publishing.destinations.lance import LanceFolder
from assay.project.publishing.destinations.postgres import PostgresSchema

_JSON = "json:"
_LANCE = "lancedb:"
_POSTGRES = ("postgresql", "postgres")


def open_destination(address: str) -> Destination:
    """Return the destination at an address; nothing is opened before its context is entered.

    Raises `ConfigError` for an address that is none of `json:FILE`, `lancedb:FOLDER` and
    `postgresql://...`.
    """
    if (file := json_file(address)) is not None:
        return JsonFile(file)
    folder = address.removeprefix(_LANCE)
    if folder != address and folder and "://" not in folder:
        return LanceFolder(Path(folder))
    if urlsplit(address).scheme in _POSTGRES:
        return PostgresSchema(address)
    message = (
        f"'{shown(address)}' is no destination; write json:FILE or lancedb:FOLDER, which are of "
        "this machine, or postgresql://HOST/DATABASE."
    )
    raise ConfigError(message)


def json_file(address: str) -> Path | None:
    """Return the file of an address `json:FILE`, which ends in `.json`; None for any other."""
    file = address.removeprefix(_JSON)
    if file == address or "://" in file or not file.endswith(".json"):
        return None
    return Path(file)


def shown(address: str) -> str:
    """Return an address without the user and the password in it, and without options."""
    host = address.partition("?")[0].rpartition("@")
    return f"{host[0].partition('://')[0]}://{host[2]}" if host[1] else host[2]
