"""How much a cascade keeps: the embedded classifier against the labels of people, many draws.

Each label has five examples; the other texts are the column. Of each draw the threshold is learnt
as a build does, and counted is what of the column is at or above it. `naive` takes the laxest
threshold that is good enough on the draw itself, which is what the test is there to avoid.
"""

from __future__ import annotations

import csv
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from assay.core.task import Example
from assay.engine.cascade import Drawn, threshold
from assay.functions.classify import Classify
from assay.providers.local.judges.classify import judge
from assay.providers.local.models.wordllama import WordLlama

SETS = (
    ("banking77", "banking77/banking77.csv", "text", "category"),
    ("clinc150", "clinc150/clinc150.csv", "text", "intent"),
    ("bitext", "bitext_support/bitext_support.csv", "utterance", "intent"),
)
EXAMPLES, DRAWS, DELTA, OUTSIDE = 5, 500, 0.05, "oos"

Learn = Callable[[Sequence[Drawn], float], float | None]


def labelled(file: Path, text: str, label: str) -> Iterator[tuple[str, str]]:
    """Yield texts with their labels; those that belong to none are left out."""
    with file.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if row[label] != OUTSIDE:
                yield row[text], row[label]


def column(rows: list[tuple[str, str]]) -> list[Drawn]:
    """Return what the embedded classifier makes of the rows beyond the first of each label."""
    shots: defaultdict[str, list[str]] = defaultdict(list)
    rest = []
    for text, label in rows:
        if len(shots[label]) < EXAMPLES:
            shots[label].append(text)
        else:
            rest.append((text, label))
    examples = [Example(text, label) for label, texts in shots.items() for text in texts]
    said = judge(Classify(labels=sorted(shots), examples=examples), WordLlama())
    judged = said([text for text, _ in rest])
    return [
        Drawn(one.confidence, one.value != label)
        for one, (_, label) in zip(judged, rest, strict=True)
    ]


def tested(drawn: Sequence[Drawn], alpha: float) -> float | None:
    """The threshold of a build."""
    found = threshold(drawn, alpha, DELTA)
    return None if found is None else found.confidence


def naive(drawn: Sequence[Drawn], alpha: float) -> float | None:
    """The laxest threshold of which the draw itself errs less than `alpha`."""
    found, errors = None, 0
    for count, one in enumerate(sorted(drawn, key=lambda one: -one.confidence), start=1):
        errors += one.differs
        found = one.confidence if errors <= alpha * count else found
    return found


def measure(
    rows: list[Drawn], alpha: float, size: int, learn: Learn
) -> tuple[float, float, float]:
    """Return the mean share kept, the share of it that is wrong, that of draws above `alpha`."""
    lots = random.Random(54)  # noqa: S311 - the same in every run
    kept, wrong, broken = 0, 0, 0
    for _ in range(DRAWS):
        if (least := learn(lots.sample(rows, size), alpha)) is None:
            continue
        above = [one for one in rows if one.confidence >= least]
        errors = sum(one.differs for one in above)
        kept, wrong = kept + len(above), wrong + errors
        broken += errors > alpha * len(above)
    return kept / DRAWS / len(rows), wrong / max(1, kept), broken / DRAWS


def main(folder: Path) -> None:
    """Print a table."""
    print("| data | wrong in all | alpha | drawn | kept | wrong of it | broken | broken, naive |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, file, text, label in SETS:
        rows = column(list(labelled(folder / file, text, label)))
        wrong = sum(one.differs for one in rows) / len(rows)
        for alpha in (0.1, 0.05):
            for size in (300, 1000):
                kept, error, broken = measure(rows, alpha, size, tested)
                *_, worse = measure(rows, alpha, size, naive)
                print(
                    f"| {name}, {len(rows):,} texts | {wrong:.1%} | {alpha:.2f} | {size:,} "
                    f"| {kept:.1%} | {error:.1%} | {broken:.1%} | {worse:.1%} |",
                    flush=True,
                )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
