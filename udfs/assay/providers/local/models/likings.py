"""What notes about a person say that they like and do, and what they own or want."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .text import word_set
from .values import Found

_LIKING = re.compile(
    r"\b(?:(?:interested in|interests? (?:are|is|include|in)|hobb(?:y|ies) (?:are|is|include)"
    r"|passionate about|curious about|mad (?:about|on)|crazy about|keen on|fond of|fan of|big on"
    r"|(?<!would )(?:love|loves|enjoy|enjoys)|likes|(?:i|we|they|you|who|also|really|kids) like"
    r"|(?:is|are|am|really|very|kids|he's|she's|i'm) into|adores?|passion for"
    r"|passions? (?:is|are)|collects?|plays?|practi[cs]es?"
    r"|free time(?:,)? (?:is|i|he|she|they)?|interessiert sich für|interesse an|mag|liebt|sammelt"
    r"|s'intéresse à|aime|adore|passionnée? d[eu]|collectionne|le gustan?|le encantan?"
    r"|le interesan?|interesad[oa] en|aficionad[oa] a|colecciona|houdt van|interesseert zich voor"
    r"|verzamelt|lubi|interesuje się|zbiera|appassionat[oa] di)\b:?"
    r"|(?:interests?|hobb(?:y|ies|ys)|interessen?|likes|loves|passions?):)\s",
    re.IGNORECASE,
)
_WANTING = re.compile(
    r"\b(?:(?:asks?|asked|asking|enquire[sd]?|inquire[sd]?)(?: \w+ly| twice| us| again)?"
    r" (?:about|for|after)|curious about|wants?|wanted|needs?|needed|looking for|looks for"
    r"|searching for|would (?:like|love)|wishes for|owns|bought|ordered"
    r"|wünscht sich|sucht|braucht|hat gekauft|cherche|voudrait|busca|necesita|pregunta por"
    r"|zoekt|szuka|potrzebuje|vraagt naar)\s(?!to\b)",
    re.IGNORECASE,
)
_DOING = re.compile(
    r"(?:bakes|brews|builds|coaches|cooks|dances|draws|fishes|gardens|grows|hunts|juggles|keeps"
    r"|kayaks|knits|makes|paints|photographs|plays|reads|restores|repairs|rides|rows|runs|sails"
    r"|sews|sings|sketches|skis|surfs|swims|welds|writes)(?: [^\W\d_][\w'-]*){0,4}",
    re.IGNORECASE,
)
_ITEM_END = re.compile(
    r"[.;!?\n()<>:]|\s[-\u2013\u2014\u2192=+]+\s|\b(?:but|because|although|while|when|where|whether|which|who|that"
    r"|since|so|for|from|with|at|on|every|as|if|too|very much|a lot|in my|in the|in her|in his|is"
    r"|are|was|were|will|lives?|hates?|dislikes?|avoids?|never|no|not|has|have|does|can|fits?"
    r"|hasst|kein\w*|nicht|sucht|möchte|déteste|cherche|odia|busca|haat|zoekt|szuka"
    r"|prefers?|sent|asks?|asked|asking|wants?|wanted|needs?)\b",
    re.IGNORECASE,
)
_ITEM_JOINT = re.compile(
    r"\s*,\s*(?:and |or )?(?:also )?|\s+(?:and|or|&|as well as|und|et|en|y|e|i)\s+(?:also )?",
    re.IGNORECASE,
)
_ITEM_LEAD = re.compile(
    r"(?:(?:and|or|to|the|a|an|some|any|our|my|more|about|us"
    r"|her|his|their|doing|going|lots? of|all kinds of|anything about|also"
    r"|especially|mostly|both|love|loves|enjoy|enjoys|like|likes|really|i|he|she|they)\s+){0,4}",
    re.IGNORECASE,
)
_WISH_END = re.compile(rf"{_ITEM_END.pattern}|,", re.IGNORECASE)
_PHRASE_END = re.compile(r"[.;!?\n()]|\s[-\u2013\u2014\u2192=+]+\s")
_NOT_ITEMS = word_set(
    "it them him her us me you this that these those one ones everything anything something "
    "nothing someone somebody everybody everyone all of nothing black discount rabatt paper told "
    "be been being called contacted it's he's she's quote quotes invoice invoices receipt phone "
    "ours yours anyway only letters papers certificates "
    "call email delivery refund swap replacement know see hear"
)
_LIST_STOP = word_set(
    "the a an and or but of to in on at for with from by is are was were be been has have had not "
    "no never only please thanks bye hello size allergy allergic vegan vegetarian halal kosher "
    "diabetic deaf left-handed right-handed call ring phone email mail tel paid sent wants asked "
    "he she they his her their we our i you it this that so then once twice always also as very "
    "kids children twins son daughter brother sister wife husband mum dad mr mrs ms order invoice "
    "notes colleagues knees gout fear pain blood heart "
    "delivery deliver warranty claim returned replaced refund speaks english german french spanish"
)
_LONGEST_ITEM = 45
_MOST_ITEM_WORDS = 5
_LIST_LEAST = 3
_LIST_ITEM_WORDS = 3
_REACH = 200


def likings(text: str) -> list[Found]:
    """What stands after `interested in`, `loves`, `hobbies:` and the like, lists taken apart; else
    what the person is said to do (`bakes bagels`), and bare lists of things."""
    liked = _after(_LIKING, _ITEM_END, text)
    return _each_once(sorted([*liked, *_others(text, liked)], key=lambda one: one.start))


def wishes(text: str) -> list[Found]:
    """What stands after `wants`, `asked about`, `owns` and the like, lists taken apart."""
    return _each_once(_after(_WANTING, _WISH_END, text))


def _after(triggers: re.Pattern[str], ends: re.Pattern[str], text: str) -> list[Found]:
    found: list[Found] = []
    starts = [*triggers.finditer(text)]
    nexts = [*(trigger.start() for trigger in starts[1:]), len(text)]
    for trigger, following in zip(starts, nexts, strict=False):
        last = min(following, trigger.end() + _REACH)
        stop = ends.search(text, trigger.end(), last)
        items = _items(text, trigger.end(), stop.start() if stop else last)
        found += [one for one in items if _is_thing(one)]
    return found


def _others(text: str, liked: Sequence[Found]) -> list[Found]:
    found: list[Found] = []
    for start, end in _phrases(text):
        if not any(start <= one.start < end for one in liked):
            items = _items(text, start, end)
            listed = [one for one in items if _is_listed(one)]
            if len(listed) == len(items) >= _LIST_LEAST:
                found += listed
            else:
                found += [one for one in items if _DOING.fullmatch(str(one.value))]
    return found


def _phrases(text: str) -> list[tuple[int, int]]:
    """Where the parts of `text` between full stops, brackets and dashes start and end."""
    ends = [*_PHRASE_END.finditer(text)]
    starts = [0, *(end.end() for end in ends)]
    return list(zip(starts, [*(end.start() for end in ends), len(text)], strict=True))


def _items(text: str, start: int, end: int) -> list[Found]:
    pieces = []
    for joint in [*_ITEM_JOINT.finditer(text, start, end), None]:
        stop = joint.start() if joint else end
        lead = _ITEM_LEAD.match(text, start, stop)
        begin = lead.end() if lead else start
        pieces.append(_trimmed(text, begin, stop))
        start = joint.end() if joint else end
    return [one for one in pieces if 1 < one.end - one.start <= _LONGEST_ITEM]


def _trimmed(text: str, start: int, end: int) -> Found:
    inside = text[start:end]
    start += len(inside) - len(inside.lstrip(" \t\n\r'\"*-"))
    end -= len(inside) - len(inside.rstrip(" \t\n\r'\",:*-"))
    return Found(start, max(start, end), text[start : max(start, end)])


def _is_thing(one: Found) -> bool:
    """Whether an item names something: few words, none of them a pronoun or a number."""
    spoken = str(one.value).lower().split()
    return (
        0 < len(spoken) <= _MOST_ITEM_WORDS
        and not _NOT_ITEMS.intersection(spoken)
        and not any(map(str.isdigit, str(one.value)))
    )


def _is_listed(one: Found) -> bool:
    spoken = str(one.value).lower().split()
    return (
        0 < len(spoken) <= _LIST_ITEM_WORDS
        and _is_thing(one)
        and not _LIST_STOP.intersection(spoken)
        and not any(word[0].isupper() for word in str(one.value).split()[1:])
    )


def _each_once(found: Sequence[Found]) -> list[Found]:
    first: dict[str, Found] = {}
    for one in found:
        first.setdefault(str(one.value).lower(), one)
    return list(first.values())
