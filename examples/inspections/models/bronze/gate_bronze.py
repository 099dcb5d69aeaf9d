"""The gate of bronze: runs `quality/suites/bronze` over it; silver waits for it."""

from typing import Any

import pyarrow as pa

from assay.gates import run_gate


def model(dbt: Any, session: Any) -> pa.Table:
    """One row for each expectation; red ones fail the model once they are in the store."""
    relations = {
        "bronze_chicago__inspections": dbt.ref("bronze_chicago__inspections"),
        "bronze_toronto__records": dbt.ref("bronze_toronto__records"),
    }
    return run_gate("gate_bronze", relations)
