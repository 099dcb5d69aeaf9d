"""What the rest must know of the provider that asks nobody."""

from __future__ import annotations

from assay.core.traits import Traits
from assay.providers.local.traits import TRAITS as LOCAL
from assay.providers.openai_compatible.traits import TRAITS as OPENAI

TRAITS = Traits(
    name="replay",
    about="the store only: a miss is an error",
    base_url=OPENAI.base_url,
    price=OPENAI.price,
    vectors=OPENAI.vectors,
    without_model=LOCAL,
)
"""Answers are those that an endpoint gave; where no model is named, the embedded ones."""
