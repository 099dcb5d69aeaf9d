"""Settings: read once, checked at once, passed down; docs/settings.md is tested against them."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from assay.core.errors import ConfigError
from assay.core.project import Project, place

PREFIX = "ASSAY_"
PUBLIC_BASE_URL = "https://api.openai.com/v1"
LOCAL_MODEL = "assay-local-1"
"""Names the embedded models in keys and envelopes; raised when their answers change."""

REASONING_TOKENS = 4000

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
OUTSIDE_THE_PLUGIN = frozenset({"ASSAY_DATABASE", "ASSAY_THREADS"})
"""Variables that profiles.yml hands to dbt itself."""

_REMOTE = re.compile("[a-zA-Z][a-zA-Z0-9+.-]+:/")
"""How a bucket or a URL begins, also where a path has lost one of its slashes."""


def _blank_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _listed(value: object) -> object:
    """Folders as an environment variable spells them: with commas between; no buckets."""
    if isinstance(value, str):
        value = tuple(name for name in value.split(",") if name.strip())
    names = value if isinstance(value, list | tuple) else ()
    if remote := next((name for name in names if _REMOTE.match(str(name).strip())), None):
        message = (
            f"{remote} is no folder of this machine, and SQL reaches no other; fetch its files "
            "into a folder before the build and name that, or see docs/how-to/your-own-files.md"
        )
        raise ValueError(message)
    return tuple(place(name) for name in names)


_none_if_blank = BeforeValidator(_blank_is_none)
Place = Annotated[Path, BeforeValidator(lambda value: place(value) if value else value)]
Text = Annotated[str | None, _none_if_blank]
Count = Annotated[int | None, _none_if_blank, Field(ge=1)]
Price = Annotated[float | None, _none_if_blank, Field(ge=0, allow_inf_nan=False)]
Money = Annotated[float | None, _none_if_blank, Field(gt=0, allow_inf_nan=False)]


class Reach(BaseModel):
    """What SQL may reach outside the warehouse."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    data_directories: Annotated[tuple[Path, ...], BeforeValidator(_listed)] = Field(
        default=(Path("data"),),
        description="The folders whose files SQL may read and write, with commas between; the "
        "folders of the seeds are always among them.",
    )
    external_access: bool = Field(
        default=False,
        description="Whether SQL may reach every file and host that this process may; every run "
        "warns while it is on.",
    )

    def within(self, project: Project) -> Self:
        """Return the same with every path as it is from any folder."""
        return self.model_copy(update=dict(self._placed(project)))

    def _placed(self, project: Project) -> Iterator[tuple[str, object]]:
        for name, value in self:
            if isinstance(value, Path):
                yield name, project.path(value)
            elif isinstance(value, tuple):
                yield name, tuple(map(project.path, value))


