"""What may be published: everything that gold hangs on ran, was checked, and was good."""

from __future__ import annotations

import copy
import datetime
import hashlib
from collections.abc import Callable
from typing import Any

import duckdb
import pytest

from assay.core.errors import PublishError
from assay.project.publishing.gold import (
    GoldTable,
    check_names,
    gold_tables,
    input_tables,
    targets,
    unclear,
)
from assay.project.publishing.verdict import (
    age,
    checks,
    code_hash,
    csv_column,
    harmless,
    lf_checksum,
    name_of,
    obstacles,
    retired,
)

Json = dict[str, Any]
NOON = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)


def node(name: str, layer: str, *parents: str, kind: str = "model", how: str = "table") -> Json:
    """A node as dbt's manifest has it, in a project whose schemas carry the target."""
    return {
        "unique_id": f"{kind}.shop.{name}",
        "name": name,
        "alias": name,
        "schema": f"dev_{layer}",
        "fqn": ["shop", layer, name],
        "original_file_path": f"models/{layer}/{name}.sql",
        "resource_type": kind,
        "config": {"materialized": how},
        "checksum": {"name": "sha256", "checksum": name},
        "depends_on": {"nodes": list(parents)},
    }


def project(*nodes: Json) -> Json:
    """A manifest of these nodes."""
    by_name = {one["unique_id"]: one for one in nodes}
    children: dict[str, list[str]] = {name: [] for name in by_name}
    for one in nodes:
        for parent in one["depends_on"]["nodes"]:
            children[parent].append(one["unique_id"])
    return {
        "metadata": {"project_name": "shop"},
        "nodes": by_name,
        "macros": {"m": {"package_name": "shop", "macro_sql": "select 1"}},
        "parent_map": {name: one["depends_on"]["nodes"] for name, one in by_name.items()},
        "child_map": children,
    }


MANIFEST = project(
    node("notes", "seeds", kind="seed", how="seed"),
    node("staged", "bronze", "seed.shop.notes", how="view"),
    node("inlined", "silver", "model.shop.staged", how="ephemeral"),
    node("topics", "silver", "model.shop.inlined"),
    node("gate_silver", "silver", "model.shop.topics"),
    node("counts", "gold", "model.shop.topics", "model.shop.gate_silver"),
    node("gate_gold", "gold", "model.shop.counts"),
    node("aside", "bronze", how="view"),
    node("topics_key", "tests", "model.shop.topics", kind="test", how="test"),
    node("counts_key", "tests", "model.shop.counts", kind="test", how="test"),
    node("aside_key", "tests", "model.shop.aside", kind="test", how="test"),
)


def results(**changed: str) -> Json:
    """A green build of everything; a name maps to another status, or to `absent`."""
    statuses = {
        name: changed.get(name.split(".")[2], "pass" if name.startswith("test") else "success")
        for name, one in MANIFEST["nodes"].items()
        if one["config"]["materialized"] != "ephemeral"
    }
    return {
        "args": {"which": "build", "empty": False},
        "results": [
            {"unique_id": name, "status": status, "failures": 3 if status == "fail" else 0}
            for name, status in statuses.items()
            if status != "absent"
        ],
    }


def test_a_green_build_of_everything_may_be_published() -> None:
    """No obstacle."""
    assert obstacles(results(), MANIFEST) == []


@pytest.mark.parametrize("name", ["notes", "topics", "gate_silver", "counts", "gate_gold"])
def test_what_gold_hangs_on_and_what_hangs_on_gold_must_have_run(name: str) -> None:
    """A gate below gold is as good as one above."""
    assert obstacles(results(**{name: "absent"}), MANIFEST) == [
        f"1 that gold needs did not run: {name}"
    ]


@pytest.mark.parametrize("name", ["topics_key", "counts_key"])
def test_every_check_on_the_way_must_have_run(name: str) -> None:
    """Whatever was selected or excluded."""
    assert obstacles(results(**{name: "absent"}), MANIFEST) == [
        f"1 that gold needs did not run: {name}"
    ]


