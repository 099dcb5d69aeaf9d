"""Settings: read once, checked at once, passed down; docs/settings.md is tested against them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from assay.core.alerting import Alerting
from assay.core.asking import Asking, Text, blank_is_none, none_if_blank
from assay.core.embedding import Embedding
from assay.core.endpoint import check_url, host_of
from assay.core.environment import KNOWN_OUTSIDE, check_environment
from assay.core.errors import ConfigError
from assay.core.evidencing import Evidencing
from assay.core.reach import Places, Reach
from assay.core.redaction import Redacting
from assay.core.streaming import Streaming
from assay.core.traits import Manner, Traits, traits_of

PREFIX = "ASSAY_"
REASONING_TOKENS = 4000

IN_PROFILE, IN_CALL = "in the plugin's config", "in the call"
"""Where a setting was given, as messages say it."""


def _known_provider(name: str) -> str:
    return traits_of(name).name


Count = Annotated[int | None, none_if_blank, Field(ge=1)]
Price = Annotated[float | None, none_if_blank, Field(ge=0, allow_inf_nan=False)]
Money = Annotated[float | None, none_if_blank, Field(gt=0, allow_inf_nan=False)]


class Settings(Places, Asking, Embedding, Alerting, Redacting, Evidencing, Streaming):
    """Everything a user can set; each field `x` is the variable `ASSAY_X`, but for the key."""

    provider: Annotated[str, AfterValidator(_known_provider)] = Field(
        default="local",
        description="Who answers: the name of one of the providers [below](#providers).",
    )
    base_url: Text = Field(
        default=None,
        description="The endpoint, up to and including `/v1`; unset means the public default. "
        "Plain http is refused except to loopback, and so are a user name, a password, `?` and "
        "`#`.",
    )
    model: Text = Field(
        default=None, description="The model that is asked, where a provider has several."
    )
    store_inputs: bool = Field(
        default=False,
        description="Whether the text of an ask that failed is kept in the store, so that a dead "
        "letter can be replayed without a build.",
    )
    progress: bool = Field(
        default=True,
        description="Whether a run says on standard error how far it is: on a terminal one line "
        "that is rewritten, elsewhere one every ten seconds.",
    )
    max_dead_letters: int = Field(
        default=100,
        ge=0,
        description="Most dead letters in the store with which a build is green; discarded ones "
        "do not count.",
    )
    max_failed_share: float = Field(
        default=0.2,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Greatest share of the rows of a column that may be without an answer when a "
        "run ends; above it the run is red. `1` switches this off.",
    )
    max_in_flight: int = Field(
        default=32, ge=1, le=1024, description="Requests at once, over all models and threads."
    )
    requests_per_minute: Count = Field(
        default=None, description="Requests started in any minute; unset means no limit."
    )
    tokens_per_minute: Count = Field(
        default=None, description="Estimated tokens sent in any minute; unset means no limit."
    )
    pack_records: int = Field(default=16, ge=1, le=256, description="Most records in one request.")
    pack_tokens: int = Field(
        default=6000, ge=100, description="Most estimated tokens in one request."
    )
    max_text_tokens: int = Field(
        default=100_000,
        ge=1,
        description="Most estimated tokens of one text; a longer one is `too_long` and not sent.",
    )
    reasoning_tokens: Count = Field(
        default=None,
        description="Output tokens left in each request for what a model thinks before it "
        "answers; unset means 4,000 for models that are known to think and none for others.",
    )
    max_attempts: int = Field(
        default=4,
        ge=1,
        le=20,
        description="Attempts at one pack, the first one included; a record alone gets more where "
        "the endpoint fails others as often.",
    )
    deadline_seconds: float = Field(
        default=60, gt=0, le=3600, description="Wall clock of one attempt, in seconds."
    )
    outage_seconds: float = Field(
        default=180,
        ge=0,
        le=86400,
        description="How long the run waits while an endpoint that has answered before answers "
        "nothing, in seconds.",
    )
    max_cost_usd: Money = Field(
        default=None,
        description="The wall for one run, in US dollars: worst cost is reserved before sending.",
    )
    over_budget: Literal["refuse", "spend"] = Field(
        default="refuse",
        description="What happens where a build, or a model in it, needs more than the budget of "
        "the run has left: `refuse` sends nothing for it and stops; `spend` buys what the budget "
        "allows and leaves the other rows `not_attempted`.",
    )
    batch: bool = Field(
        default=False,
        description="Whether questions go to the endpoint by the file, to be answered within a "
        "day at a lower price; until then their rows are `pending`.",
    )
    batch_fallback: Literal["batch", "now"] = Field(
        default="batch",
        description="Where what a batch has left without an answer goes: into the next batch, or "
        "`now`, request by request.",
    )
    batch_requests: Count = Field(
        default=None,
        description="Most requests in one batch; unset means as many as the endpoint takes.",
    )
    batch_tokens: Count = Field(
        default=None,
        description="Most estimated input tokens in the batches that are at the endpoint at once, "
        "of each model; unset means no limit.",
    )
    max_batches: int = Field(
        default=10, ge=1, le=1000, description="Most batches at the endpoint at once."
    )
    max_pending_share: float = Field(
        default=0,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Greatest share of the rows of a column that may wait for a batch where gold "
        "is published; above it the gold of before stays.",
    )
    price_input_usd: Price = Field(
        default=None,
        description="What a million input tokens cost, in US dollars; unset means the built-in "
        "price table, in which unknown models have no price.",
    )
    price_output_usd: Price = Field(
        default=None, description="What a million output tokens cost, in US dollars."
    )
    price_cached_usd: Price = Field(
        default=None,
        description="What a million input tokens from the vendor's cache cost, in US dollars, "
        "beside the two other prices; unset means as much as others.",
    )
    max_requests: Count = Field(default=None, description="The wall for one run, in requests.")
    api_key: SecretStr | None = Field(
        default=None,
        description="The key of the endpoint; read from the environment and from nowhere else.",
    )

    @model_validator(mode="after")
    def _endpoint_is_stated(self) -> Self:
        traits = self.traits
        if traits.needs_model and self.model is None:
            message = f"`ASSAY_MODEL` is not set; name the model that `{traits.name}` is to ask."
            raise ValueError(message)
        if traits.key_variable is not None and self.api_key is None:
            message = (
                f"`{traits.key_variable}` is not set; export it, or use `ASSAY_PROVIDER=local`."
            )
            raise ValueError(message)
        if traits.remote:
            check_url(self.endpoint, traits.key_variable)
        if self.profile is not None and self.profile not in traits.profiles:
            known = ", ".join(traits.profiles) or f"none, as `{traits.name}` asks no server"
            message = f"`ASSAY_PROFILE` is {self.profile!r}; there are: {known}."
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _batches_are_taken(self) -> Self:
        if self.batch and self.manner_of(self.model or "").batches is None:
            where = self.endpoint or f"`{self.provider}`"
            message = (
                f"`ASSAY_BATCH` is on, but {where} is not known to take batches; unset it, or set "
                "`ASSAY_PROFILE` to that of an endpoint which does."
            )
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _prices_come_in_pairs(self) -> Self:
        if (self.price_input_usd is None) != (self.price_output_usd is None):
            message = "Set both `ASSAY_PRICE_INPUT_USD` and `ASSAY_PRICE_OUTPUT_USD`, or neither."
            raise ValueError(message)
        if self.price_cached_usd is not None and self.price_input_usd is None:
            message = (
                "`ASSAY_PRICE_CACHED_USD` is set alone; set `ASSAY_PRICE_INPUT_USD` and "
                "`ASSAY_PRICE_OUTPUT_USD` as well."
            )
            raise ValueError(message)
        return self

    @property
    def traits(self) -> Traits:
        """What is to be known of the provider."""
        return traits_of(self.provider)

    @property
    def answerer(self) -> Traits:
        """The traits of who gives the answers, or gave them: the provider's or, where no model is
        named or one of its own, those of the one that needs none."""
        alone = self.traits.without_model
        if alone is not None and (self.model is None or self.model in alone.models):
            return alone
        return self.traits

    @property
    def endpoint(self) -> str:
        """The base URL in use with a remote provider; blank where there is none."""
        return (self.base_url or self.traits.base_url or "").rstrip("/")

    @property
    def refuses(self) -> bool:
        """Whether what exceeds the budget is counted first, and refused before it is sent."""
        capped = self.max_cost_usd is not None or self.max_requests is not None
        return capped and self.over_budget == "refuse"

    @cached_property
    def host(self) -> str:
        """Who answers, for keys and the ledger: a host name, `loopback` or `embedded`."""
        return self.answerer.host or host_of(self.endpoint)

    def manner_of(self, model: str) -> Manner:
        """How `model` wants to be asked at the endpoint; a stated format is the only one."""
        found = self.traits.manner(self.endpoint, self.profile, model)
        return found if self.modes is None else replace(found, modes=self.modes)

    def headroom_for(self, model: str) -> int:
        """The output tokens of a request that are left for the thinking of `model`."""
        if self.reasoning_tokens is not None:
            return self.reasoning_tokens
        return REASONING_TOKENS if self.manner_of(model).thinks else 0

    def model_for(self, asked: str | None) -> str:
        """The model that answers a task which asks for `asked` (None: the default)."""
        asked = asked or self.model
        return self.answerer.own(asked) or asked or ""


_T = TypeVar("_T", bound=Reach)

_NAMES = [name for name in Settings.model_fields if name != "api_key"]
"""What a profile or the environment may set; the key has a variable of its own."""


def load_settings(
    config: Mapping[str, Any],
    environ: Mapping[str, str] = os.environ,
    where: str = IN_PROFILE,
) -> Settings:
    """Return the settings: of `environ`, else of `config`, else the defaults.

    The key is read from `environ` alone. Raises `ConfigError` that names the setting, and for an
    unknown one the nearest known name; `where` says what `config` is.
    """
    _check_names(config, environ, where)
    check_environment(environ)
    given = _given(_NAMES, config, environ)
    settings = _valid(Settings, given | _key(given, environ))
    _refuse_sdk_url(settings, environ)
    return settings


def _key(given: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Return the key, from the one variable that the provider reads it from."""
    try:
        variable = traits_of(str(given.get("provider", "local"))).key_variable
    except ValueError:  # said where the provider is checked
        return {}
    key = environ.get(variable, "").strip() if variable else ""
    return {"api_key": key} if key else {}


