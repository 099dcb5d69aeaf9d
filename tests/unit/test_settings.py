"""Settings: read once, checked at once; a message names the setting and the remedy."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from assay.core.errors import ConfigError
from assay.core.settings import (
    Settings,
    load_places,
    load_settings,
)
from assay.providers.local.traits import LOCAL_MODEL
from assay.providers.openai_compatible.traits import PUBLIC_BASE_URL

KEY = {"OPENAI_API_KEY": "sk-canary"}
OPENAI = {"provider": "openai", "model": "gpt-test"}


def openai(environ: dict[str, str] | None = None, **config: Any) -> Settings:
    """Settings of the openai provider with a key."""
    return load_settings(OPENAI | config, KEY | (environ or {}))


def test_nothing_needs_to_be_set() -> None:
    """The defaults are those of the design: embedded, no key, no network."""
    settings = load_settings({}, {})
    assert (settings.provider, settings.host, settings.api_key) == ("local", "embedded", None)
    assert (settings.store, settings.max_in_flight, settings.max_attempts) == (
        Path(".assay/store.sqlite"),
        32,
        4,
    )


def test_blank_values_mean_not_set() -> None:
    """`env_var('ASSAY_X', '')` in profiles.yml hands over blanks."""
    blank = {name: " " for name in Settings.model_fields if name != "api_key"}
    assert load_settings(blank, {}) == Settings()


def test_values_come_as_text() -> None:
    """And end as numbers."""
    settings = load_settings({"pack_records": "8", "max_cost_usd": "0.5", "max_requests": "9"}, {})
    assert (settings.pack_records, settings.max_cost_usd, settings.max_requests) == (8, 0.5, 9)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("provider", "opnai"),
        ("max_in_flight", "0"),
        ("max_in_flight", "many"),
        ("requests_per_minute", "-1"),
        ("tokens_per_minute", "0"),
        ("pack_records", "257"),
        ("pack_tokens", "99"),
        ("max_attempts", "0"),
        ("deadline_seconds", "0"),
        ("deadline_seconds", "nan"),
        ("deadline_seconds", "inf"),
        ("max_cost_usd", "0"),
        ("max_cost_usd", "nan"),
        ("max_cost_usd", "inf"),
        ("max_requests", "1.5"),
    ],
)
def test_a_value_out_of_range_is_named_by_its_variable(name: str, value: str) -> None:
    """A budget of NaN would be no wall at all."""
    with pytest.raises(ConfigError, match=f"Setting `ASSAY_{name.upper()}` is wrong: .+"):
        load_settings({name: value}, {})


def test_an_unknown_provider_names_those_there_are() -> None:
    """Who they are, the providers say themselves."""
    with pytest.raises(ConfigError) as refused:
        load_settings({"provider": "opnai"}, {})
    assert str(refused.value) == (
        "Setting `ASSAY_PROVIDER` is wrong: there is no provider 'opnai'; "
        "give one of local, openai, replay."
    )


def test_settings_find_the_providers_in_a_process_of_their_own() -> None:
    """Whoever imports them alone has to make nothing known first; no provider itself is loaded."""
    code = (
        "import sys; from assay.core.settings import Settings; "
        "print(Settings().host, 'assay.providers.local.provider' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert ran.stdout.split() == ["embedded", "False"]


@pytest.mark.parametrize(
    ("name", "lowest"),
    [
        ("max_in_flight", 1),
        ("requests_per_minute", 1),
        ("tokens_per_minute", 1),
        ("pack_records", 1),
        ("pack_tokens", 100),
        ("max_attempts", 1),
        ("deadline_seconds", 0.1),
        ("outage_seconds", 0),
        ("max_requests", 1),
    ],
)
def test_the_lowest_value_is_let_through(name: str, lowest: float) -> None:
    """The bounds belong to the range."""
    assert getattr(load_settings({name: str(lowest)}, {}), name) == lowest


@pytest.mark.parametrize(
    ("name", "highest"),
    [
        ("max_in_flight", 1024),
        ("pack_records", 256),
        ("max_attempts", 20),
        ("deadline_seconds", 3600),
        ("outage_seconds", 86400),
    ],
)
def test_the_highest_value_is_let_through_and_one_more_is_not(name: str, highest: int) -> None:
    """Where there is one."""
    assert getattr(load_settings({name: str(highest)}, {}), name) == highest
    with pytest.raises(ConfigError, match="is wrong"):
        load_settings({name: str(highest + 1)}, {})


@pytest.mark.parametrize(
    ("given", "nearest"),
    [("max_cost", "max_cost_usd"), ("packrecords", "pack_records"), ("Provider", "provider")],
)
def test_an_unknown_setting_names_the_nearest(given: str, nearest: str) -> None:
    """A wall that was misspelt is not silently no wall."""
    expected = f"Unknown setting '{given}' in the plugin's config; did you mean '{nearest}'?"
    with pytest.raises(ConfigError) as caught:
        load_settings({given: "1"}, {})
    assert str(caught.value) == expected


def test_an_unknown_variable_names_the_nearest() -> None:
    """The environment is searched for misspelt names, too."""
    with pytest.raises(ConfigError, match=r"'ASSAY_MAX_COST' in the env.*_MAX_COST_USD'"):
        load_settings({}, {"ASSAY_MAX_COST": "1"})


def test_variables_for_dbt_and_of_others_are_let_be() -> None:
    """Only names that begin with ours are ours."""
    environ = {"ASSAY_DATABASE": "x.duckdb", "ASSAY_THREADS": "4", "PATH": "/bin"}
    assert load_settings({}, environ) == Settings()


def test_g08_the_key_is_no_setting() -> None:
    """In the config it would end up in dbt's artifacts."""
    with pytest.raises(ConfigError, match="Unknown setting 'api_key'"):
        load_settings({"api_key": "sk-canary"}, {})


