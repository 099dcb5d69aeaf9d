"""The connection that files are read by: it reaches the folder or the bucket that is named alone.

Buckets are read by DuckDB's own extension `httpfs`, from a wheel: nothing is fetched, and the
extension has to be of the very version of DuckDB.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from assay.core.errors import ConfigError
from assay.hosts.duckdb.extensions import load_extension
from assay.hosts.duckdb.quoting import literal

_BUCKET = re.compile(r"s3://[^/*?\[]+/")
_REMOTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")
_WILD = re.compile(r"[*?\[]")


def reader_of(pattern: str, environ: Mapping[str, str] = os.environ) -> duckdb.DuckDBPyConnection:
    """Return a connection that can read what `pattern` names, and nothing else.

    `s3://bucket/orders/*.parquet` or files of a folder. Keys of a bucket come from
    `AWS_ACCESS_KEY_ID` and the variables beside it; another server than Amazon's is named by
    `AWS_ENDPOINT_URL`. Raises `ConfigError` for another protocol, and without the extension.
    """
    connection = duckdb.connect(":memory:", config={"threads": 2})
    if is_bucket(pattern):
        load_extension(connection, "httpfs", "buckets", "Reading buckets")
        connection.execute(_secret(environ))
    connection.execute(f"set allowed_directories = [{literal(_root(pattern))}]")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def is_bucket(pattern: str) -> bool:
    """Whether a pattern names objects of a bucket; raise `ConfigError` for another protocol."""
    if _BUCKET.match(pattern):
        return True
    if _REMOTE.match(pattern):
        message = (
            f"{pattern} cannot be read; write s3://BUCKET/FOLDER/*.parquet, or a folder here."
        )
        raise ConfigError(message)
    return False


def _root(pattern: str) -> str:
    """Return the folder above the first part of a pattern that is wild."""
    fixed = pattern[: found.start()] if (found := _WILD.search(pattern)) else pattern
    folder = fixed.rpartition("/")[0]
    return f"{folder}/" if is_bucket(pattern) else str(Path(folder or ".").absolute())


def _secret(environ: Mapping[str, str]) -> str:
    """Return the statement that gives the connection the keys of the environment."""
    said = {
        "key_id": environ.get("AWS_ACCESS_KEY_ID"),
        "secret": environ.get("AWS_SECRET_ACCESS_KEY"),
        "session_token": environ.get("AWS_SESSION_TOKEN"),
        "region": environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION"),
    }
    if endpoint := environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL"):
        address = urlsplit(endpoint)
        said |= {"endpoint": address.netloc, "url_style": "path"}
        said |= {"use_ssl": "true" if address.scheme == "https" else "false"}
    options = ", ".join(f"{name} {literal(value)}" for name, value in said.items() if value)
    return f"create secret (type s3{', ' if options else ''}{options})"
