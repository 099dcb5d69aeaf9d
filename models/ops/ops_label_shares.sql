{#-
    What was accepted: the hook `assay_serve_ops` adds to it when a run ends green, and
    `ai_label_drift` reads it in the next run. Never rebuilt, or that memory would be gone.
-#}
{{ config(materialized='incremental', full_refresh=false, on_schema_change='fail') }}

select
    null::varchar as model_name,
    null::varchar as column_name,
    null::varchar as prompt_hash,
    null::varchar as label,
    null::varchar as invocation_id,

    null::bigint as row_count,
    null::double as share,
    null::ubigint as fingerprint,

    null::timestamp as accepted_at

where false
