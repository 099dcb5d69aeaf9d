"""Forty short texts, nine labels, packs of 16: all are answered at the first try."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass

import pytest
import yaml

import assay
from assay.core.settings import load_settings
from assay.core.values import Reply, Request, Usage
from assay.engine.meter import Reading
from assay.engine.session import open_session
from assay.providers import Provider, open_provider

from ..dbt.project import REPOSITORY

pytestmark = pytest.mark.llamacpp

MOST_REQUESTS = 4
MOST_OUTPUT_TOKENS = 900
LEAST_CACHED_TOKENS = 250
"""Of each pack but the first; instructions and labels take 294."""


@dataclass(frozen=True)
class Asked:
    """What became of the texts, what it took, and the usage of each request."""

    statuses: list[str]
    spend: Reading
    usages: list[Usage]


class Counting:
    """A provider that keeps what each of its replies says of tokens."""

    def __init__(self, inner: Provider) -> None:
        self.inner = inner
        self.usages: list[Usage] = []

    async def send(self, request: Request) -> Reply:
        """Send, and take note."""
        reply = await self.inner.send(request)
        self.usages.append(reply.usage)
        return reply

    async def close(self) -> None:
        """Let go of what the other holds."""
        await self.inner.close()


def topics() -> dict[str, str]:
    """The shop's nine labels with what they mean."""
    macro = (REPOSITORY / "macros/shop/ai_labels.sql").read_text(encoding="utf-8")
    sets = re.sub(r"{#-?.*?-?#}|{%.*?%}", "", macro, flags=re.S)
    return dict(yaml.safe_load(sets)["topic"])


def short_texts() -> list[str]:
    """The first forty of the shop's customers that are short."""
    with (REPOSITORY / "seeds/shop_feedback.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["body"] for row in csv.DictReader(file)]
    return [text for text in dict.fromkeys(texts) if 20 <= len(text) <= 120][:40]


@pytest.fixture(scope="module")
def asked(endpoint: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """One pack after the other, so that the second finds what the server kept of the first."""
    store = tmp_path_factory.mktemp("short") / "store.sqlite"
    one_by_one = {"ASSAY_STORE": str(store), "ASSAY_MAX_IN_FLIGHT": "1"}
    settings = load_settings({}, endpoint | one_by_one)
    provider = Counting(open_provider(settings))
    with open_session(settings, provider) as session, session.run("short") as run:
        outcomes = run.ask(assay.Classify(labels=topics()), short_texts())
        return Asked([outcome.status for outcome in outcomes], run.spend, provider.usages)


def test_every_text_is_answered_in_few_requests_and_tokens(asked: Asked) -> None:
    """A reply with one key for each record leaves a model no room to forget or invent one."""
    assert asked.statuses == ["ok"] * 40
    assert asked.spend.requests <= MOST_REQUESTS
    assert asked.spend.output_tokens <= MOST_OUTPUT_TOKENS


def test_packs_share_their_beginning(asked: Asked) -> None:
    """Instructions come before records, so that a server reads them once."""
    assert len(asked.usages) > 1
    assert min(usage.cached_tokens or 0 for usage in asked.usages[1:]) >= LEAST_CACHED_TOKENS
