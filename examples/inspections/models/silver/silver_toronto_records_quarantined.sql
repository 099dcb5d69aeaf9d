{{ assay.row_gate_quarantined(ref('silver_toronto_records_checked')) }}
