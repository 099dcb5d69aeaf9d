"""Fixtures of the tests of one store for many."""

from ..figures import figure

__all__ = ["figure"]
