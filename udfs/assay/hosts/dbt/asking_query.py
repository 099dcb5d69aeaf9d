"""A query whose AI functions ask: what is due is counted first, and its budget is a wall."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator

import duckdb

from assay.core.errors import BudgetError
from assay.core.plural import counted
from assay.engine.estimate import Census, Estimate
from assay.engine.run import Run
from assay.engine.session import open_session
from assay.hosts.dbt.settings import settings_here
from assay.hosts.duckdb.udfs import Udfs


@contextlib.contextmanager
def asking(connection: duckdb.DuckDBPyConnection, sql: str, max_requests: int) -> Iterator[None]:
    """Let the AI functions of `sql` ask on a connection; answers go to the store as ever.

    Raises `BudgetError`, before anything is sent, where more than `max_requests` are due.
    """
    settings = settings_here()
    most = min(max_requests, settings.max_requests or max_requests)
    walled = settings.model_copy(update={"max_requests": most})
    with open_session(walled) as session, session.begin(str(uuid.uuid4()), builds=False) as run:
        functions = Udfs(run)
        due = _counted(connection, functions, run, sql, Census(settings, gathered=False))
        if due.requests > most:
            raise BudgetError(_too_many(due, most))
        functions.register(connection)
        yield


def _counted(
    connection: duckdb.DuckDBPyConnection, functions: Udfs, run: Run, sql: str, census: Census
) -> Estimate:
    """Return what is due of a query: its functions count once, and then no more."""
    functions.register(connection, counting=True)
    run.resolver.censuses = [census]
    connection.execute(f"select max(hash(counted)) from (\n{sql}\n) as counted").fetchall()  # noqa: S608
    run.resolver.censuses = ()
    return census.plan()


def _too_many(due: Estimate, most: int) -> str:
    cost = (
        "a cost that is not known" if due.cost_usd is None else f"{due.cost_usd:,.4f} US dollars"
    )
    about = f"{counted(due.requests, 'request')} about {counted(due.texts, 'text')}, {cost}"
    return (
        f"This query would send {about}, and may send {most:,}; nothing was sent. Let it ask "
        "about fewer rows, by a `limit` in a subquery, or allow it: "
        f"--max-requests {due.requests}."
    )
