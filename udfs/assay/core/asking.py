"""The settings that say how an endpoint is asked, each alone; what is unset its profile knows."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from assay.core.values import Mode

Format = Literal["json_schema", "json_object", "prompt"]

_MODES: dict[Format, tuple[Mode, ...]] = {
    "json_schema": ("keyed", "listed"),
    "json_object": ("object",),
    "prompt": ("prompt",),
}


def blank_is_none(value: object) -> object:
    """Return None for a text of blanks: a variable that is blank is unset."""
    return None if isinstance(value, str) and not value.strip() else value


def _json_object(value: object) -> object:
    """Return the object that a text spells; what is wrong with it is said without quoting it."""
    if not isinstance(value, str):
        return value
    try:
        value = json.loads(value)
    except ValueError:
        value = None
    if isinstance(value, dict):
        return value
    message = 'give a JSON object, such as {"name": "value"}'
    raise ValueError(message)


none_if_blank = BeforeValidator(blank_is_none)
Text = Annotated[str | None, none_if_blank]
object_of_json = BeforeValidator(lambda value: value and _json_object(blank_is_none(value)))
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]


class Asking(BaseModel):
    """How an endpoint is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    profile: Text = Field(
        default=None,
        description="Which kind of server the endpoint is, by the name of one of the "
        "[profiles](endpoints.md#profiles); unset means that its host tells.",
    )
    response_format: Annotated[Format | None, none_if_blank] = Field(
        default=None,
        description="How a reply is held to its shape: by a schema, as any JSON object, or by "
        "words alone; unset means the strictest that the endpoint takes.",
    )
    output_limit_name: Annotated[Text, Field(pattern=r"^[A-Za-z_]+$")] = Field(
        default=None,
        description="The field of a request that bounds its output; unset means that of the "
        "profile.",
    )
    temperature: Annotated[float | None, none_if_blank, Field(ge=0, le=2)] = Field(
        default=None,
        description="The temperature of every request; unset means the server's own. Not sent to "
        "models that refuse one.",
    )
    reasoning_effort: Annotated[Text, Field(pattern=r"^[a-z]+$")] = Field(
        default=None,
        description="How hard a model thinks, such as `low`; unset means as it likes. Not sent to "
        "models that refuse it.",
    )
    auth_header: Annotated[HeaderName | None, none_if_blank] = Field(
        default=None,
        description="The header that carries the key: `Authorization` has it as a bearer token, "
        "any other as it is; unset means that of the profile.",
    )
    api_version: Annotated[Text, Field(pattern=r"^[A-Za-z0-9.-]+$")] = Field(
        default=None,
        description="The `api-version` in the query of every request, as Azure's dated API wants "
        "it.",
    )
    headers: Annotated[dict[HeaderName, SecretStr] | None, object_of_json] = Field(
        default=None,
        description="Further headers of every request, as a JSON object; their values are kept "
        "out of messages and the store.",
    )
    extra_body: Annotated[dict[str, Any] | None, object_of_json] = Field(
        default=None,
        repr=False,
        description="Further fields of every request, as a JSON object; the texts in them are "
        "kept out of messages and the store.",
    )

    service_tier: Annotated[Literal["flex"] | None, none_if_blank] = Field(
        default=None,
        description="The tier that requests ask for, where the endpoint takes the field: `flex` "
        "waits for spare capacity at half the price.",
    )
    logprobs: bool = Field(
        default=False,
        description="Whether endpoints that give log probabilities are asked for them: answers "
        "out of a closed list then have a confidence.",
    )

    @property
    def modes(self) -> tuple[Mode, ...] | None:
        """The modes of the stated format; None where none is stated."""
        return None if self.response_format is None else _MODES[self.response_format]
