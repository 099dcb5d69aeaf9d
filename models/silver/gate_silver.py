"""The gate of silver: runs `quality/suites/silver` over it; gold waits for it."""

from typing import Any

import pyarrow as pa

from assay.plugin import run_gate


def model(dbt: Any, session: Any) -> pa.Table:
    """One row for each expectation; red ones fail the model once they are in the store."""
    relations = {
        "silver_customers": dbt.ref("silver_customers"),
        "silver_customers_passed": dbt.ref("silver_customers_passed"),
        "silver_feedback": dbt.ref("silver_feedback"),
        "silver_feedback_passed": dbt.ref("silver_feedback_passed"),
        "silver_products": dbt.ref("silver_products"),
        "silver_products_passed": dbt.ref("silver_products_passed"),
    }
    return run_gate("gate_silver", relations)
