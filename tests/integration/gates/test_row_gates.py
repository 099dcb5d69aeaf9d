"""Row gates: each rule catches its rows and no others, and too much of it stops gold."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ..dbt.project import REPOSITORY, Project, Run, table

CHECKED = """
with given as ({rows})
select *, {{{{ ai_row_gate('{name}') }}}} as violations from given
"""
ENGLISH = (
    "The zip of the tent is broken and I want it to be repaired, or you have to take it back."
)
GERMAN = (
    "Der Reißverschluss ist kaputt und ich möchte das Zelt nicht mehr mit in die Berge nehmen."
)
FRENCH = "La fermeture est cassée et je ne veux pas la réparer, vous devez me rembourser pour ça."
RUSSIAN = "Молния сломалась, и я хочу вернуть палатку."


@dataclass(frozen=True)
class Rule:
    """Rows of `columns` for one rule, and which of them must be caught (or else pass)."""

    settings: dict[str, Any]
    columns: str
    caught: dict[str, tuple[Any, ...]]
    passed: dict[str, tuple[Any, ...]]

    def model(self, name: str) -> str:
        """A model with a row for each case, named in the column `name`."""
        rows = [(case, *values) for case, values in (self.caught | self.passed).items()]
        return CHECKED.format(name=name, rows=table(f"name, {self.columns}", *rows))


def texts(*cases: str) -> dict[str, tuple[Any, ...]]:
    """Cases of one text, called by their first words."""
    return {case[:40]: (case,) for case in cases}


RULES = {
    "quality_score_low": Rule(
        {"quality": "struct_pack(value := struct_pack(quality_score := score), status := status)"},
        "score, status",
        {"under": (69, "ok"), "none": (0, "ok"), "unknown": (None, "ok")},
        {"at": (70, "ok"), "over": (100, "ok"), "not asked": (None, "skipped")},
    ),
    "required_missing": Rule(
        {"required": ["email", "phone"]},
        "email, phone",
        {
            "null": (None, "1"),
            "empty": ("", "1"),
            "blank": (" \t\u00a0", "1"),
            "invisible": ("\u200b\u2060", "1"),
            "the other one": ("a@b.c", None),
        },
        {"there": ("a@b.c", "1"), "zero": ("0", "0")},
    ),
    "type_wrong": Rule(
        {"types": {"day": "date", "amount": "integer", "share": "number", "paid": "boolean"}},
        "day, amount, share, paid",
        {
            "no such day": ("2026-02-30", "1", "1", "true"),
            "words": ("soon", "1", "1", "true"),
            "no integer": ("2026-02-28", "1.5", "1", "true"),
            "a unit": ("2026-02-28", "1", "3 kg", "true"),
            "not finite": ("2026-02-28", "1", "nan", "true"),
            "maybe": ("2026-02-28", "1", "1", "maybe"),
        },
        {
            "all good": ("2026-02-28", "-12", "1e3", "false"),
            "blanks around": (" 2026-02-28 ", " 7 ", " .5 ", " true "),
            "nothing": (None, "", " ", None),
        },
    ),
    "label_not_accepted": Rule(
        {"labels": {"label": ["good", "it's"]}},
        "label",
        texts("Good", "bad", "", "good ", '["good"]'),
        {"one": ("good",), "a quote": ("it's",), "none": (None,)},
    ),
    "value_not_in_source": Rule(
        {"grounded": {"found": "body"}},
        "body, found",
        {
            "made up": ("Where is TT-1?", "TT-2"),
            "no source": (None, "TT-1"),
            "blank": ("Where is TT-1?", " "),
        },
        {
            "word for word": ("Where is TT-1?", "TT-1"),
            "other case and blanks": ("The Red  Tent", "red tent"),
            "nothing": ("Where?", None),
        },
    ),
    "refusal_text": Rule(
        {"texts": {"summary": "body"}},
        "body, summary",
        {
            text[:40]: ("A tent that leaks.", text)
            for text in (
                "I cannot help with that.",
                "I'm sorry, but I can't assist with this request.",
                "I’m sorry, I’m unable to comply.",
                "As an AI language model, I have no opinion.",
                "Sorry. I won't be able to provide a summary.",
                "Es tut mir leid, aber ich kann das nicht zusammenfassen.",
                "Ich kann Ihnen dabei leider nicht weiterhelfen.",
                "Als KI-Modell habe ich keine Meinung.",
                "Je suis désolé, mais je ne peux pas répondre.",
                "Je ne peux pas vous aider avec cela.",
                "Lo siento, pero no puedo ayudarte.",
                "Mi dispiace, ma non posso aiutarti.",
                "Desculpe, mas não posso ajudar com isso.",
                "Sorry, ik kan u daar niet mee helpen.",
                "Przepraszam, ale nie mogę pomóc.",
                "Извините, но я не могу помочь.",
                "抱歉，我无法提供帮助。",
                "申し訳ありませんが、お手伝いできません。",
            )
        },
        {
            text[:40]: ("I can't help with the order, said your shop.", text)
            for text in (
                "The customer cannot log in and is unable to pay.",
                "I can't get the zip to close, and nobody can help.",
                "Sorry for the late reply: the tent leaks.",
                "Ich kann das Zelt nicht aufbauen.",
                "Je ne peux pas fermer la tente.",
                "The shop said: I can't help with the order.",
                "",
            )
        }
        | {"none": ("A tent", None)},
    ),
    "language_other": Rule(
        {"languages": {"summary": "body"}},
        "body, summary",
        {
            "german for english": (ENGLISH, GERMAN),
            "english for german": (GERMAN, ENGLISH),
            "english for french": (FRENCH, ENGLISH),
            "english for russian": (RUSSIAN, ENGLISH),
            "russian for english": (ENGLISH, RUSSIAN),
        },
        {
            "same": (GERMAN, "Das Zelt ist kaputt und nicht zu reparieren."),
            "too short to tell": (GERMAN, "Broken zip"),
            "source too short to tell": ("Zip kaputt", ENGLISH),
            "no answer": (ENGLISH, None),
        },
    ),
    "not_answered": Rule(
        {"rules": ["not_answered"], "answers": ["struct_pack(status := status)"]},
        "status",
        {"refused": ("refused",), "broken": ("transport",), "none": (None,)},
        {"answered": ("ok",), "nothing to ask": ("skipped",)},
    ),
}
CONDITIONS = {
    "ends_early": Rule(
        {
            "conditions": {
                "ends_early": {
                    "holds": "ends_on >= starts_on",
                    "column": "ends_on",
                    "reason": "it's over before it starts",
                }
            }
        },
        "starts_on, ends_on",
        {"before": (2, 1), "no end": (2, None)},
        {"after": (1, 2), "at once": (1, 1)},
    )
}
LISTS = CHECKED.format(
    name="lists",
    rows="""select * from (values
        ('good', ['good', 'bad'], ['rope', 'axe']), ('empty', [], []), ('none', null, null),
        ('odd label', ['good', 'odd'], ['axe']), ('not in source', ['bad'], ['axe', 'stove'])
    ) as rows (name, labels, found)""",
)
ENVELOPES = CHECKED.format(
    name="envelopes",
    rows="""select
        name, 'rope' as body,
        {'value': topic, 'status': 'ok', 'error': null::varchar} as topic,
        {'value': tags, 'status': 'ok'} as tags,
        {'value': amount, 'status': 'ok'} as amount,
        {'value': summary, 'status': 'ok'} as summary
    from (values
        ('good', 'good', ['good', 'bad'], '1', 'Rope'),
        ('odd label', 'odd', ['good'], '1', 'Rope'),
        ('odd tag', 'good', ['good', 'odd'], '1', 'Rope'),
        ('no label', null, null, '1', null),
        ('no number', 'good', [], '1.5', 'Rope'),
        ('not in source', 'good', [], '1', 'axe')
    ) as rows (name, topic, tags, amount, summary)""",
)
TRIED = RULES | CONDITIONS
CASES = [(rule, case) for rule in TRIED for case in TRIED[rule].caught | TRIED[rule].passed]


def gated(name: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The entry of a model with these settings of its row gate."""
    return {"name": name, "config": {"meta": {"row_gate": settings}}}


