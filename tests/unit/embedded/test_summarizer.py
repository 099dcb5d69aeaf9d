"""Summaries are a text's own sentences and never too long."""

import pytest

from assay.core.canonical import normalise
from assay.core.words import word_count
from assay.functions.summarize import Summarize
from assay.providers.local.models.judgement import Judgement
from assay.providers.local.models.summarizer import Summarizer

from ..test_words import JOINED

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


def test_scripts_without_blanks_are_cut_between_their_words(summarizer):
    """Chinese sentences are joined without a blank; two characters are a word."""
    text = "服务很好。价格也便宜。"

    assert text == summarizer.summarize([text], 5)[0].value
    assert "服务\u2026" == summarizer.summarize([text], 1)[0].value


@pytest.mark.parametrize("most", [1, 2, 5, 40])
def test_what_it_says_is_accepted(summarizer, most):
    """One counter for both, whatever the text is made of."""
    task = Summarize(max_words=most)
    texts = [normalise(text) for text in (*JOINED, STAY, "2026-03-04 12:00. 5 Rain came in.")]
    said = [judgement.value for judgement in summarizer.summarize(texts, most)]
    assert said == [task.accept(value, text) for value, text in zip(said, texts, strict=True)]


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_a_blank_text_has_no_summary(summarizer, text):
    """Nothing is said about nothing."""
    assert [Judgement(None, 0.0)] == summarizer.summarize([text], 5)


def test_no_words_are_an_error(summarizer):
    """A summary needs room."""
    with pytest.raises(ValueError, match="at least 1"):
        summarizer.summarize(["a"], 0)
