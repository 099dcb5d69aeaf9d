{{ row_gate_counts(['silver_feedback', 'silver_customers', 'silver_products']) }}
