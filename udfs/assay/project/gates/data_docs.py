"""Data Docs: one static page of what the gates of a run counted.

Great Expectations' own pages load scripts and styles from seven hosts and show values of the
data; this one loads nothing, runs nothing and has counts only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment

from assay.project.gates.records import Result
from assay.project.gates.verdict import reasons

POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gates of run {{ invocation_id }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #ddd; padding: .3rem .6rem; text-align: left; }
td.number { font-variant-numeric: tabular-nums; text-align: right; }
.red { background: #fde8e8; }
.word-red { color: #9b1c1c; font-weight: 600; }
.word-green { color: #046c4e; }
</style>
</head>
<body>
<h1>Gates</h1>
<p>Run <code>{{ invocation_id }}</code>, {{ written_at }} UTC. Counts only: no value of the data is
on this page.</p>
{% for gate, results in gates.items() %}
<h2>{{ gate }}</h2>
{% for suite, rows in results | groupby('suite') %}
<h3>{{ suite }}</h3>
<table>
<tr><th>expectation</th><th>column</th><th>allowed</th><th>evaluated</th><th>at least</th>
<th>unexpected</th><th>share</th><th>verdict</th></tr>
{% for result in rows %}
{% set why = reasons(result) %}
<tr{% if why %} class="red"{% endif %}>
<td>{{ result.expectation }}</td>
<td>{{ result.column_name }}</td>
<td>{{ result.threshold }}</td>
<td class="number">{{ result.evaluated | counted }}</td>
<td class="number">{{ result.minimum_evaluated | counted }}</td>
<td class="number">{{ result.unexpected | counted }}</td>
<td class="number">{{ result.unexpected_share | as_share }}</td>
<td>{% if why %}<span class="word-red">{{ why | join(', ') }}</span> {{ result.error or '' }}
{%- else %}<span class="word-green">green</span>{% endif %}</td>
</tr>
{% endfor %}
</table>
{% endfor %}
{% endfor %}
</body>
</html>
"""


def page(gates: Mapping[str, Sequence[Result]], invocation_id: str, written_at: str) -> str:
    """Return the page of the gates of one invocation."""
    environment = Environment(autoescape=True)
    environment.filters |= {"counted": _counted, "as_share": _as_share}
    return environment.from_string(_PAGE).render(
        gates=gates,
        invocation_id=invocation_id,
        written_at=written_at,
        policy=POLICY,
        reasons=reasons,
    )


def _counted(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _as_share(share: float | None) -> str:
    return "" if share is None else f"{share:.4%}"


def write_page(folder: Path, html: str) -> Path:
    """Write the page into `folder`, replacing an older one at once; return where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    target, unborn = folder / "index.html", folder / "index.html.new"
    unborn.write_text(html, encoding="utf-8")
    unborn.replace(target)
    return target
