-- depends_on: {{ ref('row_gate_rules') }}
{{ assay._assay_row_gates() }}
