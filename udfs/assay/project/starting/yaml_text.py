"""Adds to the text of a YAML file as a person would: all that is there stays as it is written.

An edit is made in the text and then read: where it says anything but what was wanted, it is none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import yaml

STEP = "  "
"""How much further in a new line stands than the key above it."""

Path = Sequence[str]
"""The keys from the top of a file to the place that is meant."""


def said(text: str) -> Any:
    """Return what a text says; raises `yaml.YAMLError`."""
    return yaml.safe_load(text)


def put(text: str, path: Path, value: Any) -> str | None:
    """Return the text with `value` under a key that is not there yet; None where that is not safe.

    Mappings that are missing on the way are written, too.
    """

    def wanted(place: dict[str, Any]) -> None:
        place[path[-1]] = value

    return _checked(text, path, lambda: _put(text, path, value), wanted)


def append(text: str, path: Path, item: Any) -> str | None:
    """Return the text with `item` last in the list under a key; None where that is not safe.

    One quoted text in the place of the list becomes a list of both.
    """

    def wanted(place: dict[str, Any]) -> None:
        there = place[path[-1]]
        place[path[-1]] = [*(there if isinstance(there, list) else [there]), item]

    return _checked(text, path, lambda: _append(text, path, item), wanted)


def lines(path: Path, value: Any) -> str:
    """Return the lines that say `value` at `path`, from the top of a file."""
    *above, last = path
    keys = [f"{STEP * depth}{_flow(key)}:\n" for depth, key in enumerate(above)]
    if isinstance(value, list):
        entry = f"{_flow(last)}:\n" + _indented("".join(map(_item, value)), STEP)
    else:
        entry = f"{_flow(last)}: {_flow(value)}\n"
    return "".join(keys) + _indented(entry, STEP * len(above))


def _checked(
    text: str, path: Path, edit: Callable[[], str | None], wanted: Callable[[dict[str, Any]], None]
) -> str | None:
    """Return the edited text if it says what the old one does with the wanted change."""
    try:
        expected = deepcopy(said(text)) or {}
        wanted(_reached(expected, path[:-1]))
        edited = edit()
        return edited if edited is not None and said(edited) == expected else None
    except (yaml.YAMLError, LookupError, TypeError, AttributeError):
        return None


def _reached(document: dict[str, Any], path: Path) -> dict[str, Any]:
    for key in path:
        if document.get(key) is None:
            document[key] = {}
        document = document[key]
    return document


def _put(text: str, path: Path, value: Any) -> str | None:
    root = yaml.compose(text, yaml.SafeLoader)
    if root is None:
        return _on_a_line(text, len(text), lines(path, value))
    found, rest = _deepest(root, path)
    if isinstance(found, yaml.MappingNode):
        if found.flow_style:
            return _in_brackets(text, found, _flow(_nested(rest, value))[1:-1])
        return _below(text, found, lines(rest, value))
    nothing = found.start_mark.index == found.end_mark.index
    return _below_key(text, root, path[: -len(rest)], lines(rest, value)) if nothing else None


def _append(text: str, path: Path, item: Any) -> str | None:
    found, rest = _deepest(yaml.compose(text, yaml.SafeLoader), path)
    if rest:
        return None
    if isinstance(found, yaml.SequenceNode):
        if found.flow_style:
            return _in_brackets(text, found, _flow(item))
        return _below(text, found, _item(item))
    start, end = found.start_mark.index, found.end_mark.index
    if text[start] not in "\"'":
        return None
    return f"{text[:start]}[{text[start:end]}, {_flow(item)}]{text[end:]}"


def _deepest(node: Any, path: Path) -> tuple[Any, Path]:
    """Return the last node on a path that is there, and the keys that are not."""
    for depth, key in enumerate(path):
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        found = next((value for name, value in entries if name.value == key), None)
        if found is None:
            return node, path[depth:]
        node = found
    return node, []


def _below_key(text: str, root: Any, path: Path, new: str) -> str | None:
    """Put lines below a key without a value."""
    parent, _ = _deepest(root, path[:-1])
    (key,) = (name for name, _ in parent.value if name.value == path[-1])
    indent = " " * key.start_mark.column + STEP
    return _on_a_line(text, key.end_mark.index, _indented(new, indent))


def _below(text: str, node: Any, new: str) -> str:
    """Put lines below the last one of a mapping or list in lines, as far in as its first."""
    first = node.value[0][0] if isinstance(node, yaml.MappingNode) else node
    return _on_a_line(text, _end(node), _indented(new, " " * first.start_mark.column))


def _end(node: Any) -> int:
    """Return where the text of a node ends; what PyYAML says of lines includes comments below."""
    if not isinstance(node, yaml.CollectionNode) or node.flow_style or not node.value:
        return int(node.end_mark.index)
    if isinstance(node, yaml.SequenceNode):
        return _end(node.value[-1])
    key, value = node.value[-1]
    is_alias = value.start_mark.index < key.start_mark.index
    return int(key.end_mark.index) if is_alias else _end(value)


def _on_a_line(text: str, place: int, new: str) -> str:
    """Put lines after the line that ends, or goes on, at a place."""
    end = "\r\n" if "\r\n" in text else "\n"
    at = text.find("\n", len(text[:place].rstrip()))
    head, tail = (text, "") if at < 0 else (text[: at + 1], text[at + 1 :])
    glue = end if head and not head.endswith("\n") else ""
    return head + glue + new.replace("\n", end) + tail


def _in_brackets(text: str, node: Any, new: str) -> str:
    """Put an entry before the bracket that closes a mapping or list."""
    close = node.end_mark.index - 1
    return f"{text[:close]}{', ' if node.value else ''}{new}{text[close:]}"


def _indented(new: str, indent: str) -> str:
    return "".join(indent + line for line in new.splitlines(keepends=True))


def _nested(path: Path, value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value


def _item(value: Any) -> str:
    """Return an item of a list, in a line for each of its keys."""
    if not isinstance(value, dict):
        return f"- {_flow(value)}\n"
    keys = [f"{_flow(key)}: {_flow(one)}\n" for key, one in value.items()]
    return "- " + STEP.join(keys)


def _flow(value: Any) -> str:
    """Return a value in one line; Jinja in double quotes, as dbt's pages have it."""
    if isinstance(value, str) and "{{" in value:
        return json.dumps(value, ensure_ascii=False)
    shown: str = yaml.safe_dump(
        [value], default_flow_style=True, sort_keys=False, width=10**6, allow_unicode=True
    )
    return shown.strip()[1:-1]
