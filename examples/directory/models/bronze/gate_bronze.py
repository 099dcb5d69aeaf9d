"""The gate of bronze: runs `quality/suites/bronze` over it; silver waits for it."""

from typing import Any

import pyarrow as pa

from assay.gates import run_gate


def model(dbt: Any, session: Any) -> pa.Table:
    """One row for each expectation; red ones fail the model once they are in the store."""
    relations = {
        "bronze_licences": dbt.ref("bronze_licences"),
        "bronze_pages": dbt.ref("bronze_pages"),
        "bronze_places": dbt.ref("bronze_places"),
    }
    return run_gate("gate_bronze", relations)
