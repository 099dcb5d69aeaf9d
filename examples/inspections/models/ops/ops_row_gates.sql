{{ row_gate_counts([
    'silver_toronto_records', 'silver_chicago_inspections', 'silver_chicago_violations'
]) }}
