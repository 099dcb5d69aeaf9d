"""Summaries are a text's own sentences and never too long."""

import pytest

from udfs.embedded.judgement import Judgement
from udfs.embedded.summarizer import Summarizer, word_count

STAY = (
    "We stayed three nights at the harbour hotel. The hotel room was clean but small. Oh well. "
    "Breakfast had fresh fruit and good coffee. On the last day the hotel lift broke."
)


@pytest.fixture(scope="module")
def summarizer(embedder):
    """One summarizer for all tests."""
    return Summarizer(embedder)


def test_a_summary_keeps_whole_sentences_in_order(summarizer):
    """The best ones that fit, as they stand."""
    value = summarizer.summarize([STAY], 18)[0].value

    assert 18 >= word_count(value)
    assert (
        "We stayed three nights at the harbour hotel. On the last day the hotel lift broke."
        == value
    )


def test_a_short_text_is_its_own_summary(summarizer):
    """What fits is kept whole."""
    assert "All is well." == summarizer.summarize(["All is well."], 40)[0].value


def test_a_long_sentence_is_cut_between_words(summarizer):
    """When no sentence fits, the first one is cut with an ellipsis."""
    assert "We stayed three\u2026" == summarizer.summarize([STAY], 3)[0].value


def test_a_repeated_sentence_is_said_once(summarizer):
    """What was said already adds nothing."""
    assert (
        "The lift broke." == summarizer.summarize(["The lift broke. The lift broke."], 40)[0].value
    )


def test_scripts_without_spaces_count_by_character(summarizer):
    """Chinese sentences are joined without a blank, and cut by character."""
    text = "服务很好。价格也便宜。"

    assert text == summarizer.summarize([text], 11)[0].value
    assert "服务\u2026" == summarizer.summarize([text], 2)[0].value


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_a_blank_text_has_no_summary(summarizer, text):
    """Nothing is said about nothing."""
    assert [Judgement(None, 0.0)] == summarizer.summarize([text], 5)


def test_no_words_are_an_error(summarizer):
    """A summary needs room."""
    with pytest.raises(ValueError, match="at least 1"):
        summarizer.summarize(["a"], 0)
