"""`review`, `golden diff`, `ask`, `query` with functions, over a project that was built twice.

The second build asks the same with the labels in another order, which the stub answers otherwise.
"""

from __future__ import annotations

import contextlib
import csv
import http.client
import json
import os
import pty
import select
import shutil
import signal
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from assay.faultd import FaultServer
from assay.functions.classify import Classify
from assay.hosts.dbt.lineage import Call
from assay.project.review.column import Column
from assay.project.review.desk import Desk
from assay.project.review.golden_file import GoldenFile, JudgementLog
from assay.project.review.rows import Row
from assay.project.review.serving import served

from ..dbt.project import Project, asking
from ..gates.assay_line import assay, command
from ..report.browser import PROGRAMS, browser
from .bench import Bench

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
SIZE, GOLDEN = 40, 30
MODEL = """
{{ config(materialized='table', unique_key='id') }}
select id, body, {{ ai_classify('body', LABELS, detail=true) }} as topic from {{ ref('texts') }}
"""
TEST = {"golden": "ref('golden_topics')", "key": "id", "label": "topic", "alpha": None}
YAML = {
    "models": [
        {
            "name": "silver_texts",
            "columns": [{"name": "topic", "data_tests": [{"ai_accuracy": {"arguments": TEST}}]}],
        }
    ]
}
SECONDS = 60


def labels(*names: str) -> str:
    """The model that asks for one of these labels."""
    return MODEL.replace("LABELS", str(list(names)))


@pytest.fixture(scope="module")
def server() -> Iterator[FaultServer]:
    """A stub that keeps nothing."""
    with FaultServer() as running:
        yield running


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, server: FaultServer) -> Project:
    """The project after both builds; golden are 30 rows, all of which ought to be `other`."""
    root = tmp_path_factory.mktemp("looked")
    texts = f"select range as id, case when range = 0 then '{quoted(HOSTILE)}' "
    models = {
        "texts.sql": f"{texts} else 'text ' || range end as body from range({SIZE})",
        "plain.sql": "select 1 as n",
        "silver_texts.sql": labels("delivery", "other", "refund"),
        "silver_texts.yml": json.dumps(YAML),
    }
    project = Project(root, models, asking(server, ASSAY_PROGRESS="false"))
    (root / "seeds").mkdir()
    seed = "".join(f"{key},other\n" for key in range(1, GOLDEN + 1))
    (root / "seeds" / "golden_topics.csv").write_text(f"id,topic\n{seed}")
    run = project.dbt("build")
    assert run.code == 0, run.output
    project.write("silver_texts.sql", labels("refund", "delivery", "other"))
    run = project.dbt("build", "--select", "silver_texts")
    assert run.code == 0, run.output
    return project


@pytest.fixture
def project(built: Project, tmp_path: Path) -> Project:
    """A copy of it, which a test may judge in."""
    copied = Project.__new__(Project)
    shutil.copytree(built.root, tmp_path / "copy")
    copied.root, copied.models, copied.env = tmp_path / "copy", {}, built.env
    copied.seconds = built.seconds
    return copied


def quoted(text: str) -> str:
    """A text within a literal of SQL."""
    return text.replace("'", "''")


def golden(project: Project) -> dict[str, str]:
    """What the seed says, by key."""
    with (project.root / "seeds" / "golden_topics.csv").open() as file:
        return {row["id"]: row["topic"] for row in csv.DictReader(file)}


