"""Where the store is: a file, or a schema of a Postgres server with a folder beside it here."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from assay.core.project import Project, place

SCHEMES = ("postgresql", "postgres")
_SAFE = ("require", "verify-ca", "verify-full")
_NAME = re.compile("[a-z_][a-z0-9_]{0,62}")
_SCHEMA = "schema"


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A store in Postgres; what is asked of the path of a file can be asked of it as well.

    `url` is what the driver takes, a password included; `str` tells none. `beside` is where this
    host keeps journals of what is in flight.
    """

    url: str = field(repr=False)
    shown: str
    schema: str
    beside: Path

    def __str__(self) -> str:
        return self.shown

    @property
    def parent(self) -> Path:
        """The folder of what this host keeps beside the store."""
        return self.beside.parent

    @property
    def name(self) -> str:
        """What is kept beside it is called so, in the beginning."""
        return self.beside.name

    def exists(self) -> bool:
        """A server is taken to be there; who opens the store hears whether it is."""
        return True

    def resolve(self) -> StoreAddress:
        """Return the same from whatever folder."""
        return replace(self, beside=self.beside.resolve())

    def within(self, project: Project) -> StoreAddress:
        """Return the same with the folder beside it where the project has it."""
        return replace(self, beside=project.path(self.beside))


StorePlace = Path | StoreAddress
"""The file of a store, or its address."""


def store_place(given: Any) -> Any:
    """Return the place that a setting names; a blank is left to who checks settings.

    Raises `ValueError` for an address that cannot be used, without its password.
    """
    if isinstance(given, StoreAddress) or not given:
        return given
    said = str(given).strip()
    return (
        _address(said) if said.startswith(tuple(f"{one}://" for one in SCHEMES)) else place(said)
    )


def _address(said: str) -> StoreAddress:
    try:
        parts = urlsplit(said)
        host, user, port = parts.hostname or "", parts.username, parts.port
    except ValueError as error:
        message = "The address of the store is no URL: postgresql://USER@HOST:PORT/DATABASE."
        raise ValueError(message) from error
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    schema = options.pop(_SCHEMA, "assay")
    if not _NAME.fullmatch(schema):
        message = (
            f"`schema` of the store is {schema!r}; lower-case letters, digits and _ make one."
        )
        raise ValueError(message)
    _keep_private(host or options.get("host", ""), options)
    shown = f"{SCHEMES[0]}://" + (f"{user}@" if user else "") + host
    shown += (f":{port}" if port else "") + parts.path
    told = {name: options[name] for name in ("host", "port") if name in options}
    told |= {_SCHEMA: schema} if schema != "assay" else {}
    shown += f"?{urlencode(told, safe='/')}" if told else ""
    url = parts._replace(scheme=SCHEMES[0], query=urlencode(options, quote_via=quote)).geturl()
    where = f"{host}|{options.get('host', '')}|{port}|{options.get('port', '')}|{parts.path}"
    digest = hashlib.sha256(f"{where}|{schema}".encode()).hexdigest()[:12]
    return StoreAddress(url, shown, schema, Path(".assay") / f"postgres-{digest}")


def _keep_private(host: str, options: dict[str, str]) -> None:
    """Let what goes to another machine be encrypted, or raise `ValueError`."""
    if _is_here(host):
        return
    if options.setdefault("sslmode", "require") not in _SAFE:
        message = (
            f"`sslmode={options['sslmode']}` would send what is in the store to {host} in the "
            f"clear; use one of {', '.join(_SAFE)}."
        )
        raise ValueError(message)


def _is_here(host: str) -> bool:
    """Whether a host is this machine: none is named, a folder of sockets, or loopback."""
    if not host or host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
