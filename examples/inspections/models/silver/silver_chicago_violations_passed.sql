{{ assay.row_gate(ref('silver_chicago_violations')) }}
