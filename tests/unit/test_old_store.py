"""The store of yesterday answers today: files that Assay of 20 November 2026 wrote, untouched.

That was eight steps of the schema ago. `old_store/` was made by an engine of that day with a
provider that answers from a function: three questions about four texts, one of which got no label
of the list; then a second process that was killed while it asked.
"""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from assay.core.settings import Settings
from assay.engine.session import open_session
from assay.project.counting import spend_of
from assay.providers.fake import FakeProvider, answering
from assay.store import Selection, Store, open_store, queries
from assay.store.sqlite.salvage import repair

KEPT = Path(__file__).with_name("old_store")
TEXTS = ["The parcel came late.", "I send it back.", "Where is my order?", "Lovely kettle."]
ASKED: dict[str, dict[str, object]] = {
    "classify": {"labels": [{"name": "delivery"}, {"name": "returns"}]},
    "filter": {"asked": "Is it a complaint?"},
    "summarize": {"max_words": 9},
}
ANSWERS = {
    "classify": ["delivery", "returns", "delivery"],
    "filter": [True, False, False],
    "summarize": [f"Said: {text}" for text in TEXTS[:3]],
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The old files in a folder of their own."""
    path = tmp_path / "store.sqlite"
    path.write_bytes(gzip.decompress((KEPT / "store.sqlite.gz").read_bytes()))
    shutil.copy(KEPT / "store.sqlite.witness", tmp_path)
    owners = tmp_path / "store.sqlite.owners"
    owners.mkdir()
    for file in KEPT.glob("*.owner"):
        shutil.copy(file, owners)
    return path


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """The old store, opened as a run opens it."""
    store = open_store(path, guarded=True)
    yield store
    store.close()


def test_it_answers_without_a_request(path: Path) -> None:
    """Every key that it holds is the key of today."""
    settings = Settings(
        provider="openai",
        base_url="https://api.example/v1",
        model="old-model",
        api_key=SecretStr("none"),
        store=Path("elsewhere"),
    )
    provider = FakeProvider(answering(lambda _record, _key: "bought again"))
    settings = settings.model_copy(update={"store": path})
    session = open_session(settings, provider)
    resolver = session.begin("today").resolver
    tasks = {kind: json.dumps({"kind": kind, **more}) for kind, more in ASKED.items()}
    found = {
        kind: resolver.ask(resolver.register(task), TEXTS[:3]) for kind, task in tasks.items()
    }
    session.close()
    values = {
        kind: [json.loads(one.value or "null") for one in outcomes]
        for kind, outcomes in found.items()
    }
    assert (values, provider.requests) == (ANSWERS, [])


def test_its_ledger_is_read(store: Store) -> None:
    """What was sent and paid then, by run; tables that it had not are there and empty."""
    spent = spend_of(store)
    assert (spent.requests, spent.answers, spent.input_tokens) == (4, 11, 400)
    runs = [row["invocation_id"] for row in store.read(queries.RunSums())]
    assert runs == ["run-of-ask", "run-of-kill"]
    assert store.read(queries.AttemptCount(Selection(run="run-of-ask"))) == 4
    assert store.read(queries.Uses()) == []
    assert store.rows("evaluations")[1] == []


def test_what_was_not_asked_of_its_attempts_is_unknown(store: Store) -> None:
    """Columns that came later are NULL in its rows: unknown, not nothing."""
    columns, rows = store.rows("calls")
    assert list(columns)[-4:] == ["cached_tokens", "stated_usd", "service_tier", "asked_with"]
    assert {row[-4:] for row in rows} == {(None, None, None, None)}


@pytest.mark.parametrize("damaged", [slice(0, 100), slice(100, 108)])
def test_its_ledger_survives_a_repair(path: Path, damaged: slice) -> None:
    """Rows of fewer columns are widened, whether SQL still reads them or only their pages do."""
    content = bytearray(path.read_bytes())
    content[damaged] = bytes(damaged.stop - damaged.start)
    path.write_bytes(content)
    assert repair(path).rows["calls"] == 4
    store = open_store(path)
    spent = spend_of(store)
    store.close()
    assert (spent.requests, spent.answers, spent.input_tokens) == (4, 11, 400)


def test_its_failure_is_a_letter_with_its_task(store: Store) -> None:
    """It can be listed, and asked again."""
    (letter,) = store.read(queries.AllLetters())
    kind, spec = store.read(queries.TaskSpecs())[letter.prompt_hash]
    assert (letter.kind, letter.status, kind) == ("classify", "invalid", "classify")
    assert json.loads(spec)["labels"] == [
        {"name": "delivery", "description": None},
        {"name": "returns", "description": None},
    ]


def test_the_dead_of_then_hold_nothing(store: Store, path: Path) -> None:
    """The owner that was killed is buried; its journal is of another form and says nothing."""
    owners = [file.stem for file in (path.parent / "store.sqlite.owners").glob("*.owner")]
    assert owners == [store.owner]
