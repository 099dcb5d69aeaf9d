"""From what a person writes after `--to`, or as `meta: publish`, to a destination."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from assay.core.errors import ConfigError
from assay.project.publishing.destinations.contract import Destination
from assay.project.publishing.destinations.delta import DeltaFolder
from assay.project.publishing.destinations.ducklake import DuckLake
from assay.project.publishing.destinations.iceberg import IcebergFolder
from assay.project.publishing.destinations.json_file import JsonFile
from assay.project.publishing.destinations.lance import LanceFolder
from assay.project.publishing.destinations.parquet import ParquetFolder
from assay.project.publishing.destinations.postgres import PostgresSchema

_JSON = "json:"
_PARQUET = "parquet:"
_DELTA = "delta:"
_PLACES: dict[str, Callable[[Path], Destination]] = {
    "lancedb:": LanceFolder,
    "iceberg:": IcebergFolder,
    "ducklake:": DuckLake,
}
_POSTGRES = ("postgresql", "postgres")


def open_destination(address: str) -> Destination:
    """Return the destination at an address; nothing is opened before its context is entered.

    Raises `ConfigError` for an address that is none of those that the documentation names.
    """
    if (file := json_file(address)) is not None:
        return JsonFile(file)
    for word, made in _PLACES.items():
        if (path := _after(word, address)) is not None:
            return made(path)
    if (place := address.removeprefix(_DELTA)) != address and _is_place(place):
        return DeltaFolder(place)
    if (folder := _after(_PARQUET, address.partition("?")[0])) is not None:
        return ParquetFolder(folder, _parts(address))
    if urlsplit(address).scheme in _POSTGRES:
        return PostgresSchema(address)
    message = (
        f"'{shown(address)}' is no destination; write json:FILE, parquet:FOLDER, "
        "delta:FOLDER, iceberg:FOLDER, ducklake:FILE or lancedb:FOLDER, which are of this "
        "machine, delta:s3://BUCKET/PATH, or postgresql://HOST/DATABASE."
    )
    raise ConfigError(message)


def json_file(address: str) -> Path | None:
    """Return the file of an address `json:FILE`, which ends in `.json`; None for any other."""
    file = address.removeprefix(_JSON)
    if file == address or "://" in file or not file.endswith(".json"):
        return None
    return Path(file)


def _after(word: str, address: str) -> Path | None:
    """Return the path of this machine after `word`; None where the address is another."""
    path = address.removeprefix(word)
    return Path(path) if path != address and path and "://" not in path else None


def _is_place(place: str) -> bool:
    """Whether it is a path of this machine, or one in a bucket."""
    return bool(place) and (place.startswith("s3://") or "://" not in place)


def _parts(address: str) -> list[str]:
    """Return the columns of `?by=ONE,OTHER`; raise `ConfigError` for any other option."""
    said = address.partition("?")[2]
    options = parse_qs(said, keep_blank_values=True)
    names = [name.strip() for name in options.pop("by", [""])[-1].split(",")]
    if options or (said and not all(names)):
        message = (
            f"'{said}' is no option of parquet:FOLDER; name the columns that part it, as in "
            "parquet:FOLDER?by=country,year."
        )
        raise ConfigError(message)
    return names if said else []


def shown(address: str) -> str:
    """Return an address without the user and the password in it, and without options."""
    host = address.partition("?")[0].rpartition("@")
    return f"{host[0].partition('://')[0]}://{host[2]}" if host[1] else host[2]
