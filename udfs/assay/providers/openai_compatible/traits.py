"""What the rest must know of OpenAI-compatible endpoints."""

from __future__ import annotations

from assay.core.traits import Traits
from assay.providers.openai_compatible.prices import listed
from assay.providers.openai_compatible.profiles import PROFILES, manner

PUBLIC_BASE_URL = "https://api.openai.com/v1"

DIMENSIONS = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
    "nomic-embed-text": 768,
    "mxbai-embed-large": 1024,
    "bge-m3": 1024,
    "all-minilm": 384,
}
"""How many numbers a vector has, as the makers of these models say."""

TRAITS = Traits(
    name="openai",
    about="any OpenAI-compatible endpoint",
    needs_model=True,
    base_url=PUBLIC_BASE_URL,
    remote=True,
    key_variable="OPENAI_API_KEY",
    url_variable="OPENAI_BASE_URL",
    manner=manner,
    profiles=tuple(PROFILES),
    price=listed,
    vectors=DIMENSIONS,
    package="openai",
)
