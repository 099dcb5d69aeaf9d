"""What settings say of an endpoint, on the wire; content in parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.core.errors import ConfigError
from assay.faultd import DIALECTS, FaultServer

from ..faults.engine_room import KEY, engine_room, expected, statuses, texts, values


def test_azures_dated_api_has_its_query_and_its_header(tmp_path: Path) -> None:
    """The deployment is in the path; without the version there is nothing at that address."""
    with FaultServer(dialect=DIALECTS["azure"]) as server:
        dated = server.url().replace("/v1", "/deployments/stub")
        given = {"profile": "azure", "api_version": "2024-10-21"}
        with engine_room(dated, tmp_path, **given) as room:
            assert values(room.ask(texts(8))) == expected(texts(8))
        with (
            engine_room(dated, tmp_path, profile="azure") as room,
            pytest.raises(ConfigError, match="Resource not found"),
        ):
            room.ask(["another text"])


def test_headers_and_fields_are_sent_and_kept_nowhere(tmp_path: Path) -> None:
    """The server has them; ledger, store and messages do not."""
    given = {"headers": {"X-Team": "hush-1"}, "extra_body": {"user": "hush-2"}}
    with (
        FaultServer() as server,
        engine_room(server.url(), tmp_path, auth_header="x-key", **given) as room,
    ):
        assert statuses(room.ask(texts(4))) == ["ok"] * 4
        (entry,) = server.ledger.entries
        assert (entry.headers["x-team"], entry.headers["x-key"]) == ("hush-1", KEY)
        assert "authorization" not in entry.headers
        told = str(room.calls) + str(room.rows("runs"))
    stored = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert "hush" not in told
    assert b"hush" not in stored


def test_content_in_parts_is_read_without_what_was_thought(tmp_path: Path) -> None:
    """Magistral's replies."""
    with (
        FaultServer(dialect=DIALECTS["mistral"]) as server,
        engine_room(server.url(), tmp_path, profile="mistral", model="magistral-small") as room,
    ):
        assert values(room.ask(texts(8))) == expected(texts(8))
