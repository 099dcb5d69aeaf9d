"""The settings that say where events come from and go to."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from assay.core.asking import Text, none_if_blank
from assay.core.reach import Place


class Streaming(BaseModel):
    """Streams."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    brokers: Text = Field(
        default=None,
        description="The Kafka brokers that `assay stream` begins at, as `host:port` with commas "
        "between.",
    )
    kafka_config: Annotated[Place | None, none_if_blank] = Field(
        default=None,
        description="A file with properties of librdkafka for `assay stream`, `name=value` in "
        "each line, such as those of TLS and SASL; it may hold secrets, and is never shown.",
    )
