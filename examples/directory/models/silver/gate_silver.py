"""The gate of silver: runs `quality/suites/silver` over it; gold waits for it."""

from typing import Any

import pyarrow as pa

from assay.gates import run_gate


def model(dbt: Any, session: Any) -> pa.Table:
    """One row for each expectation; red ones fail the model once they are in the store."""
    relations = {
        "silver_figures": dbt.ref("silver_figures"),
        "silver_matched": dbt.ref("silver_matched"),
    }
    return run_gate("gate_silver", relations)
