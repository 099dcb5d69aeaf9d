"""Words of customer feedback that VADER does not know, by how good or bad they sound."""

from __future__ import annotations

import re

# Valence on VADER's scale, -4 to 4, of words that its lexicon lacks.
_WORDS_BY_VALENCE = {
    -2.5: "filthy garbage ripoff unusable unwatchable",
    -2.0: (
        "amateurish beware buggy crashed crashes deceptive flavorless flavourless flimsy junk "
        "overcharged overpriced plotless pointless poorly rubbish smelly stale tasteless "
        "tedious trash undercooked unfunny unhelpful unreliable unresponsive unhappily "
        "collapsed faulty leaked leaking leaks mould mouldy ripped shattered shredded snapped "
        "splintered tore useless"
    ),
    -1.5: (
        "bent blisters broke buckled bursts clumsy crooked dented detached frayed "
        "holes itchy jammed jams leak misleading peeled peeling punctured rips shivered slips "
        "soaked squeaks squeaky stinks stuck tears torn unravelled unanswered "
        "bland breaks burnt cheaply cliche cracked froze glitch glitchy inaccurate incorrect "
        "lacking lacks laggy mediocre muffled overcooked overrated refund rubbery slow soggy "
        "unauthorized unconvincing"
    ),
    -1.0: (
        "bug cheesy crowded drains dropped drops expensive fiddly incomplete missing narrow noisy "
        "overdue pinches rubs greasy impossible late "
        "lukewarm predictable pricey raw returned slowly sticky waiting"
    ),
    -0.5: "barely cold hardly return returning waited",
    0.5: "compact portable worked",
    1.0: (
        "authentic breathable crisp crispy cushioned fast grippy snug toasty "
        "inexpensive lightweight quick quickly reasonable "
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
        (r"(?:money|cash) back|(?:full|complete|partial) refund|refund me", "bad"),
        (r"(?:charged|billed|debited) (?:me )?(?:twice|double|again)|double charged", "bad"),
        (
            r"(?:still |yet )?(?:has|have|had|did)(?: not|n't) (?:yet )?(?:arrived?|turned up|come"
            r"|received|got|heard|shown up)|still (?:waiting|not|no|nothing)|never (?:came|arrived"
            r"|turned up|worked|again|received|got)|not (?:yet )?(?:arrived|received)",
            "bad",
        ),
        (r"(?:came|fell|fallen|falling|coming|come) (?:off|apart|undone|unstuck|loose)", "broken"),
        (
            r"(?:gave|given) up on|gave up|(?:will not|won't|doesn't|don't|cannot|can't) (?:lock"
            r"|close|open|fit|stick|hold|turn on|switch on|charge|start|stay)",
            "bad",
        ),
        (r"(?:do not|don't) buy|(?:won't|wouldn't|would not) buy", "awful"),
        (
            r"(?:far |way |much |a bit |a little |slightly )?too (?:small|big|large|narrow|wide"
            r"|short|long|tight|loose|heavy|thin|thick|stiff|slow|late|warm|hot|cold)",
            "bad",
        ),
        (r"no one|nobody (?:answers?|answered|replie[sd]|picks? up|cares|told)", "bad"),
        (
            r"(?:bone|perfectly|completely|totally) dry|(?:kept|keeps|stayed|stays|stay) (?:\w+ )?"
            r"(?:dry|warm)|no (?:blisters|leaks|smell|itch|itching)",
            "great",
        ),
        # Courtesy is no praise, and what somebody would like is not liked.
        (
            r"(?:i|we)(?:'d| would) (?:like|love|appreciate|be grateful)|would (?:like|love) to"
            r"|(?:feels?|felt|looks?|looked|seems?|sounds?|smells?|just|is|was|it's|more) like"
            r"|like (?:an?|the|it|that|this|i|my|in|on)(?= )",
            " ",
        ),
        (
            r"please|kindly|dear(?= \w)|yours (?:faithfully|sincerely|truly)|sincerely"
            r"|(?:kind|best|warm) (?:regards|wishes)|regards|good (?:morning|afternoon|evening)"
            r"|good day|(?:many )?thanks? (?:you )?in advance|thank you for (?:your|the) (?:\w+ )?"
            r"(?:offer|reply|email|mail|message|time|help)",
            " ",
        ),
        (r"(?:nothing|hardly anything|hard to find anything) (?:bad|wrong)", "good"),
    )
)


def feedback_words() -> dict[str, float]:
    """Valence, -4 to 4, of each added word."""
    return {
        word: valence for valence, listed in _WORDS_BY_VALENCE.items() for word in listed.split()
    }
