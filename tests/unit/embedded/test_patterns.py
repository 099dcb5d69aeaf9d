"""Each kind of field has a finder."""

import pytest

from assay.providers.local.models.patterns import kinds, labelled, without_overlaps
from assay.providers.local.models.values import Found


def finds(asked, text):
    """What the finder for a field called `asked` finds in `text`."""
    finder = next(find for names, _, find in kinds() if names.search(asked))
    return [text[one.start : one.end] for one in finder(text)]


@pytest.mark.parametrize(
    ("asked", "text", "expected"),
    [
        ("when", "See you next friday at 5pm, not today.", ["next friday at 5pm", "today"]),
        ("date", "Come tomorrow or on 3 May.", ["tomorrow", "3 May"]),
        ("time", "Come in the evening.", ["evening"]),
        ("year", "Built in 1987, room 2045b.", ["1987"]),
        ("company", "We called Falk & Sons Ltd about it.", ["Falk & Sons Ltd"]),
        ("street address", "Send it to 12 Old Mill Road, Leeds.", ["12 Old Mill Road, Leeds"]),
        ("state", "From Ohio to TX, or not.", ["Ohio", "TX"]),
        ("city", "Trains from Lyon to Bad Homburg in Germany in May.", ["Lyon", "Bad Homburg"]),
        ("country", "Made in the UK, sold in France.", ["UK", "France"]),
        ("sender name", "Best regards,\nMaria Lopez", ["Maria Lopez"]),
        ("agent", "I spoke with Dr. Imre Nagy.", ["Imre Nagy"]),
        ("product", "I bought a copper kettle from you.", ["copper kettle"]),
        ("item", "The garden hose arrived torn.", ["garden hose"]),
        ("currency", "12 EUR or 14 dollars", ["EUR", "dollars"]),
        ("ticket number", "Ticket #4711, order 99", ["4711"]),
        ("sku", "Use code AB-1234-X today", ["AB-1234-X"]),
        ("hashtag", "so #happy", ["#happy"]),
        ("phone", "On 2024-03-12 call 030 1234567.", ["030 1234567"]),
        ("price", "\u20ac5 or 7.50 euros", ["\u20ac5", "7.50 euros"]),
    ],
)
def test_a_kind_finds_its_things(asked, text, expected):
    """And nothing else of the text."""
    assert expected == finds(asked, text)


def test_what_stands_after_a_name_is_found():
    """With a colon, an equals sign or a verb."""
    text = "Room: 12, room = 14; our room is B7."

    assert ["12", "14", "B7"] == [one.value for one in labelled(["room"])(text)]


def test_overlapping_finds_are_thinned():
    """The longer of two that start alike stays, what it covers goes."""
    long, short, inside = Found(0, 9, "l"), Found(0, 4, "s"), Found(5, 8, "i")

    assert [long] == without_overlaps([inside, short, long])
