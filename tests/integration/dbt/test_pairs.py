"""Candidates, matches and clusters: what is asked of pairs, and what becomes of the rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from assay.faultd import FaultServer, answer

from .project import Project, Run, table

PRODUCTS = table(
    "sku, name, brand, model_number",
    ("p1", "Alpine Rope 60 m blue", "Alpine", "AR-60"),
    ("p2", "alpine rope, 60m  BLUE", "Alpine", "AR-60"),
    ("p3", "Alpine Rope 60 m", "Alpine", None),
    ("p4", "Rope 60 m blue", "Peak", None),
    ("p5", "Gas stove compact", "Peak", "GS-1"),
    ("p6", "Compact gas stove", None, None),
    ("p7", "   ", None, None),
    ("p8", "Head torch", "Peak", None),
)
MATCHES = """
with pairs as ({{ ai_candidates(ref('products'), none, 'name', key='sku', k=3) }})
select
    pairs.*,
    {{ ai_match(
        ['a.name', 'a.brand'], ['b.name', 'b.brand'], 'Are a and b the same product?',
        same='a.model_number = b.model_number', different='a.brand <> b.brand', detail=true
    ) }} as verdict,
    {{ ai_match('a.name', 'b.name', 'Are a and b the same?') }} as bare,
    {{ ai_match('b.name', 'a.name', 'Are a and b the same?') }} as swapped