def within(project: Project, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The commands over a project, in this process."""
    monkeypatch.chdir(project.root)
    places = {"ASSAY_STORE": str(project.store), "ASSAY_DATABASE": str(project.warehouse)}
    return Bench(project.root, {**project.env, **places})


@pytest.fixture
def look(built: Project, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The commands over the project that all share: nothing is judged in it."""
    return within(built, monkeypatch)


@pytest.fixture
def judge(project: Project, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The commands over a copy of it."""
    return within(project, monkeypatch)


COLUMN = ("review", "silver_texts.topic")


# Review, where there is no terminal


def test_rows_are_a_table_that_says_how_to_judge(look: Bench) -> None:
    """Those of the golden file are left out."""
    done = look(*COLUMN, "--limit", "3")
    lines = done.out.splitlines()
    assert (done.code, lines[0].split()) == (0, ["id", "topic", "confidence", "text", "why"])
    assert len(lines) == 5
    assert all(not 1 <= int(line.split()[0]) <= GOLDEN for line in lines[1:4])
    assert "review silver_texts.topic --page" in lines[4]


def test_rows_that_disagree_say_with_whom(look: Bench, built: Project) -> None:
    """With gold, and with the answer to the question as it was put before."""
    found = look(*COLUMN, "--disagree", "--limit", "99", "--json").json
    ((prompt,),) = built.rows("select distinct topic.prompt_hash from silver_texts")
    wrong = [row for row in found if row["is_gold"] and row["gold"] != row["value"]]
    assert wrong
    assert all("gold says other" in row["why"] for row in wrong)
    others = [other for row in found for other in row["others"]]
    assert len(others) == len(found)
    assert all(prompt[:8] not in other["by"] for other in others)
    assert any(other["value"] != row["value"] for row in found for other in row["others"])


def test_a_judgement_is_written_and_taken_back(judge: Bench, project: Project) -> None:
    """Sorted by key, and nothing else of the file changes."""
    before = golden(project)
    done = judge(*COLUMN, "--set", "35=refund", "--set", "2=delivery")
    assert "seeds/golden_topics.csv" in done.out
    assert golden(project) == {**before, "2": "delivery", "35": "refund"}
    assert judge(*COLUMN, "--undo").code == 0
    assert judge(*COLUMN, "--undo").code == 0
    assert golden(project) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope.topic",), "There is no model 'nope'. AI columns are silver_texts.topic."),
        (("silver_texts.body",), "is no AI column; there are silver_texts.topic."),
        (("plain.n",), "plain asks nothing; it has no AI column."),
        (("silver_texts.topic.x",), "names no field of its answers"),
        (("silver_texts.topic", "--label", "hum"), "it is one of refund, delivery, other."),
        (("silver_texts.topic", "--key", "nope"), "has no column 'nope'; it has id, body, topic."),
        (("silver_texts.topic", "--set", "35"), "--set '35' is not KEY=ANSWER."),
        (("silver_texts.topic", "--set", "99=other"), "There is no row '99'"),
        (("silver_texts.topic", "--set", "35=hum"), "'hum' is no answer of silver_texts.topic"),
        (("silver_texts.topic", "--undo"), "no judgement of silver_texts.topic to take back."),
    ],
)
def test_wrong_input_is_a_line(look: Bench, arguments: tuple[str, ...], said: str) -> None:
    """That names the thing, and exit code 2."""
    done = look("review", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.error
    assert "\n" not in done.error


def test_a_port_that_is_taken_is_named(look: Bench, server: FaultServer) -> None:
    """The stub has it."""
    port = str(server.listener.port)
    done = look(*COLUMN, "--page", "--no-browser", "--port", port)
    assert (done.code, f"--port {port} cannot be had" in done.error) == (2, True)


def test_without_a_warehouse_it_is_said_what_to_build(look: Bench) -> None:
    """By all that read it."""
    for words in (("review", "silver_texts.topic"), ("golden", "diff")):
        done = look(*words, ASSAY_DATABASE="gone.duckdb")
        assert "There is no warehouse at gone.duckdb; run" in done.error


def test_judgements_go_to_the_file_that_is_named(judge: Bench, project: Project) -> None:
    """It is made where it is not there."""
    path = project.root / "seeds" / "mine.csv"
    done = judge(*COLUMN, "--golden", "seeds/mine.csv", "--set", "3=other")
    assert path.read_text() == "id,topic\n3,other\n"
    assert "1 golden row of topic in seeds/mine.csv." in done.out


# In a terminal


def test_keys_in_a_terminal_judge_and_ctrl_c_loses_nothing(project: Project) -> None:
    """Typed ahead: no key is lost, and none is waited for."""
    before = golden(project)
    words = command("review", "silver_texts.topic", "--limit", "3")
    environment = project._environment({"TERM": "xterm", "COLUMNS": "80"})
    child, terminal = pty.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.chdir(project.root)
        os.execve(words[0], words, environment)  # noqa: S606 - our own command
    said = typed(terminal, b"2", after=b"1 of 3") + typed(terminal, b"s", after=b"2 of 3")
    said += typed(terminal, b"\x03", after=b"3 of 3") + typed(terminal, b"", after=b"skipped")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    added = {key: answer for key, answer in golden(project).items() if key not in before}
    assert [*added.values()] == ["delivery"]
    assert os.waitstatus_to_exitcode(status) == 0
    assert b"Traceback" not in said


def typed(terminal: int, keys: bytes, *, after: bytes) -> bytes:
    """What a terminal shows until it has shown `after`; then these keys are pressed."""
    said, end = b"", time.monotonic() + SECONDS
    while after not in said:
        assert time.monotonic() < end, said
        if select.select([terminal], [], [], 1)[0]:
            said += os.read(terminal, 4096)
    os.write(terminal, keys)
    return said


# As a page


@contextlib.contextmanager
def page(project: Project, *arguments: str) -> Iterator[str]:
    """The address of the page of a review, until the block ends by Ctrl-C."""
    words = command("review", "silver_texts.topic", "--page", "--no-browser", *arguments)
    environment = project._environment({"PYTHONUNBUFFERED": "1"})
    with subprocess.Popen(
        words, cwd=project.root, env=environment, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        address = running.stdout.readline().split()[0]
        try:
            yield address
        finally:
            running.send_signal(signal.SIGINT)
        assert running.wait(SECONDS) == 0


def reply(
    address: str, path: str, body: str | None = None, **headers: str
) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of a request for what is below an address."""
    parts = urllib.parse.urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
    with contextlib.closing(connection):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET" if body is None else "POST", path, body, named)
        found = connection.getresponse()
        return found.status, dict(found.getheaders()), found.read().decode()


def test_the_page_is_for_who_has_its_address_on_this_machine(built: Project) -> None:
    """No other path, host or page of a browser gets a text; what it sends is kept by nobody."""
    with page(built) as address:
        path = urllib.parse.urlsplit(address).path
        status, headers, html = reply(address, path)
        asked = {
            "/": {},
            "/rows": {},
            f"{path[:-2]}x/": {},
            f"{path}../": {},
            path: {"Host": "example.org"},
            f"{path}rows": {"Origin": "http://example.org"},
        }
        refused = [reply(address, name, **more)[0] for name, more in asked.items()]
        json_alone = reply(address, f"{path}undo", "{}", Content_Type="text/plain")[0]
    assert status == 200
    assert set(refused) == {404}
    assert json_alone == 404
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "text 3" not in html


@pytest.mark.wants(*PROGRAMS)
def test_a_person_reviews_in_a_browser(project: Project, tmp_path: Path) -> None:
    """A hostile text is text; keys and clicks judge; two prompts stand side by side."""
    before = golden(project)
    with page(project, "--limit", "99") as address, browser(tmp_path, 375, 800) as driver:
        driver.implicitly_wait(SECONDS)
        driver.get(address)

        def judged(key: str, answer: str | None) -> None:
            until(lambda: golden(project).get(key) == answer)
            until(lambda: not driver.execute_script("return state.busy"))

        driver.find_element(By.CSS_SELECTOR, "button[aria-label^='row 0,']").click()
        assert driver.find_element(By.ID, "text").text == HOSTILE
        assert len(driver.find_elements(By.CSS_SELECTOR, ".answer")) == 2
        body = driver.find_element(By.TAG_NAME, "body")
        body.send_keys("1")
        judged("0", "refund")
        driver.find_element(By.CSS_SELECTOR, "button[aria-label^='row 0,']").click()
        driver.find_element(By.CSS_SELECTOR, "#choices button:last-child").click()
        judged("0", "other")
        body.send_keys("u")
        judged("0", "refund")
        body.send_keys("u")
        judged("0", None)
        body.send_keys("k", "j", Keys.ENTER)
        until(lambda: golden(project) != before)
        assert driver.execute_script("return document.documentElement.scrollWidth") <= 375
        assert driver.title == "Review silver_texts.topic"
        assert driver.get_log("browser") == []


@pytest.mark.wants(*PROGRAMS)
def test_several_labels_are_marked_and_written_in_a_browser(tmp_path: Path) -> None:
    """Keys and clicks mark, Enter writes; a row that failed has nothing to accept until marked."""
    task = Classify(labels=["delivery", "refund", "other"], multi=True)
    column = Column(Call("texts", "topics", task, "body", "body", ""), {"name": "texts"})
    file = GoldenFile(tmp_path / "golden.csv", "id", "topics", blank_says=True)
    rows = [Row("1", "delivery|refund", text="a"), Row("2", None, "refused", "no", text="b")]
    desk = Desk(column, rows, file, JudgementLog(tmp_path / "log.jsonl"))
    with served(desk) as server, browser(tmp_path / "browser", 375, 800) as driver:
        driver.implicitly_wait(SECONDS)
        driver.get(server.address)
        driver.find_element(By.CSS_SELECTOR, "button[aria-label^='row 1,']").click()

        def chosen() -> list[str]:
            found = driver.find_elements(By.CSS_SELECTOR, "#choices .chosen")
            return [one.text.split()[-1] for one in found]

        assert chosen() == ["delivery", "refund"]
        body = driver.find_element(By.TAG_NAME, "body")
        body.send_keys("1")
        driver.find_element(By.CSS_SELECTOR, "#choices button:last-child").click()
        assert chosen() == ["refund", "other"]
        assert file.judged() == {}
        body.send_keys(Keys.ENTER)
        until(lambda: file.judged() == {"1": "refund|other"})
        until(lambda: driver.find_element(By.ID, "key").text == "row 2")
        driver.implicitly_wait(0)
        assert driver.find_elements(By.CSS_SELECTOR, "#choices .accept") == []
        body.send_keys(Keys.ENTER)
        until(lambda: "2 has no answer to accept" in driver.find_element(By.ID, "said").text)
        body.send_keys("3", Keys.ENTER)
        until(lambda: file.judged() == {"1": "refund|other", "2": "other"})


def until(fits: Callable[[], object]) -> None:
    """Return once something is so."""
    end = time.monotonic() + SECONDS
    while not fits():
        assert time.monotonic() < end
        time.sleep(0.02)


# Golden diff


def test_rows_that_fell_and_rose_are_listed_with_both_answers(look: Bench, built: Project) -> None:
    """As the table has them, and the confusion adds up to all golden rows."""
    (found,) = look("golden", "diff", "--json").json
    now = dict(built.rows("select id::varchar, topic.value from silver_texts"))
    assert found["fell"]
    assert found["rose"]
    assert all(row["before"] == "other" != row["now"] for row in found["fell"])
    assert all(row["now"] == "other" != row["before"] for row in found["rose"])
    moved = [*found["fell"], *found["rose"]]
    assert all(row["now"] == now[row["key"]] for row in moved)
    assert all(row["text"] == f"text {row['key']}" for row in moved)
    assert found["compared"] == GOLDEN == sum(cell["rows"] for cell in found["confusion"])


def test_the_table_shows_texts_and_confusion(look: Bench) -> None:
    """Of the column that is named, so many rows as are wanted."""
    done = look("golden", "diff", "silver_texts.topic", "--limit", "1")
    for said in ("silver_texts.topic: accuracy 0.", "Fell: ", "more; see --limit.", "(down)"):
        assert said in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("silver_texts.topic", "--now", "zzz"),
            "No run that evaluated silver_texts.topic",
        ),
        (("nope.topic",), "There is no model 'nope'."),
    ],
)
def test_a_comparison_that_cannot_be_is_said(
    look: Bench, arguments: tuple[str, ...], said: str
) -> None:
    """By name."""
    done = look("golden", "diff", *arguments)
    assert (done.code, said in done.error) == (2, True)


