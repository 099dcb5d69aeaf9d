"""The least that the SDK costs: the same requests with a semaphore around it, and nothing else.

No store, no validation, no limits, no dbt: what this client reaches on a machine is what the
machine has to give. Run as `python -m benchmark.bare URL ROWS DISTINCT IN_FLIGHT`.
"""

from __future__ import annotations

import asyncio
import sys

import duckdb
import httpx2
from openai import AsyncOpenAI, DefaultAsyncHttpx2Client

from assay.core.values import Ask, Pack, Record, Request
from assay.forms.chat_request import compose
from benchmark.workload import QUESTION, texts_sql

RECORDS = 16


def requests(rows: int, distinct: int) -> list[Request]:
    """Return what asks about each distinct text once, packed as full as Assay packs it."""
    _, sql = texts_sql(rows, distinct).split("\n", 1)
    found = duckdb.execute(f"select distinct body from ({sql})").fetchall()  # noqa: S608 - our SQL
    records = [Record(text, (Ask(QUESTION.key(text), QUESTION, text),)) for (text,) in found]
    starts = range(0, len(records), RECORDS)
    return [
        compose(Pack(tuple(records[start : start + RECORDS])), seal="bare") for start in starts
    ]


async def ask(url: str, wanted: list[Request], in_flight: int) -> None:
    """Send every request once, at most `in_flight` at a time; any failure raises."""
    limits = httpx2.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    http = DefaultAsyncHttpx2Client(limits=limits, trust_env=False)
    room = asyncio.Semaphore(in_flight)
    async with AsyncOpenAI(api_key="sk-bench", base_url=url, http_client=http) as client:

        async def one(request: Request) -> None:
            async with room:
                await client.chat.completions.create(
                    model=request.model,
                    messages=[
                        {"role": "system", "content": request.system},
                        {"role": "user", "content": request.user},
                    ],
                    response_format={
                        "type": "json_schema",
                        "json_schema": {"name": "answers", "schema": request.schema},
                    },
                    max_completion_tokens=request.max_output_tokens,
                )

        await asyncio.gather(*map(one, wanted))


if __name__ == "__main__":
    _, url, rows, distinct, in_flight = sys.argv
    asyncio.run(ask(url, requests(int(rows), int(distinct)), int(in_flight)))
