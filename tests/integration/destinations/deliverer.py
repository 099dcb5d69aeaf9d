"""Publishes 500 mails and delivers them, with other texts each time, until it is killed."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

import duckdb

from assay.project.publishing.deliver import deliver
from assay.project.publishing.destinations.open import open_destination, shown
from assay.project.publishing.gold import GoldTable
from assay.project.publishing.publish import Release, publish

MAILS = "select n::int as mail_id, '{}' as body, null::FLOAT[3] as embedding from range(500) t(n)"

if __name__ == "__main__":
    root, address = Path(sys.argv[1]), sys.argv[2]
    tables = [GoldTable("gold", "mails")]
    for turn in count():
        with duckdb.connect(str(root / "warehouse.duckdb")) as connection:
            connection.execute(f"create or replace table gold.mails as {MAILS.format(turn)}")
        release = Release(f"run{turn}", tables, [], {})
        done = publish(root / "warehouse.duckdb", root / "published", release)
        keys = {"mails": ["mail_id"]}
        deliver(done, keys, open_destination(address), shown(address))
        print(turn, flush=True)  # noqa: T201 - the test waits for the third one
