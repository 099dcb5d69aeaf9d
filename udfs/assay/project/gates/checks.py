"""Runs a suite with Great Expectations; counts come back, values of the data never do.

Its objects do not leave this module. It takes 2 to 4 s to import, so that is done once, when the
first suite of a process runs.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import threading
import warnings
from collections.abc import Mapping
from typing import Any

from assay.core.extras import extra
from assay.project.gates.deferred import defer
from assay.project.gates.frames import Frame
from assay.project.gates.records import BROKEN, PROMISE, Expectation, Result, Suite

_COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}
"""Counts, but not one value that was not as expected."""

_ABOUT_ROWS = (
    "expect_column_to_exist",
    "expect_column_values_to_be_null",
    "expect_column_values_to_not_be_null",
    "expect_column_proportion_of_non_null_values_to_be_between",
)
"""Expectations that look at every row of a column, NULL or not."""

_SELDOM_USED = ("scipy.stats", "altair")
"""What Great Expectations imports for one expectation, in a third of the time it takes."""

_ERROR_CLASS = re.compile(r"^(?:\w+\.)*(\w*(?:Error|Exception|Warning))\b", re.MULTILINE)
_ALONE = threading.Lock()
"""Great Expectations keeps its context in a global."""


def run_suite(suite: Suite, frame: Frame) -> tuple[Result, ...]:
    """Return one result for each expectation of `suite`, in its order.

    An expectation that cannot be set up or raises gets a result with an error; nothing is raised
    for it.
    """
    errors = {
        place: _unmade(item, frame) or frame.refused.get(place)
        for place, item in enumerate(suite.expectations)
    }
    with _ALONE:
        library = _library()
        asked = [
            made
            for place, item in enumerate(_asked(suite, frame))
            if errors[place] is None and (made := _made(library, item, place, errors)) is not None
        ]
        found = {given["place"]: given for given in _answers(library, suite.name, asked, frame)}
    return tuple(
        _result(suite, place, frame, found.get(place), errors[place])
        for place in range(len(suite.expectations))
    )


def _asked(suite: Suite, frame: Frame) -> list[Expectation]:
    """Return the expectations of `suite` in the words of the frame."""
    return [frame.asked.get(place, item) for place, item in enumerate(suite.expectations)]


def broken(suite: str, error: str) -> Result:
    """Return the result of a suite that could not be run at all."""
    return Result(suite, 0, BROKEN, "", "", 1, error=error)


def broken_promise(name: str, place: int, error: str) -> Result:
    """Return the result of something that the lock promises and that is not kept."""
    return Result(name, -1 - place, PROMISE, "", "", 1, error=error)


def known_expectations() -> frozenset[str]:
    """Return the types of all expectations that Great Expectations has."""
    with _ALONE:
        _library()
        from great_expectations.expectations import registry

        return frozenset(registry.list_registered_expectation_implementations())


@functools.cache
def _library() -> Any:
    """Import Great Expectations: without analytics, and silent, as its logs quote values."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    defer(*_SELDOM_USED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses modules that Python gives up; not our affair
        with extra("gates", "A gate"):
            import great_expectations

    logger = logging.getLogger("great_expectations")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    return great_expectations


@functools.cache
def _batches() -> Any:
    """Return what takes frames, one after the other: Great Expectations' definition of a batch.

    Its context is in memory only, without files, analytics or progress bars, and there is one for
    all suites: each writes down its settings anew whenever something is added to it.
    """
    from great_expectations.data_context.types import base

    config = base.DataContextConfig(
        store_backend_defaults=base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=base.ProgressBarsConfig(globally=False),
    )
    context = _library().get_context(mode="ephemeral", project_config=config)
    asset = context.data_sources.add_pandas("frames").add_dataframe_asset("frame")
    return asset.add_batch_definition_whole_dataframe("all")


