"""The gate of gold: runs `quality/suites/gold` over it; what is published waits for it."""

from typing import Any

import pyarrow as pa

from assay.plugin import run_gate


def model(dbt: Any, session: Any) -> pa.Table:
    """One row for each expectation; red ones fail the model once they are in the store."""
    relations = {
        "customer_360": dbt.ref("customer_360"),
        "feedback_by_topic_week": dbt.ref("feedback_by_topic_week"),
        "feedback_to_review": dbt.ref("feedback_to_review"),
        "product_complaints": dbt.ref("product_complaints"),
    }
    return run_gate("gate_gold", relations)
