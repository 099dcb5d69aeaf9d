"""Yes-or-no questions are answered, or left open."""

import pytest

from assay.providers.local.models.filter import FilterJudge, property_of, topic_of
from assay.providers.local.models.judgement import NOT_JUDGED

REFUND = "Is the customer asking about a refund?"


def answers(judge, *texts):
    """The bare answers for `texts`."""
    return [judged.value for judged in judge.judge(texts)]


def test_a_topic_is_recognised(embedder):
    """What speaks of the topic is a yes, what speaks of something else a no."""
    assert [True, True, False] == answers(
        FilterJudge(embedder, REFUND),
        "When do I get my refund?",
        "Hello. I was told that you would refund the ticket. Thanks.",
        "The museum has a new roof",
    )


def test_what_cannot_be_told_is_none(embedder):
    """A half-near text and an empty one are no guesses of yes."""
    assert [None, None] == answers(FilterJudge(embedder, REFUND), "the payment went back", "")


@pytest.mark.parametrize(
    "question", ["Is the customer not asking about a refund?", "Didn't they pay?", ""]
)
def test_a_question_that_cannot_be_read_is_never_answered(embedder, question):
    """Denials and empty questions are left open."""
    assert [NOT_JUDGED] == FilterJudge(embedder, question).judge(["I want a refund"])


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Is the customer unhappy?", [True, False, None, None]),
        ("Is this a positive review?", [False, True, None, None]),
    ],
)
def test_a_question_of_feeling_asks_the_sentiment(embedder, question, expected):
    """Weak feelings and other languages are left open."""
    assert expected == answers(
        FilterJudge(embedder, question),
        "The soup was horrible and cold",
        "I love this place",
        "The box is square",
        "Das Essen war furchtbar",
    )


def test_examples_teach_a_question(embedder):
    """What a question means is shown by texts and answers."""
    examples = [
        ("the engine makes a noise", True),
        ("my tyres are worn", True),
        ("the brakes squeak", True),
        ("the soup was cold", False),
        ("our waiter was kind", False),
        ("fresh bread every day", False),
    ]

    assert [True, False] == answers(
        FilterJudge(embedder, "Is it one for Bo?", examples),
        "the engine and the brakes make a noise",
        "cold soup and old bread",
    )


def test_confidence_is_that_of_the_answer(embedder):
    """Both a clear yes and a clear no are sure."""
    judged = FilterJudge(embedder, REFUND).judge(["refund my ticket, refund", "The roof is new"])

    assert [True, False] == [one.value for one in judged]
    assert all(0.6 <= one.confidence <= 1 for one in judged)


def test_the_topic_is_what_carries_meaning():
    """Question words go, unless nothing else is left."""
    assert ["refund"] == topic_of(REFUND)
    assert ["is", "it", "about", "that"] == topic_of("Is it about that?")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A cordless lamp for the desk.", True),
        ("Not only cordless but light.", True),
        ("It is not cordless.", False),
        ("Sadly, it isn't fully cordless.", False),
        ("A non-cordless model.", False),
        ("It is not " + "-" * 9000 + ", cordless", True),
        ("A lamp with a red shade.", None),
        ("It is cordless. The small one is not cordless.", None),
        ("", None),
    ],
)
def test_a_property_is_said_denied_or_left_open(embedder, text, expected):
    """Silence about a property is no answer, and neither is a contradiction."""
    assert [expected] == answers(FilterJudge(embedder, "Is the lamp cordless?"), text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Die Uhr ist wasserdicht", True),
        ("Uhr, leider nicht wasserdicht", False),
        ("La montre n'est pas imperméable", False),
        ("Zegarek nie jest wodoodporny", False),
    ],
)
def test_a_property_is_known_in_other_languages(embedder, text, expected):
    """By the words that are known there."""
    assert [expected] == answers(FilterJudge(embedder, "Is it waterproof?"), text)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Are these chairs foldable?", ["foldable"]),
        ("Is this about chairs?", []),
        ("Is the customer tall?", []),
        ("Is it positive?", []),
        ("Did they pay?", []),
    ],
)
def test_a_property_is_asked_of_a_thing(question, expected):
    """Questions about texts, people and feelings are of another kind."""
    assert expected == property_of(question)