def _let_go(batch: Any) -> None:
    """Let Great Expectations forget the frame of a batch: it keeps the last one for the next."""
    engine = batch.data.execution_engine
    engine.load_batch_data(batch.id, batch.data.dataframe.iloc[:0].copy())
    engine.batch_manager.reset_batch_cache()


def _unmade(item: Expectation, frame: Frame) -> str | None:
    """Return why a column that `item` reads is not in the frame; None where all are."""
    told = [
        f"column {name!r}: {frame.errors[name]}" for name in item.columns if name in frame.errors
    ]
    return "; ".join(told) or None


def _made(library: Any, item: Expectation, place: int, errors: dict[int, str | None]) -> Any:
    """Return Great Expectations' own object; where it refuses the arguments, note its words."""
    from great_expectations.expectations.expectation_configuration import (
        ExpectationConfiguration,
    )

    try:
        return ExpectationConfiguration(
            type=item.type, kwargs=dict(item.kwargs), meta={"place": place}
        ).to_domain_obj()
    except (ValueError, TypeError, library.exceptions.GreatExpectationsError) as error:
        errors[place] = "wrong arguments: " + "; ".join(
            str(error).splitlines()[1:] or [str(error)]
        )
        return None


def _answers(library: Any, name: str, asked: list[Any], frame: Frame) -> list[Mapping[str, Any]]:
    """Return what was found, a plain mapping for each expectation asked."""
    if not asked:
        return []
    batch = _batches().get_batch({"dataframe": frame.data})
    suite = library.ExpectationSuite(name=name, expectations=asked)
    answers: list[Mapping[str, Any]] = [
        {
            "place": each.expectation_config.meta["place"],
            "success": bool(each.success),
            "counts": _counts(each.result or {}),
            "error": _error(each.exception_info or {}),
        }
        for each in batch.validate(suite, result_format=_COUNTS_ONLY).results
    ]
    _let_go(batch)
    return answers


def _counts(result: Mapping[str, Any]) -> dict[str, int]:
    """Return what was counted, and no value that was observed."""
    names = ("element_count", "missing_count", "unexpected_count")
    return {name: int(result[name]) for name in names if result.get(name) is not None}


def _error(info: Mapping[str, Any]) -> str | None:
    """Return the class of what an expectation raised; the message may quote values."""
    nested = [info] if "raised_exception" in info else list(info.values())
    raised = [each for each in nested if each.get("raised_exception")]
    if not raised:
        return None
    classes = _ERROR_CLASS.findall(str(raised[0].get("exception_traceback")))
    name = classes[0] if classes else "an error"
    return (
        f"{name} while it was computed; its words may quote data, so look whether the arguments "
        "fit the types of the columns"
    )


def _result(
    suite: Suite, place: int, frame: Frame, found: Mapping[str, Any] | None, error: str | None
) -> Result:
    item, rows = suite.expectations[place], frame.table.num_rows
    named = (suite.name, place, item.type, ", ".join(item.columns))
    allowed = (item.threshold, item.minimum)
    error = error or ("it was not run" if found is None else found["error"])
    if found is None or error:
        return Result(*named, *allowed, row_count=rows, error=error)
    counts = found["counts"]
    evaluated, unexpected = (
        _evaluated(frame.asked.get(place, item), counts, frame),
        counts.get("unexpected_count"),
    )
    share = None
    if evaluated and "element_count" in counts:
        share = unexpected / evaluated
    return Result(*named, *allowed, rows, evaluated, unexpected, share, found["success"])


def _evaluated(item: Expectation, counts: Mapping[str, int], frame: Frame) -> int:
    """Return how many values were looked at: what GX counted, or the values that are not NULL."""
    if "element_count" in counts:
        return counts["element_count"] - counts.get("missing_count", 0)
    if not item.columns or item.type in _ABOUT_ROWS:
        return int(frame.table.num_rows)
    return int(frame.data[list(item.columns)].notna().all(axis=1).sum())
