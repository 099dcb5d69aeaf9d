"""The ladder: one rung down for all, once; what is not about the form is not put down to it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from assay.core.errors import CallError, ConfigError
from assay.core.settings import Settings
from assay.core.values import Mode, Request
from assay.engine.ladder import Ladder

from .builders import request

NO_FORMAT = CallError("too_big_or_bad", "No json_schema here.", status=400, unfit="format")
NO_SCHEMA = CallError("too_big_or_bad", "Invalid schema.", status=400, unfit="schema")
NO_WORDS = CallError("too_big_or_bad", "HTTP 400.", status=400)
DOWN = CallError("retryable", "HTTP 503.", status=503)


class Tried:
    """Answers what is tried out in turn, and keeps in which modes that was."""

    def __init__(self, *met: CallError | None) -> None:
        self._met = list(met)
        self.modes: list[Mode] = []

    async def __call__(self, sent: Request) -> CallError | None:
        """What the next one meets."""
        self.modes.append(sent.mode)
        return self._met.pop(0)


class Notes:
    """What is kept in a store, without one."""

    def __init__(self, **known: Mode) -> None:
        self.known = known

    def rungs(self, _settings: Settings) -> Mapping[str, Mode]:
        """All of it."""
        return self.known

    def stands(self, _settings: Settings, model: str, mode: Mode) -> None:
        """One more."""
        self.known[model] = mode


def explained(ladder: Ladder, sent: Request, error: CallError, tried: Tried) -> bool:
    """Whether the refusal of a request is one of its mode."""
    return asyncio.run(ladder.explains(sent, error, tried))


def sent_in(mode: Mode) -> Request:
    """A request in a mode."""
    return replace(request("fine"), mode=mode)


@pytest.mark.parametrize(("error", "mode"), [(NO_FORMAT, "object"), (NO_SCHEMA, "listed")])
def test_words_about_the_form_take_the_next_rung(
    error: CallError, mode: Mode, caplog: pytest.LogCaptureFixture
) -> None:
    """Of another format, where that is refused; nothing is tried out, one warning says so."""
    ladder, tried = Ladder(Settings(), Notes()), Tried()
    assert explained(ladder, sent_in("keyed"), error, tried)
    assert explained(ladder, sent_in("keyed"), error, tried), "what flew meanwhile"
    assert (ladder.mode("a-model"), ladder.mode("other")) == (mode, "keyed")
    assert (tried.modes, len(caplog.messages)) == ([], 1)
    assert str(error) in caplog.text


def test_a_small_request_that_is_served_acquits_the_form() -> None:
    """Once for all: the next refusal is about its pack as well."""
    ladder, tried = Ladder(Settings(), Notes()), Tried(None)
    assert not explained(ladder, sent_in("keyed"), NO_WORDS, tried)
    assert not explained(ladder, sent_in("keyed"), NO_WORDS, tried)
    assert (ladder.mode("a-model"), tried.modes) == ("keyed", ["keyed"])


def test_what_was_served_is_not_in_doubt() -> None:
    """Nothing is tried out after a request was served in this mode."""
    ladder, tried = Ladder(Settings(), Notes()), Tried()
    ladder.holds(sent_in("keyed"))
    assert not explained(ladder, sent_in("keyed"), NO_WORDS, tried)
    assert tried.modes == []


def test_a_form_that_is_refused_without_a_word_is_found_out() -> None:
    """The small request is served in the loosest mode alone."""
    ladder, tried = Ladder(Settings(), Notes()), Tried(NO_WORDS, None)
    assert explained(ladder, sent_in("keyed"), NO_WORDS, tried)
    assert (ladder.mode("a-model"), tried.modes) == ("prompt", ["keyed", "prompt"])


def test_where_nothing_is_served_the_set_up_is_wrong() -> None:
    """With the words of the server, after two small requests."""
    with pytest.raises(ConfigError, match=r"HTTP 400\. Not even the smallest request is taken"):
        explained(
            Ladder(Settings(), Notes()), sent_in("keyed"), NO_WORDS, Tried(NO_WORDS, NO_WORDS)
        )


@pytest.mark.parametrize("met", [[DOWN], [NO_WORDS, DOWN]])
def test_a_server_that_is_down_meanwhile_shows_nothing(met: Sequence[CallError]) -> None:
    """It stays as it is, and the next refusal asks again."""
    ladder = Ladder(Settings(), Notes())
    assert not explained(ladder, sent_in("keyed"), NO_WORDS, Tried(*met))
    assert ladder.mode("a-model") == "keyed"


def test_below_the_last_rung_there_is_none() -> None:
    """A stated format is the only one: its refusal is the set-up's fault."""
    ladder = Ladder(Settings(response_format="prompt"), Notes())
    with pytest.raises(ConfigError):
        explained(ladder, sent_in("prompt"), NO_FORMAT, Tried(NO_FORMAT))


def test_a_rung_is_kept_and_gone_by() -> None:
    """The next ladder begins where this one ended; what was served is not kept."""
    notes = Notes()
    assert explained(Ladder(Settings(), notes), sent_in("keyed"), NO_FORMAT, Tried())
    assert notes.known == {"a-model": "object"}
    ladder = Ladder(Settings(), notes)
    assert (ladder.mode("a-model"), ladder.mode("other")) == ("object", "keyed")
