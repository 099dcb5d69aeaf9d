"""Places of values are learnt from examples."""

import pytest

from assay.providers.local.models.tagger import Tagger


def test_a_new_value_is_marked_in_a_known_place(embedder):
    """The words around the examples lead to it."""
    examples = [
        ("fly to Lima now", {"to": [(7, 11)]}),
        ("please fly to Oslo now", {"to": [(14, 18)]}),
        ("do not go", {}),
    ]
    text = "fly to Quito now"

    assert [("to", "Quito")] == [
        (tag.field, text[tag.start : tag.end]) for tag in Tagger(embedder, examples).tag(text)
    ]


def test_many_words_are_learnt_as_well_as_few(embedder):
    """More tokens than features take the other road to the same answer."""
    few = [("fly to Lima now", {"to": [(7, 11)]}), ("do not go there", {})]
    tagger = Tagger(embedder, few * 200)

    assert [("to", 7, 12)] == [
        (tag.field, tag.start, tag.end) for tag in tagger.tag("fly to Quito now")
    ]


def test_a_text_without_words_has_no_values(embedder):
    """Nothing to mark."""
    assert [] == Tagger(embedder, [("fly to Lima", {"to": [(7, 11)]})]).tag("  ")


def test_examples_without_words_are_an_error(embedder):
    """There is nothing to learn from."""
    with pytest.raises(ValueError, match="No example"):
        Tagger(embedder, [("", {})])
