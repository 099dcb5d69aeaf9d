"""How much of what is to be redacted the rules find in public texts, and at what speed.

Gold are addresses of mail in mails and receipts, numbers after words such as TEL in receipts, and
addresses of the United States, each put into a sentence.
"""

from __future__ import annotations

import json
import random
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from assay.core.redaction import KINDS, MARK, redaction_of

RECEIPTS = 150
ADDRESSES = 300
SENTENCE = "Please send the parcel to {}. Thanks, and let me know when it arrives."
SHORTEST_ADDRESS = 4
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_PHONE = re.compile(
    r"(?:TEL|FAX|PHONE|H/P|HP|CONTACT)[ .:]*(?:NO)?[ .:]*(?P<value>\+?[0-9][0-9 \-/]{6,}[0-9])",
    re.IGNORECASE,
)
_ALL = redaction_of(KINDS)

Part = tuple[str, int, int]
"""A text, and where in it stands what is to be redacted."""


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file of JSON lines."""
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def hidden(text: str, start: int = 0, end: int | None = None) -> float:
    """Which share of the letters and digits of a part of a text is redacted."""
    is_hidden, at, place = [False] * len(text), 0, 0
    sent, values = _ALL.text(text), _ALL.values(text)
    for mark in MARK.finditer(sent):
        at += mark.start() - place
        width = len(values.get(mark[0], mark[0]))
        is_hidden[at : at + width] = [mark[0] in values] * width
        at, place = at + width, mark.end()
    part = range(start, len(text) if end is None else end)
    return mean([is_hidden[each] for each in part if text[each].isalnum()] or [False])


def parts(texts: Sequence[str], gold: re.Pattern[str], group: str | int = 0) -> list[Part]:
    """Where gold stands in texts."""
    return [(text, *match.span(group)) for text in texts for match in gold.finditer(text)]


def addresses(data: Path) -> list[Part]:
    """Sentences with an address each."""
    known = [
        row["address"]
        for row in rows(data / "us_addresses/addresses.jsonl")
        if len(row["tokens"]) >= SHORTEST_ADDRESS
        and any(token["label"] == "AddressNumber" for token in row["tokens"])
    ]
    start = SENTENCE.index("{")
    drawn = random.Random(5).sample(known, ADDRESSES)  # noqa: S311 - repeatable
    return [(SENTENCE.format(one), start, start + len(one)) for one in drawn]


def line(name: str, found: list[Part]) -> str:
    """How much of what is to be redacted is: whole ones, and letters and digits of all."""
    shares = [hidden(*part) for part in found]
    whole = mean(share == 1 for share in shares)
    return f"{name:<24} {len(found):>5} {whole:>8.2f} {mean(shares):>12.2f}"


def speed(texts: Sequence[str]) -> float:
    """How many thousand characters a second of processor time are redacted."""
    begun = time.process_time()
    for text in texts:
        _ALL.text(text)
    return sum(map(len, texts)) / (time.process_time() - begun) / 1000


def main() -> None:
    """Print what is found in the folder of data that is named."""
    if len(sys.argv) != 2:  # noqa: PLR2004
        sys.exit("Usage: ./scripts/measure-redaction DATA_FOLDER")
    data = Path(sys.argv[1])
    receipts = [row["text"] for row in rows(data / "receipts_sroie/receipts.jsonl")]
    mails = [row["context"] for row in rows(data / "email_questions/email_questions.jsonl")]
    texts = receipts[:RECEIPTS] + mails
    print(f"{'':<24} {'n':>5} {'whole':>8} {'characters':>12}")
    print(line("e-mail", parts(texts, _EMAIL)))
    print(line("phone of receipts", parts(texts, _PHONE, "value")))
    print(line("address (US)", addresses(data)))
    others = [hidden(text) for text in receipts[RECEIPTS:][:100]]
    print(f"Of the characters of 100 other receipts {mean(others):.2f} are redacted.")
    print(f"{speed(receipts + mails):,.0f} thousand characters a second of one core.")


if __name__ == "__main__":
    main()
