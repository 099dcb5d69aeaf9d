"""What the tests of the embedded models share: one loaded embedder."""

import pytest

from assay.providers.local.models.wordllama import WordLlama


@pytest.fixture(scope="session")
def embedder():
    """The real embedder; it loads in a fifth of a second."""
    return WordLlama()
