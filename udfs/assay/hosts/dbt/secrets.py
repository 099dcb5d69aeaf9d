"""What dbt takes out of each line that it logs: looked up once a command, and not once a line.

It goes through all of the environment for it, which is a tenth of what a build with nothing due
spends on dbt's own work.
"""

from __future__ import annotations

from dbt_common.events import functions
from dbt_common.exceptions import env_secrets

from assay.hosts.dbt.extending import extend

_known: list[str] = []


def look_up_secrets_once() -> None:
    """Let dbt's log take out the secrets that the environment has now; called for each command."""
    _known[:] = env_secrets()
    extend(functions, "env_secrets", lambda _look_up: _known)
