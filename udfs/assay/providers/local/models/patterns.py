"""Finding typed things in a text: one finder for each kind of field that its name can ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from .places import countries, states
from .values import Found, find_dates, find_times

Finder = Callable[[str], list[Found]]

_CODES = "USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|CNY|INR|SEK|NOK|DKK|PLN|CZK|BRL|MXN|ZAR|SGD|HKD|IDR|TRY"
_MONEY_WORDS = "dollars?|euros?|pounds?|bucks|cents?|yen|francs?|rupees?|kronor|crowns?|quid"
_DIGITS = (
    r"[0-9]{1,3}(?:[,.' \u00a0][0-9]{3}){1,5}(?![0-9])(?:[.,][0-9]{1,2})?"
    r"|[0-9]{1,12}(?:[.,][0-9]{1,2})?"
)
_NAME = r"[^\W\d_a-z][^\W\d_]*(?:['\u2019-][^\W\d_]+)?"
_NAMES = rf"{_NAME}(?: (?:(?:van|de|da|von|der|bin|al|la) ){{0,2}}{_NAME}){{0,3}}"
_STREET = (
    "street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|way|court|ct|place|pl|square|sq"
)
_NOT_PLACES = (
    r"(?!(?:I|The|A|An|My|Your|Our|January|February|March|April|May|June|July|August|September"
    r"|October|November|December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)\b)"
)
_RELATIVE = (
    r"(?:today|tomorrow|yesterday|tonight|(?:(?:on|next|this|last|every) )?"
    r"(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
    r"|(?:next|this|last) (?:week|weekend|month|year|morning|afternoon|evening|night)"
    r"|in (?:an?|[0-9]{1,3}|one|two|three|four|five|six|seven|eight|nine|ten) "
    r"(?:second|minute|hour|day|week|month|year)s?"
    r"|(?:[0-9]{1,3}|an?|one|two|three|four|five|six) (?:second|minute|hour|day|week|month|year)s?"
    r" (?:ago|from now))"
)


def _spans(pattern: str, flags: re.RegexFlag = re.IGNORECASE) -> Finder:
    """A finder for `pattern`; what its group 1 holds, if it has one, is what is found."""
    compiled = re.compile(pattern, flags)
    group = 1 if compiled.groups else 0

    def find(text: str) -> list[Found]:
        return [
            Found(match.start(group), match.end(group), match[group])
            for match in compiled.finditer(text)
        ]

    return find


def _with_digits(finder: Finder, least: int, most: int) -> Finder:
    """The finds of `finder` that have between `least` and `most` digits."""

    def find(text: str) -> list[Found]:
        return [
            one
            for one in finder(text)
            if least <= sum(map(str.isdigit, text[one.start : one.end])) <= most
        ]

    return find


def _first_of(*finders: Finder) -> Finder:
    """The finds of the first finder that has any."""

    def find(text: str) -> list[Found]:
        return next((found for finder in finders if (found := finder(text))), [])

    return find


def _together(*finders: Finder) -> Finder:
    """The finds of all finders in order, the longer one where two overlap."""

    def find(text: str) -> list[Found]:
        return without_overlaps(one for finder in finders for one in finder(text))

    return find


def _phones(text: str) -> list[Found]:
    dates = {one.start for one in find_dates(text)}
    return [one for one in _phone_like(text) if one.start not in dates]


def _without(finder: Finder, other: Finder) -> Finder:
    """The finds of `finder` that are not, as a whole, a find of `other`."""

    def find(text: str) -> list[Found]:
        barred = {(one.start, one.end) for one in other(text)}
        return [one for one in finder(text) if (one.start, one.end) not in barred]

    return find


def _listed(names: Iterable[str], codes: Iterable[str]) -> Finder:
    """Names in any case, codes only in capitals."""
    spelled = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return _together(
        _spans(rf"(?<!\w)(?:{spelled})(?!\w)"),
        _spans(rf"(?<!\w)(?:{'|'.join(codes) or '(?!)'})(?!\w)", re.NOFLAG),
    )


def without_overlaps(found: Iterable[Found]) -> list[Found]:
    """`found` in order of place; of two that overlap the first, of two that start alike the
    longer."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda item: (item.start, -item.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def labelled(name_words: Sequence[str]) -> Finder:
    """What stands after a field's own name: `Order no.: 4711`, `my room is 12`."""
    name = r"[\s_-]{1,3}".join(re.escape(word) for word in name_words)
    return _spans(
        rf"(?<!\w){name}\s{{0,3}}(?:[:=]|\b(?:is|are|called|named|titled)\b:?)\s{{0,3}}([^\n,;.!?]{{1,80}}(?:\.[0-9]+)?)"
    )


