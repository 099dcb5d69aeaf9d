"""Data Docs: one static page of what the gates of a run counted, in sentences, what is red first.

Great Expectations' own pages load scripts and styles from seven hosts and show values of the
data; this one loads nothing, runs nothing and has counts only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup, escape

from assay.core.plural import counted
from assay.project.gates.records import Result
from assay.project.gates.sentences import held, sentence_of
from assay.project.gates.verdict import reasons, told
from assay.project.templates import templates_in

POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_HERE = Path(__file__).parent

Sentences = Mapping[tuple[str, str, int], str]
"""What an expectation says, by gate, suite and place."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One expectation: what it says, how many values hold, why it is red (blank if it is not)."""

    said: str
    held: str
    red: str


@dataclass(frozen=True, slots=True)
class _Group:
    """A suite of a gate, the red lines first."""

    gate: str
    suite: str
    rows: int | None
    lines: Sequence[_Line]

    @property
    def red(self) -> int:
        """How many are red."""
        return sum(bool(line.red) for line in self.lines)


def page(
    gates: Mapping[str, Sequence[Result]],
    invocation_id: str,
    written_at: str,
    sentences: Sentences | None = None,
) -> str:
    """Return the page; names and errors are escaped, as they come from files.

    An expectation that is not in `sentences` is told as the store has it.
    """
    groups = [
        _group(gate, suite, list(rows), sentences or {})
        for gate, results in gates.items()
        for suite, rows in groupby(results, lambda result: result.suite)
    ]
    return (
        templates()
        .get_template("data_docs.html.j2")
        .render(
            groups=sorted(groups, key=lambda group: not group.red),
            gates={gate: [one for one in groups if one.gate == gate] for gate in gates},
            red=sum(group.red for group in groups),
            total=sum(len(group.lines) for group in groups),
            invocation_id=invocation_id,
            written_at=written_at[:16],
            policy=POLICY,
        )
    )


def write_page(folder: Path, html: str) -> Path:
    """Write the page into `folder`, replacing an older one at once; return where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    target, unborn = folder / "index.html", folder / "index.html.new"
    unborn.write_text(html, encoding="utf-8")
    unborn.replace(target)
    return target


def _group(gate: str, suite: str, results: Sequence[Result], sentences: Sentences) -> _Group:
    lines = [
        _Line(
            sentences.get((gate, suite, result.place)) or sentence_of(result),
            held(result),
            told(result) if reasons(result) else "",
        )
        for result in results
    ]
    rows = next((one.row_count for one in results if one.row_count is not None), None)
    return _Group(gate, suite, rows, sorted(lines, key=lambda line: not line.red))


def templates() -> Environment:
    """Return the templates of the page: one."""
    environment = templates_in(_HERE, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"counted": counted, "code": _code}
    return environment


def _code(text: str) -> Markup:
    """Return text of which what stands between backticks is code, and no number loses its %."""
    parts = [escape(part) for part in text.replace(" % ", "\xa0% ").split("`")]
    return Markup("").join(
        Markup("<code><bdi>{}</bdi></code>").format(part) if place % 2 else part
        for place, part in enumerate(parts)
    )
