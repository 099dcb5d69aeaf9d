"""Texts get labels from names, descriptions and examples."""

import pytest

from assay.providers.local.models.classifier import Classifier
from assay.providers.local.models.judgement import NO_WORDS, NOT_READ, NOT_SURE

TOPICS = dict.fromkeys(["lost_card", "exchange_rate", "opening_hours"])


def values(classifier, *texts):
    """The bare values of the judgements of `texts`."""
    return [judged.value for judged in classifier.classify(texts)]


def test_names_alone_are_enough(embedder):
    """A text goes to the label whose words it is nearest to."""
    classifier = Classifier(embedder, TOPICS)

    assert ["lost_card", "exchange_rate", "opening_hours"] == values(
        classifier,
        "I think I left my card on the bus",
        "What rate do you use for dollars?",
        "Until when is the shop open on Sunday?",
    )


def test_a_description_explains_an_opaque_name(embedder):
    """Codes work when they are described."""
    classifier = Classifier(
        embedder, {"K1": "the parcel is late or lost", "K2": "the invoice is wrong"}
    )

    assert ["K2", "K1"] == values(classifier, "My bill has an error", "Where is my package?")


def test_examples_teach_what_names_do_not_say(embedder):
    """Labels without meaning are learnt from examples alone."""
    examples = [
        ("the soup was cold", "a"),
        ("our waiter forgot the bread", "a"),
        ("the engine makes a noise", "b"),
        ("my tyres are worn", "b"),
    ]
    classifier = Classifier(embedder, {"a": None, "b": None}, examples)

    assert ["a", "b"] == values(classifier, "the salad was stale", "the brakes squeak")


def test_one_example_a_label_is_enough(embedder):
    """There need not be any spread within a label."""
    classifier = Classifier(
        embedder, {"a": None, "b": None}, [("fresh bread", "a"), ("flat tyre", "b")]
    )

    assert ["a"] == values(classifier, "warm bread rolls")


def test_a_label_without_examples_still_has_its_name(embedder):
    """Examples for some labels do not shut out the others."""
    examples = [("someone stole my card", "lost_card"), ("my card is gone", "lost_card")]
    classifier = Classifier(embedder, TOPICS, examples)

    assert ["opening_hours"] == values(classifier, "are you open on public holidays, what hours?")


@pytest.mark.parametrize("name", ["other", "none_of_the_above", "N/A", "out_of_scope", "Misc"])
def test_a_fallback_label_takes_what_fits_nowhere(embedder, name):
    """A label that means none of these is chosen only when nothing is near."""
    classifier = Classifier(embedder, {**TOPICS, name: None})

    assert [name, "lost_card"] == values(
        classifier, "purple elephants sing opera", "my card is lost"
    )


def test_a_description_can_make_a_label_the_fallback(embedder):
    """What counts is that the description says so."""
    labels = {**TOPICS, "rest_bin": "Anything else, none of the others"}

    assert ["rest_bin"] == values(Classifier(embedder, labels), "purple elephants sing opera")


def test_instructions_can_name_the_fallback(embedder):
    """`Otherwise use …` is understood."""
    labels = {**TOPICS, "chatter": None}
    told = Classifier(embedder, labels, instructions="If nothing fits, use chatter. Be kind.")
    untold = Classifier(embedder, labels, instructions="Be kind.")
    text = "purple elephants sing opera"

    assert ["chatter"] == values(told, text)
    assert ["chatter"] != values(untold, text)


def test_a_fallback_is_surer_the_farther_all_is(embedder):
    """Nonsense is none of these with more confidence than a near miss."""
    near, far = Classifier(embedder, {"card": None, "other": None}).classify(
        ["the washing machine was loud", "purple elephants sing opera"]
    )

    assert "other" == near.value == far.value
    assert far.confidence > near.confidence


def test_many_labels_come_in_the_order_given(embedder):
    """With `multi` each label is judged on its own."""
    classifier = Classifier(embedder, dict.fromkeys(["food", "staff", "parking"]), multi=True)

    assert [["food", "staff"], []] == values(
        classifier, "The staff was kind and the food was hot", "two umbrellas"
    )


def test_many_labels_learn_from_examples(embedder):
    """Examples with several labels teach each of them."""
    examples = [
        ("cold soup, slow waiter", ["kitchen", "floor"]),
        ("cold soup", "kitchen"),
        ("slow waiter", ["floor"]),
        ("nice weather today", []),
    ]
    classifier = Classifier(embedder, {"kitchen": None, "floor": None}, examples, multi=True)

    assert [["kitchen", "floor"], ["floor"]] == values(
        classifier, "the soup was cold and the waiter slow", "a slow waiter"
    )


