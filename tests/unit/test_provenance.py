"""Which columns come from an AI call: small statements, and what the docs say of their columns."""

from __future__ import annotations

import json

from pydantic import SecretStr

from assay.core.settings import Settings
from assay.functions import parse_task
from assay.hosts.dbt.ai_columns import Model, lineages, meta

SUMMARY: dict[str, object] = {"kind": "summarize", "max_words": 20}
TOPIC: dict[str, object] = {
    "kind": "classify",
    "labels": [{"name": "it's"}, {"name": "tent"}],
    "model": "large",
}
SETTINGS = Settings(
    provider="openai",
    model="small",
    api_key=SecretStr("k"),
    base_url="http://127.0.0.1/v1",
)


def call(task: dict[str, object], form: str = "value") -> str:
    """A call as the macros write it."""
    literal = json.dumps(task).replace("'", "''")
    return f"assay_ask_{form}(assay_task('{literal}'), body)"


def envelope(task: dict[str, object]) -> str:
    """A call with `detail=true`, with the casts around it."""
    return (
        f'cast(cast({call(task, "envelope")} as json) as struct("value" varchar, status varchar))'
    )


def model(name: str, sql: str, *columns: str, reads: tuple[str, ...] = ()) -> Model:
    """A model with these columns."""
    return Model(name, sql, columns, reads)


def told(*models: Model) -> dict[str, dict[str, object]]:
    """What the docs say of the columns of the last of these models."""
    found = lineages({one.name: one for one in models})
    last = models[-1].name
    return {name: meta(one, f"{last}.{name}", SETTINGS) for name, one in found[last].items()}


NOTES = model("notes", f"select id, {envelope(TOPIC)} as topic from raw", "id", "topic")


def test_a_call_is_told_with_function_labels_hash_and_model() -> None:
    """The hash is the one that Python gives the task; the model is the one that the call names."""
    hash_ = parse_task(json.dumps(TOPIC)).prompt_hash

    assert told(NOTES) == {
        "topic": {
            "ai_function": "ai_classify",
            "ai_labels": ["it's", "tent"],
            "ai_prompt_hash": hash_,
            "ai_model": "large",
        }
    }


def test_a_bare_value_in_a_cte_is_found_through_a_star() -> None:
    """With the model of the settings, as the call names none."""
    sql = f"with said as (select id, {call(SUMMARY)} as gist from raw) select * from said"
    found = told(model("gists", sql, "id", "gist"))

    assert found["gist"]["ai_max_words"] == 20
    assert found["gist"]["ai_model"] == "small"


def test_a_copy_is_told_in_full_and_what_is_counted_only_by_its_source() -> None:
    """A renamed value is the answer still; a number made of answers is not."""
    sql = "select topic.value as label, count(topic.status) as topics, count(*) as n from notes"
    found = told(NOTES, model("counts", sql, "label", "topics", "n", reads=("notes",)))

    assert found["label"]["ai_from"] == ["notes.topic"]
    assert found["label"]["ai_function"] == "ai_classify"
    assert found["topics"] == {"ai_from": ["notes.topic"]}
    assert "n" not in found


def test_what_hangs_on_a_renamed_column_is_found_whatever_the_order() -> None:
    """Names are followed until nothing is added."""
    sql = (
        "select third as fourth from (select second as third from "
        "(select topic.value as second from notes))"
    )
    found = told(NOTES, model("renamed", sql, "fourth", reads=("notes",)))

    assert found["fourth"]["ai_function"] == "ai_classify"


def test_a_column_of_two_questions_names_both() -> None:
    """There is no one prompt hash to tell."""
    said = f"coalesce({call(TOPIC)}, {call(SUMMARY)}) as said"
    sql = f"select {said}, {call(SUMMARY)} as gist from raw"
    made = model("made", sql, "said", "gist")
    both = model(
        "both", "select said || gist as all_of_it from made", "all_of_it", reads=("made",)
    )

    assert told(made)["said"] == {}
    assert told(made, both)["all_of_it"] == {"ai_from": ["made.gist", "made.said"]}


def test_what_duckdb_cannot_show_and_what_is_no_column_is_left_out() -> None:
    """A statement that is no SELECT, and an alias inside that does not come out."""
    hidden = f"select length(gist) as size from (select {call(SUMMARY)} as gist from raw)"

    assert told(model("python", "def model(dbt): assay_ask_value", "id")) == {}
    assert set(told(model("sizes", hidden, "size"))) == {"size"}
