"""Which encoding a text that is not UTF-8 probably has, told from its bytes alone. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import fmean

_BOMS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_ZEROS = 0.2
"""Share of zero bytes from which on a text counts as UTF-16: half of them in Latin letters. In
other scripts they stand in line ends, digits and delimiters alone."""

_LEAST_SCORE = 0.3
_CAPITAL = 0.07
"""What capitals are behind small letters, for which another Cyrillic encoding takes them."""

_NO_LETTERS = frozenset(("Cc", "Co", "Cn", "Cs"))

_JOINING = frozenset("’'-‐‧ʼ\xa0\u00ad\u200c\u200d")
"""What may stand between two letters of a word."""

_USUAL = frozenset(
    "‘’‚“”„–—…€£¥°«»‹›•™©®§½¼¾²³·¿¡ºª×\xa0、。，．：；！？「」『』（）【】《》・ー～№"
)

_LATIN = "äöüßéèêëàâáãåæçíìîïñóòôõøœúùûýÿ"
_CENTRAL = "ąćęłńóśźżěščřžýáíéúůďťňőűöüäâăîşţđľĺŕô"
_TURKISH = "çğıöşüâîûİ"
_BALTIC = "āčēģīķļņšūžąęėįųõäöü"
_GREEK = "αοιετνσηρπκμλςυίάόή"
_HEBREW = "יוהלאמרבתשנםדחקעט"
_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчі"


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding as `iconv` names it, and the texts that it is for."""

    name: str
    place: str
    codec: str
    fits: Callable[[str], float]
    """How well a character beyond ASCII suits such texts, from -1 to 1."""

    prior: float = 0.0
    """What it is ahead of the others, because it is commoner or hits less often by chance."""


def wide_encoding(head: bytes) -> tuple[str, str] | None:
    """Return the name for `iconv` and the kind of a text of 2 or 4 bytes a letter; else None.

    `head` is how a file begins.
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, "Unicode as Excel and Windows write it"
    found = _without_mark(head)
    return (found, "Unicode as Windows writes it") if found else None


def likely_encoding(sample: bytes) -> tuple[str, str] | None:
    """Return the name for `iconv` and the kind of texts of an encoding; None if none suits.

    `sample` is lines of a file that hold bytes beyond ASCII.
    """
    scored = [(_score(sample, encoding), encoding) for encoding in _ENCODINGS]
    score, best = max(scored, key=lambda pair: pair[0])  # of several that suit alike the first
    return (best.name, best.place) if score - best.prior >= _LEAST_SCORE else None


def _without_mark(head: bytes) -> str | None:
    """Return UTF-16 with its order of bytes, where zeros stand at every other place."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    name = "UTF-16LE" if odd > even else "UTF-16BE"
    many = even + odd > len(head) * _ZEROS
    return name if many or (even != odd and _is_text(head, name)) else None


