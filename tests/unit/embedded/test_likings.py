"""Notes tell what a person likes, does, owns and wants."""

import pytest

from assay.providers.local.models.extractor import Extractor
from assay.providers.local.models.searches import Sought

FIELDS = {
    "pastimes": Sought(many=True, description="hobbies and sports that the person likes"),
    "things": Sought(many=True, description="goods that the person owns or wants"),
}


def told(embedder, text):
    """The values of both fields of `text`."""
    return tuple(Extractor(embedder, FIELDS).extract([text])[0].value.values())


@pytest.mark.parametrize(
    ("text", "pastimes", "things"),
    [
        ("Likes tulip breeding; asked about seed trays.", ["tulip breeding"], ["seed trays"]),
        (
            "Interested in origami, jazz and old maps. Pays late.",
            ["origami", "jazz", "old maps"],
            [],
        ),
        ("Interests: fencing, tax law.", ["fencing", "tax law"], []),
        ("Paints eggs, keeps bees. Tall.", ["Paints eggs", "keeps bees"], []),
        (
            "Retired. Origami, jazz, brass bands. Pays late.",
            ["Origami", "jazz", "brass bands"],
            [],
        ),
        ("Two flats, no lift, bad back.", [], []),
        ("Wants a longer hose.", [], ["longer hose"]),
        ("Would like a longer hose.", [], ["longer hose"]),
        ("Wants to be called first. Loves it.", [], []),
        ("Mag Opern und sammelt Löffel.", ["Opern", "Löffel"], []),
        ("Mag Opern, hasst Regen.", ["Opern"], []),
        ("Enjoys chess, enjoys rowing.", ["chess", "rowing"], []),
        ("Has moved house.", [], []),
    ],
)
def test_a_description_chooses_what_is_looked_for(embedder, text, pastimes, things):
    """Values stand in the text; what is not clearly said is left out."""
    assert (pastimes, things) == told(embedder, text)


def test_a_long_tale_is_no_list(embedder):
    """Items have few words."""
    text = "Loves the long way round the very big old lake near the town hall."

    assert ([], []) == told(embedder, text)
