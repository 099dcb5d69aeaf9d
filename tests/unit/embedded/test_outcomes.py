"""What a customer asks a shop to do."""

import pytest

from assay.providers.local.models.extractor import Extractor
from assay.providers.local.models.searches import Sought

LABELS = ("refund", "replacement", "repair", "information", "apology")


def wish(embedder, text, labels=LABELS, examples=()):
    """The value of a field `outcome` of `text`."""
    extractor = Extractor(embedder, {"outcome": Sought(labels=labels)}, examples)
    return extractor.extract([text])[0].value["outcome"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The kettle never boiled. Please give me my money back.", "refund"),
        ("The spout is bent, could you send another one?", "replacement"),
        ("Can you mend the handle?", "repair"),
        ("Until when is the exhibition open?", "information"),
        ("I expect you to apologise to my father.", "apology"),
        ("Ich möchte eine Erstattung.", "refund"),
        ("Je voudrais un échange", "replacement"),
        ("Bitte reparieren Sie den Griff.", "repair"),
        ("The kettle sings.", None),
        ("You repaired it well last year.", None),
    ],
)
def test_a_request_is_named_and_wished(embedder, text, expected):
    """A mention without a wish is no request; a question asks for information."""
    assert expected == wish(embedder, text)


def test_without_a_label_for_answers_a_question_is_no_outcome(embedder):
    """Nothing is chosen that is not asked for."""
    assert wish(embedder, "Is it open?", ("refund", "repair")) is None


def test_examples_come_before_the_words_of_requests(embedder):
    """Who shows what the labels mean is believed."""
    examples = [("blue kettle", {"outcome": "refund"}), ("red pan", {"outcome": "repair"})]

    assert "repair" == wish(embedder, "red pan", examples=examples)


def test_one_known_outcome_is_an_ordinary_label(embedder):
    """A label set about something else is not read as one of outcomes."""
    assert "repair" == wish(embedder, "the repair shop", ("repair", "kitchen"))