from pairs
inner join {{ ref('products') }} as a on pairs.key_a = a.sku
inner join {{ ref('products') }} as b on pairs.key_b = b.sku
"""
CLUSTERS = "{{ ai_dedup(ref('products'), 'sku', ref('matches'), outcome='verdict.value') }}"


JUDGED = {
    "matched": [("a", "b"), ("b", "c"), ("d", "e"), ("f", "g"), ("h", "i"), ("i", "j")],
    "no_match": [("d", "e"), ("a", "d")],
    "ambiguous": [("a", "k")],
    None: [("g", "l")],
}
PAIRS = table(
    "key_a, key_b, outcome",
    *((a, b, outcome) for outcome, pairs in JUDGED.items() for a, b in pairs),
)
ROWS = "select unnest(string_split('a b c d e f g h i j k l', ' ')) as \"Row Key\""
OURS = "select n as id, 'common words of article ' || n as name from range(60) as ours(n)"
REPORTS = table(
    "id, body",
    (1, "The parcel never arrived."),
    (2, "My shipment has still not been delivered!"),
    (3, "I was charged twice on my credit card."),
    (4, "A second payment went off my bank account."),
    (5, " "),
)
THEIRS = OURS.replace("60", "40")


def told(text: str, schema: Any) -> Any:
    """Ropes are one thing, stoves may be, nothing else is."""
    if "matched" not in schema.get("enum", ()):
        return answer(text, schema)
    names = text.lower().count
    if names("rope") == 2:
        return "matched"
    return "ambiguous" if names("stove") == 2 else "no_match"


@dataclass(frozen=True)
class Built:
    """The project after its run, with what was sent."""

    project: Project
    run: Run
    texts: tuple[str, ...]


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """A server that knows the products."""
    with FaultServer(answer=told, keep_texts=True) as running:
        yield running


@pytest.fixture(scope="module")
def built(asking_project: Callable[..., Project], server: FaultServer) -> Built:
    """Pairs, verdicts and clusters in one run."""
    project = asking_project(
        {
            "bronze/products.sql": PRODUCTS,
            "silver/matches.sql": MATCHES,
            "silver/clusters.sql": CLUSTERS,
            "bronze/things.sql": ROWS,
            "bronze/judged.sql": PAIRS,
            "silver/clustered.sql": (
                "{{ ai_dedup(ref('things'), 'Row Key', ref('judged'), most_rows=2) }}"
            ),
            "bronze/ours.sql": OURS,
            "bronze/theirs.sql": THEIRS,
            "bronze/reports.sql": REPORTS,
            "silver/alike.sql": (
                "{{ ai_candidates(ref('reports'), none, 'body', k=1, by='meaning') }}"
            ),
            "silver/answered.sql": (
                "{{ ai_candidates(ref('reports'), ref('reports'), 'body', k=1, by='meaning') }}"
            ),
            "silver/joined.sql": "{{ ai_candidates(ref('ours'), ref('theirs'), 'name', k=2) }}",
        }
    )
    run = project.dbt("run")
    texts = [text for entry in server.ledger.entries for text in entry.texts]
    return Built(project, run, tuple(texts))


def verdicts(built: Built) -> dict[str, Any]:
    """The verdict of each pair, by its keys."""
    rows = built.project.rows("select key_a || key_b, verdict from silver.matches order by 1")
    return dict(rows)


def test_the_nearest_of_each_row_are_paired_once(built: Built) -> None:
    """The smaller key first, blank names and names without a common letter not at all."""
    assert built.run.code == 0, built.run.output
    pairs = set(verdicts(built))
    assert pairs == {"p1p2", "p1p3", "p1p4", "p2p3", "p2p4", "p3p4", "p5p6"}
    scores = built.project.rows("select min(score) > 0, max(score) <= 1 from silver.matches")
    assert scores == [(True, True)]


def test_rules_decide_first_and_the_model_the_rest(built: Built) -> None:
    """A pair that a rule has decided says so, and is not sent."""
    said = {pair: (one["value"], one["model"]) for pair, one in verdicts(built).items()}
    assert said == {
        "p1p2": ("matched", "rule"),
        "p1p3": ("matched", "stub"),
        "p1p4": ("no_match", "rule"),
        "p2p3": ("matched", "stub"),
        "p2p4": ("no_match", "rule"),
        "p3p4": ("no_match", "rule"),
        "p5p6": ("ambiguous", "stub"),
    }
    records = [json.loads(text) for text in built.texts if "brand" in text]
    assert len(records) == 3
    assert all({*record} == {"a", "b"} for record in records)


def test_a_pair_is_one_question_whichever_comes_first(built: Built) -> None:
    """The swapped column has the same answers, and cost nothing."""
    swapped = built.project.rows(
        "select count(*) from silver.matches where bare is distinct from swapped or bare is null"
    )
    assert swapped == [(0,)]
    assert len([text for text in built.texts if "brand" not in text]) == len(verdicts(built))


def test_what_was_matched_is_one_cluster(built: Built) -> None:
    """Its id is the smallest key; a row without a double is its own; ambiguous joins nothing."""
    rows = built.project.rows("select sku, cluster_id, doubts from silver.clusters order by 1")
    clusters = {"p1": "p1", "p2": "p1", "p3": "p1"}
    assert rows == [(f"p{n}", clusters.get(f"p{n}", f"p{n}"), []) for n in range(1, 9)]


def test_a_plan_counts_the_pairs_that_would_be_asked(built: Built) -> None:
    """Those that are left by the rules, once each; here all are known."""
    said = built.project.run("assay.cli.main", "plan", "--json", env={})
    assert said.code == 0, said.err
    plan = json.loads(said.out)["matches"]
    assert (plan["texts"], plan["requests"]) == (10, 0)


def test_a_cluster_in_doubt_has_no_id(built: Built) -> None:
    """Contradicted, without an answer, or too big: each says why, and nothing is merged."""
    rows = built.project.rows(
        'select string_agg("Row Key", \'\' order by "Row Key"), any_value(cluster_id), '
        "any_value(component_rows), any_value(doubts) from silver.clustered "
        "group by component_id order by 1"
    )
    assert rows == [
        ("abc", None, 3, ["too_many_rows"]),
        ("de", None, 2, ["contradicted"]),
        ("fg", None, 2, ["unanswered"]),
        ("hij", None, 3, ["too_many_rows"]),
        ("k", "k", 1, []),
        ("l", None, 1, ["unanswered"]),
    ]


def test_two_tables_are_compared_from_both_sides(built: Built) -> None:
    """Every row has its nearest, twins are found, and never n x m pairs."""
    ((pairs, twins, rows),) = built.project.rows(
        "select count(*), count(*) filter (key_a = key_b), count(distinct key_a) "
        "from silver.joined"
    )
    assert (twins, rows) == (40, 60)
    assert pairs <= 2 * (60 + 40)


def test_texts_of_like_meaning_are_paired_without_a_common_word(built: Built) -> None:
    """The smaller key first within one table, each row with itself between two; none is sent."""
    alike = "select key_a, key_b from silver.alike where score between -1 and 1 order by all"
    assert {(1, 2), (3, 4)} <= set(built.project.rows(alike))
    answered = built.project.rows("select key_a, key_b, score from silver.answered order by all")
    assert answered == [(n, n, 1.0) for n in range(1, 5)]
    assert not any("parcel" in text for text in built.texts)