def reference(nouns: str) -> Finder:
    """Numbers like `INV-2024-001` or `#4711`, best those that follow one of `nouns`."""
    code = r"(?=[A-Z-]{0,12}[0-9])[A-Z0-9][A-Z0-9]*(?:[-/_][A-Z0-9]+){0,6}"
    joint = (
        r"(?:\s?(?:number|num|nr|no|id|code|ref|reference)\b\.?)?\s?(?:is|was)?\s?[:=]?\s?#?\s?"
    )
    after_noun = _spans(rf"(?<!\w)(?:{nouns}){joint}({code})(?!\w)")
    hashed = _spans(rf"#\s?({code})(?!\w)")
    coded = _spans(
        r"(?<![\w-])((?=[A-Z0-9-]{0,12}[0-9])[A-Z]{1,6}[-]?[0-9][A-Z0-9-]{2,24})(?![\w-])",
        re.NOFLAG,
    )
    return _first_of(*(_with_digits(one, 1, 30) for one in (after_noun, hashed, coded)))


_phone_like = _with_digits(
    _spans(
        r"(?<![\w+.,#-])(?:\+[0-9]{1,3}[ .-]?)?(?:\([0-9]{1,5}\)[ .-]?)?[0-9]"
        r"(?:[ .-]?[0-9]){5,13}(?![\w-])"
    ),
    7,
    15,
)

money = _spans(
    rf"(?<![\w.,])((?:(?:{_CODES})\s?|[-+]?[$€£¥₹]\s?)(?:{_DIGITS})"
    rf"|(?:{_DIGITS})\s?(?:[€£$¥₹]|(?:{_CODES}|{_MONEY_WORDS})\b))"
)

_date_like = _together(find_dates, _spans(rf"(?<!\w){_RELATIVE}(?!\w)"))


def kinds() -> tuple[tuple[re.Pattern[str], str, Finder], ...]:
    """Kinds of fields, special ones first: the words that ask for one, its name, its finder."""
    return tuple((re.compile(rf"\b(?:{asked})\b"), kind, find) for asked, kind, find in _kinds())


def _kinds() -> list[tuple[str, str, Finder]]:
    return [
        *_contact_kinds(),
        *_number_kinds(),
        *_moment_kinds(),
        *_place_kinds(),
        *_name_kinds(),
        *_thing_kinds(),
    ]


def _contact_kinds() -> list[tuple[str, str, Finder]]:
    mail = r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}(?![\w-])"
    link = r"\b(?:https?://|www\.)[^\s<>\"']{1,2000}[^\s<>\"'.,;:!?)\]]"
    return [
        (r"e ?mails?(?: address(?:es)?)?|mail address", "email", _spans(mail)),
        (r"phones?|telephones?|mobile|cell|fax", "phone", _phones),
        (r"urls?|links?|web ?sites?|web ?pages?|domain", "url", _spans(link)),
        (r"ip(?: address)?", "ip", _spans(r"(?<![\w.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w.])")),
        (r"hash ?tags?", "hashtag", _spans(r"(?<!\w)#\w{1,60}")),
    ]


def _number_kinds() -> list[tuple[str, str, Finder]]:
    currency = rf"[$€£¥₹]|(?<![\w])(?:{_CODES})(?![\w])|\b(?:{_MONEY_WORDS})\b"
    percent = r"(?<![\w.])[-+]?[0-9]{1,9}(?:[.,][0-9]{1,4})?\s?(?:%|percent\b|per cent\b)"
    codes = [
        ("order", "orders?"),
        ("invoice", "invoice|inv|bill"),
        ("ticket", "ticket|case|incident"),
        ("tracking", "tracking|parcel|shipment"),
        ("booking", "booking|reservation|confirmation"),
        ("account", "account|acct|iban"),
        ("flight", "flight"),
        ("customer", "customer|client"),
        ("transaction", "transaction|payment"),
        ("serial", "serial"),
        ("policy", "policy|contract"),
        ("reference|ref", "reference|ref|order|invoice|ticket|booking|case"),
    ]
    references = [
        (
            rf"(?:{asked}) ?(?:numbers?|no|nr|ids?|codes?|ref|reference)",
            "reference",
            reference(nouns),
        )
        for asked, nouns in codes
    ]
    return [
        *references,
        (
            r"references?|ref|sku|codes?",
            "reference",
            reference("reference|ref|sku|code|order|case"),
        ),
        (r"currency|currencies", "currency", _spans(currency)),
        (r"percent(?:age)?s?|discount rate|interest rate", "percent", _spans(percent)),
        (
            r"amounts?|prices?|costs?|totals?|sum|fees?|balance|salary|budget|paid|spent|refunded"
            r"|charges?|revenue|tip",
            "money",
            money,
        ),
    ]


def _moment_kinds() -> list[tuple[str, str, Finder]]:
    times = _spans(r"(?<!\w)(?:morning|afternoon|evening|midday|lunch ?time)(?!\w)")
    year = _spans(r"(?<![\w.,-])(?:1[5-9]|20)[0-9]{2}(?![\w-]|[.,][0-9])")
    both = _joined(_together(_date_like, find_times))
    return [
        (r"years?", "year", year),
        (r"time ?range|when|date ?time|date and time|timestamp|period", "moment", both),
        (r"dates?|day|deadline|birthday|dob|due", "date", _date_like),
        (r"times?|hour", "time", _first_of(find_times, times)),
    ]