def test_the_fallback_of_many_stands_alone(embedder):
    """With `multi` none of these comes when no label does."""
    classifier = Classifier(embedder, dict.fromkeys(["food", "staff", "other"]), multi=True)

    assert [["other"], ["food"]] == values(classifier, "xylophone lessons", "the food was hot")


@pytest.mark.parametrize("multi", [False, True])
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", NO_WORDS),
        ("42 !?", NO_WORDS),
        ("qwrtz psdfg", NO_WORDS),
        ("Kartu saya hilang kemarin di dalam bis kota", NOT_READ),
        ("\u6211\u7684\u5361\u4e22\u4e86\uff0c\u6211\u8be5\u600e\u4e48\u529e", NO_WORDS),
    ],
)
def test_what_cannot_be_read_gets_no_label(embedder, multi, text, why):
    """Nothing is made up, and it is said why."""
    assert [why] == Classifier(embedder, TOPICS, multi=multi).classify([text])


def test_a_language_is_read_in_the_words_of_the_examples(embedder):
    """Whatever it is."""
    shown = [("kartu saya hilang", "lost_card"), ("kapan toko buka hari minggu", "opening_hours")]
    classifier = Classifier(embedder, TOPICS, shown)

    assert ["lost_card", "opening_hours"] == values(
        classifier, "kartu saya hilang di bis kemarin", "hari minggu toko buka jam berapa kapan"
    )


def test_labels_that_are_feelings_are_judged_by_feeling(embedder):
    """By words of feeling, not by nearness to the label's name."""
    labels = {"positive": "praise", "neutral": None, "negative": "complaints"}
    texts = ["The soup was cold and the waiter rude", "We loved it", "Do you open at nine?"]

    assert ["negative", "positive", "neutral"] == values(Classifier(embedder, labels), *texts)


def test_a_clear_text_is_surer_than_a_vague_one(embedder):
    """Confidence follows the lead of the best label."""
    clear, vague = Classifier(embedder, TOPICS).classify(["I lost my card", "I have a question"])

    assert 1 >= clear.confidence > vague.confidence >= 0


def test_the_batch_changes_nothing(embedder):
    """Texts are judged alone, whatever comes with them."""
    texts = [f"card {number} was lost at the {number} o'clock rate" for number in range(50)]
    classifier = Classifier(embedder, TOPICS, [("my card is gone", "lost_card")])

    assert classifier.classify(texts) == [classifier.classify([text])[0] for text in texts]


def test_a_single_label_is_the_answer(embedder):
    """One label leaves no choice, even one that sounds like a fallback."""
    assert ["other"] == values(Classifier(embedder, {"other": None}), "anything at all")


def test_no_labels_are_an_error(embedder):
    """The message says what is needed."""
    with pytest.raises(ValueError, match="at least one label"):
        Classifier(embedder, {})


def test_an_example_with_a_strange_label_is_an_error(embedder):
    """The message names the label."""
    with pytest.raises(ValueError, match="'blue'"):
        Classifier(embedder, TOPICS, [("a text", "blue")])


def test_how_a_text_is_put_leads_to_a_label_for_that(embedder):
    """Questions go to a label of questions, reports to one of opinions."""
    labels = {"presale": "questions about a kettle", "verdict": "opinions on a kettle"}

    assert ["presale", "verdict"] == values(
        Classifier(embedder, labels), "Is this kettle quiet?", "This kettle is quiet."
    )


def test_descriptions_still_speak_beside_examples(embedder):
    """What few examples do not show is known from the description."""
    labels = {"k1": "trains, tracks and stations", "k2": "bread, cakes and pies"}
    examples = [("the whistle blew", "k1"), ("it was warm", "k2")]

    assert ["k1", "k2"] == values(
        Classifier(embedder, labels, examples), "a slow train to the station", "a cake and a pie"
    )


VAGUE = "Purple elephants, and after that some thoughts on the matter"


def dials(number):
    """So many labels that say much the same."""
    return dict.fromkeys(f"dial number {at}" for at in range(number))


def test_a_label_that_is_hardly_likelier_than_the_others_is_not_named(embedder):
    """Six labels that say the same of a text are no answer."""
    assert Classifier(embedder, dials(6)).classify([VAGUE]) == [NOT_SURE]


def test_among_many_labels_less_is_enough(embedder):
    """What would be a poor guess among six is a good one among sixty."""
    (judged,) = Classifier(embedder, dials(60)).classify(["turn the dial"])

    assert judged.declined is None
    assert judged.confidence < 0.2


def test_a_single_label_is_as_sure_as_it_is_near(embedder):
    """There is no other that it could be likelier than."""
    near, far = Classifier(embedder, {"lost card": None}).classify(["I lost my card", VAGUE])

    assert near.value == "lost card"
    assert 0.3 < near.confidence < 0.9
    assert far == NOT_SURE
