"""The settings of vectors: which model gives them, how long they are, how many are asked for."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from assay.core.asking import Text, none_if_blank

MOST_RECORDS = 2_048
"""So many texts one request of OpenAI's may hold."""


class Embedding(BaseModel):
    """Who makes vectors of texts, and how it is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    embedding_model: Text = Field(
        default=None,
        description="The model of `ai_embed`: `wordllama` or `minilm`, which are embedded with "
        "any provider, or one that the endpoint has; unset means `wordllama`.",
    )
    embedding_dimensions: Annotated[int | None, none_if_blank, Field(ge=1, le=65_536)] = Field(
        default=None,
        description="How many numbers a vector of `ASSAY_EMBEDDING_MODEL` has; needed for a "
        "model that Assay does not know. For OpenAI's `text-embedding-3` models less than the "
        "usual number can be asked for.",
    )
    embedding_records: int = Field(
        default=MOST_RECORDS,
        ge=1,
        le=MOST_RECORDS,
        description="Most texts in one request for vectors.",
    )
    price_embedding_usd: Annotated[
        float | None, none_if_blank, Field(ge=0, allow_inf_nan=False)
    ] = Field(
        default=None,
        description="What a million input tokens of `ASSAY_EMBEDDING_MODEL` cost, in US dollars; "
        "unset means the built-in price table.",
    )