def with_rules(project: Project) -> Project:
    """Add the seed of the rules."""
    (project.root / "seeds/rules").mkdir(parents=True, exist_ok=True)
    shutil.copy(REPOSITORY / "seeds/rules/row_gate_rules.csv", project.root / "seeds/rules")
    return project


# The rules


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A model for each rule, built once."""
    models = {f"bronze/{rule}.sql": TRIED[rule].model(rule) for rule in TRIED}
    models |= {"bronze/lists.sql": LISTS, "bronze/envelopes.sql": ENVELOPES}
    settings = {rule: TRIED[rule].settings for rule in TRIED}
    settings["lists"] = {
        "labels": {"labels": ["good", "bad"]},
        "grounded": {"found": "'rope axe'"},
    }
    settings["envelopes"] = {
        "labels": {"topic": ["good", "bad"], "tags": ["good", "bad"]},
        "required": ["topic"],
        "types": {"amount": "integer"},
        "grounded": {"summary": "body"},
    }
    yaml = {"models": [gated(name, own) for name, own in settings.items()]}
    models["bronze/rules.yml"] = json.dumps(yaml)
    project = with_rules(Project(tmp_path_factory.mktemp("rules"), models))
    project.set_variables(ai_gates={})  # the rules are on without anybody saying so
    run = project.dbt("build")
    assert run.code == 0, run.output
    return project


def violated(project: Project, model: str) -> dict[str, list[str]]:
    """The violated rules of each row."""
    return dict(
        project.rows(
            f"select name, list_transform(violations, lambda v: v.rule_id) from bronze.{model}"
        )
    )


@pytest.mark.parametrize(("rule", "case"), CASES)
def test_a_rule_catches_its_rows_and_lets_the_others_pass(
    rules: Project, rule: str, case: str
) -> None:
    """One row, one rule."""
    expected = [rule] if case in TRIED[rule].caught else []
    assert violated(rules, rule)[case] == expected


def test_lists_of_labels_and_values_are_looked_into(rules: Project) -> None:
    """As `multi` and list fields give them."""
    expected = {
        "good": [],
        "empty": [],
        "none": [],
        "odd label": ["label_not_accepted"],
        "not in source": ["value_not_in_source"],
    }
    assert violated(rules, "lists") == expected


def test_of_an_envelope_the_value_is_looked_at(rules: Project) -> None:
    """Nobody has to write `topic.value`: what is checked is the answer, with detail or without."""
    expected = {
        "good": [],
        "odd label": ["label_not_accepted"],
        "odd tag": ["label_not_accepted"],
        "no label": ["required_missing"],
        "no number": ["type_wrong"],
        "not in source": ["value_not_in_source"],
    }
    assert violated(rules, "envelopes") == expected


def test_every_rule_of_the_seed_is_tested(rules: Project) -> None:
    """And every one has words and a severity."""
    found = rules.rows("select rule_id, what, severity from seeds.row_gate_rules")
    assert {rule for rule, _, _ in found} == set(RULES)
    assert all(what and severity == "quarantine" for _, what, severity in found)


def test_a_violation_names_rule_column_severity_and_reason(rules: Project) -> None:
    """But never the value."""
    (row,) = rules.rows(
        "select violations[1] from bronze.value_not_in_source where found = 'TT-2'"
    )
    assert row[0] == {
        "rule_id": "value_not_in_source",
        "column_name": "found",
        "severity": "quarantine",
        "reason": "found does not stand in body",
    }


# From silver to gold

ROWS = 40
GATE = {
    "key": "record_id",
    "answers": ["topic", "mood"],
    "required": ["body"],
    "labels": {"topic": ["good", "bad"]},
}


@dataclass(frozen=True)
class Flow:
    """A silver model of `ROWS` rows with its row gate, gold behind it, and what is wrong with it.

    `wrong` counts the rows that are wrong in each way; no row is wrong in two.
    """

    wrong: dict[str, int]
    gate: dict[str, Any] = field(default_factory=dict)
    stopped_by: str = ""

    def models(self, name: str) -> dict[str, str]:
        """The models as the shop has them, over a raw table of this name."""
        gate = (REPOSITORY / "models/silver/silver_products_passed.sql").read_text("utf-8")
        silver = "{{ config(materialized='table') }} select * from raw." + name
        gold = f"select record_id, topic.value as topic from {{{{ ref('{name}_passed') }}}}"
        return {
            f"silver/{name}.sql": silver,
            f"silver/{name}_passed.sql": gate.replace("silver_products", name),
            f"gold/{name}_gold.sql": gold,
        }

    def entry(self, name: str) -> dict[str, Any]:
        """The silver model with its row gate and the tests of its answers."""
        columns = [
            {"name": at, "data_tests": ["ai_answered", "ai_known"]} for at in GATE["answers"]
        ]
        return gated(name, GATE | self.gate) | {"columns": columns}


FLOWS = {
    "some": Flow({"odd": 2, "blank": 2}),
    "quarantined": Flow({"odd": 5}, stopped_by="row_gate"),
    "unanswered": Flow({"unanswered": 3}, stopped_by="ai_answered"),
    "unknown": Flow({"unknown": 17}, stopped_by="ai_known"),
    "quarantined_allowed": Flow({"odd": 5}, {"max_quarantined_share": 0.125}),
    "unanswered_allowed": Flow({"unanswered": 3}, {"max_unanswered_share": 0.075}),
    "unknown_allowed": Flow({"unknown": 17}, {"max_unknown_share": 0.425}),
    "reasons": Flow(
        {"blank": 1}, {"labels": {"topic": ["bad", "odd"]}, "max_quarantined_share": 1}
    ),
    "waiting": Flow({"pending": 20, "odd": 2}),
    "waiting_and_odd": Flow({"pending": 20, "odd": 3}, stopped_by="row_gate"),
    "all_waiting": Flow({"pending": ROWS}, stopped_by="row_gate"),
    "noted": Flow({"odd": 20}, {"notes": ["label_not_accepted"]}),
    "left_out": Flow({"odd": 20}, {"rules": ["required_missing"]}),
}


def put_rows(project: Project, name: str, wrong: dict[str, int]) -> None:
    """Fill the raw table of a flow."""
    kinds = [kind for kind, count in wrong.items() for _ in range(count)]
    kinds += ["good"] * (ROWS - len(kinds))
    rows = ", ".join(f"({at}, {row_of(kind)})" for at, kind in enumerate(kinds))
    with duckdb.connect(str(project.warehouse)) as connection:
        connection.execute("create schema if not exists raw")
        connection.execute(
            f"create or replace table raw.{name} as "
            f"select * from (values {rows}) as given (record_id, body, topic, mood)"
        )


def row_of(kind: str) -> str:
    """Body, topic and mood of a row that is wrong in one way."""
    body = "null" if kind == "blank" else "'a note'"
    status = {"unanswered": "transport", "pending": "pending"}.get(kind, "ok")
    topic = "null::varchar" if status != "ok" else f"'{'odd' if kind == 'odd' else 'good'}'"
    mood = "null::double" if kind == "unknown" else "0.5::double"
    return (
        f"{body}, {{'value': {topic}, 'status': '{status}'}}, {{'value': {mood}, 'status': 'ok'}}"
    )


@dataclass(frozen=True)
class Flows:
    """All flows after a build over good rows, and one over the wrong ones."""

    project: Project
    good_state: dict[str, str]
    run: Run

    def keys(self, relation: str) -> set[int]:
        """The keys of a table."""
        return {key for (key,) in self.project.rows(f"select record_id from {relation}")}

    def failed(self, name: str) -> list[str]:
        """The kinds of the tests of a flow that failed, and its row gate, if that did."""
        if self.run.statuses()[f"{name}_passed"] == "error":
            return ["row_gate"]
        return [
            test.split(f"_{name}_")[0]
            for test, status in self.run.statuses().items()
            if status == "fail" and f"_{name}_" in f"{test}_".replace("_allowed_", "_allowed-")
        ]


@pytest.fixture(scope="module")
def flows(tmp_path_factory: pytest.TempPathFactory) -> Flows:
    """Two builds of all flows at once."""
    models = {path: sql for name in FLOWS for path, sql in FLOWS[name].models(name).items()}
    entries = [FLOWS[name].entry(name) for name in FLOWS]
    models["silver/flows.yml"] = json.dumps({"models": entries})
    project = with_rules(Project(tmp_path_factory.mktemp("flows"), models))
    for name, flow in FLOWS.items():
        put_rows(project, name, {"blank": 0} if name != "reasons" else flow.wrong)
    good = project.dbt("build")
    assert good.code == 0, good.output
    state = project.state("gold")
    for name, flow in FLOWS.items():
        put_rows(project, name, flow.wrong)
    return Flows(project, state, project.dbt("build"))


def test_what_comes_in_has_passed_or_is_in_quarantine(flows: Flows) -> None:
    """By key; and gold holds what passed, no more and no less."""
    passed = flows.keys("silver.some_passed")
    quarantined = flows.keys("silver.some_quarantined")
    assert (passed, quarantined) == (set(range(4, ROWS)), set(range(4)))
    assert flows.keys("gold.some_gold") == passed


def test_a_row_in_quarantine_has_every_reason(flows: Flows) -> None:
    """Two rules, two ids, two reasons."""
    (found,) = flows.project.rows(
        "select rule_ids, list_transform(violations, lambda v: v.reason) "
        "from silver.reasons_quarantined where record_id = 0"
    )
    assert found == (
        ["label_not_accepted", "required_missing"],
        ["the required field body is missing", "topic is not one of the accepted labels"],
    )


@pytest.mark.parametrize("name", [name for name in FLOWS if FLOWS[name].stopped_by])
def test_too_much_stops_the_table_and_gold_stays(flows: Flows, name: str) -> None:
    """Above the default of `vars: ai_gates:` the gate closes."""
    assert flows.failed(name) == [FLOWS[name].stopped_by]
    assert flows.run.statuses()[f"{name}_gold"] == "skipped"
    assert (
        flows.project.state("gold")[f"gold.{name}_gold"] == flows.good_state[f"gold.{name}_gold"]
    )


@pytest.mark.parametrize("name", [name for name in FLOWS if not FLOWS[name].stopped_by])
def test_what_a_model_allows_goes_through(flows: Flows, name: str) -> None:
    """A limit of its own, a rule that is only noted, or left out."""
    assert flows.failed(name) == []
    assert flows.run.statuses()[f"{name}_gold"] == "success"


def test_too_much_in_quarantine_can_be_looked_at(flows: Flows) -> None:
    """The quarantine is new although the table of passed rows is old."""
    said = flows.run.message("quarantined_passed")
    assert "row_gate: quarantined: 5 of 40 rows are in quarantine, over a share of 0.1" in said
    assert "look at quarantined_quarantined and correct what feeds quarantined" in said
    assert flows.keys("silver.quarantined_quarantined") == set(range(5))
    assert flows.keys("silver.quarantined_passed") == set(range(ROWS))


def test_what_waits_for_a_batch_is_neither_passed_nor_in_quarantine(flows: Flows) -> None:
    """Nor is it lost, or counted among what was checked; it stands beside both."""
    assert flows.keys("silver.waiting_quarantined") == {20, 21}
    assert flows.keys("silver.waiting_passed") == set(range(22, ROWS))
    assert flows.keys("silver.waiting_checked") == set(range(ROWS))
    assert "3 of 20 rows are in quarantine" in flows.run.message("waiting_and_odd_passed")
    said = flows.run.message("all_waiting_passed")
    assert "row_gate: all_waiting: its rows wait for a batch, so nothing was checked" in said


def test_a_note_stays_on_record_and_lets_the_row_pass(flows: Flows) -> None:
    """A rule that a model only wants to know about."""
    found = flows.project.rows(
        "select count(*) from silver.noted_checked where violations[1].severity = 'note'"
    )
    assert found == [(20,)]
    assert flows.keys("gold.noted_gold") == set(range(ROWS))


def test_a_model_may_leave_rules_out(flows: Flows) -> None:
    """Its own list of rules takes the place of the default."""
    assert flows.keys("silver.left_out_quarantined") == set()


def test_a_rule_that_the_seed_has_lost_still_quarantines(flows: Flows) -> None:
    """A gate fails closed."""
    seed = flows.project.root / "seeds/rules/row_gate_rules.csv"
    rules = seed.read_text(encoding="utf-8")
    try:
        seed.write_text(rules.replace("label_not_accepted", "gone"), encoding="utf-8")
        run = flows.project.dbt("build", "--select", "row_gate_rules", "some_passed")
    finally:
        seed.write_text(rules, encoding="utf-8")
    assert run.code == 0, run.output
    found = flows.project.rows("select count(*) from silver.some_checked where is_quarantined")
    assert found == [(4,)]


# What a row gate asks of its model

STRICT = {
    "models": [
        gated("twice", GATE),
        gated("keyless", {"required": ["body"]}),
        gated("bare", GATE),
        gated("agreed", GATE),
        {
            "name": "agreed_passed",
            "config": {"contract": {"enforced": True}},
            "columns": [
                {"name": "record_id", "data_type": "integer"},
                {"name": "body", "data_type": "varchar"},
                {"name": "topic", "data_type": "integer"},
                {"name": "mood", "data_type": "double"},
            ],
        },
    ]
}
ROWS_OF = {
    "twice": "select unnest([1, 1]) as record_id",
    "keyless": "select 1 as record_id",
    "bare": "select 1 as record_id where false",
    "agreed": "select 1 as record_id",
}
ANSWERS = "'a' as body, {'value': 'good', 'status': 'ok'} as topic, 1 as mood"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One build of row gates that must not let anything through."""
    models = {"silver/strict.yml": json.dumps(STRICT)}
    for name, rows in ROWS_OF.items():
        select = rows.replace("as record_id", f"as record_id, {ANSWERS}")
        models[f"silver/{name}.sql"] = "{{ config(materialized='table') }} " + select
        models[f"silver/{name}_passed.sql"] = f"{{{{ row_gate(ref('{name}')) }}}}"
    return with_rules(Project(tmp_path_factory.mktemp("strict"), models)).dbt("build")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("twice", "row_gate: twice: 1 keys are not exactly once among what passed and what is in"),
        ("keyless", "row_gate: wrong `key` null; name the unique column of keyless"),
        ("bare", "row_gate: bare: there is no row, so nothing was checked"),
        ("agreed", "This model has an enforced contract that failed"),
    ],
)
def test_a_row_gate_lets_nothing_through_that_it_cannot_vouch_for(
    strict: Run, name: str, said: str
) -> None:
    """No test says so: the model itself stops. A contract of the passed rows holds, too."""
    assert strict.statuses()[f"{name}_passed"] == "error"
    assert said in strict.message(f"{name}_passed")