class Settings(Reach):
    """Everything a user can set; each field `x` is the variable `ASSAY_X`, but for the key."""

    provider: Literal["local", "openai", "replay"] = Field(
        default="local",
        description="`local` (embedded, no key, no network), `openai` (any OpenAI-compatible "
        "endpoint) or `replay` (the store only: a miss is an error).",
    )
    base_url: Text = Field(
        default=None,
        description="The endpoint, up to and including `/v1`; unset means the public default. "
        "Plain http is refused except to loopback, and so are a user name, a password, `?` and "
        "`#`.",
    )
    model: Text = Field(default=None, description="The model that is asked; needed with `openai`.")
    store: Place = Field(
        default=Path(".assay/store.sqlite"),
        description="The file of answers, ledger and dead letters; keep it, it is what you paid "
        "for.",
    )
    store_inputs: bool = Field(
        default=False,
        description="Whether the text of an ask that failed is kept in the store, so that a dead "
        "letter can be replayed without a build.",
    )
    publish: Place = Field(
        default=Path("published"),
        description="The folder in which gold is published once a build is green.",
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
        "answers; unset means 4,000 for models known to reason (`gpt-5…`, `o1…` to `o4…`) and "
        "none for others.",
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
    price_input_usd: Price = Field(
        default=None,
        description="What a million input tokens cost, in US dollars; unset means the built-in "
        "price table, in which unknown models have no price.",
    )
    price_output_usd: Price = Field(
        default=None, description="What a million output tokens cost, in US dollars."
    )
    max_requests: Count = Field(default=None, description="The wall for one run, in requests.")
    api_key: SecretStr | None = Field(
        default=None,
        description="Read by the plugin from `OPENAI_API_KEY` and from nowhere else.",
    )

    @model_validator(mode="after")
    def _endpoint_is_stated(self) -> Self:
        if self.provider == "openai":
            if self.model is None:
                message = "`ASSAY_MODEL` is not set; name the model that `openai` is to ask."
                raise ValueError(message)
            if self.api_key is None:
                message = "`OPENAI_API_KEY` is not set; export it, or use `ASSAY_PROVIDER=local`."
                raise ValueError(message)
            _check_url(self.endpoint)
        return self

    @model_validator(mode="after")
    def _prices_come_in_pairs(self) -> Self:
        if (self.price_input_usd is None) != (self.price_output_usd is None):
            message = "Set both `ASSAY_PRICE_INPUT_USD` and `ASSAY_PRICE_OUTPUT_USD`, or neither."
            raise ValueError(message)
        return self

    @property
    def endpoint(self) -> str:
        """The base URL in use with a remote provider."""
        return (self.base_url or PUBLIC_BASE_URL).rstrip("/")

    @property
    def refuses(self) -> bool:
        """Whether what exceeds the budget is counted first, and refused before it is sent."""
        capped = self.max_cost_usd is not None or self.max_requests is not None
        return capped and self.over_budget == "refuse"

    @cached_property
    def host(self) -> str:
        """Who answers, for keys and the ledger: a host name, `loopback` or `embedded`.

        Ports and paths are left out, so that moving a gateway does not buy answers again.
        """
        if self.provider == "local" or (self.provider == "replay" and self.model is None):
            return "embedded"
        name = urlsplit(self.endpoint).hostname or ""
        return "loopback" if name in LOOPBACK else name

    def headroom_for(self, model: str) -> int:
        """The output tokens of a request that are left for the thinking of `model`."""
        if self.reasoning_tokens is not None:
            return self.reasoning_tokens
        return REASONING_TOKENS if _reasons(model) else 0

    def model_for(self, asked: str | None) -> str:
        """The model that answers a task which asks for `asked` (None: the default)."""
        return LOCAL_MODEL if self.host == "embedded" else asked or self.model or ""


def _reasons(model: str) -> bool:
    return re.match(r"(gpt-5|o[1-4])(?![a-z0-9])", model) is not None


def _check_url(url: str) -> None:
    if "@" in (url.partition("//")[2] or url).partition("/")[0]:
        message = (
            "`ASSAY_BASE_URL` holds a user name or a password, which would show in messages; use "
            "`OPENAI_API_KEY` for the key."
        )
        raise ValueError(message)
    if "?" in url or "#" in url:
        message = (
            "`ASSAY_BASE_URL` holds a `?` or a `#`, which is not sent but would show in messages; "
            "end it with the path, /v1, and use `OPENAI_API_KEY` for the key."
        )
        raise ValueError(message)
    if _is_safe(url):
        return
    message = (
        f"`ASSAY_BASE_URL` is {url!r}; use an https URL (plain http only to 127.0.0.1, ::1 or "
        "localhost), up to and including /v1."
    )
    raise ValueError(message)


def _is_safe(url: str) -> bool:
    """Whether texts may be sent to `url`."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:  # brackets that do not match, a port that is none
        return False
    loopback = parts.scheme == "http" and parts.hostname in LOOPBACK
    return loopback or (parts.scheme == "https" and bool(parts.hostname))


def load_settings(config: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of a plugin `config`, with the key from `environ`.

    Raises `ConfigError` that names the setting, and for an unknown one the nearest known name.
    """
    known = [name for name in Settings.model_fields if name != "api_key"]
    _refuse_unknown(config, known, "setting", "in the plugin's config")
    variables = [PREFIX + name.upper() for name in known]
    set_here = [name for name in environ if name.startswith(PREFIX)]
    _refuse_unknown(set_here, [*variables, *OUTSIDE_THE_PLUGIN], "variable", "in the environment")
    _refuse_sdk_url(config, environ)
    _check_threads(environ)
    given = {
        name: value.strip() if isinstance(value, str) else value
        for name, value in config.items()
        if _blank_is_none(value) is not None
    }
    if key := environ.get("OPENAI_API_KEY", "").strip():
        given["api_key"] = key
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise ConfigError(_first_line(error)) from None


def with_changes(settings: Settings | None, changed: Mapping[str, Any]) -> Settings:
    """Return `settings`, or the defaults, with fields `changed`; None unsets one.

    Raises `ConfigError` that names the setting.
    """
    known = {name: getattr(settings, name) for name in Settings.model_fields if settings}
    given = {name: value for name, value in {**known, **changed}.items() if value is not None}
    _refuse_unknown(given, list(Settings.model_fields), "setting", "in the call")
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        raise ConfigError(_first_line(error)) from None


def reach_from_environ(environ: Mapping[str, str] = os.environ) -> Reach:
    """Return what SQL may reach, of the `ASSAY_` variables alone; the others may be wrong."""
    named = {name: environ.get(PREFIX + name.upper(), "") for name in Reach.model_fields}
    given = {name: value for name, value in named.items() if value.strip()}
    try:
        return Reach.model_validate(given)
    except ValidationError as error:
        raise ConfigError(_first_line(error)) from None


def settings_from_environ(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of the `ASSAY_` variables alone, as the shipped profile maps them."""
    names = [name for name in Settings.model_fields if name != "api_key"]
    given = {name: environ.get(PREFIX + name.upper(), "") for name in names}
    return load_settings(given, environ)


def _refuse_unknown(names: Any, known: list[str], what: str, where: str) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
            message = f"Unknown {what} {name!r} {where}; did you mean {near[0]!r}?"
            raise ConfigError(message)


def _check_threads(environ: Mapping[str, str]) -> None:
    """Raise before dbt does: it ends in a traceback."""
    said = environ.get("ASSAY_THREADS", "").strip()
    if said and not re.fullmatch("0*[1-9][0-9]{0,3}", said):
        message = f"`ASSAY_THREADS` is {said!r}; give a number from 1 on, or unset it."
        raise ConfigError(message)


def _refuse_sdk_url(config: Mapping[str, Any], environ: Mapping[str, str]) -> None:
    if config.get("provider") != "openai" or _blank_is_none(config.get("base_url")) is not None:
        return
    if environ.get("OPENAI_BASE_URL"):
        message = (
            "`OPENAI_BASE_URL` is set but `ASSAY_BASE_URL` is not; texts go only to a host that "
            "is named to Assay. Set `ASSAY_BASE_URL`, or unset `OPENAI_BASE_URL`."
        )
        raise ConfigError(message)


def _first_line(error: ValidationError) -> str:
    detail = error.errors(include_url=False, include_input=False)[0]
    reason = str(detail["msg"]).removeprefix("Value error, ")
    if not detail["loc"]:
        return reason
    return f"Setting `{PREFIX}{str(detail['loc'][0]).upper()}` is wrong: {reason}."
