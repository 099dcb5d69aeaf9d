"""English texts have a feeling; other languages are not judged."""

import pytest

from assay.providers.local.models.foreign_feelings import english_feelings
from assay.providers.local.models.judgement import NO_WORDS, NOT_READ, Judgement
from assay.providers.local.models.sentiment import SentimentJudge


@pytest.fixture(scope="module")
def sentiment(embedder):
    """One loaded model for all tests."""
    return SentimentJudge(embedder)


@pytest.mark.parametrize(
    "text",
    [
        "The kettle is lovely and boils fast.",
        "I could not be happier with this lamp",
        "Had no problems with the booking.",
        "We'll be back!",
        "\U0001f60d",
    ],
)
def test_praise_is_above_zero(sentiment, text):
    """Also where the single words sound bad."""
    assert sentiment.score([text])[0].value > 0


@pytest.mark.parametrize(
    "text",
    [
        "The kettle leaked and the seller was rude.",
        "Don\u2019t waste your money on this lamp",
        "The soup was bland.",
        "I won't be back.",
        "We found hair in the sink.\nThe night was awful.",
    ],
)
def test_complaints_are_below_zero(sentiment, text):
    """Also where the single words sound good."""
    assert sentiment.score([text])[0].value < 0


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Sangat mengecewakan, saya tidak mau beli lagi", NOT_READ),
        ("Der Wasserkocher steht auf dem Tisch neben der Lampe.", NOT_READ),
        ("", NO_WORDS),
        ("42", NO_WORDS),
        ("\u2014", NO_WORDS),
    ],
)
def test_what_cannot_be_judged_is_declined(sentiment, text, why):
    """A language that is not read is never neutral."""
    assert [why] == sentiment.score([text])


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ("Tolle Jacke, sehr zufrieden!", "Das Paket ist schon wieder zu sp\u00e4t, furchtbar."),
        (
            "Tr\u00e8s content du colis, merci",
            "Colis cass\u00e9, je suis d\u00e9\u00e7u",
        ),
        ("Muy buena calidad, estoy encantada", "El paquete lleg\u00f3 roto, p\u00e9simo"),
    ],
)
def test_six_other_languages_have_feelings(sentiment, good, bad):
    """As far as the word lists go."""
    pleased, angry = sentiment.score([good, bad])

    assert pleased.value > 0 > angry.value


def test_a_denial_turns_what_stands_before_it():
    """As German has it."""
    assert "not like, very bad" == english_feelings("das gef\u00e4llt mir nicht, sehr schlecht")


def test_strong_words_are_surer_than_weak_ones(sentiment):
    """Confidence grows with the size of the score."""
    strong, weak = sentiment.score(["This is a wonderful, perfect phone", "It came in a box"])

    assert strong.confidence > weak.confidence


def test_a_score_stays_within_its_range(sentiment):
    """Piled up praise is still at most 1."""
    assert 0.9 < sentiment.score(["wonderful excellent perfect great love " * 400])[0].value <= 1


def test_each_aspect_has_its_own_label(sentiment):
    """One sentence can praise one thing and blame another."""
    text = "The food was delicious but the waiter was rude, and we paid a fair price."

    assert [{"food": "positive", "staff": "negative", "parking": "unknown"}] == [
        judged.value for judged in sentiment.aspects([text], ["food", "staff", "parking"])
    ]


def test_an_aspect_can_be_mixed(sentiment):
    """Praise and blame of the same aspect do not cancel out."""
    text = "The battery is excellent in summer. In winter the battery is terrible."

    assert [{"battery": "mixed"}] == [one.value for one in sentiment.aspects([text], ["battery"])]


def test_an_aspect_without_feeling_is_neutral(sentiment):
    """To be talked about is not yet to be judged."""
    text = "The room has two windows."

    assert [{"room": "neutral"}] == [one.value for one in sentiment.aspects([text], ["room"])]


def test_the_feeling_may_stand_beside_the_aspect(sentiment):
    """A clause without feeling borrows it from its neighbours."""
    text = "The staff, while busy, was lovely."

    assert [{"staff": "positive"}] == [one.value for one in sentiment.aspects([text], ["staff"])]


@pytest.mark.parametrize(
    ("text", "why"), [("Das Essen war schlecht", NOT_READ), ("", NO_WORDS), ("...", NO_WORDS)]
)
def test_aspects_of_other_languages_are_declined(sentiment, text, why):
    """None of them is judged."""
    assert [why] == sentiment.aspects([text], ["food"])


def test_no_aspects_give_an_empty_answer(sentiment):
    """Nothing was asked."""
    assert [Judgement({}, 0.0)] == sentiment.aspects(["The food was good"], [])


def test_a_long_text_of_emoji_is_quick(sentiment):
    """Only the start of what VADER is slow at is read."""
    assert sentiment.score(["\U0001f600" * 20_000])[0].value > 0


@pytest.mark.parametrize(
    "text",
    [
        "The pan has not arrived.",
        "I was charged twice for one pan.",
        "The lid is far too tight.",
        "The handle came off.",
        "I gave up on it and want my money back.",
        "<p>The enamel is <b>cracked</b></p>",
    ],
)
def test_what_goes_wrong_with_goods_is_a_complaint(sentiment, text):
    """Facts that no one is glad of count as bad."""
    assert sentiment.score([text])[0].value < -0.05


@pytest.mark.parametrize(
    "text",
    ["Dear team, I would like to send back the pan. Kind regards", "Please change my order."],
)
def test_courtesy_is_no_praise(sentiment, text):
    """How one writes a letter is not how one feels."""
    assert sentiment.score([text])[0].value < 0.2


def test_a_question_says_little(sentiment):
    """What is asked about is not what is felt."""
    asked, told = sentiment.score(["Is there an awful smell?", "There is an awful smell."])

    assert told.value < asked.value < 0
