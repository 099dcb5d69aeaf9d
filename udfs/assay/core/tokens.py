"""Tokens: how many a text takes, without a tokeniser."""

from __future__ import annotations


def estimate_tokens(text: str) -> int:
    """Return an estimate of the tokens of `text`: a token for four bytes of UTF-8.

    No tokeniser works offline for every model; replies report usage, which corrects this.
    """
    length = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return length // 4 + 1