def test_a_row_gate_is_called_after_its_model(tmp_path: Path) -> None:
    """dbt finds out before anything is built."""
    models = {
        "silver/notes.sql": "select 1 as a",
        "silver/good.sql": "{{ row_gate(ref('notes')) }}",
    }
    run = with_rules(Project(tmp_path, models)).dbt("parse")
    assert run.code != 0
    assert 'row_gate: wrong `model` "good"; call it as the model that it gates' in run.output


WRONG: dict[str, tuple[Any, str, str]] = {
    "unknown setting": ({"requires": ["body"]}, "wrong `row_gate`", "there is no such setting"),
    "unknown rule": ({"rules": ["quality"]}, "wrong `rules`", "there is no such rule"),
    "rule without target": ({"rules": ["type_wrong"]}, "wrong `rules`", "`row_gate`: types"),
    "no share": ({"max_unknown_share": 40}, "wrong `max_unknown_share`", "a share from 0 to 1"),
    "nothing to check": ({}, "wrong `gated`", "checks nothing"),
    "no type": ({"types": {"body": "text"}}, "wrong `body`", "a type to read is one of"),
    "no mapping": (["body"], "wrong `row_gate`", "give a mapping"),
    "half a condition": (
        {"conditions": {"odd": {"holds": "true"}}},
        "wrong `conditions`",
        "`reason`",
    ),
    "a rule's name": (
        {"conditions": {"type_wrong": {"holds": "true", "reason": "odd"}}},
        "wrong `conditions`",
        "give the condition another name",
    ),
}


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One build of models whose settings are wrong, each in its way."""
    names = {case: f"wrong_{at}" for at, case in enumerate(WRONG)}
    models = {
        f"bronze/{name}.sql": CHECKED.format(name=name, rows="select 'a' as body")
        for name in names.values()
    }
    yaml = {"models": [gated(names[case], WRONG[case][0]) for case in WRONG]}
    models["bronze/wrong.yml"] = json.dumps(yaml)
    models["bronze/unnamed.sql"] = CHECKED.format(name="nobody", rows="select 'a' as body")
    return with_rules(Project(tmp_path_factory.mktemp("wrong"), models)).dbt("build")


@pytest.mark.parametrize("case", WRONG)
def test_wrong_settings_stop_the_model_with_a_remedy(wrong: Run, case: str) -> None:
    """The message names setting, value and what to do."""
    message = wrong.message(f"wrong_{list(WRONG).index(case)}")
    _, what, remedy = WRONG[case]
    assert what in message
    assert remedy in message


def test_an_unknown_model_has_no_gate(wrong: Run) -> None:
    """A typing error is not an open gate."""
    assert 'wrong `gated` "nobody"; there is no such model' in wrong.message("unnamed")


# The shipped project


@dataclass(frozen=True)
class Shop:
    """The shipped project after its first build, with its graph."""

    project: Project
    run: Run
    manifest: dict[str, Any]

    def parents(self, name: str) -> set[str]:
        """The models that a model or test reads or waits for."""
        parents = self.manifest["parent_map"]
        found = [at for at in parents if _short(at) == name and not at.startswith("unit_test")]
        return {_short(parent) for at in found for parent in parents[at]}

    def upstream(self, name: str) -> set[str]:
        """All models above one."""
        direct = self.parents(name)
        return direct.union(*map(self.upstream, direct))

    def models(self, layer: str) -> list[dict[str, Any]]:
        """The SQL models of a layer."""
        return [
            node
            for node in self.manifest["nodes"].values()
            if node["resource_type"] == "model"
            and node["language"] == "sql"
            and node["path"].startswith(f"{layer}/")
        ]


def _short(unique_id: str) -> str:
    return unique_id.split(".")[2]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shipped project, built once with the embedded models."""
    project = Project(tmp_path_factory.mktemp("shop")).add_shipped()
    for part in ("quality",):
        shutil.copytree(REPOSITORY / part, project.root / part, dirs_exist_ok=True)
    run = project.dbt("build")
    assert run.code == 0, run.output
    manifest = json.loads((project.root / "target/manifest.json").read_text(encoding="utf-8"))
    return Shop(project, run, manifest)


