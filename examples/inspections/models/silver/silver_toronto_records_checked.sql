{{ assay.row_gate_checked(ref('silver_toronto_records')) }}
