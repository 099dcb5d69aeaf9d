"""SVG made safe to stand in a page: known elements and attributes, no name, link, style or script.

What a chart library draws is data from outside: it is read as XML and written anew, and what is
not on the lists below is left out. So the page's policy holds, and no label becomes markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as Xml

from markupsafe import Markup, escape

_ELEMENTS = frozenset(("svg", "g", "path", "line", "rect", "text", "tspan", "circle"))
_ATTRIBUTES = frozenset(
    (
        *("viewBox", "width", "height", "transform", "d", "x", "y", "x1", "x2", "y1", "y2"),
        *("dx", "dy", "cx", "cy", "r", "fill", "stroke", "stroke-width", "stroke-dasharray"),
        *("stroke-linecap", "stroke-miterlimit", "stroke-opacity", "fill-opacity", "opacity"),
        *("font-size", "font-weight", "text-anchor"),
    )
)
_VALUE = re.compile(r"[\w\s#.,()%+-]*")
"""Numbers, paths, colours and `var(--name)`; no colon, quote or semicolon, so no address."""

_LONG_NUMBER = re.compile(r"(\d+\.\d\d)\d+")


def safe_svg(drawn: str, title: str) -> Markup:
    """Return `drawn` with nothing but shapes and texts in it, named by `title` as one picture.

    Raises ValueError for a declaration of a document type: entities are made in one, and no
    drawing has any.
    """
    if "<!" in drawn:
        message = "A drawing that declares a document type or entities is not read."
        raise ValueError(message)
    root = Xml.fromstring(drawn)  # noqa: S314 - without a declaration there is no entity
    body = "".join(_written(child) for child in root)
    box = _attribute("viewBox", root.get("viewBox", ""))
    width = _attribute("width", root.get("width", ""))
    name = f' role="img" aria-label="{escape(title)!s}"'
    return Markup(f"<svg{box}{width}{name}>{body}</svg>")  # noqa: S704 - each part is safe


def _written(element: Xml.Element) -> str:
    tag = element.tag.rpartition("}")[2]
    if tag not in _ELEMENTS or element.get("display") == "none":
        return ""
    attributes = "".join(
        _attribute(name, value) for name, value in element.items() if name in _ATTRIBUTES
    )
    inside = "".join(_inside(element))
    if not inside and tag in ("g", "text"):
        return ""
    return f"<{tag}{attributes}>{inside}</{tag}>"


def _inside(element: Xml.Element) -> Iterator[str]:
    yield escape(element.text or "")
    for child in element:
        yield _written(child)
        yield escape(child.tail or "")


def _attribute(name: str, value: str) -> str:
    """Return an attribute of our list; what its value may hold needs no escape."""
    if not _VALUE.fullmatch(value) or "url(" in value:
        return ""
    short = _LONG_NUMBER.sub(r"\1", value)
    return f' {name}="{short}"'
