"""No text breaks, blocks or bends a model."""

import json
import time

import pytest

from assay.providers.local.models.assessor import assess
from assay.providers.local.models.classifier import Classifier
from assay.providers.local.models.extractor import Extractor
from assay.providers.local.models.filter import FilterJudge
from assay.providers.local.models.searches import Sought
from assay.providers.local.models.sentiment import SentimentJudge
from assay.providers.local.models.summarizer import Summarizer

HOSTILE = {
    "empty": "",
    "nul": "a\x00b" * 4_000,
    "emoji": "\U0001f600" * 20_000,
    "right to left": "\u202e\u0645\u0631\u062d\u0628\u0627 " * 3_000,
    "braces": "{" * 10_000,
    "surrogates": "\ud800 x \udfff" * 4_000,
    "a megabyte": "a" * 1_000_000,
    "digits": "1 1:00 1." * 2_000,
    "mails": "a." * 9_000 + "@b",
    "combining": "e" + "\u0301" * 19_999,
    "lists": "I love a, b and c; " * 1_000,
}


@pytest.fixture(scope="module")
def models(embedder):
    """All models, each as a function from texts to judgements."""
    sentiment = SentimentJudge(embedder)
    fields = {
        "name": Sought("text"),
        "interests": Sought("text", many=True),
        "topics": Sought("text", many=True),
        "order_number": Sought("text"),
        "email": Sought("text"),
        "phone": Sought("text"),
        "address": Sought("text"),
        "when": Sought("timestamp"),
        "amount": Sought("number"),
        "guests": Sought("integer"),
        "urgent": Sought("boolean"),
    }
    taught = [("I am Bo", {"name": "Bo"}), ("I am Al", {"name": "Al"})]
    return {
        "classify": Classifier(embedder, {"card": None, "other": None}).classify,
        "classify many": Classifier(embedder, {"card": None, "fee": None}, multi=True).classify,
        "score": sentiment.score,
        "aspects": lambda texts: sentiment.aspects(texts, ["food", "staff"]),
        "extract": Extractor(embedder, fields).extract,
        "extract taught": Extractor(embedder, fields, taught).extract,
        "summarize": lambda texts: Summarizer(embedder).summarize(texts, 20),
        "filter": FilterJudge(embedder, "Is this about a refund?").judge,
        "assess": lambda texts: assess([{"email": text, "note": text} for text in texts]),
    }


@pytest.mark.parametrize("kind", HOSTILE)
def test_every_model_answers_every_text(models, kind):
    """JSON comes out, the confidence is a probability, and it does not take long."""
    started = time.perf_counter()
    judged = [model([HOSTILE[kind]])[0] for model in models.values()]

    assert all(json.dumps(one.value) and 0 <= one.confidence <= 1 for one in judged)
    assert 10 > time.perf_counter() - started


def test_the_batch_changes_no_answer(models):
    """Alone, together and in reverse order each text is judged alike."""
    texts = ["My card is lost", "The soup was great!", "Refund 20 euros to Bo", "", "\u5f88\u597d"]
    backwards = {name: model(texts[::-1])[::-1] for name, model in models.items()}

    assert {name: model(texts) for name, model in models.items()} == backwards
    assert backwards == {
        name: [model([text])[0] for text in texts] for name, model in models.items()
    }
