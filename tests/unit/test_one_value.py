"""The one JSON object of a reply that nothing holds to a shape."""

from __future__ import annotations

import time

import pytest

from assay.core.task import Rejected
from assay.forms.chat_reply import unwrapped
from assay.forms.one_value import the_one_value

GOOD = '{"k1f": "delivery", "k2f": {"a": "}"}}'


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        f"Here is the JSON you asked for:\n\n```json\n{GOOD}\n```\n\nAnything else?",
        f'<think>Maybe {{"k1f": "returns"}}? No.</think>\n\n{GOOD}',
        f'Okay, so maybe {{"k1f": "returns"}}.\n</think>\n{GOOD}',
        f"The set {{delivery, returns}} holds: {GOOD}",
        f"\n {GOOD} \n",
    ],
)
def test_it_is_taken_out_of_what_is_around_it(content: str) -> None:
    """Prose, fences, thoughts, braces that are no JSON."""
    assert the_one_value(content) == GOOD


@pytest.mark.parametrize("thought", ["<think>{}</think>", "{}</think>", "[THINK]{}[/THINK]"])
@pytest.mark.parametrize("fence", ["{}", "```json\n{}\n```"])
def test_thoughts_are_left_out_where_a_schema_holds_as_well(thought: str, fence: str) -> None:
    """With and without the tag that begins them."""
    content = thought.format("Maybe?") + "\n\n" + fence.replace("{}", GOOD)
    assert unwrapped(content).strip() == GOOD


def test_what_a_text_says_of_thoughts_is_no_end_of_them() -> None:
    """An answer that holds the tag is an answer."""
    content = '{"k1f": "it says </think> here"}'
    assert the_one_value(content) == content


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("I cannot do that.", "no JSON object"),
        ("", "no JSON object"),
        ('{"k1f": "delivery"', "no JSON object"),
        ("[1, 2]", "no JSON object"),
        (f"{GOOD} or rather {GOOD}", "several JSON objects"),
        ('{"a":' * 100_000, "nested too deep"),
    ],
)
def test_none_and_several_are_refused(content: str, words: str) -> None:
    """Which of several is meant nobody knows."""
    with pytest.raises(Rejected, match=words):
        the_one_value(content)


def test_a_text_of_braces_does_not_take_for_ever() -> None:
    """A megabyte of beginnings."""
    began = time.monotonic()
    with pytest.raises(Rejected):
        the_one_value('{"a": [1, 2, "' * 20 + "{ " * 30 + '{"b": 1 ' * 5000)
    assert time.monotonic() - began < 1
