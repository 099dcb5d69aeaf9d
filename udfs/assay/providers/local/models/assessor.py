"""Assessing a record: what is missing, what is written oddly, what cannot be right."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

from .judgement import Json, Judgement
from .normal_forms import column_kind, normal_form
from .record_rules import ColumnRule, read_rules
from .text import clipped
from .values import parse_number

Record = Mapping[str, object]

_PLACEHOLDER = re.compile(
    r"(?:n\W{0,2}a\W?|none|null|nil|nan|unknown|unk|undefined|missing|empty|blank|tbd|tba|todo|x{2,20}"
    r"|not (?:available|applicable|known|given|provided)|no (?:data|value)"
    r"|[-\u2013\u2014_.?*#/\\]{1,20})",
    re.IGNORECASE,
)
_MADE_UP = re.compile(
    r"(?:asdf\w{0,10}|qwert\w{0,10}|lorem ipsum.{0,40}|foo(?:bar)?|dummy|test(?:ing)?[0-9]{0,4}"
    r"|abc(?:def)?|(\w)\1{4,40}|1234567890?)",
    re.IGNORECASE,
)

# What a field adds to the score, as a share of its place in 100.
_WORTH = {"clean": 1.0, "normalised": 0.9, "invalid": 0.3, "missing": 0.0}


@dataclass(frozen=True, slots=True)
class _Finding:
    """What was found about one field: its state, and its normal form where it differs."""

    field: str
    state: str
    counted: bool
    known: bool
    written: str = ""
    normal: str = ""


def assess(
    records: Sequence[Record], rules: Mapping[str, str] | Sequence[str] | None = None
) -> list[Judgement]:
    """For each record a dict of `quality_score`, `missing_fields`, `normalizations`, `category`.

    The score is the mean over the fields, times 100: 1 for a clean one, 0.9 for one that needed
    normalising, 0.3 for an invalid one, 0 for a missing one. `category` is `empty` when nothing
    is given, else `suspicious` when a value is invalid, else `incomplete` when one is missing,
    else `complete`. Fields that the rules call optional count only when given.
    """
    read: dict[tuple[str, ...], dict[str, ColumnRule]] = {}
    for record in records:
        columns = tuple(record)
        if columns not in read:
            read[columns] = read_rules(rules, columns)
    return [_assess(record, read[tuple(record)]) for record in records]


def _assess(record: Record, rules: Mapping[str, ColumnRule]) -> Judgement:
    named = {column: record.get(column) for column in [*record, *_required(record, rules)]}
    findings = [_find(column, value, rules.get(column)) for column, value in named.items()]
    value = {
        "quality_score": _score(findings),
        "missing_fields": [
            one.field for one in findings if one.state == "missing" and one.counted
        ],
        "normalizations": [
            {"field": one.field, "from": one.written, "to": one.normal}
            for one in findings
            if one.written != one.normal
        ],
        "category": _category(findings),
    }
    return Judgement(value, _confidence(findings))


def _required(record: Record, rules: Mapping[str, ColumnRule]) -> list[str]:
    """Columns that the rules require and the record does not have."""
    return [column for column, rule in rules.items() if rule.required and column not in record]


def _find(column: str, value: Json, rule: ColumnRule | None) -> _Finding:
    rule = rule or ColumnRule()
    kind = rule.kind or column_kind(column)
    if _is_missing(value):
        return _Finding(column, "missing", rule.required is not False, known=True)
    if not isinstance(value, str):
        state = "clean" if _obeys(value, str(value), rule) else "invalid"
        return _Finding(column, state, counted=True, known=True)
    written = clipped(value)
    normal = normal_form(written, kind)
    cased = _in_case(normal.text, rule.case)
    fair = normal.valid and not _MADE_UP.fullmatch(cased) and _obeys(cased, cased, rule)
    state = "invalid" if not fair else "clean" if cased == written else "normalised"
    return _Finding(column, state, True, kind is not None, written, cased)


def _is_missing(value: Json) -> bool:
    if isinstance(value, str):
        bare = clipped(value).strip().strip("\u0000\u200b\ufeff'\"()[]<>").strip()
        return not bare or _PLACEHOLDER.fullmatch(bare) is not None
    if isinstance(value, float):
        return isnan(value)
    return value is None or (isinstance(value, list | dict) and not value)


def _in_case(text: str, case: str | None) -> str:
    changed = {"upper": text.upper(), "lower": text.lower(), "title": text.title()}
    return changed.get(case or "", text)


def _obeys(value: Json, text: str, rule: ColumnRule) -> bool:
    """Whether a value is within the range, the list and the lengths that a rule gives."""
    if rule.allowed is not None and text.lower() not in rule.allowed:
        return False
    if rule.digits is not None and sum(map(str.isdigit, text)) != rule.digits:
        return False
    if rule.length is not None and len(text) != rule.length:
        return False
    return _within(value, rule)


def _within(value: Json, rule: ColumnRule) -> bool:
    if rule.least is None and rule.most is None:
        return True
    number = parse_number(value) if isinstance(value, str) else value
    if not isinstance(number, int | float):
        return False
    return (rule.least is None or number >= rule.least) and (
        rule.most is None or number <= rule.most
    )


def _score(findings: Sequence[_Finding]) -> int:
    worth = [_WORTH[one.state] for one in findings if one.counted]
    return round(100 * sum(worth) / len(worth)) if worth else 0


def _category(findings: Sequence[_Finding]) -> str:
    if all(one.state == "missing" for one in findings):
        return "empty"
    if any(one.state == "invalid" for one in findings):
        return "suspicious"
    if any(one.state == "missing" and one.counted for one in findings):
        return "incomplete"
    return "complete"


def _confidence(findings: Sequence[_Finding]) -> float:
    """Half, and the rest by the share of fields whose content could be checked."""
    known = sum(one.known for one in findings)
    return round(0.5 + 0.45 * known / max(1, len(findings)), 4)
