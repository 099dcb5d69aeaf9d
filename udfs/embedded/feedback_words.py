"""Words of customer feedback that VADER does not know, by how good or bad they sound."""

from __future__ import annotations

import re

# Valence on VADER's scale, -4 to 4, of words that its lexicon lacks.
_WORDS_BY_VALENCE = {
    -2.5: "filthy garbage ripoff unusable unwatchable",
    -2.0: (
        "amateurish beware buggy crashed crashes deceptive flavorless flavourless flimsy junk "
        "overcharged overpriced plotless pointless poorly rubbish smelly stale tasteless "
        "tedious trash undercooked unfunny unhelpful unreliable unresponsive unhappily"
    ),
    -1.5: (
        "bland breaks burnt cheaply cliche cracked froze glitch glitchy inaccurate incorrect "
        "lacking lacks laggy mediocre muffled overcooked overrated refund rubbery slow soggy "
        "unauthorized unconvincing"
    ),
    -1.0: (
        "bug cheesy crowded drains dropped drops dry expensive greasy impossible late "
        "lukewarm predictable pricey raw returned slowly sticky waiting"
    ),
    -0.5: "barely cold hardly return returning waited",
    0.5: "compact portable worked",
    1.0: (
        "authentic crisp crispy fast inexpensive lightweight quick quickly reasonable "
        "reasonably simple smooth smoothly timely works"
    ),
    1.5: (
        "accommodating affordable attentive comfy convenient cosy cozy durable exceeded handy "
        "intuitive juicy knowledgeable memorable professional prompt promptly recommending "
        "seamless seamlessly sleek spacious sturdy stylish tender touching"
    ),
    2.0: (
        "captivating extraordinary flavorful flavourful gripping legendary must-see reliable "
        "riveting rocks tasty timeless"
    ),
    2.5: "delish",
}

# Turns of phrase that VADER reads the wrong way round, with words that it reads right.
IDIOMS = tuple(
    (re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE), plain)
    for pattern, plain in (
        (
            r"(?:don't|do not|never|wouldn't|would not) (?:even )?(?:waste|bother)",
            "awful waste",
        ),
        (r"(?:could not|couldn't|can't|cannot) be (?:happier|better|more pleased)", "very happy"),
        (r"(?:no|without any|without a|never had a) (?:problem|complaint|issue)s?", "good"),
        (r"(?:won't|will not|never) (?:ever )?(?:be back|be going back|go back|return)", "awful"),
        (r"(?:won't|will not|wouldn't|would not|can't|cannot) recommend", "awful"),
        (r"(?:we'll|i'll|will) (?:definitely |certainly |surely )?be back", "great"),
        (r"(?:zero|no|0) stars?", "terrible"),
        (r"(?:nothing|hardly anything|hard to find anything) (?:bad|wrong)", "good"),
    )
)


def feedback_words() -> dict[str, float]:
    """Valence, -4 to 4, of each added word."""
    return {
        word: valence for valence, listed in _WORDS_BY_VALENCE.items() for word in listed.split()
    }
