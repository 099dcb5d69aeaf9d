-- depends_on: {{ ref('silver_toronto_records_quarantined') }}
{{ assay.row_gate_passed(ref('silver_toronto_records_checked')) }}
