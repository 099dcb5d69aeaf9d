{{ config(materialized='table') }}

{{ row_gate_quarantined(ref('silver_feedback_checked')) }}