def test_gold_reads_passed_rows_only(shop: Shop) -> None:
    """Nothing unchecked reaches gold."""
    read = set().union(*(shop.parents(node["name"]) for node in shop.models("gold")))
    silver = {name for name in read if name.startswith("silver_")}
    assert silver == {
        "silver_customers_passed",
        "silver_feedback_passed",
        "silver_products_passed",
    }


def test_g04_questions_about_answers_ask_about_passed_rows(shop: Shop) -> None:
    """An answer is untrusted input; a model that asks about one reads behind the row gate."""
    asking = [node for node in shop.models("silver") if "{{ ai_" in node["raw_code"]]
    for node in (node for node in asking if "ai_row_gate" not in node["raw_code"]):
        silver = {name for name in shop.parents(node["name"]) if name.startswith("silver_")}
        assert all(name.endswith("_passed") for name in silver)


def test_a_row_gate_costs_at_most_ten_lines(shop: Shop) -> None:
    """A model of one line and the settings; no column is listed again but what is checked."""
    for name in ("customers", "feedback", "products"):
        folder = REPOSITORY / "models/silver"
        sql = (folder / f"silver_{name}_passed.sql").read_text("utf-8").splitlines()
        (gate,) = [line for line in sql if line.startswith("{{ row_gate(")]
        assert sql[-1] == gate
        settings = (folder / f"silver_{name}.yml").read_text("utf-8").partition("    meta:\n")[2]
        block = settings.partition("    data_tests:\n")[0].splitlines()
        assert len(block) + 1 + len([gate]) <= 10


