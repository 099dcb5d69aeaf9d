"""Numbers, dates and times are read as people write them."""

import pytest

from assay.providers.local.models.values import (
    find_dates,
    find_numbers,
    find_times,
    find_timestamps,
    parse_number,
)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("7", 7),
        ("-3.5", -3.5),
        ("1,234.50", 1234.5),
        ("1.234,50", 1234.5),
        ("1,234", 1234),
        ("12 000", 12_000),
        ("1.250.000", 1_250_000),
        ("0.125", 0.125),
        ("2,5", 2.5),
        ("seven", 7),
        ("forty-two", 42),
        ("12 apples", None),
        ("", None),
        ("9,999,999,999,999,999,999.5", None),
    ],
)
def test_numbers_are_read_in_both_styles(written, expected):
    """Point and comma are told apart by where they stand."""
    assert expected == parse_number(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-03-12", "2024-03-12"),
        ("12 March 2024", "2024-03-12"),
        ("Mar 12th, 2024", "2024-03-12"),
        ("the 3rd of May 2021", "2021-05-03"),
        ("25/12/23", "2023-12-25"),
        ("12/25/1998", "1998-12-25"),
        ("05.05.2020", "2020-05-05"),
        ("1 Jan '71", "1971-01-01"),
        ("03/04/2024", None),
        ("31/02/2024", None),
        ("12 March", None),
    ],
)
def test_dates_are_read_only_when_certain(written, expected):
    """The order of day and month and the year are never guessed."""
    assert [expected] == [found.value for found in find_dates(f"on {written}, she said")]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("5:30pm", "17:30:00"),
        ("12 am", "00:00:00"),
        ("09:15:20", "09:15:20"),
        ("noon", "12:00:00"),
        ("midnight", "00:00:00"),
        ("3 o'clock", "03:00:00"),
        ("25:10", None),
    ],
)
def test_times_are_read(written, expected):
    """Impossible times are seen but have no value."""
    assert [expected] == [found.value for found in find_times(f"at {written}")]


def test_numbers_inside_dates_and_times_are_not_numbers():
    """Each digit has one meaning."""
    found = find_numbers("On 12 March 2024 at 5:30pm we sold 40 hats to two men.")

    assert [40, 2] == [one.value for one in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-12 at 17:05", "2024-03-12T17:05:00"),
        ("9 am, 1 May 2020", "2020-05-01T09:00:00"),
        ("1 May 2020, a sunny and quiet Friday, we met at 9 am", "2020-05-01T00:00:00"),
        ("03/04/2024 17:05", None),
    ],
)
def test_a_timestamp_takes_the_time_beside_it(text, expected):
    """A time far from the date belongs to something else."""
    assert [expected] == [found.value for found in find_timestamps(text)]
