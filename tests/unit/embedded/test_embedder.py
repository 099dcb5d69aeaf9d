"""Texts become unit vectors, offline and the same each time."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from assay.providers.local.models import wordllama as module
from assay.providers.local.models.embedder import exact_product, unit_rows
from assay.providers.local.models.wordllama import WordLlama


def test_vectors_have_length_one(embedder):
    """One row of 256 numbers for each text."""
    vectors = embedder.embed(["a lost parcel", "rain in May"])

    assert (2, 256) == vectors.shape
    assert np.allclose(1, np.linalg.norm(vectors, axis=1))


def test_a_text_without_tokens_is_the_zero_vector(embedder):
    """An empty text is near to nothing."""
    assert not embedder.embed([""]).any()


def test_no_texts_give_no_rows(embedder):
    """The shape holds for an empty batch."""
    assert (0, 256) == embedder.embed([]).shape


def test_like_texts_are_nearer_than_unlike_ones(embedder):
    """The vectors carry meaning."""
    parcel, package, weather = embedder.embed(["my parcel is late", "late package", "sunny skies"])

    assert parcel @ package > parcel @ weather


def test_case_is_ignored(embedder):
    """Shouting changes nothing."""
    loud, quiet = embedder.embed(["WHERE IS MY CARD", "where is my card"])

    assert loud.tolist() == quiet.tolist()


def test_batches_do_not_change_a_product(embedder):
    """A text scores the same to the last bit alone and among others."""
    texts = [f"order number {number} is late" for number in range(300)]
    right = embedder.embed([f"label {number}" for number in range(300)])
    together = exact_product(embedder.embed(texts), right)

    assert exact_product(embedder.embed(texts[299:]), right).tolist() == together[299:].tolist()


def test_a_product_in_blocks_is_the_whole_product():
    """Cutting a product into small ones leaves no cell out."""
    generator = np.random.default_rng(7)
    left = unit_rows(generator.normal(size=(37, 256)).astype(np.float32))
    right = generator.normal(size=(501, 256))

    assert np.allclose(left @ right.T, exact_product(left, right), atol=1e-4)


def test_threads_share_one_embedder():
    """The first use may come from several threads at once."""
    fresh = WordLlama()
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda _: fresh.embed(["hello there"])[0].tolist(), range(8)))

    assert [rows[0]] * 8 == rows


def test_the_logging_of_the_host_is_left_alone():
    """Loading the model neither imports wordllama nor touches the root logger."""
    script = (
        "import logging, sys; from assay.providers.local.models.wordllama import WordLlama; "
        "WordLlama().embed(['x']); "
        "print(logging.getLogger().handlers, {'wordllama', 'requests'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert "[] set()" == done.stdout.strip()


def test_a_missing_package_says_what_to_do(monkeypatch):
    """Without WordLlama the error names the way to get it."""
    monkeypatch.setattr(module, "find_spec", lambda _: None)

    with pytest.raises(FileNotFoundError, match="pip install wordllama"):
        WordLlama().embed(["x"])


def test_missing_weights_are_named(monkeypatch, tmp_path):
    """A wheel without its weights is told apart from no wheel."""
    spec = type("Spec", (), {"origin": str(tmp_path / "__init__.py")})
    monkeypatch.setattr(module, "find_spec", lambda _: spec)

    with pytest.raises(FileNotFoundError, match="reinstall"):
        WordLlama().embed(["x"])
