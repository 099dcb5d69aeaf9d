"""The gate of gold: runs `quality/suites/gold` over it; nothing is published before."""

from typing import Any

import pyarrow as pa

from assay.gates import run_gate


def model(dbt: Any, session: Any) -> pa.Table:
    """One row for each expectation; red ones fail the model once they are in the store."""
    relations = {
        "gold_directory": dbt.ref("gold_directory"),
        "gold_shops": dbt.ref("gold_shops"),
        "gold_yield": dbt.ref("gold_yield"),
    }
    return run_gate("gate_gold", relations)
