"""What Jinja makes of dbt's templates is kept: the same text is compiled once, another anew."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from dbt_common.clients.jinja import get_environment

from assay.hosts.dbt.templates import PATTERN, Templates

Rendered = Callable[..., str]


@pytest.fixture(autouse=True)
def _is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that writes bytecode."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


@pytest.fixture
def rendered(tmp_path: Path) -> Rendered:
    """Renders texts as one run of dbt does, with what the run before it has kept."""

    def render(*sources: str, native: bool = False) -> str:
        templates, compiled = Templates(tmp_path), []
        environment, said = get_environment(native=native), []
        for source in sources:

            def compile_now(source: str = source) -> object:
                compiled.append(source)
                return environment.compile(source)

            code = templates.code(environment, source, compile_now)
            made = environment.template_class.from_code(environment, code, {})
            said.append(str(made.render({"word": "hello"})))
        return f"{' '.join(said)}, compiled {len(compiled)}"

    return render


def test_a_text_is_compiled_once_for_all_runs(rendered: Rendered) -> None:
    """Twice in a run, and again in the next: once; an edited one, or one for YAML: anew."""
    assert rendered("{{ word }}", "{{ word }}") == "hello hello, compiled 1"
    assert rendered("{{ word }}") == "hello, compiled 0"
    assert rendered("{{ word | upper }}") == "HELLO, compiled 1"
    assert rendered("{{ 1 + 1 }}", native=True) == "2, compiled 1"
    assert rendered("{{ 1 + 1 }}") == "2, compiled 1"
    assert rendered("{{ word }}", "{{ word | upper }}") == "hello HELLO, compiled 0"


@pytest.mark.parametrize("content", [b"", b"no code"])
def test_a_broken_file_is_none(rendered: Rendered, tmp_path: Path, content: bytes) -> None:
    """It is passed over, and written anew."""
    assert rendered("{{ word }}") == "hello, compiled 1"
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert rendered("{{ word }}") == "hello, compiled 1"
    assert rendered("{{ word }}") == "hello, compiled 0"


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    """A folder that is not there: the run goes on."""
    environment = get_environment()
    templates = Templates(tmp_path / "gone")
    code = templates.code(environment, "{{ 1 }}", lambda: environment.compile("{{ 1 }}"))
    assert environment.template_class.from_code(environment, code, {}).render({}) == "1"
    assert not (tmp_path / "gone").exists()


def test_too_many_files_are_let_go(tmp_path: Path) -> None:
    """Texts that are no more do not stay for ever."""
    for number in range(5_001):
        (tmp_path / (PATTERN % number)).touch()
    Templates(tmp_path)
    assert [*tmp_path.iterdir()] == []


def test_dbt_looks_there_first() -> None:
    """What dbt calls finds the code of an earlier process, and the same text comes of it."""
    code = (
        "import sys\n"
        "import jinja2\n"
        "from assay.hosts.dbt.templates import keep_templates\n"
        "from dbt_common.clients.jinja import get_template, render_template\n"
        "made = []\n"
        "compiled = jinja2.Environment._generate\n"
        "sys.setprofile(lambda frame, event, _: event == 'call'\n"
        "               and frame.f_code is compiled.__code__ and made.append(1))\n"
        "keep_templates()\n"
        "text = '{% macro a() %}{{ word }}{% endmacro %}{{ word }}' + sys.argv[1]\n"
        "template = get_template(text, {})\n"
        "print(render_template(template, {'word': 'hello'}), len(made))\n"
    )
    text = uuid.uuid4().hex
    run = [sys.executable, "-c", f"import sys; sys.dont_write_bytecode = False\n{code}", text]
    said = [subprocess.run(run, capture_output=True, check=True, text=True) for _ in range(2)]
    assert [done.stdout for done in said] == [f"hello{text} 1\n", f"hello{text} 0\n"]
