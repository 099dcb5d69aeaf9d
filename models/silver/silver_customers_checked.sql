{{ config(materialized='table') }}

{{ row_gate_checked(ref('silver_customers')) }}
