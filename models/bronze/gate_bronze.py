"""The gate of bronze: runs `quality/suites/bronze` over it; silver waits for it."""

from typing import Any

import pyarrow as pa

from assay.plugin import run_gate


def model(dbt: Any, session: Any) -> pa.Table:
    """One row for each expectation; red ones fail the model once they are in the store."""
    relations = {
        "bronze_shop__customers": dbt.ref("bronze_shop__customers"),
        "bronze_shop__feedback": dbt.ref("bronze_shop__feedback"),
        "bronze_shop__golden_feedback": dbt.ref("bronze_shop__golden_feedback"),
        "bronze_shop__products": dbt.ref("bronze_shop__products"),
        "stg_customers": dbt.ref("stg_customers"),
    }
    return run_gate("gate_bronze", relations)
