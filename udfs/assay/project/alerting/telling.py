"""From the last build to an alert that is sent: looking, what is news, sending, remembering."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assay.core.clock import iso
from assay.core.settings import Settings
from assay.hosts.dbt.artifacts import manifest_if_built
from assay.project.alerting import memory
from assay.project.alerting.messages import Notice, payload
from assay.project.alerting.sending import send
from assay.project.alerting.trouble import News, Trouble
from assay.project.alerting.troubles import Sight, troubles
from assay.project.counting import spend_of
from assay.project.publishing.freshness import behind, files_of
from assay.project.publishing.gold import targets
from assay.project.publishing.publish import current
from assay.project.publishing.verdict import partial_by
from assay.project.report.facts import Built, Warehouse
from assay.project.report.making import folder
from assay.project.report.notes import known
from assay.project.report.summary import invocation_of
from assay.store import open_store, queries

NOT_STARTED = "red:start"
"""The key of a build that left no results: only a later build tells that it is over."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What was news, and why it could not be sent, if so."""

    news: list[News]
    trouble: str | None = None


def look(
    settings: Settings,
    results: dict[str, Any] | None,
    warehouse: Warehouse | None,
    unseen: tuple[str, ...] = (),
) -> Sight:
    """Return what there is to see; `results` are dbt's of the last build.

    A warehouse that is None or cannot be read, as while a build writes to it, is not looked at.
    """
    seen = Sight(settings, _now(), manifest=manifest_if_built(Path()), unseen=unseen)
    if results is not None:
        built = known(folder(), invocation_of(results), results)
        seen = replace(seen, results=results, built=built)
    done = current(settings.publish)
    columns = () if warehouse is None else warehouse.columns
    seen = replace(seen, columns=columns)
    if done is not None:
        files, hours = files_of(targets(seen.manifest)), settings.alert_published_hours
        late = tuple(behind(files, done, hours, seen.now))
        seen = replace(seen, published_at=done.at, behind=late)
    seen = _with_store(seen)
    return replace(seen, unseen=(*seen.unseen, *_not_looked_at(seen, warehouse)))


def not_started(settings: Settings, code: int) -> Sight:
    """Return what is known of a build that ended before dbt left any results."""
    return Sight(settings, _now(), Built(exit_code=code), unseen=("",))


def found(seen: Sight) -> list[Trouble]:
    """Return all that is wrong; a build that left no results is a trouble of its own."""
    one = troubles(seen)
    if seen.built is not None and not seen.results:
        return [replace(trouble, subject="start") for trouble in one]
    return one


def fresh(seen: Sight) -> list[News]:
    """Return what has not been told yet, or not for a day, and what is over."""
    told = memory.read(_memory_of(seen.settings))
    return memory.news(found(seen), told, seen.now, seen.unseen)


def tell(seen: Sight) -> Outgoing:
    """Send what is news, all at once, and remember it; `ASSAY_ALERT_URL` must be set.

    What could not be sent is news again the next time.
    """
    news = fresh(seen)
    if not news:
        return Outgoing([])
    if (trouble := _send(seen, news)) is None:
        place = _memory_of(seen.settings)
        memory.keep(place, memory.after(news, memory.read(place), seen.now))
    return Outgoing(news, trouble)


def send_test(settings: Settings) -> str | None:
    """Send an alert that says that it is a test; return why it could not be sent, or None."""
    said = "This is a test: alerts of this project arrive here"
    trouble = Trouble("test", "test", said, "there is nothing to do")
    seen = Sight(settings, _now(), manifest=manifest_if_built(Path()))
    return _send(seen, [News("new", trouble)])


def _send(seen: Sight, news: list[News]) -> str | None:
    url = seen.settings.alert_url
    if url is None:
        return "`ASSAY_ALERT_URL` is not set"
    notice = Notice(seen.project or Path.cwd().name, seen.run, iso(seen.now), news)
    return send(url.get_secret_value(), payload(seen.settings.alert_format, notice))


def _with_store(seen: Sight) -> Sight:
    path = seen.settings.store
    if not path.exists():
        return replace(seen, unseen=(*seen.unseen, "dead_letters:"))
    with contextlib.closing(open_store(path, guarded=True)) as store:
        dead = store.read(queries.DeadLetterCount())
        spend = spend_of(store, seen.run) if seen.run else None
        stop = store.read(queries.StopOf(seen.run)) if seen.run else None
    return replace(seen, dead_letters=dead, spend=spend, stop=stop)


def _not_looked_at(seen: Sight, warehouse: Warehouse | None) -> list[str]:
    """Return what is not known: drift without a warehouse, and whether a part makes all green."""
    blind = ["drift:"] if warehouse is None or warehouse.trouble else []
    green = not any(one.kind == "red" for one in troubles(seen))
    return [*blind, *(["red:"] if green and _is_partial(seen.results) else [])]


def _is_partial(results: Mapping[str, Any]) -> bool:
    return not results or bool(partial_by(results))


def _memory_of(settings: Settings) -> Path:
    """Return the folder in which it is remembered what was told: that of the store."""
    return settings.store.parent


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
