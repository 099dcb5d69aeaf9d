"""The gate of silver: runs `quality/suites/silver` over it; what reads silver waits for it."""

from typing import Any

import pyarrow as pa

from assay.gates import run_gate


def model(dbt: Any, session: Any) -> pa.Table:
    """One row for each expectation; red ones fail the model once they are in the store."""
    relations = {
        "silver_chicago_inspections": dbt.ref("silver_chicago_inspections"),
        "silver_chicago_inspections_passed": dbt.ref("silver_chicago_inspections_passed"),
        "silver_chicago_violations": dbt.ref("silver_chicago_violations"),
        "silver_chicago_violations_passed": dbt.ref("silver_chicago_violations_passed"),
        "silver_toronto_establishments": dbt.ref("silver_toronto_establishments"),
        "silver_toronto_records": dbt.ref("silver_toronto_records"),
        "silver_toronto_records_passed": dbt.ref("silver_toronto_records_passed"),
    }
    return run_gate("gate_silver", relations)