def _joined(finder: Finder) -> Finder:
    """Finds that stand at most one small word apart become one: `next friday at 5pm`."""
    gap = re.compile(r"[ ,]{1,3}(?:at |on |by )?")

    def find(text: str) -> list[Found]:
        joined: list[Found] = []
        for one in finder(text):
            if joined and gap.fullmatch(text[joined[-1].end : one.start]):
                one = Found(joined.pop().start, one.end, None)
            joined.append(one)
        return joined

    return find


def _place_kinds() -> list[tuple[str, str, Finder]]:
    address = (
        rf"(?<!\w)[0-9]{{1,6}}[a-z]? (?:{_NAME} ){{1,4}}(?i:{_STREET})\b\.?"
        r"(?:, [^\n,;.]{2,40}){0,3}"
    )
    postcode = (
        r"(?<![\w-])(?:[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]"
        r"|[0-9]{4} ?[A-Z]{2}|[0-9]{5}(?:-[0-9]{4})?)(?![\w-])"
    )
    city = (
        rf"(?:\b(?:in|to|from|at|near|around)|(?i:{_STREET})\b\.?,)"
        rf"\s{_NOT_PLACES}({_NAME}(?:[ -][^\W\d_a-z][^\W\d_A-Z][^\W\d_]*){{0,3}})"
    )
    named = [name for names in countries().values() for name in names]
    spelled = [name for names in states().values() for name in names]
    return [
        (
            r"post ?codes?|zip(?: ?codes?)?|postal(?: codes?)?",
            "postcode",
            _spans(postcode, re.NOFLAG),
        ),
        (r"country|countries|nation", "country", _listed(named, ["UK", "US", "USA", "UAE", "EU"])),
        (r"states?|province", "state", _listed(spelled, states())),
        (
            r"(?:street |postal |home |shipping |billing |delivery )?address(?:es)?|street",
            "address",
            _spans(address, re.NOFLAG),
        ),
        (
            r"city|cities|town",
            "city",
            _without(_spans(city, re.NOFLAG), _listed(spelled + named, [])),
        ),
        (
            r"location|place|destination|origin|venue",
            "place",
            _spans(city, re.NOFLAG),
        ),
    ]


def _name_kinds() -> list[tuple[str, str, Finder]]:
    said = rf"\b(?:[Mm]y name is|[Nn]ame\s?:|[Tt]his is|I am|I['\u2019]m|[Cc]all me)\s({_NAMES})"
    signed = (
        rf"\b(?:[Rr]egards|[Ss]incerely|[Cc]heers|[Tt]hanks|[Tt]hank you|[Bb]est|[Yy]ours)"
        rf"[,.!]?\s{{1,4}}({_NAMES})(?![\w ])"
    )
    titled = rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.?\s({_NAMES})"
    return [
        (
            r"(?:first |last |full |customer |contact |sender |person )?names?|person"
            r"|customer|sender"
            r"|signature|agent|author",
            "person",
            _first_of(*(_spans(one, re.NOFLAG) for one in (said, signed, titled))),
        ),
    ]


def _thing_kinds() -> list[tuple[str, str, Finder]]:
    company = (
        rf"(?<!\w)(?:{_NAME} |{_NAME}, ?|& ){{1,5}}"
        r"(?:Inc|Ltd|LLC|GmbH|AG|PLC|Corp|Corporation|Limited|Company|Co|BV|SA|LLP)\b\.?"
    )
    product = (
        r"\b(?:bought|ordered|purchased|received|got|buying|ordering|returned|return"
        r"|paid \S{1,20}(?: \w{3,9})? for)\s"
        r"(?:(?:the|a|an|my|your|this|two|three|some)\s)?"
        r"((?:[\w-]{2,30} ){0,3}?[\w-]{2,30})(?=\s(?:from|on|in|at|for|last|and|but|which|that|two"
        r"|three|yesterday|today|with|is|was|has|because|ago|via|online)\b|\s?[.,;!?\n]|$)"
    )
    subject = (
        r"\b(?:the|my|your|this)\s((?:[\w-]{2,30} ){0,2}"
        r"(?!(?:name|email|order|number|service|staff"
        r"|address|phone|problem|question|delivery|customer|price)\b)[\w-]{2,30})"
        r"\s(?:is|was|are|were|has|had|arrived|broke|does|doesn|did|didn|stopped|came|won|keeps)\b"
    )
    return [
        (
            r"company|companies|organi[sz]ations?|employer|merchant|vendor|supplier",
            "company",
            _spans(company, re.NOFLAG),
        ),
        (
            r"products?|items?|articles?|goods|device|model",
            "product",
            _first_of(_spans(product), _spans(subject)),
        ),
    ]
