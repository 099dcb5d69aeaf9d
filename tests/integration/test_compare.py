"""`assay evaluate` over several models, prompts and pack sizes, against a server we know."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assay.cli.main import app
from assay.faultd import FaultServer

Compare = Callable[..., Any]

LABELS = ("red", "green", "blue")
TEXTS = [f"text {LABELS[at % 3]} {at}" for at in range(24)]


def colour_in(text: str, _: Any) -> str:
    """A model that is always right about the one text it is told."""
    return next((label for label in LABELS if label in text), "red")


@pytest.fixture
def golden(tmp_path: Path) -> Path:
    """24 texts that hold their colour, neighbours of different colours."""
    path = tmp_path / "golden.csv"
    path.write_text("text,colour\n" + "".join(f"{text},{text.split()[1]}\n" for text in TEXTS))
    return path


@pytest.fixture
def compare(golden: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compare:
    """Run the command against a server; returns its figures, or the run where it fails."""

    def run(server: FaultServer, *options: str, **env: str) -> Any:
        known = {
            "ASSAY_PROVIDER": "openai",
            "ASSAY_BASE_URL": server.url(),
            "ASSAY_MODEL": "stub",
            "OPENAI_API_KEY": "sk-none",
            "ASSAY_STORE": str(tmp_path / "assay" / "store.sqlite"),
            "ASSAY_PRICE_INPUT_USD": "1",
            "ASSAY_PRICE_OUTPUT_USD": "2",
        }
        for name, value in (known | env).items():
            monkeypatch.setenv(name, value)
        asked = ["--data", str(golden), "--text", "text", "--label", "colour", "--task"]
        return CliRunner().invoke(app, ["evaluate", *asked, "classify", *options])

    return run


def figures(run: Any) -> list[dict[str, Any]]:
    """The variants of a run with --json."""
    assert run.exit_code == 0, run.output
    found: list[dict[str, Any]] = json.loads(run.stdout)["variants"]
    return found


def test_pack_sizes_show_how_much_packing_changes(compare: Compare) -> None:
    """The server swaps neighbours inside a pack: alone all are right, together none is."""
    with FaultServer("swapped", answer=colour_in) as server:
        alone, again, pairs, packed = figures(compare(server, "--packs", "1,1,2,8", "--json"))
        sent = len(server.ledger.entries)
    requests = [one["requests"] for one in (alone, again, pairs, packed)]

    assert requests == [24, 24, 12, 3]
    assert sum(requests) == sent
    assert (alone["accuracy"], again["changed_share"], again["p_value"]) == (1.0, 0.0, 1.0)
    assert (packed["accuracy"], packed["changed_share"]) == (0.0, 1.0)
    assert (packed["lost"], packed["gained"]) == (24, 0)
    assert packed["p_value"] == pytest.approx(2 / 2**24)
    assert packed["records_per_request"] == 8
    assert pairs["accuracy_change"] == -1
    assert alone["cost_usd"] > pairs["cost_usd"] > packed["cost_usd"] > 0


def test_the_same_again_costs_nothing_and_says_what_it_has_cost(
    compare: Compare, tmp_path: Path
) -> None:
    """Each variant has a store of its own beside `ASSAY_STORE`, which stays as it is."""
    with FaultServer(answer=colour_in) as server:
        first = figures(compare(server, "--packs", "1,8", "--json"))
        sent = len(server.ledger.entries)
        second = figures(compare(server, "--packs", "1,8", "--json"))
        assert len(server.ledger.entries) == sent

    assert [one.pop("seconds") for one in second] == [None, None]
    assert second == [{k: v for k, v in one.items() if k != "seconds"} for one in first]
    assert len(list((tmp_path / "assay" / "evaluate").glob("*.sqlite"))) == 2
    assert not (tmp_path / "assay" / "store.sqlite").exists()


def test_models_and_prompts_are_crossed(compare: Compare, tmp_path: Path) -> None:
    """Each prompt with each model, the first combination being what others are held against."""
    terse = tmp_path / "terse.txt"
    terse.write_text("Be terse.\n")
    options = ["--compare-models", "m1,m2", "--prompt", "plain=", "--prompt", f"terse={terse}"]
    with FaultServer(answer=colour_in) as server:
        rows = figures(compare(server, *options, "--json"))

    assert [one["variant"] for one in rows] == ["plain, m1", "plain, m2", "terse, m1", "terse, m2"]
    assert [one["model"] for one in rows] == ["m1", "m2", "m1", "m2"]
    assert all(one["requests"] for one in rows)
    assert rows[2]["input_tokens"] > rows[0]["input_tokens"]


def test_the_table_has_a_line_for_each_variant(compare: Compare) -> None:
    """What a person reads; nothing is stored with --fresh."""
    with FaultServer(answer=colour_in) as server:
        run = compare(server, "--packs", "4,24", "--fresh")
    head, first, second = run.stdout.splitlines()

    assert head.split("  ")[0] == "variant"
    assert first.startswith("pack 4   24  1.000 (0.862 to 1.000)")
    assert "+0.000" in second
    assert "0.0%" in second


def test_a_budget_holds_for_all_variants_together(compare: Compare) -> None:
    """What the first has used is not there for the second."""
    with FaultServer(answer=colour_in) as server:
        run = compare(server, "--packs", "8,4,1", ASSAY_MAX_REQUESTS="9")
        assert len(server.ledger.entries) == 9

    assert "`ASSAY_MAX_REQUESTS` is used up before 'pack 1'" in str(run.exception)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--packs", "0"], "--packs: '0' is no number from 1 to 256"),
        (["--packs", "four"], "--packs: 'four' is no number"),
        (["--prompt", "terse"], "--prompt 'terse' is not NAME=FILE"),
        (["--prompt", "a=", "--prompt", "a="], "a name is there twice"),
        (["--prompt", "a=no.txt"], "'no.txt' cannot be read (FileNotFoundError)"),
    ],
)
def test_wrong_options_are_one_line(compare: Compare, options: list[str], said: str) -> None:
    """Before anything is sent."""
    with FaultServer() as server:
        run = compare(server, *options)
        assert not server.ledger.entries

    assert said in str(run.exception)


def test_the_embedded_provider_has_one_model(compare: Compare) -> None:
    """Two names would be compared with themselves."""
    with FaultServer() as server:
        run = compare(server, "--compare-models", "a,b", ASSAY_PROVIDER="local")

    assert "The provider 'local' has no models but" in str(run.exception)
