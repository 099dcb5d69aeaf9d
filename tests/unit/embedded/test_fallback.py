"""The label for "none of these" is chosen on evidence."""

from functools import partial

import pytest

from assay.providers.local.models.classifier import Classifier
from assay.providers.local.models.fallback import near_enough, own_phrases
from assay.providers.local.models.fitted import WORDLLAMA

DESK = {
    "heating": "radiators, boilers and how warm the rooms are",
    "lifts": "elevators that are slow, stuck or out of order",
    "keys": "lost keys, locks, doors that do not open",
    "cleaning": "dirt, dust, bins, stairs and windows to be cleaned",
    "misc": "none of the others, such as greetings, advertising, or a thank-you note",
}


def label(classifier, text):
    """The bare label of `text`."""
    return classifier.classify([text])[0].value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is freezing in my office again, can someone come up today?", "heating"),
        ("We were stuck between the second and the third floor for an hour", "lifts"),
        ("Somebody dropped yoghurt by the entrance and there is glass too", "cleaning"),
        ("The lock jams and nobody has a second key", "keys"),
    ],
)
def test_real_rows_are_not_swallowed(embedder, text, expected):
    """Long descriptions are farther from any text, and that is no evidence."""
    assert "misc" != label(Classifier(embedder, DESK), text)
    assert expected == label(Classifier(embedder, DESK, [(text, expected)]), text)


@pytest.mark.parametrize("text", ["greetings", "a thank-you note", "12 34", "?!"])
def test_what_the_description_names_is_evidence(embedder, text):
    """So is a text without letters."""
    assert "misc" == label(Classifier(embedder, DESK), text)


def test_an_example_of_the_fallback_is_evidence(embedder):
    """It stands for itself, and not for all that is left over."""
    shown = [("the boiler is cold", "heating"), ("happy new year to you all", "misc")]
    classifier = Classifier(embedder, DESK, shown)

    assert "misc" == label(classifier, "a happy new year to all of you")
    assert "heating" == label(classifier, "the boiler in our flat is cold")


def test_examples_of_the_fallback_alone_leave_the_names(embedder):
    """The other labels keep their descriptions."""
    classifier = Classifier(embedder, DESK, [("happy new year to you all", "misc")])

    assert "lifts" == label(classifier, "the elevator is stuck")


def test_the_best_of_many_labels_is_nearer_by_chance():
    """So more is asked of it; descriptions and examples change the scale."""
    plain = partial(near_enough, WORDLLAMA, described=False, taught=False)

    assert plain(5) < plain(150) < near_enough(WORDLLAMA, 150, described=False, taught=True)
    assert near_enough(WORDLLAMA, 5, described=True, taught=False) < plain(5)


def test_a_description_names_cases():
    """The part that says "none of the others" is none of them."""
    assert ["spam", "jokes", "chain letters"] == own_phrases(
        "None of the others, such as spam, jokes or chain letters."
    )