def test_g08_the_key_does_not_show() -> None:
    """Neither in a repr nor in a dump."""
    settings = openai()
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == "sk-canary"
    assert "canary" not in f"{settings!r}{settings}{settings.model_dump()}"


@pytest.mark.parametrize("key", ["", " \n"])
def test_openai_needs_a_key(key: str) -> None:
    """A blank one is none; the message offers the way without."""
    with pytest.raises(ConfigError, match=r"`OPENAI_API_KEY` is not set; .*_PROVIDER=local`"):
        load_settings(OPENAI, {"OPENAI_API_KEY": key})


def test_openai_needs_a_model() -> None:
    """There is no default: you must say what to pay for."""
    with pytest.raises(ConfigError, match=r"\A`ASSAY_MODEL` is not set"):
        load_settings({"provider": "openai"}, KEY)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v1",
        "http://127.0.0.1:8000/v1",
        "http://localhost/v1/",
        "http://[::1]:9/v1",
    ],
)
def test_g12_https_and_loopback_are_let_through(url: str) -> None:
    """The endpoint is kept without the last slash."""
    assert openai(base_url=url).endpoint == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.com/v1",
        "http://127.0.0.1.example.com/v1",
        "api.example.com/v1",
        "https:///v1",
        "ftp://example.com",
        "file:///etc/passwd",
        "https://[::1/v1",
        "https://example.com:99999/v1",
    ],
)
def test_g12_other_endpoints_are_refused_by_name(url: str) -> None:
    """Plain http to a remote host would show row text and key to everybody between."""
    with pytest.raises(ConfigError, match=r"`ASSAY_BASE_URL` is '.*'; use an https URL"):
        openai(base_url=url)


@pytest.mark.parametrize(
    "url",
    [
        "https://me:canary@example.com/v1",
        "http://canary@localhost/v1",
        "https:me:canary@example.com",
    ],
)
def test_g09_a_url_with_credentials_is_refused_unquoted(url: str) -> None:
    """The endpoint is named in messages and logs; a password must not be."""
    with pytest.raises(ConfigError, match="ASSAY_BASE_URL") as refused:
        openai(base_url=url)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/v1?api-key=canary",
        "https://example.com?api-key=canary",
        "https://example.com/v1#canary",
        "https://example.com/v1?canary#",
        "ftp://example.com/?canary",
    ],
)
def test_g09_a_url_with_a_query_is_refused_unquoted(url: str) -> None:
    """It would not be sent, but show in messages, the ledger and dead letters."""
    with pytest.raises(
        ConfigError, match=r"holds a `\?` or a `#`.*; end it with the path"
    ) as refused:
        openai(base_url=url)
    assert "canary" not in str(refused.value)


def test_an_at_sign_in_the_path_is_no_credential() -> None:
    """Some gateways have it there."""
    assert openai(base_url="https://example.com/@cf/v1").host == "example.com"


def test_a22_a_base_url_of_the_sdk_alone_is_refused() -> None:
    """Texts go only to a host that is named to Assay."""
    with pytest.raises(ConfigError, match="`OPENAI_BASE_URL` is set but `ASSAY_BASE_URL` is not"):
        openai({"OPENAI_BASE_URL": "https://elsewhere.example/v1"})