def test_what_gold_does_not_hang_on_may_be_left_out() -> None:
    """A selection of all that is above gold is whole."""
    assert obstacles(results(aside="absent", aside_key="absent"), MANIFEST) == []


@pytest.mark.parametrize("status", ["fail", "error", "skipped", "warn", "partial success"])
def test_nothing_may_be_anything_but_good(status: str) -> None:
    """Not even beside gold, and not as a warning."""
    (reason,) = obstacles(results(aside_key=status), MANIFEST)
    assert reason.startswith(f"1 with status {status}: aside_key")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"which": "run"}, "`dbt run`, which checks nothing"),
        ({"which": "build", "empty": True}, "--empty"),
        ({"which": "build", "sample": "3 days"}, "--sample"),
    ],
)
def test_only_a_whole_build_is_published(arguments: Json, words: str) -> None:
    """Other commands check nothing, and some builds are told to leave rows out."""
    (reason,) = obstacles(results() | {"args": arguments}, MANIFEST)
    assert words in reason


def without(*names: str) -> Json:
    """The manifest without some nodes."""
    kept = copy.deepcopy(MANIFEST)
    for name in names:
        del kept["nodes"][name]
    return kept


def test_gold_that_nobody_checks_is_not_published() -> None:
    """Green means checked."""
    found = obstacles(results(counts_key="absent"), without("test.shop.counts_key"))
    assert found == [
        "no data test looks at counts; write one, or `config: {meta: {publish: false}}`"
    ]


def test_without_gold_there_is_nothing_to_publish() -> None:
    """A project without the layer, and without a word about it."""
    (found,) = obstacles(results(), without("model.shop.counts"))
    assert found.startswith("no model is to be published; write `config: {meta: {publish: true}}`")


def said(**publish: object) -> Json:
    """The manifest, in which models say whether they are published."""
    manifest = copy.deepcopy(MANIFEST)
    for name, word in publish.items():
        manifest["nodes"][f"model.shop.{name}"]["config"]["meta"] = {"publish": word}
    return manifest


def exposing(manifest: Json, *names: str) -> Json:
    """The manifest with an exposure of some models."""
    nodes = [f"model.shop.{name}" for name in names]
    return manifest | {"exposures": {"exposure.shop.page": {"depends_on": {"nodes": nodes}}}}


@pytest.mark.parametrize(
    ("manifest", "published"),
    [
        (said(), ["counts"]),
        (exposing(said(), "aside", "gate_gold"), ["aside"]),
        (exposing(said(topics=True), "aside"), ["topics"]),
        (exposing(said(aside=False), "aside"), ["counts"]),
        (said(counts=False), []),
    ],
)
def test_what_is_published_is_said_by_the_project(manifest: Json, published: list[str]) -> None:
    """A model's own word, else exposures, else the folder; a gate never is."""
    assert [table.name for table in gold_tables(manifest)] == published


def test_a_model_that_says_where_it_goes_is_gold() -> None:
    """Beside what else is, and not in its place."""
    there = said(topics=["json:site/topics.json", "postgresql://db/shop"])
    assert [table.name for table in gold_tables(there)] == ["counts", "topics"]
    assert [target.address for target in targets(there)] == [
        "json:site/topics.json",
        "postgresql://db/shop",
    ]
    assert unclear(there) == []


def test_a_word_that_is_none_is_told() -> None:
    """It would be taken for one or the other."""
    (reason,) = obstacles(results(), said(topics="no"))
    assert reason == (
        "`meta: publish` of topics is neither true nor false nor an address, such as "
        "`json:site/gold.json`; write one of them"
    )


def test_two_tables_of_one_name_are_not_published() -> None:
    """The files of one would be those of the other."""
    with pytest.raises(PublishError, match="are called 'counts'; give one model an alias"):
        check_names([GoldTable("a", "counts"), GoldTable("b", "counts")])


def test_many_names_are_counted() -> None:
    """A line stays a line."""
    absent = dict.fromkeys(["notes", "topics", "counts", "gate_gold", "gate_silver"], "absent")
    (reason,) = obstacles(results(**absent), MANIFEST)
    assert reason == "5 that gold needs did not run: counts, gate_gold, gate_silver and 2 more"


