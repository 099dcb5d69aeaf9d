{{ assay.row_gate_checked(ref('silver_chicago_violations')) }}
