"""What `assay suggest` asks of a table's profile: its issues, and what to expect. It has no macro.

The text is a JSON object made by `project/suggestions/documents.py`; it holds names, counts and
shapes, no value. Each issue is judged on its own: one that is not valid is dropped, and told of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from assay.core.canonical import clean, is_clean
from assay.core.json_text import read_record
from assay.core.program import program
from assay.core.task import JsonSchema, Rejected, Task

Kind = Literal[
    "missing_values",
    "outliers",
    "format_inconsistencies",
    "logical_errors",
    "referential_integrity",
]
Severity = Literal["high", "medium", "low"]

KINDS: tuple[Kind, ...] = get_args(Kind)
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

FREE: Mapping[str, int] = {
    "expect_column_values_to_not_be_null": 1,
    "expect_column_values_to_be_unique": 1,
    "expect_column_values_to_be_between": 1,
    "expect_column_values_to_match_regex": 1,
    "expect_column_pair_values_a_to_be_greater_than_b": 2,
}
"""Expectations that an answer may add to the candidates, and how many columns they read."""

EXPECTATIONS = (
    *FREE,
    "expect_column_values_to_be_in_set",
    "expect_column_values_to_not_be_in_set",
)
"""All that can be suggested; those about sets only as candidates, as no value was shown."""

LONGEST_PATTERN = 200
LONGEST_REASON = 300
MOST_ISSUES = 500
_HEAVY = re.compile(r"\)[*+{]|\(\?[^:]|\\[1-9]|\[\[|--|&&|~~|\|\|")
"""What makes a pattern slow or is not in the syntax that RE2 and Python share: repeated groups,
look-around and flags, back references, sets in sets."""


class Issue(BaseModel):
    """One issue of a table and the expectation that it does not meet.

    `candidate` is the id of one of the profile's candidates; then `expectation` and `columns` are
    the candidate's. Of a pair the second column is never above the first.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    candidate: str | None
    kind: Kind
    severity: Severity
    expectation: str
    columns: list[str]
    minimum: float | None
    maximum: float | None
    pattern: str | None
    reason: str


class Suggest(Task):
    """Name the issues of a table from its profile."""

    template_version: ClassVar[int] = 1

    def answer_schema(self) -> JsonSchema:
        """An object with the list of issues."""
        text: JsonSchema = {"type": "string"}
        number: JsonSchema = {"type": ["number", "null"]}
        words: JsonSchema = {"type": ["string", "null"]}
        issue = _closed(
            {
                "candidate": words,
                "kind": {"type": "string", "enum": list(KINDS)},
                "severity": {"type": "string", "enum": list(SEVERITIES)},
                "expectation": {"type": "string", "enum": list(EXPECTATIONS)},
                "columns": {"type": "array", "items": text},
                "minimum": number,
                "maximum": number,
                "pattern": words,
                "reason": text,
            }
        )
        return _closed({"issues": {"type": "array", "items": issue}})

    def question(self) -> str:
        """Say what the record is and what is wanted of it."""
        return (
            "data-quality issues of the table whose profile the record is. Values are not shown: "
            "in shapes A and a stand for letters, 9 for digits. `candidates` were found by "
            "counting: `wrong` of `judged` rows do not meet them. Return those that are real "
            "issues with `candidate` = id, their kind, expectation and columns, a severity (high: "
            "harms those who read the table; low: cosmetic or a guess) and a reason of one "
            "sentence; leave out those that are not. Add issues that the names, types and shapes "
            "suggest, with `candidate` null: bounds in minimum and maximum for "
            "expect_column_values_to_be_between, a whole-value pattern for "
            "expect_column_values_to_match_regex (no repeated group, no look-around), columns "
            "[low, high] for expect_column_pair_values_a_to_be_greater_than_b; null where unused."
        )

    def accept(self, raw: JsonValue, text: str) -> JsonValue:
        """Keep the issues that are valid; say of the others why they were dropped."""
        known = _Known(text)
        items = raw.get("issues") if isinstance(raw, dict) else None
        if not isinstance(items, list) or len(items) > MOST_ISSUES:
            message = f"no list of issues, or more than {MOST_ISSUES}"
            raise Rejected(message)
        issues: list[JsonValue] = []
        dropped: list[JsonValue] = []
        for place, item in enumerate(items, start=1):
            try:
                issues.append(known.accept(item))
            except Rejected as error:
                dropped.append({"place": place, "why": str(error)})
        return {"issues": issues, "dropped": dropped}

    def output_tokens(self, text: str) -> int:
        """Room for each candidate, and for some more."""
        return 1_000 + 100 * text.count('"judged"')


