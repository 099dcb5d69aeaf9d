{{ assay.row_gate_quarantined(ref('silver_chicago_violations_checked')) }}