def load_places(config: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Places:
    """Return the places of `load_settings` alone; whatever else is set may have a wrong value.

    Raises `ConfigError` for an unknown name, which may be a place that is spelled wrongly.
    """
    _check_names(config, environ, IN_PROFILE)
    return _valid(Places, _given(Places.model_fields, config, environ))


def _given(
    names: Iterable[str], config: Mapping[str, Any], environ: Mapping[str, str]
) -> dict[str, Any]:
    """Return what is set of `names`, the environment first; a blank sets nothing."""
    said = {name: (environ.get(PREFIX + name.upper()), config.get(name)) for name in names}
    given = {
        name: next((value for value in values if blank_is_none(value) is not None), None)
        for name, values in said.items()
    }
    return {
        name: value.strip() if isinstance(value, str) else value
        for name, value in given.items()
        if value is not None
    }


def _valid(kind: type[_T], given: Mapping[str, Any]) -> _T:
    try:
        return kind.model_validate(given)
    except ValidationError as error:
        raise ConfigError(_first_line(error)) from None


def with_changes(settings: Settings | None, changed: Mapping[str, Any]) -> Settings:
    """Return `settings`, or the defaults, with fields `changed`; None unsets one.

    Raises `ConfigError` that names the setting.
    """
    known = {name: getattr(settings, name) for name in Settings.model_fields if settings}
    given = {name: value for name, value in {**known, **changed}.items() if value is not None}
    _refuse_unknown(given, list(Settings.model_fields), "setting", IN_CALL)
    return _valid(Settings, given)


def _check_names(config: Mapping[str, Any], environ: Mapping[str, str], where: str) -> None:
    """Raise for a name that nothing reads, in `config` or among our variables."""
    _refuse_unknown(config, _NAMES, "setting", where)
    variables = [*(PREFIX + name.upper() for name in _NAMES), *KNOWN_OUTSIDE]
    set_here = [name for name in environ if name.startswith(PREFIX)]
    _refuse_unknown(set_here, variables, "variable", "in the environment")


def _refuse_unknown(names: Any, known: list[str], what: str, where: str) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            message = f"Unknown {what} {name!r} {where}; did you mean {near[0]!r}?"
            raise ConfigError(message)


def _refuse_sdk_url(settings: Settings, environ: Mapping[str, str]) -> None:
    variable = settings.traits.url_variable
    if settings.base_url is None and variable is not None and environ.get(variable):
        message = (
            f"`{variable}` is set but `ASSAY_BASE_URL` is not; texts go only to a host that "
            f"is named to Assay. Set `ASSAY_BASE_URL`, or unset `{variable}`."
        )
        raise ConfigError(message)


def _first_line(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_input=False)[0]
    reason = str(detail["msg"]).removeprefix("Value error, ")
    if not detail["loc"]:
        return reason
    return f"Setting `{PREFIX}{str(detail['loc'][0]).upper()}` is wrong: {reason}."
