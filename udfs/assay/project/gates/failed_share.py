"""A column whose rows fail too often: how many have no answer, why, and what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from assay.core.plural import counted
from assay.core.program import program
from assay.store import Use

_SHOWN_HASH = 8
_MOST_REASON = 200
_REMEDIES = {
    "invalid": "The replies do not fit what is asked: see `{calls}`, then try "
    "another model or simpler labels and fields",
    "refused": "The model or its filter will not answer these texts: try another model, or leave "
    "them out",
    "too_long": "Shorten the texts, or raise `ASSAY_MAX_TEXT_TOKENS`",
    "over_limit": "Shorten the texts, or raise the limit of the account",
    "transport": "No reply could be read: see `{doctor}`, then run again",
    "quota": "The account has no credit left: fill it up and run again",
    "config": "The endpoint does not serve what is asked: see `{doctor}`",
}
_OTHERWISE = "See `{dead_letters}`"
_SEEN_BY = {"calls": "calls", "doctor": "doctor", "dead_letters": "dead-letters list"}


def too_many_failed(
    uses: Iterable[Use], most: float, columns: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Yield a sentence for each question with a greater share of failed rows than `most`.

    The share is judged whatever the number of rows: of three rows one is a third. `columns` has
    the columns that a prompt hash fills, as far as they are known.
    """
    for use in uses:
        if use.failures and use.failures > most * use.judged:
            yield _sentence(use, most, columns.get(use.prompt_hash, ()))


def _sentence(use: Use, most: float, columns: Sequence[str]) -> str:
    share = use.failures / use.judged
    status = max(use.failed, key=lambda name: use.failed[name].rows + use.failed[name].kept)
    seen_by = {name: program(words) for name, words in _SEEN_BY.items()}
    remedy = _REMEDIES.get(status, _OTHERWISE).format(**seen_by)
    return (
        f"{_named(use, columns)}: {use.failures:,} of {counted(use.judged, 'row')} "
        f"{'has' if use.failures == 1 else 'have'} no answer "
        f"({share:.1%}, at most {most:.1%} may): {_counted(use)}{_reason(use, status)}. "
        f"{_waiting(use)}{remedy}; or allow more by `ASSAY_MAX_FAILED_SHARE`."
    )


def _named(use: Use, columns: Sequence[str]) -> str:
    if columns:
        return " and ".join(columns)
    return f"ai_{use.kind} (prompt {use.prompt_hash[:_SHOWN_HASH]}) of {use.model}"


def _counted(use: Use) -> str:
    counts = {status: fate.rows + fate.kept for status, fate in use.failed.items()}
    ordered = sorted(counts.items(), key=lambda pair: -pair[1])
    return ", ".join(f"{count:,} {status}" for status, count in ordered)


def _waiting(use: Use) -> str:
    """Return what to do about rows that were not due and so were not asked."""
    if not any(fate.kept for fate in use.failed.values()):
        return ""
    return f"What was not due is asked by `{program('dead-letters replay')}`. "


def _reason(use: Use, status: str) -> str:
    reason = use.failed[status].reason.strip().rstrip(".")
    if not reason:
        return ""
    return f", most say: {reason[:_MOST_REASON]}"
