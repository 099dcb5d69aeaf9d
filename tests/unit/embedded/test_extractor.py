"""Named fields are found in texts, as parts of them."""

import pytest

from assay.providers.local.models.extractor import Extractor
from assay.providers.local.models.searches import Sought

LETTER = (
    "Hello, my name is Ines Falk. Order no. 48213-B came broken on 12 March 2024. "
    "Write to ines.falk@example.org or call +44 20 7946 0958. I paid $1,249.90 for two lamps, "
    "with 15% off, invoice INV-2024-017. See https://shop.example.com/lamps for the model. "
    "I live at 12 Baker Street, London NW1 6XE, United Kingdom."
)


def found(embedder, text, examples=(), **fields):
    """The values of `fields` in `text`."""
    return Extractor(embedder, fields, examples).extract([text])[0].value


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("customer_name", "Ines Falk"),
        ("order_number", "48213-B"),
        ("invoice_id", "INV-2024-017"),
        ("email", "ines.falk@example.org"),
        ("phone", "+44 20 7946 0958"),
        ("price", "$1,249.90"),
        ("discount_percentage", "15%"),
        ("website", "https://shop.example.com/lamps"),
        ("postcode", "NW1 6XE"),
        ("city", "London"),
        ("country", "United Kingdom"),
        ("order_date", "12 March 2024"),
        ("ip_address", None),
    ],
)
def test_a_pattern_is_chosen_by_the_name(embedder, name, expected):
    """What is found stands in the text as it is."""
    assert {name: expected} == found(embedder, LETTER, **{name: Sought()})


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("order_date", "date", "2024-03-12"),
        ("delivered_at", "timestamp", "2024-03-12T00:00:00"),
        ("amount", "number", 1249.9),
        ("discount_rate", "number", 15),
        ("lamps", "integer", 2),
        ("zebras", "integer", None),
    ],
)
def test_typed_fields_have_typed_values(embedder, name, kind, expected):
    """Dates are ISO, numbers are numbers, and what is not there is None."""
    assert {name: expected} == found(embedder, LETTER, **{name: Sought(kind)})


def test_a_description_helps_where_the_name_does_not(embedder):
    """An opaque name is explained."""
    fields = {"f1": Sought(description="the email of the sender")}

    assert {"f1": "ines.falk@example.org"} == found(embedder, LETTER, **fields)


def test_an_uncertain_date_is_not_guessed(embedder):
    """Third of April or fourth of March: nobody knows."""
    assert {"due": None} == found(embedder, "Pay by 03/04/2024.", due=Sought("date"))


def test_the_value_after_the_name_of_the_field_comes_first(embedder):
    """Of two mails the one that is called so wins."""
    text = "Ask ann@example.org. Email: bob@example.org"

    assert {"email": "bob@example.org"} == found(embedder, text, email=Sought())


def test_interests_are_what_people_say_they_like(embedder):
    """Lists are taken apart, leading words dropped."""
    text = "I love hiking, Thai cooking and old maps. On weekends I play chess with my brother."

    assert {"interests": ["hiking", "Thai cooking", "old maps", "chess"]} == found(
        embedder, text, interests=Sought(many=True)
    )


def test_topics_are_key_phrases(embedder):
    """What a text is about, without stop words."""
    text = "The checkout page was slow, and then the payment terminal failed."

    assert {"checkout page", "payment terminal failed"} <= set(
        found(embedder, text, topics=Sought(many=True))["topics"]
    )


def test_what_is_disliked_is_no_interest(embedder):
    """Likings end where dislikes begin."""
    text = "She loves and enjoys green tea, and hates mud."

    assert {"interests": ["green tea"]} == found(embedder, text, interests=Sought(many=True))


def test_what_is_liked_without_saying_so_is_not_made_up(embedder):
    """Without a word of liking only phrases near the field's name count."""
    assert {"hobbies": []} == found(embedder, "The lift is broken.", hobbies=Sought(many=True))


def test_a_list_after_its_name_is_taken_apart(embedder):
    """`Skills: a, b and c` are three values."""
    assert {"skills": ["SQL", "Python", "dbt"]} == found(
        embedder, "Skills: SQL, Python and dbt. Based in Oslo.", skills=Sought(many=True)
    )


def test_a_single_value_may_be_a_near_phrase(embedder):
    """A free field takes the phrase that is nearest to its name, or nothing."""
    assert {"vehicle": "red truck"} == found(embedder, "He drove a red truck.", vehicle=Sought())
    assert {"fruit": None} == found(embedder, "The engine stalled.", fruit=Sought())


def test_the_name_of_the_field_is_no_part_of_its_value(embedder):
    """A phrase sheds the words that only say what it is."""
    assert {"red_truck_engine": None} == found(embedder, "The engine.", red_truck_engine=Sought())
    assert {"truck": "red"} == found(embedder, "He drove a red truck.", truck=Sought(many=False))


def test_a_number_may_be_kept_as_text(embedder):
    """A count without a type is found by its neighbours and stays as written."""
    assert {"party_size": "four"} == found(
        embedder, "A table for four, please", party_size=Sought()
    )


def test_many_without_finds_is_an_empty_list(embedder):
    """Nothing found is no value, in the shape that was asked for."""
    assert {"emails": [], "phone": None} == found(
        embedder, "", emails=Sought(many=True), phone=Sought()
    )


