"""The settings that say where alerts go, in which form, and from when on there is one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from assay.core.asking import none_if_blank
from assay.core.endpoint import is_safe

Form = Literal["json", "slack", "teams"]


def _webhook(url: SecretStr | None) -> SecretStr | None:
    """Refuse what an alert may not be sent to; whoever has the URL may write there."""
    if url is not None and not is_safe(url.get_secret_value()):
        message = (
            "it is not shown, as it is a secret; give an https URL (plain http only to 127.0.0.1, "
            "::1 or localhost)"
        )
        raise ValueError(message)
    return url


class Alerting(BaseModel):
    """Alerts."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    alert_url: Annotated[SecretStr | None, AfterValidator(_webhook), none_if_blank] = Field(
        default=None,
        description="The webhook that [alerts](how-to/alerts.md) are sent to; a secret, which is "
        "never shown. Unset means that none are sent.",
    )
    alert_format: Form = Field(
        default="json", description="What is sent: JSON for a program, or what a chat shows."
    )
    alert_spend_share: float = Field(
        default=0.8,
        gt=0,
        le=1,
        allow_inf_nan=False,
        description="From which share of `ASSAY_MAX_COST_USD` or `ASSAY_MAX_REQUESTS` on what a "
        "run spent is an alert.",
    )
    alert_published_hours: Annotated[float | None, none_if_blank] = Field(
        default=48,
        gt=0,
        allow_inf_nan=False,
        description="From which age on what is published is an alert.",
    )
