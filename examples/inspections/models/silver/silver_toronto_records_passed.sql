{{ assay.row_gate(ref('silver_toronto_records')) }}
