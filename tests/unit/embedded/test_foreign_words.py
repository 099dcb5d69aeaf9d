"""Common words of six languages are read as English ones."""

import numpy as np
import pytest

from assay.providers.local.models.foreign_words import Bilingual, english_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Meine Rechnung ist falsch", ["invoice"]),
        ("La facture est fausse", ["invoice"]),
        ("Mi factura tiene un error", ["invoice"]),
        ("De factuur klopt niet", ["invoice"]),
        ("Faktura jest błędna", ["invoice"]),
        ("La fattura è sbagliata", ["invoice"]),
        ("Ersatzreifen und Winterjacken", ["replacement", "jacket"]),
        ("Il fait chaud dans mon sac", ["warm"]),
        ("Rits kapot", ["zipper", "broken"]),
        ("xyzzyplughfrobnicate", []),
        ("", []),
    ],
)
def test_words_are_known_by_their_beginning(text, expected):
    """Whole words, beginnings and the ends of compounds count."""
    assert expected == english_words(text)


def test_an_english_text_is_left_alone():
    """A word that looks foreign is not translated among English ones."""
    assert [] == english_words("the garantie of my order is on the bill")


def test_a_foreign_text_moves_towards_its_english(embedder):
    """What is known of it counts beside the text; English stays as it was."""
    plain = embedder.embed(["Wo ist mein Paket?", "Where is it?"])
    moved = Bilingual(embedder).embed(["Wo ist mein Paket?", "Where is it?"])
    parcel = embedder.embed(["parcel"])[0]

    assert moved[0] @ parcel > plain[0] @ parcel
    assert np.array_equal(moved[1], plain[1])


def test_markup_is_not_read(embedder):
    """Tags and entities change nothing."""
    marked, plain = Bilingual(embedder).embed(["<p>soft &amp; warm</p>", " soft & warm "])

    assert marked @ plain > 0.99