def test_a22_a_stated_endpoint_wins_over_the_sdks() -> None:
    """And without either it is the public default."""
    stated = openai({"OPENAI_BASE_URL": "https://b.example"}, base_url="https://a.example")
    assert (stated.endpoint, openai().endpoint) == ("https://a.example", PUBLIC_BASE_URL)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (None, "api.openai.com"),
        ("https://API.Example.com:8443/v1", "api.example.com"),
        ("http://localhost:1/v1", "loopback"),
        ("http://[::1]:2/v1", "loopback"),
    ],
)
def test_the_host_of_a_key_has_no_port_and_no_path(url: str | None, host: str) -> None:
    """Moving a gateway does not buy answers again."""
    assert openai(base_url=url).host == host


@pytest.mark.parametrize(
    ("config", "host"),
    [
        ({"provider": "replay"}, "embedded"),
        ({"provider": "replay", "model": "gpt-test"}, "api.openai.com"),
        ({"provider": "local", "model": "gpt-test"}, "embedded"),
    ],
)
def test_replay_asks_for_what_was_stored(config: dict[str, str], host: str) -> None:
    """Under the host it was bought from."""
    assert load_settings(config, {}).host == host


def test_a_task_may_name_its_model() -> None:
    """Without one it is the model of the settings."""
    settings = openai()
    assert [settings.model_for("m"), settings.model_for(None)] == ["m", "gpt-test"]


def test_the_embedded_models_answer_under_one_name() -> None:
    """Whatever model a task asks for."""
    assert Settings().model_for("gpt-test") == LOCAL_MODEL


def test_the_environment_alone_makes_settings() -> None:
    """With a profile that gives the plugin nothing."""
    environ = KEY | {"ASSAY_PROVIDER": "openai", "ASSAY_MODEL": "gpt-test", "ASSAY_STORE": "a.db"}
    assert load_settings({}, environ) == openai(store="a.db")


def test_the_environment_counts_before_the_profile() -> None:
    """A blank variable sets nothing; what neither names is the default."""
    config = {"max_requests": "7", "pack_records": 4, "store": "of the profile"}
    environ = {"ASSAY_MAX_REQUESTS": "9", "ASSAY_PACK_RECORDS": " "}
    found = load_settings(config, environ)
    assert (found.max_requests, found.pack_records, found.pack_tokens) == (9, 4, 6000)
    assert found.store == Path("of the profile")


def test_places_need_no_valid_settings() -> None:
    """Whoever looks at the store needs no key, and no valid word for the provider."""
    environ = {"ASSAY_PROVIDER": "nobody", "ASSAY_PUBLISH": "out"}
    found = load_places({"store": "mine.sqlite"}, environ)
    assert (found.store, found.publish) == (Path("mine.sqlite"), Path("out"))


@pytest.mark.parametrize(
    ("config", "environ", "said"),
    [
        ({"max_request": 3}, {}, "did you mean 'max_requests'?"),
        ({}, {"ASSAY_STOER": "mine.sqlite"}, "did you mean 'ASSAY_STORE'?"),
    ],
)
def test_places_are_refused_where_a_name_is_not_known(
    config: dict[str, Any], environ: dict[str, str], said: str
) -> None:
    """A store that is spelled wrongly is not the default one, unnoticed."""
    with pytest.raises(ConfigError, match=re.escape(said)):
        load_places(config, environ)


def test_settings_are_frozen() -> None:
    """They are passed down, not changed."""
    with pytest.raises(ValidationError, match="frozen"):
        Settings().model = "other"


def test_every_setting_says_what_it_means() -> None:
    """The reference manual is made of these sentences."""
    bare = [name for name, field in Settings.model_fields.items() if not field.description]
    assert bare == []


@pytest.mark.parametrize("said", ["0", "-1", "many", "1.5"])
def test_threads_that_dbt_would_trip_over_are_refused(said: str) -> None:
    """By us, in a line."""
    with pytest.raises(ConfigError, match="`ASSAY_THREADS` is '"):
        load_settings({}, {"ASSAY_THREADS": said})


def test_blanks_around_a_setting_are_no_part_of_it() -> None:
    """Another model would be asked everything anew."""
    environ = KEY | {"ASSAY_PROVIDER": "openai", "ASSAY_MODEL": " gpt-test "}
    assert load_settings({}, environ).model == "gpt-test"


@pytest.mark.parametrize(
    "asked", [{"provider": "local"}, {"provider": "openai", "profile": "ollama"}]
)
def test_batches_are_refused_where_none_are_taken(asked: dict[str, str]) -> None:
    """Before anything is asked: by the file it could not be."""
    given = {"model": "m", "batch": "on", **asked}
    with pytest.raises(ConfigError, match=r"`ASSAY_BATCH` is on, but .* unset it, or set"):
        load_settings(given, {"OPENAI_API_KEY": "sk-x"})
    assert openai(batch="on").batch
