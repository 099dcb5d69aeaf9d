-- depends_on: {{ ref('silver_chicago_violations_quarantined') }}
{{ assay.row_gate_passed(ref('silver_chicago_violations_checked')) }}
