"""Wrong arguments stop the compile: the message names the macro, the value and the remedy."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from assay.core.errors import ConfigError
from assay.faultd import FaultServer
from assay.functions import parse_task

from .conftest import NewProject
from .project import Project, Run, asking, table

GOOD = {
    "ai_classify": "'body', ['good', 'bad']",
    "ai_extract": "'body', 'gear'",
    "ai_sentiment": "'body'",
    "ai_summarize": "'body'",
    "ai_filter": "'body', 'Is it glad?'",
    "ai_assess": "['body']",
    "ai_complete": "'body', 'Write a reply.'",
    "ai_translate": "'body', 'English'",
    "ai_score": "'body', 'How urgent is it?'",
    "ai_match": "'body', 'body', 'Are they the same?'",
}
TWO = "give at least two labels"
TWICE = "it is there twice"
BLANK = "every entry must be text that is not blank"
ONE = "give a list with at least one entry"
TYPES = "a type is one of text, integer, number, boolean, date, timestamp"
FLAG = "give true or false"
WORDS = "give a whole number from 1 to 1000"
PROMPT = "say as text what is to be written"
LANGUAGE = "name a language, such as 'English'"
CRITERION = "say as text what is scored"
OPTIONAL_TEXT = "give text, or leave it out"
EXAMPLES = "give a list of mappings, each with a text and an answer"
TEXT = "give a SQL expression, or a list of columns"
COLUMNS = "give a list of columns"
LABEL = "bad_label"
SAME_NAME = "another column has the same name without its table"
NESTED = "a failure of the inner call would look like a blank text"
KNOWN_SETS = "there are: topic, segment"

OWN = [
    ("ai_classify", "'body', []", "[]", ONE),
    ("ai_classify", "'body', {}", "[]", ONE),
    ("ai_classify", "'body', none", "null", ONE),
    ("ai_classify", "'body', 7", "7", ONE),
    ("ai_classify", "'body', ['only']", '["only"]', TWO),
    ("ai_classify", "'body', {'only': 'one'}", '["only"]', TWO),
    ("ai_classify", "'body', ['same', 'other', 'Same ']", '"Same "', TWICE),
    ("ai_classify", "'body', ['a', 2]", "2", BLANK),
    ("ai_classify", "'body', ['a', none]", "null", BLANK),
    ("ai_classify", "'body', ['a', ' ']", '" "', BLANK),
    ("ai_classify", "'body', 'no_such_set'", '"no_such_set"', KNOWN_SETS),
    ("ai_classify", "'body', {'a': 'x', 'b': 2}", "2", "a description must be text"),
    ("ai_classify", "'body', ['a', 'b'], multi='yes'", '"yes"', FLAG),
    ("ai_classify", "'body', ['straße', 'STRASSE']", "STRASSE", "different"),
    ("ai_classify", "'body', ['a', 'b'], cascade='dear'", '"dear"', "give a mapping with `to`"),
    ("ai_filter", "'body', 'Glad?', cascade={'alpha': 1}", "alpha", "give a mapping with `to`"),
    ("ai_extract", "'body', []", "[]", ONE),
    ("ai_extract", "'body', ''", '""', ONE),
    ("ai_extract", "'body', ' '", '" "', ONE),
    ("ai_extract", "'body', none", "null", ONE),
    ("ai_extract", "'body', ['gear', 'Gear']", '"Gear"', TWICE),
    ("ai_extract", "'body', ['gear', 5]", "5", BLANK),
    ("ai_extract", "'body', {'gear': 'colour'}", '"colour"', TYPES),
    ("ai_extract", "'body', {'gear': ['colour']}", '["colour"]', TYPES),
    ("ai_extract", "'body', {'gear': []}", "[]", TYPES),
    ("ai_extract", "'body', {'gear': none}", "null", TYPES),
    ("ai_extract", "'body', {'gear': {'type': 'colour'}}", '"colour"', TYPES),
    ("ai_extract", "'body', {'gear': {'typ': 'text'}}", '"typ"', "a type and a description"),
    ("ai_extract", "'body', {'gear': {'description': 5}}", "5", "a description must be text"),
    ("ai_extract", "'body', {'gear': ['rope', 'Rope']}", '"Rope"', TWICE),
    ("ai_extract", "'body', 'gear', grounded='no'", '"no"', FLAG),
    ("ai_extract", "'body', 'gear', evidence='yes'", '"yes"', FLAG),
    ("ai_extract", "'body', 'gear', evidence=true", "true", "add detail=true"),
    ("ai_sentiment", "'body', aspects='price'", '"price"', ONE),
    ("ai_sentiment", "'body', aspects=[]", "[]", ONE),
    ("ai_sentiment", "'body', aspects=['fit', 'FIT']", '"FIT"', TWICE),
    ("ai_sentiment", "'body', aspects=['fit', 1]", "1", BLANK),
    ("ai_summarize", "'body', max_words=0", "0", WORDS),
    ("ai_summarize", "'body', max_words=-1", "-1", WORDS),
    ("ai_summarize", "'body', max_words='x'", '"x"', WORDS),
    ("ai_summarize", "'body', max_words=1.5", "1.5", WORDS),
    ("ai_summarize", "'body', max_words=true", "true", WORDS),
    ("ai_summarize", "'body', chunk_tokens=100", "100", "give at least 400"),
    ("ai_chunks", "ref('notes'), 'body', 'text'", '"text"', "a column of this name"),
    ("ai_chunks", "ref('notes'), 'body', []", "[]", ONE),
    ("ai_chunks", "ref('notes'), 'body', 'id', max_tokens=9", "9", "at least 10"),
    ("ai_chunks", "ref('notes'), 'body', 'id', max_tokens=true", "true", "at least 10"),
    ("ai_chunks", "ref('notes'), 'body', 'id', overlap=126", "126", "a quarter of"),
    ("ai_chunks", "ref('notes'), '', 'id'", '""', "give a SQL expression"),
    ("ai_summarize", "'body', max_words=1001", "1001", WORDS),
    ("ai_summarize", "'body', max_words=none", "null", WORDS),
    ("ai_filter", "'body', ''", '""', "give a question as text"),
    ("ai_filter", "'body', '  '", '"  "', "give a question as text"),
    ("ai_filter", "'body', none", "null", "give a question as text"),
    ("ai_filter", "'body', 5", "5", "give a question as text"),
    ("ai_assess", "'email'", '"email"', COLUMNS),
    ("ai_assess", "{'email': 1}", '{"email": 1}', COLUMNS),
    ("ai_assess", "none", "null", COLUMNS),
    ("ai_assess", "[]", "[]", COLUMNS),
    ("ai_assess", "['email', 'EMAIL']", '"EMAIL"', TWICE),
    ("ai_assess", "['email', 3]", "3", BLANK),
    ("ai_assess", "['body'], rules='no blanks'", '"no blanks"', ONE),
    ("ai_assess", "['body'], rules=5", "5", ONE),
    ("ai_assess", "['body'], rules=['']", '""', BLANK),
    ("ai_assess", "['body'], rules={'body': 5}", "5", "a rule must be text"),
    ("ai_complete", "'body', ' '", '" "', PROMPT),
    ("ai_complete", "'body', 5", "5", PROMPT),
    ("ai_complete", "'body', 'Hi', max_words=0", "0", WORDS),
    ("ai_complete", "['body', 'name'], 'Dear {nane}'", '"{nane}"', "there are: body, name"),
    ("ai_complete", "'body', 'Reply to {body}'", '"{body}"', "give `text` as a list of columns"),
    ("ai_translate", "'body', ''", '""', LANGUAGE),
    ("ai_translate", "'body', none", "null", LANGUAGE),
    ("ai_translate", "'body', 'English', source=' '", '" "', LANGUAGE),
    ("ai_match", "'body', 'body', ' '", '" "', "give a question as text"),
    ("ai_match", "'body', 'body', 'Same?', same=1", "1", "give a SQL condition as text"),
    ("ai_match", "'body', 'body', 'Same?', different=' '", '" "', "give a SQL condition as text"),
    ("ai_match", "[], 'body', 'Same?'", "[]", TEXT),
    ("ai_candidates", "'t', none, ''", '""', "name a column that both relations have"),
    ("ai_candidates", "'t', none, 'a', k=0", "0", "give a whole number from 1 to 1000"),
    ("ai_candidates", "'t', none, 'a', k=true", "true", "give a whole number from 1 to 1000"),
    ("ai_candidates", "'t', none, 'a', share=0", "0", "give a share above 0, at most 1"),
    ("ai_candidates", "'t', none, 'a', by='sound'", '"sound"', "give 'letters' or 'meaning'"),
    ("ai_dedup", "'t', '', 'p'", '""', "name a column"),
    ("ai_dedup", "'t', 'a', 'p', most_rows=1", "1", "give a whole number of at least 2"),
    ("ai_agg", "'body', ' ', 't'", '" "', "say as text what is wanted of the rows"),
    ("ai_agg", "'body', 'x', 't', part_tokens=9", "9", "give a whole number from 100 to 100000"),
    ("ai_agg", "'body', 'x', 't', max_words=0", "0", WORDS),
    ("ai_score", "'body', ''", '""', CRITERION),
    ("ai_score", "'body', 'Urgent?', high='5'", '"5"', "give a whole number from -1000 to 1000"),
    ("ai_score", "'body', 'Urgent?', low=0.5", "0.5", "give a whole number from -1000 to 1000"),
    ("ai_score", "'body', 'Urgent?', low=5, high=5", "5", "above `low`, 5, by at most 100"),
    ("ai_score", "'body', 'Urgent?', high=101", "101", "above `low`, 0, by at most 100"),
    ("ai_classify", "'', ['a', 'b']", '""', TEXT),
    ("ai_classify", "none, ['a', 'b']", "null", TEXT),
    ("ai_classify", "[], ['a', 'b']", "[]", TEXT),
    ("ai_classify", "{'body': 1}, ['a', 'b']", '{"body": 1}', TEXT),
    ("ai_classify", "['body', 'BODY'], ['a', 'b']", '"BODY"', TWICE),
    ("ai_classify", "['a.body', 'b.body'], ['a', 'b']", '"b.body"', SAME_NAME),
    ("ai_assess", "['body', 'b.Body']", '"b.Body"', SAME_NAME),
    ("ai_classify", "ai_summarize('body'), ['a', 'b']", '"ai_summarize(...)"', NESTED),
    (
        "ai_filter",
        "ai_extract('body', 'it\\'s', detail=true) ~ '.error', 'Is it?'",
        "ai_ex",
        NESTED,
    ),
    ("ai_assess", "['body', ai_summarize('body')]", '"ai_summarize(...)"', NESTED),
    ("ai_due", "'id', {}", "{}", "map each answer column to its ai_ call"),
    ("ai_due", "'id', 'topic'", '"topic"', "map each answer column to its ai_ call"),
    ("ai_due", "'id', {'topic': ai_sentiment('body')}", "assay_ask_value", "detail=true"),
    ("ai_due", "[], {'topic': ai_sentiment('body', detail=true)}", "[]", ONE),
    (
        "ai_due",
        "'id', {'topic': ai_sentiment('body', detail=true)}, also=['Topic']",
        "Topic",
        "its answers are compared already; leave it out",
    ),
]
SHARED = [
    ("detail='yes'", '"yes"', FLAG),
    ("detail=1", "1", FLAG),
    ("isolate=none", "null", FLAG),
    ("instructions=5", "5", OPTIONAL_TEXT),
    ("instructions=' '", '" "', OPTIONAL_TEXT),
    ("model=''", '""', OPTIONAL_TEXT),
    ("model=['a']", '["a"]', OPTIONAL_TEXT),
    ("examples='no_such_set'", '"no_such_set"', "no such set; there are: topic; correct"),
    ("examples={'text': 'x', 'answer': 'y'}", '"text": "x"', EXAMPLES),
    ("examples=5", "5", EXAMPLES),
    ("examples=['x']", '"x"', EXAMPLES),
    ("examples=[{'text': 'x'}]", '{"text": "x"}', EXAMPLES),
    ("examples=[{'text': 5, 'answer': 'y'}]", "5", EXAMPLES),
    ("examples=[{'text': 'x', 'answer': 'y', 'why': 'z'}]", '"why": "z"', EXAMPLES),
]
INVALID_EXAMPLES = [
    ("ai_classify", "'body', ['a', 'b'], examples=[{'text': 'x', 'answer': 'c'}]", LABEL),
    ("ai_extract", "'body', 'gear', examples=[{'text': 'x', 'answer': ['rope']}]", "not_grounded"),
    ("ai_sentiment", "'body', examples=[{'text': 'x', 'answer': 2}]", "from -1 to 1"),
    ("ai_summarize", "'body', examples=[{'text': 'x', 'answer': ''}]", "not a text"),
    ("ai_complete", "'body', 'Hi', examples=[{'text': 'x', 'answer': ''}]", "not a text"),
    ("ai_translate", "'body', 'de', examples=[{'text': 'x', 'answer': '1'}]", "no letter"),
    ("ai_score", "'body', 'Hot?', examples=[{'text': 'x', 'answer': 11}]", "from 0 to 10"),
    ("ai_match", "'body', 'body', 'Same?', examples=[{'text': 'x', 'answer': 'yes'}]", LABEL),
    ("ai_filter", "'body', 'Glad?', examples=[{'text': 'x', 'answer': 'yes'}]", "true, false"),
    ("ai_assess", "['body'], examples=[{'text': 'x', 'answer': 'fine'}]", "not a record"),
    ("ai_assess", "['body'], examples=[{'text': '{}', 'answer': 'fine'}]", "not an assessment"),
]

WORD_LIMITS = {"0": 0, "-1": -1, "'x'": "x", "1.5": 1.5, "true": True, "1001": 1001, "none": None}
BOTH: dict[tuple[str, str], dict[str, Any]] = {
    ("ai_classify", "'body', ['only']"): {"labels": [{"name": "only"}]},
    ("ai_classify", "'body', ['same', 'other', 'Same ']"): {
        "labels": [{"name": "same"}, {"name": "other"}, {"name": "Same "}]
    },
    ("ai_classify", "'body', ['a', ' ']"): {"labels": [{"name": "a"}, {"name": " "}]},
    ("ai_extract", "'body', []"): {"fields": []},
    ("ai_extract", "'body', ['gear', 'Gear']"): {"fields": [{"name": "gear"}, {"name": "Gear"}]},
    ("ai_sentiment", "'body', aspects=[]"): {"aspects": []},
    ("ai_sentiment", "'body', aspects=['fit', 'FIT']"): {"aspects": ["fit", "FIT"]},
    ("ai_filter", "'body', '  '"): {"asked": "  "},
    ("ai_complete", "'body', ' '"): {"prompt": " "},
    ("ai_translate", "'body', ''"): {"to": ""},
    ("ai_translate", "'body', 'English', source=' '"): {"to": "English", "source": " "},
    ("ai_score", "'body', ''"): {"criterion": ""},
    ("ai_match", "'body', 'body', ' '"): {"asked": " "},
    **{
        ("ai_summarize", f"'body', max_words={said}"): {"max_words": given}
        for said, given in WORD_LIMITS.items()
    },
}
"""Calls that are wrong, and the task that each would be without its macro."""

Case = tuple[str, str, str, str]
CASES: list[Case] = [
    *OWN,
    *(
        (macro, f"{arguments}, {wrong}", value, remedy)
        for macro, arguments in GOOD.items()
        for wrong, value, remedy in SHARED
    ),
    *((macro, f"{arguments}, labls=[]", "labls", "") for macro, arguments in GOOD.items()),
    *((macro, arguments, "example 1", reason) for macro, arguments, reason in INVALID_EXAMPLES),
]


def name_of(case: Case) -> str:
    """The call, for people who read the list of tests."""
    return f"{case[0]}({case[1]})"


@dataclass(frozen=True)
class Refused:
    """The run of all wrong models, and what it sent."""

    run: Run
    requests: int


@pytest.fixture(scope="module")
def refused(asking_project: Callable[..., Project], server: FaultServer) -> Refused:
    """One model for each wrong call; `execute` puts the error off until the model is compiled."""
    models = {
        f"silver/wrong_{at}.sql": (
            f"select {{{{ {macro}({arguments}) if execute else 1 }}}} as wrong "
            "from {{ ref('notes') }}"
        )
        for at, (macro, arguments, _, _) in enumerate(CASES)
    }
    project = asking_project({"bronze/notes.sql": table("id, body", (1, "a text"))} | models)
    run = project.dbt("run")
    return Refused(run, server.summary()["requests"])


def test_wrong_arguments_fail_the_run_and_send_nothing(refused: Refused) -> None:
    """Exit code 1, every wrong model an error, no request."""
    assert refused.run.code == 1
    assert set(refused.run.statuses().values()) == {"success", "error"}
    assert refused.requests == 0


@pytest.mark.parametrize("at", range(len(CASES)), ids=map(name_of, CASES))
def test_the_message_names_macro_value_and_remedy(refused: Refused, at: int) -> None:
    """A reader of the one line knows where to look and what to do."""
    macro, _, value, remedy = CASES[at]
    message = refused.run.message(f"wrong_{at}")
    assert macro in message
    assert value in message
    assert remedy in message
    assert "Traceback" not in message


@pytest.mark.parametrize(("macro", "arguments"), BOTH)
def test_macro_and_task_refuse_the_same(refused: Refused, macro: str, arguments: str) -> None:
    """Under the same name: who writes SQL and who writes Python reads the same words."""
    at = [case[:2] for case in CASES].index((macro, arguments))
    spec = {"kind": macro.removeprefix("ai_")} | BOTH[macro, arguments]
    with pytest.raises(ConfigError) as error:
        parse_task(json.dumps(spec))
    (named,) = re.findall(f"{macro}: wrong (`[a-z_]+`) ", str(error.value))
    assert f"{macro}: wrong {named} " in refused.run.message(f"wrong_{at}")


def test_a_wrong_argument_stops_the_parse(new_project: NewProject, server: FaultServer) -> None:
    """As written by a user: dbt does not even start, and says why in one line."""
    project = new_project({"silver/wrong.sql": "select {{ ai_classify('body', []) }} as x"})
    run = project.dbt("parse", **asking(server))
    assert run.code == 2
    assert f"ai_classify: wrong `labels` []; {ONE}." in run.output
    assert "Traceback" not in run.output


DAY = datetime.date(2024, 1, 1)
DATED = [
    ("ai_classify('body', 'years')", "wrong `labels: years` 2024-01-01; every entry must"),
    ("ai_classify('body', 'told')", "wrong `labels: told` 2024-01-01; every entry must"),
    ("ai_extract('body', 'days')", "wrong `fields` 2024-01-01; every entry must"),
    ("ai_extract('body', {'day': modules.datetime.date(2024, 1, 1)})", "wrong `day` 2024-01-01;"),
    (
        "ai_extract('body', {'day': 'date'}, examples='found')",
        'wrong `examples: found` {"answer": {"day": "2024-01-01"}, "text": "on new year"}; '
        "an answer holds a date or the like that YAML made; quote it",
    ),
]


def test_a_date_that_yaml_made_is_named(asking_project: Callable[..., Project]) -> None:
    """An unquoted date is no text: the message names macro, set and remedy."""
    models = {
        f"silver/dated_{at}.sql": f"select {{{{ {call} if execute else 1 }}}} as x, 'a' as body"
        for at, (call, _) in enumerate(DATED)
    }
    project = asking_project(models)
    project.set_sets(
        labels={"years": ["2023", DAY], "told": {"2023": None, DAY: "the next"}},
        fields={"days": [DAY]},
        examples={"found": [{"text": "on new year", "answer": {"day": DAY}}]},
    )
    run = project.dbt("run")
    for at, (call, said) in enumerate(DATED):
        assert f"{call[: call.index('(')]}: {said}" in run.message(f"dated_{at}")