def test_gold_waits_for_every_row_gate(shop: Shop) -> None:
    """A row gate that fails holds back what is below it."""
    gates = [n for n in shop.models("silver") if n["config"]["materialized"] == "row_gate"]
    below = set().union(*(shop.upstream(node["name"]) for node in shop.models("gold")))
    assert {node["name"] for node in gates} == {
        "silver_customers_passed",
        "silver_feedback_passed",
        "silver_products_passed",
    }
    assert {node["name"] for node in gates} <= below


def test_every_silver_model_of_ours_has_its_three_parts(shop: Shop) -> None:
    """And by key, what came in is what passed and what is in quarantine."""
    for name, key in [
        ("feedback", "feedback_id"),
        ("customers", "customer_id"),
        ("products", "product_id"),
    ]:
        parts = " union all ".join(
            f"select {key} from silver.silver_{name}_{part}" for part in ("passed", "quarantined")
        )
        came = shop.project.rows(f"select {key} from silver.silver_{name} order by 1")
        went = shop.project.rows(f"select * from ({parts}) order by 1")
        assert came == went


@pytest.mark.parametrize("kind", ["ai_agreement", "ai_label_drift"])
def test_a_gate_stands_above_gold(shop: Shop, kind: str) -> None:
    """dbt holds back only what is below *all* that a test reads; ours stop a gold model."""
    gates = [
        _short(at)
        for at, node in shop.manifest["nodes"].items()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") == kind
    ]
    below = [shop.upstream(node["name"]) for node in shop.models("gold")]
    assert gates
    assert all(any(shop.parents(gate) <= models for models in below) for gate in gates)


