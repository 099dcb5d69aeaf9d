"""The label sets and field sets of the project: what its macros give, and `vars:`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

import yaml

from assay.core.errors import ConfigError
from assay.hosts.dbt.process import rendered_beside
from assay.hosts.dbt.project_folder import FILE
from assay.hosts.dbt.rendering import read_yaml

Kind = Literal["labels", "fields", "examples"]

LabelsOrFields = list[Any] | dict[str, Any]
"""Labels, fields or examples as a model is given them."""

_MACROS: dict[Kind, str] = {
    "labels": "_assay_label_sets",
    "fields": "_assay_field_sets",
    "examples": "_assay_example_sets",
}
_JINJA = re.compile(r"{{|{%|{#")
_COMMENT = re.compile("{#.*?#}", re.DOTALL)
_ENDS = r"\s*-?%}(.*?){%-?\s*endmacro\s*-?%}"


def sets_of(kind: Kind) -> dict[str, Any]:
    """Return the sets of the project here by name, as a model gets them.

    Sets that are plain text are read as such; for a macro that computes, and for sets that are
    wrong, dbt runs, which takes seconds: it raises `ConfigError` with what is wrong.
    """
    if (found := _plain_sets(kind)) is not None:
        return found
    call = f"assay.{_MACROS[kind]}('assay')"
    rendered = rendered_beside(f"{{{{ tojson(assay._assay_shown({call})) }}}}")
    sets: dict[str, Any] = json.loads(rendered)
    return sets


def named_or_json(kind: Kind, given: str | None) -> LabelsOrFields | None:
    """Return what the option `--kind` says: JSON, or the name of a set of the project."""
    if given is None:
        return None
    try:
        parsed = json.loads(given)
    except ValueError:
        return _named(kind, given)
    if not parsed or not isinstance(parsed, list | dict):
        message = f"--{kind} {given!r} is neither a JSON list or mapping nor the name of a set."
        raise ConfigError(message)
    return cast("LabelsOrFields", parsed)


def _named(kind: Kind, name: str) -> LabelsOrFields:
    sets = sets_of(kind)
    if name not in sets:
        message = (
            f"--{kind} {name!r} is no JSON, and no set of this project; there are: "
            f"{', '.join(sets) or 'none'}; add it to the macro `ai_{kind}`."
        )
        raise ConfigError(message)
    found = sets[name]  # a text describes one field, as in `ai_extract`
    return {name: {"type": ["text"], "description": found}} if isinstance(found, str) else found


def _plain_sets(kind: Kind) -> dict[str, Any] | None:
    """Return the sets that are the text of one macro, and under `vars:`; None where dbt must say.

    The text of a macro without Jinja is what dbt makes of it.
    """
    said = read_yaml(Path(FILE)) or {}
    given = (said.get("vars") or {}).get(f"ai_{kind}", {})
    texts = list(_macro_texts(f"ai_{kind}", said.get("macro-paths")))
    if len(texts) != 1 or _JINJA.search(texts[0]):
        return None
    try:
        kept = yaml.safe_load(texts[0]) or {}
        together = json.dumps([kept, given])  # a date and the like is no JSON
    except (yaml.YAMLError, TypeError):
        return None
    kept, given = json.loads(together)
    if not isinstance(kept, dict) or not isinstance(given, dict) or _JINJA.search(together):
        return None
    return None if kept.keys() & given.keys() else {**given, **kept}


def _macro_texts(name: str, paths: object) -> Iterator[str]:
    """Yield what stands in each macro of the project that is called so and takes nothing."""
    pattern = re.compile(rf"{{%-?\s*macro\s+{name}\s*\(\s*\){_ENDS}", re.DOTALL)
    for folder in paths if isinstance(paths, list) else ["macros"]:
        for file in sorted(Path(str(folder)).rglob("*.sql")):
            text = file.read_text(encoding="utf-8", errors="replace")
            yield from pattern.findall(_COMMENT.sub("", text))
