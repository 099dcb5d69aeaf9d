"""What the tests of the embedded models share: one loaded embedder."""

import pytest

from udfs.embedded.embedder import Embedder


@pytest.fixture(scope="session")
def embedder():
    """The real embedder; it loads in a fifth of a second."""
    return Embedder()
