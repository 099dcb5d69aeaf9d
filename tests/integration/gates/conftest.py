"""Fixtures of the tests of gates."""

from ..figures import figure

__all__ = ["figure"]
