"""What a rare spelling should be: a common value that it is near, or spelled otherwise than."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from assay.project.suggestions.spelling import distance, folded, near_pairs

_FAR = 2
"""A value that is further than so many letters from each accepted one is none of them."""


def sure_spellings(values: Mapping[str, int]) -> dict[str, tuple[str, float]]:
    """Return the slips of the pen among values (text to rows), with what was meant, how sure."""
    return {
        pair.rare: (pair.common, pair.common_rows / (pair.common_rows + pair.rows + 1))
        for pair in near_pairs(values)
        if pair.sure
    }


def one_spelling(values: Mapping[str, int]) -> dict[str, tuple[str, float]]:
    """Return spellings that are not the commonest of those alike, with that one, how sure."""
    alike: dict[str, list[str]] = defaultdict(list)
    for value in values:
        alike[folded(value)].append(value)
    return {
        value: (usual, values[usual] / sum(values[each] for each in group))
        for group in alike.values()
        for usual in [max(group, key=lambda each: (values[each], each))]
        for value in group
        if values[value] < values[usual]
    }


def nearest_of(values: Iterable[str], accepted: Iterable[str]) -> dict[str, tuple[str, float]]:
    """Return what of `accepted` each value is a spelling of, where it can be one alone."""
    known = sorted(set(accepted))
    found = {}
    for value in values:
        edits = {each: distance(value.lower(), each.lower(), _FAR) for each in known}
        near = [each for each in known if edits[each] <= min(_FAR, len(each) // 3)]
        if len(near) == 1 and value not in known:
            found[value] = (near[0], 1 - edits[near[0]] / (2 * max(1, len(near[0]))))
    return found