def test_every_generic_test_is_used(shop: Shop) -> None:
    """What each must catch stands in `tests/consumer`."""
    ours = {path.stem for path in (REPOSITORY / "tests/dbt/generic").glob("*.sql")}
    by_row_gates = {"rows_passed", "rows_split"}
    tests = [node for node in shop.manifest["nodes"].values() if node.get("test_metadata")]
    used = {node["test_metadata"]["name"] for node in tests}
    elsewhere = {"unique_together", "ai_repairs_accepted"}  # a rule of `table_rules`; no repairs
    assert ours <= used | by_row_gates | elsewhere


def test_a_first_run_has_nothing_to_compare_with_and_says_so(shop: Shop) -> None:
    """No baseline: the test of drift passes, keeps the shares, and is not silent."""
    said = "ai_label_drift: no accepted shares of silver_feedback topic.value for this prompt yet"
    assert said in shop.run.output
    ((total,),) = shop.project.rows(
        "select sum(row_count) from ops.ops_label_shares where column_name = 'topic.value'"
    )
    ((answered,),) = shop.project.rows(
        "select count(*) from silver.silver_feedback where topic.status = 'ok'"
    )
    assert total == answered


def test_drift_stops_gold_and_does_not_become_the_baseline(shop: Shop) -> None:
    """Shares that moved since all gates last passed; with `--full-refresh` as well."""
    with duckdb.connect(str(shop.project.warehouse)) as connection:
        connection.execute(
            "update ops.ops_label_shares set row_count = 999 - row_count "
            "where column_name = 'topic.value'"
        )
    before = shop.project.state("gold", "ops")
    run = shop.project.dbt("build", "--full-refresh", "--select", "silver_feedback+")
    failed = [name for name, status in run.statuses().items() if status == "fail"]
    assert failed == ["ai_label_drift_silver_feedback_topic"]
    assert run.statuses()["feedback_by_topic_week"] == "skipped"
    after = shop.project.state("gold", "ops")
    assert {
        name: after[name] for name in ("gold.feedback_by_topic_week", "ops.ops_label_shares")
    } == {name: before[name] for name in ("gold.feedback_by_topic_week", "ops.ops_label_shares")}
    assert "no accepted shares of silver_feedback topic.value" not in run.output
