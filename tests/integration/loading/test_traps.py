"""What dlt does unless it is told otherwise, and does not do here."""

from __future__ import annotations

import pytest

from .conftest import Loading

pytestmark = pytest.mark.sources


def test_it_tells_nobody_and_reads_no_file_of_settings(loading: Loading) -> None:
    """Telemetry is off, whatever the environment says; secrets of files are not looked at."""
    (loading.root / ".dlt").mkdir()
    (loading.root / ".dlt/secrets.toml").write_text('key = "of a file"\n')
    loading.source(
        "asking",
        """
        import dlt
        from dlt.common.runtime.run_context import active


        def source():
            @dlt.resource
            def settings():
                told = active().runtime_config
                yield {
                    "telemetry": told.dlthub_telemetry,
                    "sentry": bool(told.sentry_dsn),
                    "of_files": dlt.secrets.get("key") is not None,
                    "of_environment": dlt.secrets.get("other"),
                    "folder": dlt.current.pipeline().working_dir,
                }

            return settings
        """,
    )
    loaded = loading.loaded(RUNTIME__DLTHUB_TELEMETRY="true", OTHER="of the environment")
    assert loaded["asking"]["status"] == "ok", loaded
    (row,) = loading.rows(
        "select telemetry, sentry, of_files, of_environment, folder from bronze_raw.settings"
    )

    assert row[:4] == (False, False, False, "of the environment")
    assert row[4].startswith(str(loading.root / ".assay/load"))
    home = {path.name for path in loading.root.iterdir()}
    assert not home & {".cache", ".local", "dlt"}


def test_lists_stay_in_their_row_and_rows_may_become_arrow(loading: Loading) -> None:
    """No child tables unless asked for; another kind of row fills the same columns."""
    loading.source(
        "rows",
        """
        import os

        import dlt
        import pyarrow as pa


        def source():
            @dlt.resource(primary_key="id", write_disposition="merge")
            def things():
                if os.environ.get("ARROW"):
                    yield pa.table({"id": [2, 3], "tags": ['["c"]', None]})
                else:
                    yield [{"id": 1, "tags": ["a", "b"], "at": {"x": {"y": 1}}}, {"id": 2}]

            return things
        """,
    )
    first = loading.loaded()["rows"]
    second = loading.loaded(ARROW="yes")["rows"]

    assert (first["status"], second["status"]) == ("ok", "ok"), second
    assert loading.rows(
        "select id, tags, _dlt_load_id is not null from bronze_raw.things order by 1"
    ) == [
        (1, '["a","b"]', True),
        (2, '["c"]', True),
        (3, None, True),
    ]
    tables = "select table_name from duckdb_tables() where schema_name = 'bronze_raw'"
    assert {name for (name,) in loading.rows(tables) if not name.startswith("_dlt")} == {
        "things",
        "loads",
    }


def test_one_table_has_one_source(loading: Loading) -> None:
    """Neither ours nor another source's: rows of two would be mixed."""
    for name, table in {"one": "same", "two": "same", "ours": "loads"}.items():
        loading.source(
            name,
            f"import dlt\ndef source():\n    return dlt.resource([{{'id': 1}}], name={table!r})",
        )
    told = {name: one["error"] for name, one in loading.loaded().items()}

    assert told == {
        "one": None,
        "ours": "`bronze_raw.loads` is a table of Assay; give the resource another name.",
        "two": "`bronze_raw.same` is a table of the source one; give the resource another name.",
    }


def test_a_source_that_never_ends_is_ended(loading: Loading) -> None:
    """Its rows are as they were, and the next one is loaded."""
    fine = "import dlt\ndef source():\n    return dlt.resource([{'id': 1}], name='fine')"
    loading.source("a_hangs", "import time\ndef source():\n    time.sleep(60)")
    loading.source("b_fine", fine)
    told = loading.loaded(ASSAY_SOURCE_SECONDS="2")

    assert {name: one["status"] for name, one in told.items()} == {
        "a_hangs": "timeout",
        "b_fine": "ok",
    }
    assert told["a_hangs"]["error"] == ("It took more than 2 seconds; see `ASSAY_SOURCE_SECONDS`.")


def test_a_source_that_ends_the_process_stops_no_other(loading: Loading) -> None:
    """And one that is none is told, with its line; what they print is no answer of ours."""
    loading.source("a_dies", "import os\ndef source():\n    os._exit(3)")
    loading.source("b_none", "def sauce():\n    pass")
    loading.source("c_other", "def source():\n    return 7")
    loading.source("d_exits", "import sys\ndef source():\n    sys.exit('I go')")
    loading.source("e_syntax", "def source(:\n    pass")
    loading.source("_shared", "NUMBER = 1")
    loading.source(
        "f_fine",
        'import dlt\nfrom _shared import NUMBER\nprint(\'{"begun": "x"}\')\n'
        "def source():\n    return dlt.resource([{'id': NUMBER}], name='fine')",
    )
    done = loading.load("--json")
    told = loading.loaded()

    assert done.code == 1
    assert {name: one["status"] for name, one in told.items()} == {
        "a_dies": "crashed",
        "b_none": "failed",
        "c_other": "failed",
        "d_exits": "failed",
        "e_syntax": "failed",
        "f_fine": "ok",
    }
    assert told["b_none"]["error"].startswith("b_none.py has no function `source()`; write one")
    assert told["c_other"]["error"].startswith(
        "`source()` of c_other.py gave int; return a source"
    )
    assert told["d_exits"]["error"] == "SystemExit: I go (d_exits.py:3)"
    assert "SyntaxError" in told["e_syntax"]["error"]
