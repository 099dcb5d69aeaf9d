-- depends_on: {{ ref('silver_chicago_inspections_quarantined') }}
{{ row_gate_passed(ref('silver_chicago_inspections_checked')) }}
