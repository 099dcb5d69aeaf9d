"""The address of a store: what is one, what it is called, and what it may not give away."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.errors import ConfigError
from assay.core.settings import load_places
from assay.core.store_place import StoreAddress, store_place

SECRET = "hunter2"


def address(said: str) -> StoreAddress:
    """What a setting names."""
    found = store_place(said)
    assert isinstance(found, StoreAddress)
    return found


def test_a_path_stays_a_path() -> None:
    """With the home written out, and whatever it is called."""
    assert store_place(" .assay/store.sqlite\r") == Path(".assay/store.sqlite")
    assert store_place("~/store") == Path.home() / "store"


@pytest.mark.parametrize(
    "said",
    [
        f"postgresql://me:{SECRET}@db.example.org:5433/assay",
        f"postgres://me@db.example.org:5433/assay?password={SECRET}",
    ],
)
def test_a_password_is_used_and_never_shown(said: str) -> None:
    """Not by its name, not by its fields, not among the places of a run."""
    found = address(said)
    assert SECRET in found.url
    assert str(found) == "postgresql://me@db.example.org:5433/assay"
    assert SECRET not in repr(load_places({"store": said}, {}))


def test_the_schema_is_ours_and_not_the_driver_s() -> None:
    """libpq refuses what it does not know."""
    found = address("postgresql:///db?host=/tmp/a&schema=shop")
    assert (found.schema, "schema" in found.url) == ("shop", False)
    assert str(found) == "postgresql:///db?host=/tmp/a&schema=shop"
    assert address("postgresql://localhost/db").schema == "assay"


def test_stores_beside_each_other_keep_their_journals_apart() -> None:
    """By host, database and schema; another user has the same store."""
    said = [f"postgresql://{where}" for where in ("h/a", "h/b", "h/a?schema=b", "me@h/a")]
    folders = [address(one).beside for one in said]
    assert (len(set(folders)), folders[0]) == (3, folders[3])


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", ""])
def test_on_this_machine_nothing_is_asked_of_the_way(host: str) -> None:
    """Who listens there is root."""
    assert "sslmode" not in address(f"postgresql://{host}/db").url


def test_the_way_to_another_machine_is_encrypted() -> None:
    """Unless better is wanted, and never less."""
    assert address("postgresql://db/a").url.endswith("?sslmode=require")
    assert address("postgresql://db/a?sslmode=verify-full").url.endswith("=verify-full")
    for weak in ("prefer", "disable", "allow"):
        with pytest.raises(ConfigError, match="in the clear"):
            load_places({"store": f"postgresql://me:{SECRET}@db/a?sslmode={weak}"}, {})


@pytest.mark.parametrize(
    "said", [f"postgresql://me:{SECRET}@db:port/a", f"postgresql://me:{SECRET}@db/a?schema=A-b"]
)
def test_what_is_no_address_is_told_without_its_password(said: str) -> None:
    """In one line."""
    with pytest.raises(ConfigError) as raised:
        load_places({"store": said}, {})
    assert SECRET not in str(raised.value)
