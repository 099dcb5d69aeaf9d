"""Fixtures of the promise tests."""

from ..figures import figure

__all__ = ["figure"]
