"""The files that the project publishes: there, young enough, and what was published last."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assay.core.errors import ConfigError
from assay.core.plural import counted
from assay.core.program import program
from assay.core.settings import load_settings
from assay.hosts.dbt.artifacts import manifest_if_built
from assay.project.doctor.finding import Finding
from assay.project.publishing.freshness import behind, files_of
from assay.project.publishing.gold import targets
from assay.project.publishing.publish import current


def published_findings(
    environ: Mapping[str, str], config: Mapping[str, Any], project: Path
) -> Iterator[Finding]:
    """Yield what is wrong with each file; nothing where none is published.

    `config` is what the profile gives to the plugin; what is wrong with it is said elsewhere.
    """
    try:
        settings = load_settings(config, environ)
    except ConfigError:
        return
    files, done = files_of(targets(manifest_if_built(project))), current(settings.publish)
    if not files or done is None:
        return
    now = datetime.datetime.now(datetime.UTC)
    wrong = [*behind(files, done, settings.alert_published_hours, now)]
    if not wrong:
        text = f"{counted(len(files), 'file')}, each what was published last."
        yield Finding("published", text)
    for line in wrong:
        again = f"Run `{program('publish')}`, or `{program('build')}`."
        yield Finding("published", f"{line}.", again, may_stay=True)