def _is_text(head: bytes, codec: str) -> bool:
    """Whether the beginning of a file is lines of letters in an encoding."""
    text = head[: len(head) // 2 * 2].decode(codec, "replace").rstrip("\ufffd")
    return "\n" in text and not any(
        unicodedata.category(letter) in _NO_LETTERS for letter in text if letter not in "\r\n\t"
    )


def _score(sample: bytes, encoding: Encoding) -> float:
    try:
        text = sample.decode(encoding.codec)
    except UnicodeDecodeError:
        return -1.0
    return encoding.prior + fmean(
        _worth(text[place - 1 : place], letter, text[place + 1 : place + 2], encoding)
        for place, letter in enumerate(text)
        if not letter.isascii()
    )


def _worth(before: str, letter: str, after: str, encoding: Encoding) -> float:
    """Return how well a character suits its neighbours and the encoding, from -2 to 1."""
    if unicodedata.category(letter) in _NO_LETTERS:
        return -2.0
    if not letter.isalpha() and not unicodedata.combining(letter):
        inside = before.isalpha() and after.isalpha() and letter not in _JOINING
        return -1.0 if inside else (0.8 if letter in _USUAL else -0.5)
    strange = _is_latin(before) or _is_latin(after)
    if strange and not _is_latin(letter):
        return -1.0  # a word of two scripts
    if letter.isupper() and before.islower():
        return -1.0
    if _is_latin(letter) and _is_latin(before) and not before.isascii():
        return 0.5 * encoding.fits(letter)  # letters with marks stand among plain ones
    return encoding.fits(letter)


@lru_cache(maxsize=4096)
def _is_latin(letter: str) -> bool:
    return bool(letter) and letter.isalpha() and "LATIN" in unicodedata.name(letter, "")


def _among(letters: str) -> Callable[[str], float]:
    known = frozenset(letters + letters.upper())
    return lambda letter: 1.0 if letter in known else -0.5


def _of_script(usual: str, first: str, last: str) -> Callable[[str], float]:
    """Letters of other scripts would be any of this one; those of its texts are the usual ones."""
    commonest = usual[: len(usual) // 2]

    def fits(letter: str) -> float:
        if not first <= letter <= last:
            return -0.5
        plain = letter.lower()
        worth = 1.0 if plain in commonest else (0.9 if plain in usual else 0.6)
        return worth if letter == plain else worth - _CAPITAL

    return fits

    return fits


def _between(first: str, last: str) -> Callable[[str], float]:
    return lambda letter: 1.0 if first <= letter <= last else -0.5


def _usual_in(codec: str, first: int, last: int) -> Callable[[str], float]:
    """The common characters of the East Asian sets stand together, by their first byte."""

    @lru_cache(maxsize=4096)
    def fits(letter: str) -> float:
        try:
            lead = letter.encode(codec)[0]
        except UnicodeEncodeError:
            return -0.5
        return 1.0 if first <= lead <= last else 0.0

    return fits


def _japanese(letter: str) -> float:
    """Kana tell Japanese from Chinese; those of half width are what others are mistaken for."""
    if "\u3041" <= letter <= "\u30ff":
        return 1.0
    return -0.5 if "\uff61" <= letter <= "\uff9f" else 0.9 * _KANJI(letter)


_KANJI = _usual_in("euc_jp", 0xB0, 0xCF)

_ENCODINGS = (
    Encoding("CP1252", "Windows, Western Europe", "cp1252", _among(_LATIN), 0.25),
    Encoding("CP1250", "Windows, Central Europe", "cp1250", _among(_CENTRAL)),
    Encoding("ISO-8859-2", "Central Europe", "iso8859_2", _among(_CENTRAL)),
    Encoding("CP1254", "Windows, Turkish", "cp1254", _among(_TURKISH)),
    Encoding("CP1257", "Windows, Baltic", "cp1257", _among(_BALTIC)),
    Encoding("MACINTOSH", "Mac, Western Europe", "mac_roman", _among(_LATIN)),
    Encoding("CP850", "DOS, Western Europe", "cp850", _among(_LATIN)),
    Encoding("CP1251", "Windows, Cyrillic", "cp1251", _of_script(_CYRILLIC, "Ё", "ґ"), 0.15),
    Encoding("KOI8-U", "Cyrillic", "koi8_u", _of_script(_CYRILLIC, "Ё", "ґ"), 0.1),
    Encoding("CP866", "DOS, Cyrillic", "cp866", _of_script(_CYRILLIC, "Ё", "ґ")),
    Encoding("CP1253", "Windows, Greek", "cp1253", _of_script(_GREEK, "Ά", "ώ"), 0.15),
    Encoding("CP1255", "Windows, Hebrew", "cp1255", _of_script(_HEBREW, "א", "ת"), 0.15),
    Encoding("CP1256", "Windows, Arabic", "cp1256", _between("ء", "ْ")),
    Encoding("CP874", "Thai", "cp874", _between("ก", "๙"), -0.1),
    Encoding("CP932", "Japanese, Shift JIS", "cp932", _japanese, 0.05),
    Encoding("EUC-JP", "Japanese", "euc_jp", _japanese, 0.05),
    Encoding("CP949", "Korean", "cp949", _usual_in("euc_kr", 0xB0, 0xC8), 0.05),
    Encoding("GB18030", "Chinese", "gb18030", _usual_in("gb2312", 0xB0, 0xD7), 0.05),
    Encoding("BIG5", "Chinese, traditional", "big5", _usual_in("big5", 0xA4, 0xC6), 0.05),
)
"""The likelier first. Latin-1 is CP1252 without what lies between 0x80 and 0x9F."""
