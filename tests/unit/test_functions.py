"""Functions: a new one is a file, and a second where the embedded models answer it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assay.core.task import Task
from assay.functions import FUNCTIONS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "udfs" / "assay"

SHOUT = '''
from typing import ClassVar
from assay.core.task import Rejected, Task

class Shout(Task):
    """Repeat the text in capitals."""

    template_version: ClassVar[int] = 1

    def answer_schema(self):
        return {"type": "string"}

    def question(self):
        return "the text in capitals"

    def accept(self, raw, text):
        if raw != text.upper():
            raise Rejected("not the text in capitals")
        return raw

    def output_tokens(self, text):
        return len(text)

    def in_words(self):
        return "in capitals"
'''

JUDGE = """
from assay.providers.local.models.judgement import Judgement

def judge(task, embedder):
    return lambda texts: [Judgement(text.upper(), 1.0) for text in texts]
"""

ASK = """
import asyncio
from assay.core.errors import ConfigError
from assay.core.settings import Settings
from assay.core.values import Ask, Pack, Question, Record
from assay.forms import form_of
from assay.functions import parse_task
from assay.project.report.specs import short
from assay.providers import check_can, open_provider

task, settings = parse_task('{"kind": "shout"}'), Settings()
question = Question(task, settings.model_for(None), settings.host)
pack = Pack((Record("hello", (Ask(question.key("hello"), question, "hello"),)),))
try:
    check_can(settings.traits, task)
    request = form_of(pack).compose(pack, 0)
    reply = asyncio.run(open_provider(settings).send(request))
    (outcome,) = form_of(pack).judge(request, reply, "now").answers.values()
    print(outcome.status, outcome.value, short("shout", "{}"))
except ConfigError as error:
    print(error)
"""


@pytest.fixture
def product(tmp_path: Path) -> Path:
    """The package, to be added to."""
    folder = tmp_path / "assay"
    shutil.copytree(PACKAGE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "functions" / "shout.py").write_text(SHOUT, encoding="utf-8")
    return folder


def said(product: Path) -> str:
    """What comes of asking the new function of the package there."""
    environ = os.environ | {"PYTHONPATH": str(product.parent)}
    command = [sys.executable, "-P", "-c", ASK]
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def test_a_file_makes_a_function_that_a_provider_may_lack(product: Path) -> None:
    """It is refused where its task is registered, by name and with a remedy."""
    assert said(product) == (
        "The provider 'local' cannot answer ai_shout; set `ASSAY_PROVIDER` to one that can: "
        "openai, replay."
    )


def test_a_second_file_makes_the_embedded_models_answer_it(product: Path) -> None:
    """And the report says what it asks: no list knows of it."""
    judges = product / "providers" / "local" / "judges"
    (judges / "shout.py").write_text(JUDGE, encoding="utf-8")
    assert said(product) == 'ok "HELLO" in capitals'


@pytest.mark.parametrize(("kind", "function"), FUNCTIONS.items())
def test_a_function_is_found_by_its_file(kind: str, function: type[Task]) -> None:
    """The kind is the name of the macro without `ai_`, of the class and of the module."""
    assert function.__module__ == f"assay.functions.{kind}"
    assert function.__name__.lower() == kind


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_no_other_file_lists_a_function(kind: str) -> None:
    """At most its judge and, for type checkers, the face name the class; the macros are SQL's."""
    named = f"from assay.functions.{kind} import {kind.capitalize()}"
    files = [path for path in PACKAGE.rglob("*.py") if named in path.read_text(encoding="utf-8")]
    own = {PACKAGE / "providers" / "local" / "judges" / f"{kind}.py", PACKAGE / "__init__.py"}
    assert set(files) <= own
