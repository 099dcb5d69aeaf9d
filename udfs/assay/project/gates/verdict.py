"""What is red and why: decided from counts alone."""

from __future__ import annotations

from collections.abc import Sequence

from assay.project.gates.records import PROMISE, Result


def reasons(result: Result) -> tuple[str, ...]:
    """Return why a result is red, as single words; nothing for a green one.

    An empty table and an error hide what else there is; below them all reasons are given.
    """
    if result.row_count == 0:
        return ("empty_table",)
    if result.error is not None:
        return ("errored",)
    found = {
        "all_null": not result.evaluated,
        "too_few": 0 < (result.evaluated or 0) < result.minimum_evaluated,
        "failed": not result.success,
    }
    return tuple(reason for reason, holds in found.items() if holds)


def red_lines(gate: str, results: Sequence[Result], folder: str) -> list[str]:
    """Return a line for each red result of `gate`, and one where nothing was expected at all.

    `folder` is where the suites are, for what to do.
    """
    if not results:
        return [f"{gate}: no expectation was run; write suites in {folder}."]
    return [_line(gate, result, why, folder) for result in results if (why := reasons(result))]


def _line(gate: str, result: Result, why: Sequence[str], folder: str) -> str:
    if result.expectation == PROMISE:
        return f"{gate}: {result.error}."
    on = f" on {result.column_name}" if result.column_name else ""
    return (
        f"{gate}: suite {result.suite}, {result.expectation}{on}: {told(result)}. "
        f"{_remedy(why[0], result, folder)}"
    )


def told(result: Result) -> str:
    """Return in words why a result is red: what was found, and what was expected."""
    if result.expectation == PROMISE:
        return str(result.error)
    why = reasons(result)
    shown = [reason for reason in why if reason != "failed"] if not result.evaluated else why
    return ", ".join(_words(reason, result) for reason in shown or why)


def _words(reason: str, result: Result) -> str:
    match reason:
        case "errored":
            return f"errored: {str(result.error).rstrip('.')}"
        case "empty_table":
            return f"{result.suite} is empty, so nothing was checked"
        case "all_null":
            rows = _number(result.row_count or 0, "row")
            return f"every value is NULL in {rows}, so nothing was checked"
        case "too_few":
            least = result.minimum_evaluated
            return f"evaluated {result.evaluated:,}, which is below the minimum of {least:,}"
        case _:
            return _counts(result)


def _counts(result: Result) -> str:
    """Return what was found and what was expected, in words, as far as counts say it."""
    expected = _expected(result)
    if "row_count" in result.expectation:
        return f"{_number(result.row_count or 0, 'row')}, {expected}"
    values = _number(result.evaluated or 0, "value")
    if result.unexpected is None or result.unexpected_share is None:
        return f"not as expected in {values}, {expected}"
    return (
        f"{result.unexpected:,} of {values} unexpected "
        f"({100 * result.unexpected_share:.4g} %), {expected}"
    )


def _expected(result: Result) -> str:
    """Return what an expectation allows: `at least 1,000 expected`."""
    bounds = dict(bound.partition("=")[::2] for bound in result.threshold.split(", ") if bound)
    low, high, mostly = (bounds.get(name) for name in ("min_value", "max_value", "mostly"))
    said = [f"{_figure(value)} expected" for value in [bounds.get("value")] if value]
    least = "more than" if "strict_min" in bounds else "at least"
    most = "less than" if "strict_max" in bounds else "at most"
    sides = [f"{least} {_figure(low)}"] * (low is not None)
    sides += [f"{most} {_figure(high)}"] * (high is not None)
    if len(sides) > 1 and (least, most) == ("at least", "at most"):
        sides = [f"{_figure(low)} to {_figure(high)}"]
    if sides:
        said.append(f"{' and '.join(sides)} expected")
    if mostly is not None:
        share = 100 * (1 - float(mostly))
        said.append(f"at most {share:.4g} % allowed" if share else "none allowed")
    return ", ".join(said) or f"see the suite for {result.expectation}"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _figure(bound: str | None) -> str:
    """Return a bound as people write it: with commas, if it is a whole number."""
    return f"{int(bound):,}" if bound and bound.lstrip("-").isdigit() else str(bound)


def _remedy(reason: str, result: Result, folder: str) -> str:
    suite = f"{folder}/{result.suite}.json"
    match reason:
        case "errored":
            return f"Correct {suite} or the model {result.suite}."
        case "empty_table":
            return f"Find out why nothing came into {result.suite}; `--empty` needs `--exclude`."
        case "all_null" | "too_few":
            return f"Find out why {result.suite} has so little, or lower what {suite} asks for."
        case _:
            return f"Correct what feeds {result.suite}, or change {suite} in a pull request."
