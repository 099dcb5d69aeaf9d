"""Fixtures of the durability tests."""

from ..figures import figure

__all__ = ["figure"]
