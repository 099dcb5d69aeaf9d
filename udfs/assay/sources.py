"""What a file of `sources/` imports beside dlt: files, tables of Postgres, secrets.

```python
from assay.sources import files, postgres, secret


def source():
    return [
        files("data/orders/*.csv"),
        postgres(secret("SHOP_DATABASE"), "public.kinds"),
    ]
```
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from assay.core.errors import ConfigError
from assay.project.loading.files import files_resource
from assay.project.loading.postgres import table_resource
from assay.project.loading.scrub import tell_apart


def files(pattern: str, *, name: str | None = None) -> Any:
    """Return a resource of the files that `pattern` names, in a folder or a bucket.

    The end of the pattern says what they are: `.csv`, `.tsv`, `.jsonl`, `.ndjson`, `.parquet`,
    also with `.gz` or `.zst`. A relative one is of the project's folder, and
    `s3://BUCKET/FOLDER/*.parquet` is a bucket. `name` is the table, the folder's name unless said.
    A file is read when it is new or another size or time; then its rows take the place of those
    it had. Columns of a CSV are text; `source_file` says where a row is from.
    """
    return files_resource(pattern, name)


def postgres(
    address: str,
    table: str,
    *,
    cursor: str | None = None,
    primary_key: str | Sequence[str] | None = None,
    name: str | None = None,
) -> Any:
    """Return a resource of a table or view of Postgres, at `postgresql://user:password@host/name`.

    With a `cursor`, a column that only grows such as `updated_at`, a load takes the rows from the
    last one on, and by `primary_key` they take the place of what they were; without, the whole
    table takes the place of the old one. `name` is the table in bronze, the same unless said.
    """
    return table_resource(address, table, cursor=cursor, primary_key=primary_key, name=name)


def secret(name: str) -> str:
    """Return the variable `name` of the environment, which is the only place for a secret.

    It is taken out of every message. Raises `ConfigError` where it is not set.
    """
    value = os.environ.get(name, "").strip()
    if not value:
        message = f"The secret {name} is not set; set the environment variable of that name."
        raise ConfigError(message)
    tell_apart(value)
    return value