# Ask, and query with functions


def test_one_text_is_asked_about_once(look: Bench, built: Project) -> None:
    """With a set, a list or JSON; the second time the store has it, and dbt has the same key."""
    words = ("ask", "classify", "--labels", '["refund", "delivery", "other"]', "text 3", "--json")
    kept = look(*words).json
    assert (kept["status"], kept["requests"], kept["cost_usd"]) == ("ok", 0, 0.0)
    ((answer,),) = built.rows("select topic.value from silver_texts where id = 3")
    assert kept["value"] == answer
    new = look("ask", "classify", "--labels", "topic", "a text", "--json").json
    assert (new["status"], new["requests"]) == ("ok", 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("classify", "x"), "`ask classify` needs --labels; see `ask classify --help`."),
        (("classify", "--labels", "nope", "x"), "no set of this project; there are: topic, "),
        (("classify", "--labels", "a,a", "x"), "wrong `labels`"),
        (("assess", "x"), "give a JSON object"),
        (("extract", "--fields", '{"a": "tex"}', "x"), "has the type 'tex'"),
    ],
)
def test_wrong_words_are_told(
    look: Bench, built: Project, arguments: tuple[str, ...], said: str
) -> None:
    """Nothing is sent."""
    calls = built.calls()
    done = look("ask", *arguments)
    assert (done.code, said in done.error, built.calls()) == (2, True, calls)