def test_a_label_is_matched_by_its_words(embedder):
    """Endings do not matter."""
    colour = Sought(labels=("red", "deep blue"))

    assert {"colour": "deep blue"} == found(embedder, "The deep blue ones.", colour=colour)


def test_a_label_is_matched_by_meaning(embedder):
    """A near label counts, a far one does not."""
    topic = Sought(labels=("delivery", "payment"))

    assert {"topic": "delivery"} == found(embedder, "shipping was slow", topic=topic)
    assert {"topic": None} == found(embedder, "purple elephants", topic=topic)
    assert {"topic": None} == found(embedder, "", topic=topic)


def test_labels_learn_from_examples(embedder):
    """Examples of a labelled field teach a classifier."""
    examples = [
        ("the soup was cold", {"team": "k"}),
        ("stale bread", {"team": "k"}),
        ("flat tyre", {"team": "w"}),
        ("worn brakes", {"team": "w"}),
    ]
    team = Sought(labels=("k", "w"))

    assert {"team": "w"} == found(embedder, "my brakes squeak", examples, team=team)
    assert {"team": None} == found(embedder, "", examples, team=team)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This is urgent!", True),
        ("It is not urgent at all.", False),
        ("Urgent: yes", True),
        ("urgent = no", False),
        ("Urgent: perhaps, urgent it is", True),
        ("Have a nice day.", None),
    ],
)
def test_a_boolean_is_said_or_denied(embedder, text, expected):
    """Silence is neither true nor false."""
    assert {"is_urgent": expected} == found(embedder, text, is_urgent=Sought("boolean"))


def test_numbers_belong_to_the_words_beside_them(embedder):
    """Each number goes to the field that its neighbours name."""
    text = "Please book 3 rooms for 5 adults."

    assert {"rooms": 3, "adults": 5} == found(
        embedder, text, rooms=Sought("integer"), adults=Sought("integer")
    )


def test_an_integer_has_no_fraction(embedder):
    """Half a room is no number of rooms."""
    assert {"rooms": None} == found(embedder, "We need 2.5 rooms.", rooms=Sought("integer"))


def test_examples_teach_where_values_stand(embedder):
    """Words around the example values lead to new values."""
    examples = [
        ("play Northern Lights by Ada Quill", {"song": "Northern Lights", "singer": "Ada Quill"}),
        ("play Slow River by Tom Marsh", {"song": "Slow River", "singer": "Tom Marsh"}),
        ("please play Old Tin Cup by Ruth Hale", {"song": "Old Tin Cup", "singer": "Ruth Hale"}),
        ("play something by Joan Birch", {"song": None, "singer": "Joan Birch"}),
    ]
    fields = {"song": Sought(), "singer": Sought()}

    assert {"song": "Red Kites", "singer": "Eli Stone"} == found(
        embedder, "play Red Kites by Eli Stone", examples, **fields
    )
    assert {"song": None, "singer": None} == found(embedder, "", examples, **fields)


def test_typed_examples_are_found_by_their_value(embedder):
    """`two` teaches 2, `1 May 2020` teaches its ISO date."""
    examples = [
        ("a table for two on 1 May 2020", {"seats": 2, "day": "2020-05-01"}),
        ("a table for five on 3 June 2021", {"seats": 5, "day": "2021-06-03"}),
    ]
    fields = {"seats": Sought("integer"), "day": Sought("date")}

    assert {"seats": 6, "day": "2022-07-02"} == found(
        embedder, "a table for six on 2 July 2022", examples, **fields
    )


def test_examples_without_a_place_teach_nothing(embedder):
    """A value that is not in its text is ignored, patterns still work."""
    examples = [("hello", {"email": "x@example.org"})]

    assert {"email": "y@example.org"} == found(
        embedder, "mail y@example.org", examples, email=Sought()
    )


def test_what_does_not_look_like_the_examples_is_left_out(embedder):
    """A taught field finds nothing in a text of another kind."""
    examples = [("fly to Lima now", {"to": "Lima"}), ("do not go there", {"to": None})]

    assert {"to": None} == found(embedder, "purple elephants sing opera", examples, to=Sought())


def test_confidence_is_lower_for_guesses(embedder):
    """A typed pattern is surer than a near phrase."""
    pattern, phrase = (
        Extractor(embedder, fields).extract(["A red truck; mail a@example.org."])[0]
        for fields in ({"email": Sought()}, {"vehicle": Sought()})
    )

    assert 1 > pattern.confidence > phrase.confidence > 0


def test_a_value_is_cut_from_the_source_itself(embedder):
    """Characters that cannot be encoded come through unchanged."""
    assert {"note": "a\ud800b"} == found(embedder, "note: a\ud800b", note=Sought())


def test_no_fields_are_an_error(embedder):
    """The message says what is needed."""
    with pytest.raises(ValueError, match="at least one field"):
        Extractor(embedder, {})


def test_an_example_with_a_strange_field_is_an_error(embedder):
    """The message names the field."""
    with pytest.raises(ValueError, match="'colour'"):
        Extractor(embedder, {"size": Sought()}, [("red", {"colour": "red"})])
