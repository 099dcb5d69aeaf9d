-- depends_on: {{ ref('silver_chicago_inspections_quarantined') }}
{{ assay.row_gate_passed(ref('silver_chicago_inspections_checked')) }}
