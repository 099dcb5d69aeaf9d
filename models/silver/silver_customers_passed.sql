{{ row_gate(ref('silver_customers')) }}
