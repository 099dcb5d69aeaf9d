"""What a customer asks a shop to do, in the words of requests for each usual outcome."""

from __future__ import annotations

import re

from .foreign_words import english_words
from .speech import asks
from .text import humanised, sentences

_NEW = r"(?:new|another|second|spare|correct|right|other|missing|fresh|clean|working)"
_SAID_AS = (
    (
        r"refund(?:ed)?|reimbursement|money back",
        r"refund(?:s|ed|ing)?|reimburs\w+|money(?: back)?|pay(?:ment)? back|the difference"
        r"|credit (?:me|my)|reverse (?:it|one|the|that)"
        r"|(?:want|get|have|give) (?:it|that|them) back",
    ),
    (
        r"replacement|exchange|replace|swap",
        r"replac(?:e|es|ed|ing|ements?)|exchang(?:e|ed|ing)|swap(?:ped)?"
        rf"|(?:send|get|have|post|like|want|need)\b[^.!?]{{0,25}}\b{_NEW}|{_NEW} (?:one|pair)s?",
    ),
    (
        r"repair|fix|mend",
        r"repair(?:s|ed|ing)?|mend(?:ed|ing)?|fix(?:ed|ing)?|resol(?:e|ed|ing)|re-?glue"
        r"|patch(?:ed)? up|sewn?|stitched",
    ),
    (r"apology|apologise|apologize", r"apolog\w+|say sorry"),
    (r"information|info|answer|advice|explanation|clarification", r"(?!)"),
)
_WISH = (
    r"please|pls|plz|kindly|want(?:s|ed)?|wish|would like|i'd like|i'd (?:rather|prefer)|need"
    r"|can (?:you|i|we)|could (?:you|i|we)|may i|will you|would you|expect|demand|request(?:ing)?"
    r"|claim|waiting for|hope|insist|grateful|how (?:do|can) i|bitte|möchte|will ich|verlange"
    r"|erwarte|könn(?:en|t)|kann ich|souhaite"
    r"|voudrais|veux|merci de|pouvez|svp|plaît|quiero|quisiera"
    r"|por favor|pueden|exijo|graag|wil|willen|kunnen|alstublieft|prosz[ęe]|chc[ęe]|żądam|vorrei"
    r"|voglio|potete|per favore"
)
_WISHED = re.compile(rf"\b(?:{_WISH})\b|^\W*(?:refund|replace|exchange|repair|send|fix)\b", re.I)


class OutcomeWords:
    """One label of an outcome: whether its request is made in a sentence."""

    def __init__(self, label: str, said_as: str) -> None:
        self.label = label
        self.is_answer = said_as == "(?!)"
        self._said = re.compile(rf"\b(?:{said_as})\b", re.IGNORECASE)

    def is_wished(self, sentence: str) -> bool:
        """Whether `sentence` names the outcome and asks for it."""
        return self._said.search(sentence) is not None and _WISHED.search(sentence) is not None


def outcomes(labels: tuple[str, ...]) -> list[OutcomeWords]:
    """The usual outcomes among `labels`; none unless there are two at least."""
    known = [OutcomeWords(label, said_as) for label in labels for said_as in _said_as(label)]
    return known if len(known) > 1 else []


def wished(text: str, known: list[OutcomeWords]) -> str | None:
    """The label of the first request in `text`, else that of an answer if it asks something."""
    for sentence in sentences(text):
        read = f"{sentence} {' '.join(english_words(sentence))}".replace("\u2019", "'")
        for outcome in known:
            if outcome.is_wished(read):
                return outcome.label
    answers = [outcome.label for outcome in known if outcome.is_answer]
    return answers[0] if answers and asks(text) else None


def _said_as(label: str) -> list[str]:
    return [said for named, said in _SAID_AS if re.fullmatch(named, humanised(label))]
