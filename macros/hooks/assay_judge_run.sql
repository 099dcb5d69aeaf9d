{#-
    On-run-end: end the run with exit code 1 where the rows of a column failed too often, which is
    a share above `ASSAY_MAX_FAILED_SHARE`. The tables stay as they are, with a status in each row.
-#}
{% macro assay_judge_run() -%}
    {%- if execute and assay._assay_is_loaded() -%}
        select assay_judge({{ assay._assay_quoted(invocation_id) }});
    {%- endif -%}
{%- endmacro %}
