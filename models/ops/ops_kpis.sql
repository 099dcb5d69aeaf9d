{#-
    What the hook `assay_serve_ops` adds when a run ends: figures beside the targets of that day.
    Never rebuilt, or the history would be gone.
-#}
{{ config(materialized='incremental', full_refresh=false, on_schema_change='fail') }}
{%- do assay._assay_kpi_targets() %}
-- depends_on: {{ source('assay_store', 'fates') }}

select
    null::varchar as invocation_id,

    null::varchar as kpi,
    null::varchar as unit,

    null::double as value,
    null::double as target,
    null::bigint as counted,

    null::boolean as is_met,

    null::timestamp as started_at,
    null::timestamp as measured_at

where false
