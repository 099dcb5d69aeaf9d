{#-
    On-run-end: copy the gate results into the warehouse once more. A red gate skips what hangs
    below it, so no model could show what it found. Projects without the source are left alone.
-#}
{% macro assay_serve_gate_results() -%}
    {%- if execute and 'source.' ~ project_name ~ '.assay_store.gate_results' in graph.sources -%}
        select count(*) from {{ source('assay_store', 'gate_results') }}
    {%- endif -%}
{%- endmacro %}
