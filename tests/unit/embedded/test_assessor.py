"""Records are assessed by rules."""

import pytest

from assay.providers.local.models.assessor import assess


def assessed(record, rules=None):
    """What is found about one record."""
    return assess([record], rules)[0].value


def test_a_clean_record_is_complete():
    """Nothing to say gives full marks."""
    assert {
        "quality_score": 100,
        "missing_fields": [],
        "normalizations": [],
        "category": "complete",
    } == assessed({"name": "Ines Falk", "age": 41, "note": "ok"})


@pytest.mark.parametrize(
    "value", [None, "", "  ", "n/a", "N.A.", "-", "unknown", "None", "NULL", "xxx", "\u200b"]
)
def test_placeholders_are_missing(value):
    """What only stands for nothing is nothing."""
    found = assessed({"name": "Ines Falk", "email": value})

    assert (["email"], 50, "incomplete") == (
        found["missing_fields"],
        found["quality_score"],
        found["category"],
    )


@pytest.mark.parametrize("value", [float("nan"), [], {}])
def test_empty_values_of_other_types_are_missing(value):
    """Not only texts can be missing."""
    assert ["x"] == assessed({"x": value})["missing_fields"]


def test_a_record_without_any_value_is_empty():
    """Empty is worse than incomplete."""
    found = assessed({"name": "-", "email": None})

    assert ("empty", 0) == (found["category"], found["quality_score"])
    assert "empty" == assessed({})["category"]


@pytest.mark.parametrize(
    ("field", "written", "normal"),
    [
        ("note", "  two\u00a0 words ", "two words"),
        ("note", "Cafe\u0301", "Caf\u00e9"),
        ("name", "INES FALK", "Ines Falk"),
        ("email", "Ines.Falk@Example.ORG", "ines.falk@example.org"),
        ("phone", "+44 (0)20 7946-0958", "+442079460958"),
        ("signup_date", "12 March 2024", "2024-03-12"),
        ("country", "uk", "United Kingdom"),
        ("country", "Deutschland", "Germany"),
        ("currency", "\u20ac", "EUR"),
        ("amount", "1.234,50 \u20ac", "1234.5"),
        ("is_active", "Y", "true"),
        ("subscribed", "no", "false"),
        ("website", "WWW.Example.com/Shop", "https://www.example.com/Shop"),
    ],
)
def test_values_have_a_normal_form(field, written, normal):
    """The change is reported, the value counts a little less."""
    found = assessed({field: written})

    assert [{"field": field, "from": written, "to": normal}] == found["normalizations"]
    assert (90, "complete") == (found["quality_score"], found["category"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "ines@"),
        ("email", "a..b@example.org"),
        ("phone", "12"),
        ("signup_date", "31/02/2024"),
        ("signup_date", "soonish 5"),
        ("currency", "money"),
        ("amount", "plenty"),
        ("is_active", "perhaps"),
        ("website", "no link"),
        ("note", "asdf"),
        ("name", "aaaaaaa"),
    ],
)
def test_what_cannot_be_right_is_suspicious(field, value):
    """An invalid value is worth less than a third."""
    found = assessed({field: value})

    assert (30, "suspicious") == (found["quality_score"], found["category"])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("due_date", "03/04/2024"),
        ("due_date", "12 March"),
        ("due_date", "2024-03-12T08:00:00Z"),
        ("country", "Atlantis"),
        ("weight", "12 kg"),
        ("phone", "020 7946 0958"),
        ("amount", "12.5"),
    ],
)
def test_what_may_be_right_is_left_alone(field, value):
    """Nothing is normalised on a guess."""
    found = assessed({field: value})

    assert ([], 100) == (found["normalizations"], found["quality_score"])


@pytest.mark.parametrize(
    ("rule", "value", "category"),
    [
        ("between 1 and 5", 3, "complete"),
        ("between 1 and 5", "7", "suspicious"),
        ("between 1 and 5", "many", "suspicious"),
        ("at least 10", 9, "suspicious"),
        ("no more than 10", 9, "complete"),
        ("must be positive", 0, "suspicious"),
        ("not negative", 0, "complete"),
        ("one of: open, closed", "Open", "complete"),
        ("one of: open, closed", "ajar", "suspicious"),
        ("has 4 digits", "123", "suspicious"),
        ("3 characters long", "abc1", "suspicious"),
        ("must be an email", "nobody", "suspicious"),
        ("must be a number", "7", "complete"),
        ("optional", None, "empty"),
        ("sing it in the shower", "la la", "complete"),
    ],
)
def test_rules_in_plain_words_are_honoured(rule, value, category):
    """What is recognised counts, what is not changes nothing."""
    assert category == assessed({"x": value}, {"x": rule})["category"]


def test_rules_can_be_sentences_that_name_columns():
    """A sentence speaks of the columns in it."""
    rules = ["Middle name is optional.", "The sku must be upper case", "age between 0 and 120"]
    found = assessed({"first_name": "Bo", "middle_name": "", "sku": "ab1", "age": 200}, rules)

    assert [] == found["missing_fields"]
    assert [{"field": "sku", "from": "ab1", "to": "AB1"}] == found["normalizations"]
    assert "suspicious" == found["category"]


def test_a_required_column_may_be_absent_altogether():
    """A mapping of rules can ask for more than the record has."""
    assert ["owner"] == assessed({"name": "Bo"}, {"owner": "required"})["missing_fields"]


def test_records_do_not_influence_each_other():
    """The columns of one record are not expected of the next."""
    records: list[dict[str, object]] = [{"age": 5}, {"name": "Bo"}]

    assert assess(records, ["age is required"]) == [
        assess([record], ["age is required"])[0] for record in records
    ]


def test_confidence_is_lower_where_content_cannot_be_checked():
    """Free text is only looked over."""
    known, unknown = assess([{"email": "a@example.org"}, {"motto": "onward"}])

    assert known.confidence > unknown.confidence
