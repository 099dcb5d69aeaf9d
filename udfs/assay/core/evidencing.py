"""The settings of evidence: where it is looked for, for how much, and what is checked again."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from assay.core.asking import HeaderName, Text, none_if_blank, object_of_json
from assay.core.endpoint import check_search_url
from assay.core.searching import evidence_traits


def _known(name: str | None) -> str | None:
    return name and evidence_traits(name).name


class Evidencing(BaseModel):
    """Evidence, and answers that age."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    evidence: Annotated[Text, AfterValidator(_known)] = Field(
        default=None,
        description="Where `ai_verify` looks for evidence: a search server (`http`), the hosted "
        "search of the endpoint (`openai`), a relation of the warehouse (`table`), or nowhere but "
        "in the store (`replay`).",
    )
    evidence_url: Text = Field(
        default=None,
        description="The search server of `http`, with `{query}` where the question goes, such as "
        "`https://search.example.com/search?format=json&q={query}`.",
    )
    evidence_headers: Annotated[dict[HeaderName, SecretStr] | None, object_of_json] = Field(
        default=None,
        description="Headers of every search, as a JSON object, such as the key of the server; "
        "their values are kept out of messages and the store.",
    )
    evidence_model: Text = Field(
        default=None,
        description="The model that searches with `openai`; unset means `ASSAY_MODEL`.",
    )
    evidence_table: Text = Field(
        default=None,
        description="The relation of `table`, such as `silver.pages`, with the columns `url`, "
        "`title` and `text`.",
    )
    evidence_results: int = Field(
        default=5, ge=1, le=20, description="Most sources that one search hands on."
    )
    evidence_characters: int = Field(
        default=2000, ge=200, le=50_000, description="Most characters of one source that are read."
    )
    price_search_usd: Annotated[float | None, none_if_blank] = Field(
        default=None,
        ge=0,
        allow_inf_nan=False,
        description="What one search costs, in US dollars; unset means nothing with `table` and "
        "`replay`, and unknown with `http` and `openai`, whose tokens belong to the price.",
    )
    max_searches: Annotated[int | None, none_if_blank] = Field(
        default=None, ge=1, description="The wall for one run, in searches."
    )
    max_rechecks: Annotated[int | None, none_if_blank] = Field(
        default=None,
        ge=0,
        description="Most answers that one run checks again, those first that are due longest; "
        "unset means all that are due.",
    )

    @model_validator(mode="after")
    def _evidence_is_stated(self) -> Self:
        if self.evidence_url is not None:
            check_search_url(self.evidence_url)
        for name in () if self.evidence is None else evidence_traits(self.evidence).needs:
            if not getattr(self, name):
                variable = f"ASSAY_{name.upper()}"
                message = f"`ASSAY_EVIDENCE` is {self.evidence!r}; set `{variable}` as well."
                raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _searches_are_priced(self) -> Self:
        capped = getattr(self, "max_cost_usd", None) is not None
        if capped and not self.searches_for_free and self.price_search_usd is None:
            message = (
                "`ASSAY_MAX_COST_USD` is set, but not what a search costs; set "
                "`ASSAY_PRICE_SEARCH_USD` (US dollars, 0 for nothing)."
            )
            raise ValueError(message)
        return self

    @property
    def searches_for_free(self) -> bool:
        """Whether a search costs nothing, whatever its price would be elsewhere."""
        return self.evidence is None or not evidence_traits(self.evidence).costs
