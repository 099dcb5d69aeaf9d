{{ assay.row_gate(ref('silver_described')) }}
