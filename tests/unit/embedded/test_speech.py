"""Questions are told from reports, and labels for the one from labels for the other."""

import pytest

from assay.providers.local.models.speech import asks, leanings


@pytest.mark.parametrize(
    "text",
    [
        "Is there a lid for it?",
        "hi do you sell spare lids",
        "Habt ihr auch Ersatzdeckel",
        "Czy macie pokrywki",
        "I'd like to know the height",
        "Let me know whether it floats.",
    ],
)
def test_a_question_needs_no_question_mark(text):
    """How it begins or what it asks for is enough."""
    assert asks(text)


@pytest.mark.parametrize("text", ["The lid is gone.", "What a lovely lid!", "Deckel weg", ""])
def test_a_report_asks_nothing(text):
    """Not even where it begins like a question."""
    assert not asks(text)


def test_descriptions_say_what_a_label_is_for():
    """1 is for questions, -1 for opinions, 0 for neither or for both."""
    labels = {
        "presale": "a question about stock",
        "verdict": "opinion after use",
        "post": "parcels",
        "bare": None,
        "forum": "questions and reviews",
    }

    assert [1.0, -1.0, 0.0, 0.0, 0.0] == leanings(labels).tolist()