class _Known:
    """What a profile has: its columns and its candidates, each of which can be named once."""

    def __init__(self, text: str) -> None:
        try:
            document = read_record(text)
            self._columns = {column["name"] for column in document["columns"]}
            self._candidates = {each["id"]: each for each in document["candidates"]}
        except (Rejected, KeyError, TypeError):
            message = f"the text is not a profile; use {program('suggest')}"
            raise Rejected(message) from None
        self._given: set[str] = set()

    def accept(self, item: JsonValue) -> JsonValue:
        """Return an issue in its normal form; `Rejected` says what is wrong with it."""
        try:
            issue = Issue.model_validate(item)
        except ValidationError as error:
            places = sorted({str(detail["loc"][0]) for detail in error.errors() if detail["loc"]})
            known = [place for place in places if place in Issue.model_fields]
            message = f"not an issue: {', '.join(known) or 'wrong shape'}"
            raise Rejected(message) from None
        reason = " ".join(clean(issue.reason).split())[:LONGEST_REASON]
        if issue.candidate is not None:
            issue = self._candidate(issue)
        else:
            for problem in self._problems(issue):
                raise Rejected(problem)
        self._once(issue)
        return issue.model_copy(update={"reason": reason}).model_dump()

    def _candidate(self, issue: Issue) -> Issue:
        """Return the issue as the candidate has it; only severity and reason are the answer's."""
        if (candidate := self._candidates.get(issue.candidate)) is None:
            message = "names a candidate that the profile does not have"
            raise Rejected(message)
        if issue.expectation != candidate["expectation"] or issue.columns != candidate["columns"]:
            message = "expectation or columns are not those of its candidate"
            raise Rejected(message)
        unused = {"minimum": None, "maximum": None, "pattern": None}
        return issue.model_copy(update=unused)

    def _problems(self, issue: Issue) -> Iterator[str]:
        """Yield what is wrong with an issue that the answer adds."""
        if issue.expectation not in FREE:
            yield "its expectation is not one that can be added"
        elif len(issue.columns) != FREE[issue.expectation]:
            yield f"{issue.expectation} reads {FREE[issue.expectation]} columns"
        if not set(issue.columns) <= self._columns:
            yield "names a column that the table does not have"
        if not is_clean(issue.pattern or ""):
            yield "its pattern holds invisible characters"
        if issue.expectation.endswith("_between"):
            yield from _bounds(issue)
        if issue.expectation.endswith("_regex"):
            yield from _pattern(issue.pattern or "")

    def _once(self, issue: Issue) -> None:
        unused = {"reason", "severity", "kind", "candidate"}
        named = issue.candidate or issue.model_dump_json(exclude=unused)
        if named in self._given:
            message = "is there twice"
            raise Rejected(message)
        self._given.add(named)


def _bounds(issue: Issue) -> Iterator[str]:
    least, most = issue.minimum, issue.maximum
    if least is None and most is None:
        yield "has no bound"
    if least is not None and most is not None and least > most:
        yield "its minimum is above its maximum"


def _pattern(pattern: str) -> Iterator[str]:
    if not 0 < len(pattern) <= LONGEST_PATTERN or _HEAVY.search(pattern):
        yield "its pattern is blank, too long, or repeats groups or looks around"
        return
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        yield "its pattern is no regular expression"


def _closed(properties: dict[str, Any]) -> JsonSchema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
