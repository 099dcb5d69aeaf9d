"""The second embedded model: where its extra is, it embeds; where it is not, it says so."""

import subprocess
import sys

import numpy as np
import pytest

from assay.core.errors import ConfigError
from assay.providers.local.models import minilm as module
from assay.providers.local.models.minilm import MiniLM
from assay.providers.local.models.vocabulary import english_words, pieces

MISSING = """
import asyncio, sys
sys.modules["onnxruntime"] = None
from assay.providers.local.models.minilm import MiniLM
MiniLM().embed(["x"])
"""


@pytest.fixture(scope="module")
def minilm(embedder):
    """The model, where `assay[minilm]` is installed."""
    pytest.importorskip("onnxruntime")
    return MiniLM(embedder)


def test_vectors_have_length_one_and_know_meaning(minilm):
    """384 numbers for each text, zeros for one without a piece."""
    parcel, package, weather, blank = minilm.embed(
        ["my parcel is late", "late package", "sunny skies", ""]
    )

    assert (384, 384) == (minilm.dimension, len(parcel))
    assert parcel @ package > 0.5 > parcel @ weather
    assert np.isclose(1, np.linalg.norm(parcel))
    assert not blank.any()


def test_a_batch_changes_no_vector(minilm):
    """Each text is a batch of its own."""
    texts = ["short", "a much longer text about a parcel that never came", "Third"]

    assert minilm.embed(texts).tolist() == [minilm.embed([text])[0].tolist() for text in texts]


def test_another_file_is_refused(minilm, monkeypatch):
    """What was measured is what is run."""
    monkeypatch.setattr(module, "_SHA256", "0" * 64)

    with pytest.raises(ConfigError, match=r"is not the file that is known; run `pip install"):
        MiniLM().embed(["x"])


def test_a_missing_extra_is_named():
    """In one line, with what to install."""
    done = subprocess.run([sys.executable, "-c", MISSING], capture_output=True, text=True)

    assert 'run `pip install "assay[minilm]"`' in done.stderr


def test_the_vocabulary_is_whole():
    """Pieces stand at their numbers; English words are among them, particles of German are few."""
    assert (30_522, "[CLS]", "the") == (len(pieces()), pieces()[101], pieces()[1996])
    assert {"parcel", "refund"} <= english_words()
    assert not {"paket", "nicht", "##s", "1984"} & english_words()
