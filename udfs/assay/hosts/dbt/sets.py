"""The label sets and field sets of the project: what its macros give, and `vars:`."""

from __future__ import annotations

import json
from typing import Any, Literal

from assay.hosts.dbt.process import rendered_beside

Kind = Literal["labels", "fields"]

_MACROS: dict[Kind, str] = {"labels": "_assay_label_sets", "fields": "_assay_field_sets"}


def sets_of(kind: Kind) -> dict[str, Any]:
    """Return the sets of the project here by name, as a model gets them.

    Runs dbt, which takes seconds; raises `ConfigError` with what dbt says where it fails.
    """
    call = f"assay.{_MACROS[kind]}('assay evaluate')"
    found: dict[str, Any] = json.loads(
        rendered_beside(f"{{{{ tojson(assay._assay_shown({call})) }}}}")
    )
    return found
