{#-
    On-run-end: copy what gates and golden tests found into the warehouse once more. A red one skips
    what hangs below it, so no model could show what it found. Projects without a source are left
    alone.
-#}
{% macro assay_serve_gate_results() -%}
    {%- for name in ['gate_results', 'evaluations'] -%}
        {%- if execute and 'source.' ~ project_name ~ '.assay_store.' ~ name in graph.sources -%}
            select count(*) from {{ source('assay_store', name) }};
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
