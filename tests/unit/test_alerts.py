"""Alerts: what is wrong, what of it is news, in which words it is sent, and that it arrives."""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from assay.core.errors import ConfigError
from assay.core.settings import Settings, load_settings
from assay.project.alerting import memory
from assay.project.alerting.messages import Notice, payload
from assay.project.alerting.owners import owners_of
from assay.project.alerting.sending import WAITS, send
from assay.project.alerting.telling import found, fresh, look, not_started, send_test, tell
from assay.project.alerting.trouble import News, Trouble
from assay.project.alerting.troubles import Sight, troubles
from assay.project.doctor import alert_findings
from assay.project.report.facts import Built, ColumnFacts, Shares, State, Warehouse
from assay.store import Spend

NOW = datetime.datetime(2026, 3, 2, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
OLD = Trouble("published", "publication", "It is old", "build")
RED = Trouble("red", "build", "It is <!channel> & red", "see *it*", ("ada", "bob"), "a")
MANIFEST = {
    "metadata": {"project_name": "acme"},
    "groups": {"group.acme.care": {"name": "care", "owner": {"email": "care@acme.example"}}},
    "nodes": {
        "model.acme.notes": {
            "resource_type": "model",
            "schema": "silver",
            "alias": "notes",
            "config": {"meta": {"owner": ["ada", "bob"]}},
        },
        "model.acme.mails": {"config": {"group": "care"}},
        "test.acme.t": {"depends_on": {"nodes": ["model.acme.notes", "model.acme.mails"]}},
        "test.acme.own": {"meta": {"owner": "eve"}, "depends_on": {"nodes": ["model.acme.notes"]}},
    },
}


def settings(**changed: Any) -> Settings:
    """Settings of a project."""
    return load_settings(changed, {})


def results(*ends: tuple[str, str], **args: str) -> dict[str, Any]:
    """dbt's results of a run."""
    return {
        "metadata": {"invocation_id": "run-1"},
        "args": {"which": "build", **args},
        "results": [{"unique_id": name, "status": status} for name, status in ends],
    }


def column(psi: float | None) -> ColumnFacts:
    """A column whose labels have moved so far."""
    shares = Shares("topic.value", State("", "", "p", {"good": 1}), (), psi, psi)
    return ColumnFacts(
        *("silver.notes", "topic", "classify", "", "m", "p", 0, {"ok": 1}, None, None, [shares])
    )


# What is wrong


def test_where_all_is_well_there_is_no_trouble() -> None:
    """Up to each limit."""
    seen = Sight(
        settings(max_cost_usd=1),
        NOW,
        Built(exit_code=0),
        results(("model.acme.notes", "success")),
        MANIFEST,
        [column(0.25), column(None)],
        Spend(cost_usd=0.79),
        100,
        NOW - 48 * HOUR,
    )
    assert troubles(seen) == []


def test_each_kind_of_trouble_is_found_with_its_owners() -> None:
    """Just over each limit; the worst first."""
    seen = Sight(
        settings(max_cost_usd=1, max_requests=10, alert_published_hours=24),
        NOW,
        Built(exit_code=1, told=["ai_answered on notes: 3 rows found."]),
        results(("test.acme.t", "fail")),
        MANIFEST,
        [column(0.26)],
        Spend(requests=9, cost_usd=0.8),
        101,
        NOW - 25 * HOUR,
    )
    said = [(one.key, one.said, one.owners) for one in troubles(seen)]
    everybody = ("ada", "bob", "care@acme.example")
    assert said == [
        (
            "red:build",
            "The last build is not green: ai_answered on notes: 3 rows found",
            everybody,
        ),
        ("spend:money", "The last run spent 0.8 of 1 US dollars (80%)", ()),
        ("spend:requests", "The last run spent 9 of 10 requests (90%)", ()),
        ("dead_letters:store", "101 dead letters, over the limit of 100", ()),
        (
            "drift:silver.notes.topic.value",
            "The labels of silver.notes.topic.value have shifted (PSI 0.26)",
            ("ada", "bob"),
        ),
        ("published:publication", "What is published is 1 day old, over 24 hours", ()),
    ]


def test_a_search_server_that_is_down_is_told_though_nothing_is_red() -> None:
    """The rows keep their answers, so that no gate would see it."""
    seen = Sight(settings(), NOW, Built(exit_code=0), stop=("search", "It does not answer."))
    (one,) = troubles(seen)
    assert one.key == "search:evidence"
    assert troubles(replace(seen, stop=("budget", "It is used up."))) == []


def test_of_a_very_red_build_the_first_lines_are_told() -> None:
    """And how many more there are."""
    lines = [f"line {place}" for place in range(5)]
    (one,) = troubles(Sight(settings(), NOW, Built(exit_code=1, told=lines)))
    assert one.said == "The last build is not green: line 0; line 1; line 2; and 2 more"


def test_whose_a_node_is() -> None:
    """Its own owner, else the owners of what it checks."""
    assert owners_of(MANIFEST, ["test.acme.own"]) == ("eve",)
    assert owners_of(MANIFEST, ["test.acme.t"]) == ("ada", "bob", "care@acme.example")
    assert owners_of({}, ["test.acme.t"]) == ()


# What is news


def told(*news: News, at: datetime.datetime = NOW) -> dict[str, memory.Remembered]:
    """What is remembered once these were sent."""
    return memory.after(news, {}, at)


def test_a_trouble_is_news_once_and_again_after_a_day() -> None:
    """And when it has changed."""
    before = told(News("new", RED))
    changed = Trouble("red", "build", "other tests", "see it", detail="b")
    assert memory.news([RED], {}, NOW) == [News("new", RED)]
    assert memory.news([RED], before, NOW + 23 * HOUR) == []
    assert memory.news([RED], before, NOW + 24 * HOUR) == [News("still", RED)]
    assert memory.news([changed], before, NOW) == [News("changed", changed)]


def test_what_is_over_is_told_and_forgotten() -> None:
    """Unless nobody has looked."""
    before = told(News("new", RED), News("new", OLD))
    (over,) = memory.news([OLD], before, NOW)
    assert over.line == "Over: the build is green again."
    assert list(memory.after([over], before, NOW)) == [OLD.key]
    assert memory.news([OLD], before, NOW, unseen=("red:",)) == []


def test_what_a_run_spent_is_never_over() -> None:
    """The next run that spends much is news again."""
    spent = Trouble("spend", "money", "much", "spend less", detail="run-1")
    after = Trouble("spend", "money", "much", "spend less", detail="run-2")
    before = told(News("new", spent))
    assert memory.news([], before, NOW) == []
    assert memory.news([after], before, NOW) == [News("changed", after)]


def test_the_memory_outlives_the_process_and_a_damaged_one_is_empty(tmp_path: Path) -> None:
    """A file of its own."""
    before = told(News("new", RED))
    memory.keep(tmp_path, before)
    assert memory.read(tmp_path) == before
    (tmp_path / memory.FILE).write_text('{"red:build": 1}')
    assert memory.read(tmp_path) == {}


# In which words

NOTICE = Notice(
    "acme", "6dff4564-aa", "2026-03-02 12:00:00", [News("new", RED), News("still", OLD)]
)


def test_a_program_gets_facts() -> None:
    """Each with its state and owners."""
    body = payload("json", NOTICE)
    assert (body["version"], body["project"], body["run"]) == (1, "acme", "6dff4564-aa")
    assert body["alerts"][0] == {
        "state": "new",
        "kind": "red",
        "subject": "build",
        "said": "It is <!channel> & red",
        "remedy": "see *it*",
        "owners": ["ada", "bob"],
    }


def test_slack_gets_a_text_that_calls_nobody() -> None:
    """What would be an entity is escaped."""
    assert payload("slack", NOTICE)["text"] == (
        "*Assay: acme, run 6dff4564*\n"
        "• It is &lt;!channel&gt; &amp; red; see *it*. (ada, bob)\n"
        "• Still: It is old; build."
    )


def test_teams_gets_a_card_without_markup() -> None:
    """Runs of text, which are shown as they are."""
    (attached,) = payload("teams", NOTICE)["attachments"]
    runs = [block["inlines"][0]["text"] for block in attached["content"]["body"]]
    assert attached["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert runs[1:] == ["It is <!channel> & red; see *it*. (ada, bob)", "Still: It is old; build."]


# That it arrives


@dataclass
class Hook:
    """A webhook on loopback: what it answers, one after the other, and what it got."""

    answers: list[int]
    got: list[Any] = field(default_factory=list)
    url: str = ""


@contextmanager
def listening(*answers: int) -> Iterator[Hook]:
    """A webhook that answers so, and 200 from then on."""
    hook = Hook(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            code = hook.answers.pop(0) if hook.answers else 200
            self.send_response(code)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - named by the library

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.url = f"http://127.0.0.1:{server.server_port}/hook/secret-path?sig=s3cret"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield hook
        server.shutdown()
        thread.join()


def sent(url: str) -> tuple[str | None, list[float]]:
    """What became of an alert, and how long was waited."""
    waited: list[float] = []
    return send(url, {"a": 1}, waited.append), waited


def test_what_may_pass_is_tried_again() -> None:
    """Until it arrives, shortly."""
    with listening(503, 429) as hook:
        assert sent(hook.url) == (None, list(WAITS))
    assert hook.got == [{"a": 1}] * 3


@pytest.mark.parametrize("code", [400, 404, 302])
def test_what_will_not_pass_is_sent_once(code: int) -> None:
    """A redirect is not followed, and the reason has no more of the URL than its host."""
    with listening(code) as hook:
        assert sent(hook.url) == (f"127.0.0.1: HTTP {code}", [])
    assert len(hook.got) == 1


def test_where_nobody_listens_it_is_said() -> None:
    """After the attempts."""
    with listening() as hook:
        url = hook.url
    assert sent(url) == ("127.0.0.1: no connection (ConnectionRefusedError)", list(WAITS))


# The whole way


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project in which nothing was built."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def red(url: str, **args: str) -> Sight:
    """A build with a red test, as it is looked at."""
    changed = settings(alert_url=url)
    return look(changed, results(("test.acme.t", "fail"), **args), Warehouse())


def green(url: str, **args: str) -> Sight:
    """The next build, which is green."""
    return look(settings(alert_url=url), results(("test.acme.t", "pass"), **args), Warehouse())


def test_a_red_build_is_told_once_and_so_is_that_it_is_over(here: Path) -> None:
    """A green part does not say so."""
    with listening() as hook:
        seen = [red(hook.url), red(hook.url), green(hook.url, select="one"), green(hook.url)]
        states = [[one.state for one in tell(one).news] for one in seen]
    assert states == [["new"], [], [], ["over"]]
    assert [body["alerts"][0]["kind"] for body in hook.got] == ["red", "red"]
    assert "s3cret" not in json.dumps(hook.got)


def test_what_could_not_be_sent_is_news_the_next_time(here: Path) -> None:
    """And its reason is said."""
    with listening(400) as hook:
        first, second = tell(red(hook.url)), tell(red(hook.url))
    assert (first.trouble, second.trouble) == ("127.0.0.1: HTTP 400", None)
    assert [one.state for one in second.news] == ["new"]


def test_a_build_that_did_not_start_is_over_with_the_next_one_alone(here: Path) -> None:
    """A look at the last build, which was green, does not end it."""
    with listening() as hook:
        seen = not_started(settings(alert_url=hook.url), 2)
        assert [one.key for one in found(seen)] == ["red:start"]
        tell(seen)
        looked = look(settings(alert_url=hook.url), results(), Warehouse(), ("red:start",))
        assert fresh(looked) == []
        assert [one.state for one in fresh(green(hook.url))] == ["over"]


def test_a_warehouse_that_is_busy_ends_no_drift(here: Path) -> None:
    """Nobody has looked at it."""
    memory.keep(here / ".assay", told(News("new", Trouble("drift", "a.b", "moved", "look"))))
    busy = look(settings(), results(), Warehouse(trouble="It is open elsewhere."))
    assert fresh(busy) == []
    assert [one.state for one in fresh(look(settings(), results(), Warehouse()))] == ["over"]


def test_the_doctor_sends_a_test_on_wish(here: Path) -> None:
    """Otherwise says where alerts go, by the host alone."""
    with listening(200, 500, 500, 500) as hook:
        config = {"alert_url": hook.url, "alert_format": "slack"}
        (quiet,) = alert_findings({}, config, send=False)
        (fine,) = alert_findings({}, config, send=True)
        assert (str(quiet), fine.verdict) == (
            "ok alerts They go to 127.0.0.1 as slack; --alert sends a test.",
            "ok",
        )
    assert "This is a test" in hook.got[0]["text"]
    assert send_test(settings(alert_url=hook.url)) is not None
    (unset,) = alert_findings({}, {}, send=True)
    assert unset.verdict == "wrong"


# Settings


@pytest.mark.parametrize(
    "url", ["http://hooks.example/s3cret", "hooks.example/s3cret", "https://"]
)
def test_a_webhook_that_is_not_safe_is_refused_without_being_shown(url: str) -> None:
    """It is a secret."""
    with pytest.raises(ConfigError, match=r"`ASSAY_ALERT_URL` is wrong.*https") as refused:
        settings(alert_url=url)
    assert "s3cret" not in str(refused.value)
    assert "s3cret" not in repr(settings(alert_url="https://hooks.example/s3cret"))
