{{ config(materialized='table') }}

{{ row_gate_quarantined(ref('silver_customers_checked')) }}
