{#- Rows are let through when those that are not are in quarantine, and not too many of them. -#}
-- depends_on: {{ ref('silver_customers_quarantined') }}
{{ config(materialized='table') }}

{{ row_gate_passed(ref('silver_customers_checked')) }}
