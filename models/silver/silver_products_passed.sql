{{ row_gate(ref('silver_products')) }}
