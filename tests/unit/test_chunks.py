"""Chunks of a text: nothing is lost, they fit, and a change stays where it is."""

from __future__ import annotations

import pytest

from assay.core.chunks import Chunk, chunks_of
from assay.core.pages import page_at, paged
from assay.core.tokens import estimate_tokens

from .builders import seeded

WORDS = ("rope", "tent", "Zelt", "leaks.", "größer", "the", "and", "parcel!", "雨", "no?")


def paragraphs(seed: int, count: int = 60) -> list[str]:
    """Paragraphs of 5 to 80 words."""
    rng = seeded(seed)
    return [" ".join(rng.choices(WORDS, k=rng.randint(5, 80))) for _ in range(count)]


def joined(chunks: list[Chunk]) -> str:
    """The text that chunks were cut from, put together by their places."""
    text = ""
    for chunk in chunks:
        assert chunk.position <= len(text)
        text = text[: chunk.position] + chunk.text
    return text


@pytest.mark.parametrize("overlap", [0, 20])
@pytest.mark.parametrize("seed", range(5))
def test_chunks_hold_the_whole_text_and_fit(seed: int, overlap: int) -> None:
    """Whatever the letters; what two of them share is no more than was asked for."""
    text = "\n\n".join(paragraphs(seed))
    chunks = list(chunks_of(text, 100, overlap))

    assert joined(chunks) == text
    assert max(estimate_tokens(chunk.text) for chunk in chunks) <= 100 + 1
    ends = [chunk.position + len(chunk.text) for chunk in chunks]
    shared = [end - chunk.position for end, chunk in zip(ends, chunks[1:], strict=False)]
    assert max(shared) <= 4 * overlap
    assert (min(shared) > 0) == bool(overlap)


@pytest.mark.parametrize("overlap", [0, 20])
@pytest.mark.parametrize("seed", range(5))
def test_a_changed_paragraph_changes_few_chunks(seed: int, overlap: int) -> None:
    """Those that it stands in and some of the next; all others keep their ids."""
    before = paragraphs(seed)
    after = [*before[:30], "Something else altogether, and longer than before. " * 4, *before[31:]]
    old, new = (
        {chunk.id for chunk in chunks_of("\n\n".join(one), 100, overlap)}
        for one in (before, after)
    )

    assert len(old) > 30
    assert 1 <= len(new - old) <= 6


def test_the_same_text_has_the_same_ids_each_time_and_different_ones_within() -> None:
    """Also where every chunk says the same."""
    text = "the tent leaks " * 200
    ids = [chunk.id for chunk in chunks_of(text, 50)]

    assert ids == [chunk.id for chunk in chunks_of(text, 50)]
    assert len({*ids}) == len(ids) > 10


@pytest.mark.parametrize("mark", ["\n\n", "\n", ". ", "。", " "])
def test_a_chunk_ends_where_something_does(mark: str) -> None:
    """Where it does so in its second half, the best bound first."""
    text = "a" * 150 + " " + "b" * 150 + mark + "c" * 90 + " " + "d" * 200
    first, *_ = chunks_of(text, 100)
    assert first.text == text[: 301 + len(mark)] if mark != " " else first.text.endswith(" ")


def test_a_text_without_bounds_is_cut_all_the_same() -> None:
    """Between characters, never inside one."""
    chunks = list(chunks_of("雨" * 1000, 100))
    assert joined(chunks) == "雨" * 1000
    assert {len(chunk.text) for chunk in chunks[:-1]} == {133}


def test_a_chunk_has_one_page() -> None:
    """A blank page has none; places count from the beginning of the text."""
    text = paged(["one", " ", "three"])
    found = [(chunk.page, chunk.text.strip()) for chunk in chunks_of(text, 100)]

    assert found == [(1, "one"), (3, "three")]
    assert all(text.startswith(chunk.text, chunk.position) for chunk in chunks_of(text, 100))


@pytest.mark.parametrize("text", ["\fone\n\ftwo", "one\f\ntwo\f", "one\ftwo"])
def test_pages_are_counted_whether_form_feeds_begin_or_end_them(text: str) -> None:
    """Some programs write one before each page, others after it."""
    assert [page_at(text, text.index(word)) for word in ("one", "two")] == [1, 2]
    assert page_at("one two", 4) is None