def test_gold_and_what_it_is_made_of_are_told_by_their_tables() -> None:
    """Gates are no inputs."""
    assert gold_tables(MANIFEST) == [GoldTable("dev_gold", "counts")]
    assert input_tables(MANIFEST) == [GoldTable("dev_silver", "topics")]


def test_checks_are_told_with_what_they_counted() -> None:
    """Tests only, by name."""
    found = checks(results(aside_key="fail"))
    assert [one["check"] for one in found] == [
        "test.shop.aside_key",
        "test.shop.counts_key",
        "test.shop.topics_key",
    ]
    assert found[0] == {"check": "test.shop.aside_key", "status": "fail", "failures": 3}


def _of_a_node(manifest: Json) -> None:
    manifest["nodes"]["model.shop.counts"]["checksum"]["checksum"] = "new"


def _of_a_macro(manifest: Json) -> None:
    manifest["macros"]["m"]["macro_sql"] = "select 2"


@pytest.mark.parametrize("change", [_of_a_node, _of_a_macro])
def test_the_hash_of_the_code_moves_with_it(change: Callable[[Json], None]) -> None:
    """Without git, too."""
    changed = copy.deepcopy(MANIFEST)
    change(changed)
    assert code_hash(MANIFEST) == code_hash(copy.deepcopy(MANIFEST)) != code_hash(changed)


def test_a_checksum_is_that_of_the_file_with_lf() -> None:
    """As dbt makes it; one that is of something else stays."""
    lf, crlf = "id\n1\n2", "id\r\n1\r\n2\r\n"
    made = {text: hashlib.sha256(text.strip().encode()).hexdigest() for text in (lf, crlf)}
    assert lf_checksum(made[crlf], crlf) == made[lf] == lf_checksum(made[lf], lf)
    assert lf_checksum("of a path", crlf) == "of a path"


def test_names_sort_by_time() -> None:
    """In any time zone."""
    later = (NOON + datetime.timedelta(microseconds=1)).astimezone(
        datetime.timezone(datetime.timedelta(hours=-5))
    )
    assert name_of(NOON, "ffffffff-1") < name_of(later, "00000000-1")
    assert name_of(NOON, "ffffffff-1") == "20260301T120000000000Z-ffffffff"


@pytest.mark.parametrize(
    ("keep", "current", "gone"),
    [(3, "d", ["a"]), (1, "d", ["a", "b", "c"]), (9, "d", []), (2, "a", ["b", "c"])],
)
def test_the_oldest_go_and_never_the_current_one(keep: int, current: str, gone: list[str]) -> None:
    """So many stay, the current one among them."""
    assert retired(["d", "b", "a", "c"], current, keep) == gone


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 seconds"),
        (1, "1 second"),
        (119, "1 minute"),
        (7200, "2 hours"),
        (86_400, "1 day"),
        (200_000, "2 days"),
    ],
)
def test_an_age_is_told_in_the_largest_whole_unit(seconds: int, words: str) -> None:
    """Rounded down."""
    assert age(NOON, NOON + datetime.timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("\0=1", "'=1"),
        ("\uff0b1", "'\uff0b1"),
        ("a=1", "a=1"),
        ("", ""),
        ("it's", "it's"),
    ],
)
def test_g13_python_and_sql_agree_on_what_is_harmless(cell: str, expected: str) -> None:
    """An apostrophe in front, NUL gone, all else as it is."""
    column = csv_column("c", "VARCHAR")
    found = duckdb.execute(f"select {column} from (select ? as c)", [cell]).fetchall()
    assert [(harmless(cell),)] == found == [(expected,)]


@pytest.mark.parametrize("kind", ["INTEGER", "DECIMAL(10,2)", "DOUBLE", "TIMESTAMP", "BOOLEAN"])
def test_g13_numbers_and_dates_stay_what_they_are(kind: str) -> None:
    """Their spelling cannot be chosen by a customer."""
    assert csv_column("c", kind) == '"c" as "c"'
    assert "case" in csv_column("c", f"{kind}[]")
