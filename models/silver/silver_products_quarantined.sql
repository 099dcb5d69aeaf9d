{{ config(materialized='table') }}

{{ row_gate_quarantined(ref('silver_products_checked')) }}