def test_a_function_in_a_query_asks_and_the_store_keeps_it(look: Bench, built: Project) -> None:
    """What Jinja is rendered to is counted first; asked again it costs nothing."""
    task = json.dumps({"kind": "filter", "asked": "Is it so?"})
    sql = f"select assay_ask_value(assay_task('{task}'), body) as so from texts order by id"
    calls = built.calls()
    done = look("query", sql, "--json", "--max-requests", "0")
    assert (done.code, done.out, built.calls()) == (3, "", calls)
    first = look("query", sql, "--json")
    assert (first.code, len(first.json), built.calls() > calls) == (0, SIZE, True)
    assert look("query", sql, "--json", "--max-requests", "0").json == first.json


def test_jinja_in_a_query_is_rendered_by_dbt(built: Project) -> None:
    """Macros and `ref`, as in a model."""
    sql = "select {{ ai_filter('body', 'Is it so?') }} as so from {{ ref('texts') }} limit 1"
    done = assay(built, "query", sql, "--json")
    assert (done.code, [*done.json[0]]) == (0, ["so"])


def test_plain_sql_starts_neither_dbt_nor_the_engine(built: Project) -> None:
    """Who asks for a number does not wait for them."""
    code = (
        "import sys\nfrom assay.cli.main import app\n"
        "app(['query', 'select 1'], standalone_mode=False)\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))\n"
        "print('assay.engine.session' in sys.modules)"
    )
    done = subprocess.run(
        [command()[0], "-c", code],
        cwd=built.root,
        env=built._environment({}),
        capture_output=True,
        text=True,
        check=True,
    )
    *_, modules, is_engine = done.stdout.splitlines()
    assert {"dbt", "pyarrow", "numpy"} & set(modules.split()) == set()
    assert is_engine == "False"
