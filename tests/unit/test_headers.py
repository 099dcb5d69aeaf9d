"""Reply headers: how long to wait, in any of the forms that servers write."""

from __future__ import annotations

import datetime

import pytest

from assay.providers.openai_compatible.headers import retry_after_seconds, stated_pace

from .builders import seeded

NOW = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({"retry-after": "7"}, 7.0, id="seconds"),
        pytest.param({"retry-after": " 7 "}, 7.0, id="blanks"),
        pytest.param({"retry-after": "0.25"}, 0.25, id="fraction"),
        pytest.param({"retry-after-ms": "1500"}, 1.5, id="milliseconds"),
        pytest.param({"retry-after-ms": "1500", "retry-after": "9"}, 1.5, id="both"),
        pytest.param({"retry-after-ms": "soon", "retry-after": "9"}, 9.0, id="bad milliseconds"),
        pytest.param({"retry-after": "121"}, 121.0, id="over two minutes"),
        pytest.param({"retry-after": "Fri, 02 Jan 2026 03:04:15 GMT"}, 10.0, id="date"),
        pytest.param({"retry-after": "Fri, 02 Jan 2026 04:04:15 +0100"}, 10.0, id="offset"),
        pytest.param({"retry-after": "Fri, 02 Jan 2026 03:04:15 -0000"}, 10.0, id="no zone"),
        pytest.param({"retry-after": "Fri, 02 Jan 2026 03:04:06 GMT"}, 1.0, id="next second"),
    ],
)
def test_b01_a_wait_that_is_asked_for_is_read(headers: dict[str, str], expected: float) -> None:
    """Seconds, fractions, milliseconds and HTTP dates."""
    assert retry_after_seconds(headers, NOW) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0",
        "-1",
        "-0.5",
        "nan",
        "inf",
        "-inf",
        "1e999",
        "soon",
        "5 s",
        "Fri, 02 Jan 2026 03:04:05 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 32 Jan 2026 03:04:05 GMT",
        "Fri, 02 Jan 99999999999999999999 03:04:05 GMT",
        "\x00",
    ],
)
@pytest.mark.parametrize("name", ["retry-after", "retry-after-ms"])
def test_b07_a_bad_value_means_nothing(name: str, value: str) -> None:
    """No wait is asked for, none is negative, and nothing raises."""
    assert retry_after_seconds({name: value}, NOW) is None


def test_b07_no_header_means_nothing() -> None:
    """The backoff is ours."""
    assert retry_after_seconds({}) is None


def test_b07_the_clock_is_read_when_none_is_given() -> None:
    """A date in the past is past by any clock."""
    assert retry_after_seconds({"retry-after": "Fri, 02 Jan 2026 03:04:05 GMT"}) is None


@pytest.mark.parametrize("seed", range(10))
def test_b07_no_header_makes_us_raise(seed: int) -> None:
    """2,000 random headers a seed give nothing, or a positive number."""
    rng = seeded(seed)
    parts = ["Fri,", "2", "Jan", "2026", "9" * 20, "10:00:00", "GMT", "+9999", "(", ":", "\x00"]
    values = [" ".join(rng.choices(parts, k=rng.randint(0, 7))) for _ in range(2000)]
    waits = [retry_after_seconds({"retry-after": value}, NOW) for value in values]
    assert [wait for wait in waits if wait is not None and wait <= 0] == []


@pytest.mark.parametrize(
    ("said", "expected"), [("500", 500), ("0", None), ("", None), ("many", None), ("-3", None)]
)
def test_a_stated_limit_of_requests_is_a_count_or_nothing(said: str, expected: int | None) -> None:
    """Servers say it in each reply, or not at all."""
    assert stated_pace({"x-ratelimit-limit-requests": said}) == expected
