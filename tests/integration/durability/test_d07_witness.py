"""D07: what was paid for is never bought again without a word; the witness remembers how much."""

from __future__ import annotations

import contextlib
import json
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assay.cli.main import app
from assay.core.clock import now_utc
from assay.core.errors import StoreError
from assay.core.settings import Settings
from assay.core.values import Ask, Outcome, Question
from assay.faultd import FaultServer
from assay.functions import parse_task
from assay.store import StoredAnswer, Witness, start_over
from assay.store.queries import UnusedAnswers
from assay.store.sqlite.rows import EMBEDDED, put_answers
from assay.store.sqlite.verbs import SqliteStore

from .test_d_store import PACK, hashed, killed_with_the_store_locked
from .worker import SPEC, ended, fill, served, start, text_of

ROOT = Path(__file__).parents[3]
FREE = Question(parse_task(SPEC), "local", EMBEDDED)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store may be."""
    return tmp_path / "kept" / "store.sqlite"


def fill_free(path: Path, count: int) -> None:
    """Put so many answers of the embedded provider into the store; such runs are not guarded."""
    asks = [Ask(FREE.key(text), FREE, text) for text in map(text_of, range(count))]
    outcome = Outcome("ok", '"free"', None, None, "local", now_utc())
    store = SqliteStore(path)
    store.transact([partial(put_answers, stored=[StoredAnswer(ask, outcome) for ask in asks])])
    store.close()


def refusal(path: Path) -> str:
    """What a guarded run is told; blank where it may go on."""
    try:
        SqliteStore(path, guarded=True).close()
    except StoreError as error:
        return str(error)
    return ""


def word_of(path: Path) -> Path:
    """The file of the witness."""
    return path.with_name("store.sqlite.witness")


def test_d07_free_answers_have_the_host_of_the_embedded_provider() -> None:
    """What the witness leaves out."""
    assert Settings().host == EMBEDDED


def test_d07_a_run_that_costs_nothing_does_not_make_the_guard_forget(path: Path) -> None:
    """The store is lost, and runs of the default provider come first: refused all the same."""
    fill(path, 50)
    path.unlink()
    assert "held 50 answers, is gone" in refusal(path)
    fill_free(path, 1)
    fill_free(path, 90)
    said = refusal(path)
    assert "held 50 paid answers, holds 0" in said
    assert "doctor --accept-cold-cache" in said


def test_d07_a_part_of_the_answers_is_a_loss_too(path: Path) -> None:
    """Both numbers are named; who accepts it keeps what is there."""
    fill(path, 50)
    path.unlink()
    fill(path, 3)
    assert "held 50 paid answers, holds 3" in refusal(path)
    assert start_over(path).answers == 3
    assert refusal(path) == ""
    assert len(served(path, range(50))) == 3
    with pytest.raises(StoreError, match="sound and holds 3 answers"):
        start_over(path)


def test_d07_doctor_says_how_much_is_lost_and_goes_on_with_the_rest(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong until a person accepts it."""
    monkeypatch.setenv("ASSAY_STORE", str(path))
    monkeypatch.chdir(ROOT)
    fill(path, 50)
    path.unlink()
    fill(path, 3)
    sick = CliRunner().invoke(app, ["doctor"])
    accepted = CliRunner().invoke(app, ["doctor", "--accept-cold-cache"])
    assert (sick.exit_code, accepted.exit_code) == (1, 0)
    assert "47 that were paid for are lost" in " ".join(sick.output.split())
    assert "goes on with the 3 answers" in accepted.output


def test_d07_a_repair_that_saved_a_part_says_so_and_buys_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest may be in a backup."""
    monkeypatch.setenv("ASSAY_STORE", str(path))
    monkeypatch.chdir(ROOT)
    fill(path, 2000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    mended = CliRunner().invoke(app, ["doctor", "--repair"])
    assert "paid answers are lost" in mended.output
    assert "held 2,000 paid answers" in refusal(path)
    assert CliRunner().invoke(app, ["doctor", "--accept-cold-cache"]).exit_code == 0
    assert refusal(path) == ""


def test_d07_what_a_person_deletes_is_not_missed(path: Path) -> None:
    """Answers that cost something go, free ones stay; the next run buys at will."""
    fill(path, 20)
    fill_free(path, 5)
    store = SqliteStore(path, guarded=True)
    every = store.read(UnusedAnswers())
    store.prune([one for one in every if one.host != EMBEDDED])
    store.close()
    assert (refusal(path), Witness(path).answers()) == ("", 0)


def test_d07_of_many_that_close_at_once_none_makes_the_number_smaller(path: Path) -> None:
    """Whoever counted first may write last."""
    writers = [start("write", path, place * 1000, 20) for place in range(5)]
    assert [ended(writer)[0] for writer in writers] == [0] * 5
    assert Witness(path).answers() == 100


def test_d07_what_is_in_a_journal_only_is_not_missed(path: Path) -> None:
    """A killed process had all the answers: they are taken over before they are counted."""
    with FaultServer(answer=hashed) as server:
        killed_with_the_store_locked(path, server, packs=3)
    word_of(path).write_text(json.dumps({"paid": 3 * PACK}))
    assert refusal(path) == ""
    assert len(served(path, range(3 * PACK))) == 3 * PACK


@pytest.mark.parametrize("damage", [b"", b"\xff\x00{", b"[]", b'{"paid": null}', b"7"])
def test_d07_a_witness_that_cannot_be_read_still_knows_that_there_was_something(
    path: Path, damage: bytes
) -> None:
    """Beside a full store it is written anew; beside none or an empty one it speaks of a loss."""
    fill(path, 20)
    word_of(path).write_bytes(damage)
    assert (refusal(path), Witness(path).answers()) == ("", 20)
    word_of(path).write_bytes(damage)
    path.unlink()
    assert "is gone" in refusal(path)
    SqliteStore(path).close()
    assert "is empty" in refusal(path)
    start_over(path)
    assert refusal(path) == ""


def test_d07_the_witness_of_an_older_version_is_heard(path: Path) -> None:
    """It counted free answers, too: they must not be missed, nor make up for paid ones."""
    fill(path, 20)
    fill_free(path, 30)
    word_of(path).write_text('{"answers": 50}')
    fill_free(path, 31)
    assert json.loads(word_of(path).read_text()) == {"answers": 50}
    assert (refusal(path), json.loads(word_of(path).read_text())) == ("", {"paid": 20})
    word_of(path).write_text('{"answers": 50}')
    path.unlink()
    fill_free(path, 1)
    assert "held 50 paid answers, holds 0" in refusal(path)


def test_d07_a_refused_run_leaves_nobody_behind(path: Path) -> None:
    """The remedy must not be told that the store is in use."""
    fill(path, 5)
    path.unlink()
    fill_free(path, 1)
    assert refusal(path)
    assert list(path.with_name("store.sqlite.owners").iterdir()) == []


def test_d07_a_witness_that_cannot_be_written_lets_nothing_be_deleted(path: Path) -> None:
    """Or what a person deletes would be missed afterwards."""
    fill(path, 5)
    store = SqliteStore(path)
    every = store.read(UnusedAnswers())
    word_of(path).unlink()
    word_of(path).mkdir()
    with contextlib.closing(store), pytest.raises(StoreError, match="witness cannot be written"):
        store.prune(every)
    assert len(served(path, range(5))) == 5
