"""dbt's log and the secrets of the environment."""

from __future__ import annotations

import pytest
from dbt_common.events.functions import env_scrubber

from assay.hosts.dbt.secrets import look_up_secrets_once


def test_each_command_takes_out_the_secrets_of_its_own_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are looked up when a command begins, and not for each line."""
    for secret in ("first word", "second word"):
        monkeypatch.setenv("DBT_ENV_SECRET_WORD", secret)
        look_up_secrets_once()
        monkeypatch.delenv("DBT_ENV_SECRET_WORD")
        assert env_scrubber(f"the {secret} is out") == "the ***** is out"
    look_up_secrets_once()
    assert env_scrubber("the second word is out") == "the second word is out"
