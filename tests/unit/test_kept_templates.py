"""What Jinja makes of dbt's templates is kept: the same text is compiled once, another anew."""

from __future__ import annotations

import marshal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dbt_common.clients.jinja import get_environment

from assay.hosts.dbt.templates import FILE, Templates

Rendered = Callable[..., str]


@pytest.fixture
def rendered(tmp_path: Path) -> Rendered:
    """Renders texts as one run of dbt does, with what the run before it has kept."""

    def render(*sources: str, native: bool = False) -> str:
        templates, compiled = Templates(tmp_path / FILE), []
        environment, said = get_environment(native=native), []
        for source in sources:

            def compile_now(source: str = source) -> object:
                compiled.append(source)
                return environment.compile(source)

            code = templates.code(environment, source, compile_now)
            made = environment.template_class.from_code(environment, code, {})
            said.append(str(made.render({"word": "hello"})))
        templates.save()
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


@pytest.mark.parametrize(
    "content", [b"", b"no code", marshal.dumps(3), marshal.dumps(("another Python", {}))]
)
def test_a_file_of_others_is_none(rendered: Rendered, tmp_path: Path, content: bytes) -> None:
    """It is passed over, and written anew."""
    (tmp_path / FILE).write_bytes(content)
    assert rendered("{{ word }}") == "hello, compiled 1"
    assert rendered("{{ word }}") == "hello, compiled 0"


def test_where_nothing_can_be_written_nothing_is_kept(rendered: Rendered, tmp_path: Path) -> None:
    """A folder stands in its place: the run goes on, and leaves nothing else behind."""
    (tmp_path / FILE).mkdir()
    assert rendered("{{ word }}") == "hello, compiled 1"
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_dbt_looks_there_first(tmp_path: Path) -> None:
    """What dbt calls finds the code of an earlier process, and the same text comes of it."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "import jinja2\n"
        "from assay.hosts.dbt.templates import keep_templates\n"
        "from dbt_common.clients.jinja import get_template, render_template\n"
        "made = []\n"
        "compiled = jinja2.Environment._generate\n"
        "sys.setprofile(lambda frame, event, _: event == 'call'\n"
        "               and frame.f_code is compiled.__code__ and made.append(1))\n"
        "keep_templates(Path(sys.argv[1]))\n"
        "template = get_template('{% macro a() %}{{ word }}{% endmacro %}{{ word }}', {})\n"
        "print(render_template(template, {'word': 'hello'}), len(made))\n"
    )
    run = [sys.executable, "-c", code, str(tmp_path)]
    said = [subprocess.run(run, capture_output=True, check=True, text=True) for _ in range(2)]
    assert [done.stdout for done in said] == ["hello 1\n", "hello 0\n"]
